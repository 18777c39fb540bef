"""The comparison of two runs: tables, figures and one page, from two folders of results."""

import base64
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from promptseg.analysis.compare.differences import coverage, differences
from promptseg.analysis.compare.objects import changed, unpaired
from promptseg.analysis.compare.pairing import ONLY_A, ONLY_B, PAIR, images, matched
from promptseg.analysis.compare.runs import Run
from promptseg.analysis.compare.settings import renamed_methods, renamed_protocols, settings
from promptseg.analysis.compare.tables import CHANGED, COVERAGE, DIFFERENCES, SETTINGS, TABLES, UNPAIRED
from promptseg.analysis.readme import readme
from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.core.tables import write_csv
from promptseg.figures import changed as examples
from promptseg.figures import compared, style
from promptseg.report import compared_tables, verdict
from promptseg.report.grid import page_environment

logger = logging.getLogger(__name__)

PAGE = "index.html"
_README = "# Tables of a comparison of two runs\n\nA and B are the runs; differences are B - A.\n"


@dataclass(frozen=True)
class Options:
    """How to compare.

    Attributes:
        by: columns of scores.parquet whose groups are compared apart as well.
        pair: name of a method in A -> its name in B, of methods that are to be compared under different names.
        resamples, seed: of the bootstrap.
        shared: where runs have images in common: `datasets/` in it is looked into as well.
    """

    by: Sequence[str] = ()
    pair: Mapping[str, str] = field(default_factory=dict)
    resamples: int = 2000
    seed: int = 1
    shared: Path = Path("results")


@dataclass(frozen=True)
class Outcome:
    """What a comparison found.

    Attributes:
        page: the file to read.
        sentences: verdict, warnings and remarks.
        table: mean differences in IoU, as text.
    """

    page: Path
    sentences: list[str]
    table: compared_tables.Table

    def frame(self) -> pd.DataFrame:
        """The table as a frame of text."""
        return pd.DataFrame(self.table["rows"], columns=self.table["columns"])


def _check(a: Run, b: Run, options: Options) -> list[str]:
    """The datasets of both runs; raises PromptsegError where there is nothing to compare."""
    for run in (a, b):
        lacking = [name for name in options.by if name not in run.columns]
        if lacking:
            raise PromptsegError(
                f"Nothing to group by: the scores of {run.folder} have no column {', '.join(lacking)}. "
                f"They have {', '.join(run.columns)}."
            )
    ours, theirs = ({part.split("/")[0] for part in run.facts} for run in (a, b))
    for name, known, run in [(name, ours, a) for name in options.pair] + [
        (name, theirs, b) for name in options.pair.values()
    ]:
        if name not in known:
            raise PromptsegError(f"{run.folder} has no method {name}. It has {', '.join(sorted(known))}.")
    both = [name for name in a.datasets if name in b.datasets]
    if not both:
        raise PromptsegError(
            f"The runs have no dataset in common: {a.folder} has {', '.join(a.datasets)}; {b.folder} has "
            f"{', '.join(b.datasets)}."
        )
    return both


def _titles(a: Run, b: Run, kind: str) -> dict[str, Any]:
    """Titles of both runs, in the order of A; those of A where both have one."""
    known = a.titles(kind)
    return {**known, **{name: entry for name, entry in b.titles(kind).items() if name not in known}}


def compare_runs(folder_a: Path, folder_b: Path, output: Path, options: Options | None = None) -> Outcome:
    """Compare two runs, and write tables/, figures/ and the page into a folder; equal runs give equal files.

    Args:
        folder_a, folder_b: of the results.
        output: folder for the comparison.
        options: how.

    Raises:
        PromptsegError: one of the folders holds no run, or they have no object in common.
    """
    options = options or Options()
    a, b = Run(folder_a, options.shared), Run(folder_b, options.shared)
    shared = _check(a, b, options)
    names = _names(a, b, options)
    rows = _rows(a, b, shared, names, options)
    titles = {kind: _titles(a, b, kind) for kind in ("method", "dataset", "protocol")}
    tables = {
        DIFFERENCES.name: differences(rows, list(options.by), options.resamples, options.seed),
        COVERAGE.name: coverage(rows),
        CHANGED.name: changed(rows),
        UNPAIRED.name: unpaired(rows),
        SETTINGS.name: settings(a, b, names["method"], names["protocol"]),
    }
    _write_tables(output / "tables", tables)
    of_methods, of_protocols = titles["method"], titles["protocol"]
    found = examples.cases(tables[CHANGED.name], a, b, {column: _turned(own) for column, own in names.items()})
    pictures = _write_figures(
        output / "figures",
        {
            "differences": compared.draw(tables[DIFFERENCES.name], of_methods, of_protocols),
            "objects": compared.draw_objects(rows[rows["state"] == PAIR], of_methods, of_protocols),
            "changed": examples.draw(found, of_methods, of_protocols),
        },
    )
    sentences = {
        "equal": [text for text in [verdict.equality(rows)] if text],
        "warnings": verdict.warnings(rows, {name: images(a, b, name) for name in shared}, titles["dataset"]),
        "remarks": [
            *verdict.remarks(rows, names, options.pair, of_methods),
            *_alone(a, b, shared, titles["dataset"]),
        ],
    }
    headline = compared_tables.headline(tables[DIFFERENCES.name], of_methods, of_protocols)
    content = {"figures": pictures, "seen": any(found.values()), "headline": headline, **sentences}
    _write_page(output / PAGE, a, b, {**content, **compared_tables.of_page(tables, titles)})
    return Outcome(output / PAGE, [text for own in sentences.values() for text in own], headline)


def _names(a: Run, b: Run, options: Options) -> dict[str, dict[str, str]]:
    """Column (`method`, `protocol`) -> name in B -> name in A, of what has two names."""
    methods = renamed_methods(a.facts, b.facts) | {theirs: ours for ours, theirs in options.pair.items()}
    return {"method": methods, "protocol": renamed_protocols(a.facts, b.facts, methods)}


def _rows(a: Run, b: Run, shared: list[str], names: Mapping[str, Mapping[str, str]], options: Options) -> pd.DataFrame:
    """The rows of all datasets that both have, see `pairing.paired`; PromptsegError where they have none in common."""
    rows = pd.concat([matched(a, b, dataset, names, list(options.by)) for dataset in shared], ignore_index=True)
    if rows["state"].isin([ONLY_A, ONLY_B]).all():
        raise PromptsegError(
            f"The runs {a.folder} and {b.folder} have no object in a common setting: nothing to compare. Do they name "
            f"the images of {', '.join(shared)} alike, and have they a method in common (--pair names methods that "
            "were renamed)?"
        )
    return rows


def _alone(a: Run, b: Run, shared: list[str], datasets: Mapping[str, Any]) -> list[str]:
    """A sentence for the datasets that one run alone has."""
    found = {label: [name for name in run.datasets if name not in shared] for label, run in (("A", a), ("B", b))}
    return [
        f"In {label} only: the dataset{'s' if len(names) > 1 else ''} "
        f"{', '.join(compared_tables.titled(datasets, name) for name in names)}."
        for label, names in found.items()
        if names
    ]


def _turned(names: Mapping[str, str]) -> dict[str, str]:
    return {ours: theirs for theirs, ours in names.items()}


def _write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    for table in TABLES:
        write_csv(folder / table.name, tables[table.name], table)
    with atomic(folder / "README.md") as path:
        path.write_text(readme(TABLES, _README), encoding="utf-8")


def _write_figures(folder: Path, figures: Mapping[str, Figure]) -> dict[str, str]:
    """Write PDF and PNG of each figure; return the PNGs as data URIs."""
    found = {}
    for name, figure in figures.items():
        png = folder / f"{name}.png"
        style.save(figure, [png, folder / f"{name}.pdf"])
        found[name] = f"data:image/png;base64,{base64.b64encode(png.read_bytes()).decode('ascii')}"
    return found


def _write_page(output: Path, a: Run, b: Run, content: Mapping[str, Any]) -> None:
    text = page_environment().get_template("compared.html.jinja").render(a=a.folder, b=b.folder, **content)
    with atomic(output) as path:
        path.write_text(text, encoding="utf-8")
