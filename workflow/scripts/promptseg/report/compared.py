"""The comparison of two runs: tables, figures and one page, from two folders of results."""

import base64
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
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
    """

    by: Sequence[str] = ()
    pair: Mapping[str, str] = field(default_factory=dict)
    resamples: int = 2000
    seed: int = 1


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
    a, b = Run(folder_a, "A"), Run(folder_b, "B")
    shared = _check(a, b, options)
    methods = renamed_methods(a.facts, b.facts) | {theirs: ours for ours, theirs in options.pair.items()}
    names = {"method": methods, "protocol": renamed_protocols(a.facts, b.facts, methods)}
    parts = [matched(a, b, dataset, names, list(options.by)) for dataset in shared]
    rows = pd.concat(parts, ignore_index=True)
    if rows["state"].isin([ONLY_A, ONLY_B]).all():
        raise PromptsegError(
            f"The runs {a.folder} and {b.folder} have no object in a common setting: nothing to compare. Do they name "
            f"the images of {', '.join(shared)} alike, and have they a method in common (--pair names methods that "
            "were renamed)?"
        )
    about = {dataset: images(a, b, dataset) for dataset in shared}
    titles = {kind: _titles(a, b, kind) for kind in ("method", "dataset", "protocol")}
    tables = {
        DIFFERENCES.name: differences(rows, list(options.by), options.resamples, options.seed),
        COVERAGE.name: coverage(rows),
        CHANGED.name: changed(rows),
        UNPAIRED.name: unpaired(rows),
        SETTINGS.name: settings(a, b, names["method"], names["protocol"]),
    }
    _write_tables(output / "tables", tables)
    found = examples.cases(tables[CHANGED.name], a, b, {column: _turned(own) for column, own in names.items()})
    figures = {
        "differences": compared.draw(tables[DIFFERENCES.name], titles["method"], titles["protocol"]),
        "objects": compared.draw_objects(rows[rows["state"] == PAIR], titles["method"], titles["protocol"]),
        "changed": examples.draw(found, titles["method"], titles["protocol"]),
    }
    pictures = _write_figures(output / "figures", figures)
    equal = verdict.equality(rows)
    alone = [
        f"In {label} only: the dataset{'s' if len(own) > 1 else ''} {', '.join(own)}."
        for label, run in (("A", a), ("B", b))
        if (own := [compared_tables.titled(titles["dataset"], name) for name in run.datasets if name not in shared])
    ]
    warned = verdict.warnings(rows, about, titles["dataset"])
    remarks = [*verdict.remarks(rows, names, options.pair, titles["method"]), *alone]
    headline = compared_tables.headline(tables[DIFFERENCES.name], titles["method"], titles["protocol"])
    _write_page(output / PAGE, a, b, {
        "equal": equal, "warnings": warned, "remarks": remarks, "headline": headline, "figures": pictures,
        **compared_tables.of_page(tables, titles),
    })  # fmt: skip
    return Outcome(output / PAGE, [*([equal] if equal else []), *warned, *remarks], headline)


def _turned(names: Mapping[str, str]) -> dict[str, str]:
    return {ours: theirs for theirs, ours in names.items()}


def _write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    for table in TABLES:
        write_csv(folder / table.name, tables[table.name], table)
    with atomic(folder / "README.md") as path:
        path.write_text(readme(TABLES, _README), encoding="utf-8")


def _write_figures(folder: Path, figures: Mapping[str, Figure | None]) -> dict[str, str]:
    """Write PDF and PNG of each figure; return the PNGs as data URIs. A figure of an earlier comparison goes."""
    found = {}
    for name, figure in figures.items():
        pdf, png = folder / f"{name}.pdf", folder / f"{name}.png"
        if figure is None:
            pdf.unlink(missing_ok=True)
            png.unlink(missing_ok=True)
            continue
        style.save(figure, pdf, png)
        found[name] = f"data:image/png;base64,{base64.b64encode(png.read_bytes()).decode('ascii')}"
    return found


def _write_page(output: Path, a: Run, b: Run, content: Mapping[str, Any]) -> None:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    text = environment.get_template("compared.html.jinja").render(a=a.folder, b=b.folder, **content)
    with atomic(output) as path:
        path.write_text(text, encoding="utf-8")
