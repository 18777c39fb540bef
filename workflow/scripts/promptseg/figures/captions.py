"""A file beside every figure: how to read it, and what of this run it shows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from promptseg.analysis.datasets import DATASETS
from promptseg.core.files import atomic
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.figures.catalogue import Figure, declared

_PUBLISHED = "Mazurowski et al., Medical Image Analysis 89, 2023: the tables that its authors released."


@dataclass(frozen=True)
class Run:
    """What captions tell of a run.

    Attributes:
        datasets: rows of `datasets.csv` of those that are there.
        volumes: names of the datasets that have volumes.
        methods, protocols: name -> {title}.
        endings: of the files of a figure.
    """

    datasets: pd.DataFrame
    volumes: Sequence[str]
    methods: Titles
    protocols: Titles
    endings: Sequence[str]


def plain(text: str) -> str:
    """A caption in reStructuredText as Markdown, each paragraph in one line."""
    text = re.sub(r"``(.*?)``", r"`\1`", text, flags=re.DOTALL)
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))


def _data(figure: Figure, value: str, run: Run) -> list[str]:
    """What the figure shows, a line for each dataset with its size and licence."""
    if figure.labels.get("source") == "published":
        return [_PUBLISHED]
    rows = run.datasets
    if figure.each == "dataset":
        rows = rows[rows["dataset"] == value]
    elif figure.needs == "volumes":
        rows = rows[rows["dataset"].isin(run.volumes)]
    return [
        f"* {row.title}: {_counted(row.n_images, 'image')} of {_counted(row.n_cases, 'patient')}, "
        f"{_counted(row.n_objects, 'object')}. Licence: {row.licence or 'not stated'}"
        for row in rows.itertuples()
    ]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def caption(name: str, run: Run) -> str:
    """The caption of a figure as Markdown.

    Args:
        name: of its files, without ending.
    """
    figure, value = declared(name)
    titles = {"method": run.methods, "protocol": run.protocols}
    names = dict(zip(run.datasets["dataset"], run.datasets["title"], strict=True))
    shown = names.get(value, value) if figure.each == "dataset" else titled(titles.get(figure.each), value)
    parts = [f"# {figure.title}" + (f": {shown}" if value else "")]
    parts.append(plain(figure.caption_file.read_text(encoding="utf-8")))
    parts.append("\n".join(["Data:", "", *_data(figure, value, run)]))
    if figure.tables:
        parts.append("Numbers: " + ", ".join(f"`tables/{table}`" for table in figure.tables.split()))
    parts.append("Files: " + ", ".join(f"`{name}.{ending}`" for ending in run.endings))
    return "\n\n".join(parts) + "\n"


def write_captions(
    files: Sequence[Path], datasets: str | Path, volumes: Sequence[str], names: Mapping[str, Titles],
    endings: Sequence[str],
) -> None:  # fmt: skip
    """Write the captions.

    Args:
        files: Markdown files, each of a figure of its name.
        datasets: `datasets.csv`.
        volumes: names of the datasets that have volumes.
        names: `methods` and `protocols`: name -> {title}.
        endings: of the files of a figure.
    """
    rows = read_csv(datasets, DATASETS)
    run = Run(rows[rows["n_images"].notna()], volumes, names["methods"], names["protocols"], endings)
    for file in files:
        with atomic(file) as path:
            path.write_text(caption(file.stem, run), encoding="utf-8")
