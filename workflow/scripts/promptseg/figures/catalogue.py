"""The figures of a run, each declared once: its rule, the list of all files and the page of the run draw from here.

docs/adding_a_figure.md says what else belongs to a figure. Nothing here imports matplotlib.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CAPTIONS = Path(__file__).resolve().parents[3] / "report" / "figures"


@dataclass(frozen=True)
class Figure:
    """A figure, or one for each dataset, method or protocol of a run.

    Attributes:
        stem: beginning of its file names; a figure for each dataset, method or protocol goes on with that name.
        title: heading on the page of the run.
        category: heading in Snakemake's report.
        labels: columns in Snakemake's report, which may hold `{dataset}`, `{method}` or `{protocol}`.
        each: what there is one for; empty if there is one figure.
        caption: stem of its caption in workflow/report/figures/; the figure's own stem if empty.
        tables: the files in `<results>/tables/` that hold its numbers, divided by spaces; empty for pictures alone.
        needs: the optional part of a run that it belongs to, such as "robustness"; empty if every run has it.
    """

    stem: str
    title: str
    category: str
    labels: Mapping[str, str]
    each: Literal["", "dataset", "method", "protocol"] = ""
    caption: str = ""
    tables: str = ""
    needs: Literal[
        "",
        "ambiguity",
        "equivalence",
        "everything",
        "groups",
        "protocols",
        "published",
        "robustness",
        "trust",
        "users",
        "volumes",
    ] = ""

    @property
    def wildcard(self) -> str:
        """What stands for the dataset, method or protocol in a rule: "{dataset}"."""
        return f"{{{self.each}}}"

    @property
    def among(self) -> str:
        """What its names are called in `names_of_run`: a figure of volumes is drawn of datasets that have some."""
        return "volumes" if self.each == "dataset" and self.needs == "volumes" else self.each

    @property
    def caption_file(self) -> Path:
        """How to read the figure, in reStructuredText."""
        return CAPTIONS / f"{self.caption or self.stem}.rst"

    def name(self, value: str) -> str:
        """The file name, without ending, for a dataset, method or protocol."""
        return f"{self.stem}_{value}" if self.each else self.stem

    def labels_of(self, value: str) -> dict[str, str]:
        """The labels for a dataset, method or protocol."""
        return {key: text.format(**{self.each: value}) for key, text in self.labels.items()}


# In the order of the page.
# fmt: off
_ALL = [
    Figure("modes", "Five prompt modes, this run",
           "Prompt modes", {"figure": "five modes per task", "source": "this run"}, tables="statistics.csv"),
    Figure("modes_published", "Five prompt modes, as published",
           "Prompt modes", {"figure": "five modes per task", "source": "published"}, tables="published.csv"),
    Figure("modalities", "Modalities, this run",
           "Prompt modes", {"figure": "by modality", "source": "this run"}, tables="statistics.csv"),
    Figure("modalities_published", "Modalities, as published",
           "Prompt modes", {"figure": "by modality", "source": "published"}, tables="published.csv"),
    Figure("distributions", "IoU of single objects",
           "Objects", {"figure": "IoU of single objects", "method": "{method}"}, each="method",
           tables="scores.parquet"),
    Figure("size_point", "IoU against size, one point",
           "Objects", {"figure": "IoU against size", "method": "all, one point"}, caption="size",
           tables="size.csv size_correlation.csv"),
    Figure("size_box", "IoU against size, a box around each component",
           "Objects", {"figure": "IoU against size", "method": "all, a box around each component"}, caption="size",
           tables="size.csv size_correlation.csv"),
    Figure("one_click", "One click, the methods task by task, this run",
           "Clicks", {"figure": "one click per task", "source": "this run, {protocol}"}, each="protocol",
           tables="statistics.csv"),
    Figure("one_click_published", "One click, the methods task by task, as published",
           "Clicks", {"figure": "one click per task", "source": "published"}, tables="published.csv"),
    Figure("clicks_tasks", "Clicks, task by task, this run",
           "Clicks", {"figure": "per task", "source": "this run, {protocol}"}, each="protocol",
           tables="statistics.csv"),
    Figure("clicks_tasks_published", "Clicks, task by task, as published",
           "Clicks", {"figure": "per task", "source": "published"}, tables="published.csv"),
    Figure("clicks_mean", "Clicks, mean over tasks, this run",
           "Clicks", {"figure": "mean over tasks", "source": "this run, {protocol}"}, each="protocol",
           tables="statistics.csv"),
    Figure("clicks_mean_published", "Clicks, mean over tasks, as published",
           "Clicks", {"figure": "mean over tasks", "source": "published"}, tables="published.csv"),
    Figure("click_metrics", "What clicks achieve, this run",
           "Clicks", {"figure": "click metrics", "source": "this run, {protocol}"}, each="protocol",
           tables="click_metrics.csv"),
    Figure("ranks", "Ranks of the methods",
           "Methods", {"figure": "mean ranks", "source": "this run"}, tables="ranks.csv"),
    Figure("protocols", "The methods under the protocols of others",
           "Methods", {"figure": "ranks under every protocol", "source": "this run"}, needs="protocols",
           tables="protocols.csv protocol_agreement.csv"),
    Figure("reproduced", "Published against this run",
           "Methods", {"figure": "published against this run", "source": "this run"}, needs="published",
           tables="published.csv"),
    Figure("groups", "Groups of patients",
           "Objects", {"figure": "groups of patients", "method": "all"}, needs="groups", tables="groups.csv"),
    Figure("users", "The prompts of people",
           "Robustness", {"figure": "who prompts", "source": "this run"}, needs="users", tables="users.csv"),
    Figure("robustness", "Robustness",
           "Robustness", {"figure": "inexact prompts", "source": "this run"}, needs="robustness",
           tables="robustness.csv robustness_ranks.csv"),
    Figure("candidates", "Three masks for one prompt",
           "Ambiguity", {"figure": "three masks in numbers", "dataset": "all"}, needs="ambiguity",
           tables="ambiguity.csv"),
    Figure("calibration", "Predicted against true IoU",
           "Ambiguity", {"figure": "predicted against true IoU", "dataset": "all"}, needs="ambiguity",
           tables="calibration.csv"),
    Figure("trust", "What the confidence of a method is worth",
           "Trust", {"figure": "confidences compared", "source": "this run"}, tables="trust.csv", needs="trust"),
    Figure("risk_coverage", "Masks discarded by confidence",
           "Trust", {"figure": "risk-coverage curves", "source": "this run"}, tables="trust_curves.csv",
           needs="trust"),
    Figure("thresholds", "Masks kept above a threshold",
           "Trust", {"figure": "thresholds", "source": "this run"}, tables="trust_thresholds.csv", needs="trust"),
    Figure("recall", "Segment everything: objects found",
           "Segment everything", {"figure": "objects found", "dataset": "all"}, needs="everything",
           tables="everything.csv"),
    Figure("routes", "Volumes: routes by the number of prompted slices",
           "Volumes", {"figure": "routes", "dataset": "all"}, needs="volumes", tables="routes.csv"),
    Figure("retention", "Volumes: what is left with the distance from a prompt",
           "Volumes", {"figure": "retention", "dataset": "all"}, needs="volumes", tables="retention.csv"),
    Figure("overrun", "Volumes: beyond the ends of the object",
           "Volumes", {"figure": "beyond the ends", "dataset": "all"}, needs="volumes", tables="routes.csv"),
    Figure("volume_strips", "Volumes: slices of one object",
           "Volumes", {"figure": "slices of one object", "dataset": "{dataset}"}, each="dataset", needs="volumes",
           tables="volume_scores.parquet"),
    Figure("examples", "Examples",
           "Examples", {"dataset": "{dataset}", "figure": "chosen by area"}, each="dataset", tables="scores.parquet"),
    Figure("extremes", "Worst, median and best",
           "Examples", {"dataset": "{dataset}", "figure": "worst, median, best"}, each="dataset",
           tables="scores.parquet"),
    Figure("percentiles", "By percentile of IoU",
           "Examples", {"dataset": "{dataset}", "figure": "percentiles of IoU"}, each="dataset"),
    Figure("trajectories", "Click by click",
           "Examples", {"dataset": "{dataset}", "figure": "click by click"}, each="dataset", tables="scores.parquet"),
    Figure("ambiguity", "Three masks for one point",
           "Ambiguity", {"figure": "three masks for one point", "dataset": "{dataset}"}, each="dataset",
           needs="ambiguity"),
    Figure("everything", "Segment everything: all masks",
           "Segment everything", {"figure": "all masks", "dataset": "{dataset}"}, each="dataset", needs="everything",
           tables="scores.parquet"),
    Figure("contamination", "Datasets seen in training, this run",
           "Contamination", {"figure": "datasets seen in training", "source": "this run"}, tables="contamination.csv"),
    Figure("equivalence", "Still the same model?",
           "Speed", {"figure": "still the same model?", "source": "this run"}, needs="equivalence",
           tables="equivalence.csv"),
    Figure("throughput", "Speed and memory, this run",
           "Speed", {"figure": "speed and memory", "source": "this run"}, tables="throughput.csv"),
]
# fmt: on
FIGURES = {figure.stem: figure for figure in _ALL}


# What a comparison of two runs writes beside its page.
COMPARED_TABLES = [
    *("differences.csv", "coverage.csv", "changed_objects.csv", "unpaired.csv", "settings.csv", "README.md"),
]
COMPARED_FIGURES = ["differences", "objects", "changed"]


def comparison(run_a: str | Path | None, run_b: str | Path | None) -> Path:
    """Where a comparison goes if nothing else is said: `compare/A-B`, from as much of the folders' paths as differs."""
    if not run_a or not run_b:
        return Path("compare")
    a, b = (Path(run).absolute().parts[1:] for run in (run_a, run_b))
    while len(a) > 1 and len(b) > 1 and a[-1] == b[-1]:  # as in one/results and two/results
        a, b = a[:-1], b[:-1]
    return Path("compare", f"{a[-1]}-{b[-1]}")


def names_of_run(values: Mapping[str, Sequence[str]], parts: Collection[str]) -> list[str]:
    """The file names, without ending, of all figures of a run.

    Args:
        values: the names under dataset, method and protocol, and under volumes the datasets that have some.
        parts: the optional parts that the run has, see `Figure.needs`.
    """
    return [
        figure.name(value)
        for figure in FIGURES.values()
        if not figure.needs or figure.needs in parts
        for value in (values[figure.among] if figure.each else [""])
    ]


def declared(name: str) -> tuple[Figure, str]:
    """The figure behind a file name without ending, and the dataset, method or protocol that the name ends with.

    Raises:
        KeyError: no figure is declared for it.
    """
    if name in FIGURES:
        return FIGURES[name], ""
    stems = [stem for stem, figure in FIGURES.items() if figure.each and name.startswith(f"{stem}_")]
    figure = FIGURES[max(stems, key=len, default=name)]
    return figure, name.removeprefix(f"{figure.stem}_")
