"""The report page: one HTML file with the tables, findings, figures and provenance of a run, to read or to mail."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import promptseg
from promptseg.analysis.ablation import ABLATION
from promptseg.analysis.contamination import CONTAMINATION
from promptseg.analysis.datasets import DATASETS
from promptseg.analysis.everything import EVERYTHING_MEANS
from promptseg.analysis.pairs import PAIRS
from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.claims import CLAIMS
from promptseg.analysis.study.comparison import COMPARISON
from promptseg.analysis.summary import SUMMARY
from promptseg.analysis.throughput import THROUGHPUT
from promptseg.core.files import atomic
from promptseg.core.provenance import commit, versions
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, setting, titled
from promptseg.core.vocabulary import ITERATIVE, LASSO, SCRIBBLE_MODES
from promptseg.report import comparisons, inventory, tables
from promptseg.report.composed import composed_table
from promptseg.report.equivalence import equivalence_parts
from promptseg.report.everything import everything_notes, everything_table
from promptseg.report.failures import failures
from promptseg.report.findings import findings, shared_patients
from promptseg.report.gallery import gallery
from promptseg.report.grid import as_table, page_environment
from promptseg.report.groups import group_parts
from promptseg.report.protocols import protocol_parts
from promptseg.report.reference import against_reference, answers_unasked, reference_table, reference_title
from promptseg.report.trust import trust_parts
from promptseg.report.users import user_parts

PACKAGES = ["numpy", "pandas", "pyarrow", "scipy", "scikit-image", "opencv-python-headless", "monai", "torch"]
PACKAGES += ["snakemake"]


@dataclass(frozen=True)
class Run:
    """What the page says of a run besides its tables and figures.

    Attributes:
        title: heading of the page.
        name: of the run: its folder.
        made: when its scores were made.
        configuration: what to show of the configuration: name -> anything that JSON can hold.
        datasets, methods, protocols: name -> {title}, methods in the order of the registry.
        notes: title of a method -> what readers have to know of it.
        endings: of the files of each figure.
        protocol: whose clicks the section on trust shows.
        grid: how the mode `everything` covers an image; empty without that mode.
        volumes: whether the run has a page of volumes beside it.
        presets: as protocols, of presets and of what they take.
        users: name -> {title} of those who prompt, the ideal one first.
    """

    title: str
    name: str
    made: str
    configuration: Mapping[str, Any]
    datasets: Titles
    methods: Titles
    protocols: Titles
    notes: Mapping[str, str]
    endings: Sequence[str]
    protocol: str
    grid: Mapping[str, Any] = field(default_factory=dict)
    volumes: bool = False
    presets: Titles = field(default_factory=dict)
    users: Titles = field(default_factory=dict)

    def about(self, methods: Sequence[str]) -> dict[str, str]:
        """The head of the page, by name: run, time, configuration in words; what is not known is empty.

        Args:
            methods: those of the run.
        """
        prompts = self.configuration.get("prompts", {})
        words = [setting(mode, prompts.get("clicks", 0)) for mode in prompts.get("modes", [])]
        under = ", ".join(titled(self.protocols, name) for name in self.protocols)
        prompted = ", ".join(words) + (f" ({under})" if words and ITERATIVE in prompts["modes"] else "")
        return {
            "Run": self.name,
            "Scores made": self.made,
            "Datasets": ", ".join(titled(self.datasets, name) for name in self.datasets),
            "Methods": ", ".join(titled(self.methods, name) for name in methods),
            "Prompts": "; ".join([prompted, *stand_ins(prompts)]),
            "Made by": f"promptseg {promptseg.__version__}, commit {commit() or 'unknown'}",
        }


def stand_ins(prompts: Mapping[str, Any]) -> list[str]:
    """What methods get that take no lines, in words, by `prompts` of the configuration; nothing without lines."""
    modes, found = set(prompts.get("modes", [])), []
    if modes & set(SCRIBBLE_MODES) and prompts["scribbles"]["as_points"]:
        found.append(f"scribbles as up to {prompts['scribbles']['points']} points where a method takes none")
    if LASSO in modes and prompts["lasso"]["given_as"] != LASSO:
        words = {"box": "boxes", "points": "points"}[prompts["lasso"]["given_as"]]
        found.append(f"lassos as {words} where a method takes none")
    return found


def _by_text(notes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Notes as (titles, text): methods with one note share it."""
    titles: dict[str, list[str]] = {}
    for title, text in notes.items():
        titles.setdefault(text, []).append(title)
    return [(", ".join(names), text) for text, names in titles.items()]


def build_page(
    files: Mapping[str, Path], figures: Sequence[Path], output: str | Path, run: Run, threads: int = 1
) -> None:
    """Write the page.

    Args:
        files: tables under scores, summary, statistics, published, claims, ablation, throughput, datasets,
            contamination and pairs; under everything if the run has that mode; under composed if it composes maps;
            under groups, group_differences and metadata if it has metadata; under trust and trust_thresholds if it has
            methods besides controls; under protocols, protocol_effects and protocol_agreement if it has presets;
            under users if it has others than the ideal one; under equivalence if methods should equal others.
        figures: PNG files of declared figures, see `promptseg.figures.catalogue`.
        output: the page.
        run: what else it says.
        threads: that make its pictures.
    """
    methods, protocols = run.methods, run.protocols
    summary = tables.ordered(read_csv(files["summary"], SUMMARY), methods)
    measured = read_csv(files["statistics"], STATISTICS)
    speeds = read_csv(files["throughput"], THROUGHPUT)
    answers = read_csv(files["contamination"], CONTAMINATION)
    claimed, paired = read_csv(files["claims"], CLAIMS), read_csv(files["pairs"], PAIRS)
    everything = read_csv(files["everything"], EVERYTHING_MEANS) if "everything" in files else None
    failed = failures(files["scores"])
    shared = shared_patients(files["scores"])
    unasked = answers_unasked(summary, methods)
    clicks = summary.loc[summary["mode"] == ITERATIVE, "step"].max()
    configuration = [
        [name, value if isinstance(value, str) else json.dumps(value, sort_keys=True)]
        for name, value in run.configuration.items()
    ]
    same = equivalence_parts(files, methods, run.datasets, protocols)
    people = user_parts(files, methods, run.users, run.protocol)
    page = (
        page_environment()
        .get_template("page.html.jinja")
        .render(
            title=run.title,
            about=run.about(list(dict.fromkeys(summary["method"]))),
            commit=commit() or "unknown",
            versions=versions(PACKAGES),
            notes=_by_text(run.notes),
            volumes=run.volumes,
            findings=[
                *(same["findings"] if same else []),
                *against_reference(paired, methods, protocols, unasked),
                *(people["findings"] if people else []),
                *findings(claimed, paired, methods, protocols, bool(shared)),
            ],
            reference=reference_title(paired, methods),
            against=reference_table(paired, methods, protocols, unasked),
            shared=shared,
            claims=comparisons.claims_table(claimed, protocols, bool(shared)),
            claim_notes=comparisons.claim_notes(claimed),
            headline=tables.headline_table(summary, measured, methods, protocols),
            no_interval=tables.without_interval(measured, run.datasets),
            means=tables.means_table(summary, methods),
            clicks=tables.clicks_table(summary, methods, protocols),
            ablation=tables.ablation_table(read_csv(files["ablation"], ABLATION), methods, protocols),
            counts=inventory.datasets_table(read_csv(files["datasets"], DATASETS)),
            contamination=inventory.contamination_table(answers, run.datasets, methods),
            unseen=tables.unseen_table(summary, answers, methods, protocols),
            tasks=tables.task_tables(measured, summary, run.datasets, methods),
            pairs=comparisons.pairs_table(paired, methods, protocols, bool(shared), tables.single_masks(summary)),
            published=comparisons.published_table(read_csv(files["published"], COMPARISON), methods, protocols),
            throughput=inventory.throughput_table(speeds, run.datasets, methods),
            everything=None if everything is None else everything_table(everything, methods),
            nothing={} if everything is None else everything_notes(everything, run.grid, methods),
            composed=composed_table(files.get("composed"), methods),
            precision=[
                *inventory.precision_notes(speeds, methods),
                *inventory.choice_notes(speeds, run.datasets, methods),
            ],
            groups=group_parts(files, methods),
            trust=trust_parts(files, methods, run.protocol),
            people=people,
            same=same,
            presets=protocol_parts(files, methods, run.presets),
            failed=int(failed["score rows"].sum()),
            failures=inventory.failures_table(failed, run.datasets, methods),
            shelves=gallery(
                figures,
                {**protocols, **methods, **run.datasets},
                run.endings,
                int(clicks) if clicks > 0 else 1,
                threads,
            ),
            provenance=inventory.provenance_table(files["scores"]),
            configuration=as_table(configuration, ["setting", "value"], 2),
        )
    )
    with atomic(output) as path:
        path.write_text(page, encoding="utf-8")
