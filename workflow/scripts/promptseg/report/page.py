"""The report page: one HTML file with the tables, findings, figures and provenance of a run, to read or to mail."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docutils.core import publish_parts
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

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
from promptseg.core.titles import Titles, titled
from promptseg.figures.catalogue import FIGURES, declared
from promptseg.report import tables
from promptseg.report.everything import everything_notes, everything_table
from promptseg.report.failures import failures
from promptseg.report.groups import group_parts

PACKAGES = ["numpy", "pandas", "pyarrow", "scipy", "scikit-image", "opencv-python-headless", "monai", "torch"]
PACKAGES += ["snakemake"]


@dataclass(frozen=True)
class Run:
    """What the page says of a run besides its tables and figures.

    Attributes:
        title: heading of the page.
        configuration: what to show of the configuration: name -> anything that JSON can hold.
        datasets, methods, protocols: name -> {title}, methods in the order of the registry.
        notes: title of a method -> what readers have to know of it.
        grid: how the mode `everything` covers an image; empty without that mode.
        volumes: whether the run has a page of volumes beside it.
    """

    title: str
    configuration: Mapping[str, Any]
    datasets: Titles
    methods: Titles
    protocols: Titles
    notes: Mapping[str, str]
    grid: Mapping[str, Any] = field(default_factory=dict)
    volumes: bool = False


def caption_html(path: Path) -> Markup:
    """A caption in reStructuredText as HTML.

    Raises:
        docutils.utils.SystemMessage: it is not valid.
    """
    settings = {"halt_level": 2, "file_insertion_enabled": False, "raw_enabled": False, "smart_quotes": False}
    parts = publish_parts(path.read_text(encoding="utf-8"), writer="html5", settings_overrides=settings)
    return Markup(parts["body"])


def figure_groups(paths: Sequence[Path], names: Titles) -> list[dict[str, Any]]:
    """For each declared figure that was drawn its title, caption and pictures, in the order of the declarations.

    Args:
        paths: PNG files.
        names: datasets, methods and protocols: name -> {title}.

    Returns:
        {title, caption, pictures}, each picture a {name, data}: the title of the dataset, method or protocol,
        and the content as data URI.
    """
    groups: dict[str, list[dict[str, str]]] = {}
    for path in paths:
        figure, name = declared(path.stem)
        content = base64.b64encode(path.read_bytes()).decode("ascii")
        picture = {"name": titled(names, name) if name else "", "data": f"data:image/png;base64,{content}"}
        groups.setdefault(figure.stem, []).append(picture)
    return [
        {"title": figure.title, "caption": caption_html(figure.caption_file), "pictures": groups[stem]}
        for stem, figure in FIGURES.items()
        if stem in groups
    ]


def _by_text(notes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Notes as (titles, text): methods with one note share it."""
    titles: dict[str, list[str]] = {}
    for title, text in notes.items():
        titles.setdefault(text, []).append(title)
    return [(", ".join(names), text) for text, names in titles.items()]


def build_page(files: Mapping[str, Path], figures: Sequence[Path], output: str | Path, run: Run) -> None:
    """Write the page.

    Args:
        files: tables under scores, summary, statistics, published, claims, ablation, throughput, datasets,
            contamination and pairs; under everything if the run has that mode; under groups, group_differences and
            metadata if it has metadata.
        figures: PNG files of declared figures, see `promptseg.figures.catalogue`.
        output: the page.
        run: what else it says.
    """
    methods, protocols = run.methods, run.protocols
    summary = tables.ordered(read_csv(files["summary"], SUMMARY), methods)
    measured = read_csv(files["statistics"], STATISTICS)
    speeds = read_csv(files["throughput"], THROUGHPUT)
    answers = read_csv(files["contamination"], CONTAMINATION)
    everything = read_csv(files["everything"], EVERYTHING_MEANS) if "everything" in files else None
    failed = failures(files["scores"])
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("page.html.jinja").render(
        title=run.title,
        commit=commit() or "unknown",
        versions=versions(PACKAGES),
        notes=_by_text(run.notes),
        volumes=run.volumes,
        headline=tables.headline_table(summary, methods, protocols),
        means=tables.means_table(summary, methods),
        clicks=tables.clicks_table(summary, methods, protocols),
        ablation=tables.ablation_table(read_csv(files["ablation"], ABLATION), methods, protocols),
        counts=tables.datasets_table(read_csv(files["datasets"], DATASETS)),
        contamination=tables.contamination_table(answers, run.datasets, methods),
        unseen=tables.unseen_table(summary, answers, methods, protocols),
        tasks=tables.task_tables(measured, summary, run.datasets, methods),
        claims=tables.claims_table(read_csv(files["claims"], CLAIMS), protocols),
        pairs=tables.pairs_table(read_csv(files["pairs"], PAIRS), methods, protocols),
        published=tables.published_table(read_csv(files["published"], COMPARISON), methods, protocols),
        throughput=tables.throughput_table(speeds, run.datasets, methods),
        everything=None if everything is None else everything_table(everything, methods),
        nothing={} if everything is None else everything_notes(everything, run.grid, methods),
        precision=tables.precision_notes(speeds, methods),
        groups=group_parts(files, methods),
        failed=int(failed["score rows"].sum()),
        failures=tables.failures_table(failed, run.datasets, methods),
        figures=figure_groups(figures, {**protocols, **methods, **run.datasets}),
        provenance=tables.provenance_table(files["scores"]),
        configuration={
            name: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            for name, value in run.configuration.items()
        },
    )
    with atomic(output) as path:
        path.write_text(page, encoding="utf-8")
