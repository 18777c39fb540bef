"""The page of volumes: tables and figures of routes, and a page to look at for each volume."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.core.files import atomic
from promptseg.core.provenance import commit, versions
from promptseg.core.tables import read_csv, read_table
from promptseg.core.titles import Titles, plain, titled
from promptseg.report.gallery import gallery
from promptseg.report.grid import as_table, page_environment
from promptseg.report.volumes import tables
from promptseg.report.volumes.collect import Collector
from promptseg.report.volumes.viewer import HERE, write_viewer
from promptseg.volumes.analysis.lesions import LESIONS
from promptseg.volumes.analysis.pairs import ROUTE_PAIRS
from promptseg.volumes.analysis.retention import RETENTION
from promptseg.volumes.analysis.routes import ROUTES
from promptseg.volumes.analysis.seconds import VOLUME_TIMES
from promptseg.volumes.data.stack import VolumeStream
from promptseg.volumes.routes.settings import VolumeSettings
from promptseg.volumes.scores.tables import VOLUME_SCORES

TABLES = ("scores", "routes", "pairs", "retention", "lesions", "seconds")


@dataclass(frozen=True)
class About:
    """What the pages say besides tables, figures and masks.

    Attributes:
        datasets: name -> {title, licence, citation}.
        methods: name -> {title}, in the order of the registry.
        configuration: the keys `volumes` of the configuration.
        showing: how the user shows objects.
        endings: of the files of each figure.
    """

    datasets: Mapping[str, Mapping[str, Any]]
    methods: Titles
    configuration: Mapping[str, Any]
    showing: VolumeSettings
    endings: Sequence[str]

    @property
    def pages(self) -> int:
        """How many volumes of each dataset get a page."""
        return int(self.configuration["pages"])


def build_pages(
    files: Mapping[str, Path],
    figures: Sequence[Path],
    streams: Mapping[str, VolumeStream],
    predictions: Mapping[str, Mapping[str, Path]],
    output: Path,
    about: About,
) -> None:
    """Write `volumes.html` and, in the folder `volumes` beside it, a page for each volume.

    Args:
        files: of TABLES.
        figures: PNG files of declared figures.
        streams: dataset -> its volumes.
        predictions: dataset -> method -> file of VOLUME_PREDICTIONS.
        output: the page.
    """
    scores = read_table(files["scores"], VOLUME_SCORES)
    folder = output.parent / "volumes"
    with atomic(folder) as temporary:
        temporary.mkdir()
        viewed = [
            page
            for dataset, stream in streams.items()
            for page in _viewers(dataset, stream, predictions[dataset], scores, temporary, about)
        ]
    methods = about.methods
    routes = read_csv(files["routes"], ROUTES)
    page = (
        page_environment(HERE)
        .get_template("volumes.html.jinja")
        .render(
            title="Volumes",
            commit=commit() or "unknown",
            versions=versions([]),
            headline=tables.main_table(routes, methods),
            overall=tables.routes_table(routes[routes["level"] == "all"], methods),
            tasks=[
                (f"{titled(about.datasets, dataset)}: {plain(task)}", tables.routes_table(own, methods))
                for (dataset, task), own in routes[routes["level"] == "task"].groupby(["dataset", "task"], sort=True)
            ],
            retention=tables.retention_table(read_csv(files["retention"], RETENTION), methods),
            lesions=tables.lesions_table(read_csv(files["lesions"], LESIONS), methods),
            pairs=tables.pairs_tables(read_csv(files["pairs"], ROUTE_PAIRS), methods),
            times=tables.times_table(read_csv(files["seconds"], VOLUME_TIMES), about.datasets, methods),
            failures=tables.failures_table(scores, methods),
            shelves=gallery(figures, {**methods, **about.datasets}, about.endings),
            volumes=viewed,
            configuration=as_table(
                [[name, json.dumps(value)] for name, value in about.configuration.items()], ["setting", "value"], 2
            ),
        )
    )
    with atomic(output) as path:
        path.write_text(page, encoding="utf-8")


def _viewers(
    dataset: str,
    stream: VolumeStream,
    predictions: Mapping[str, Path],
    scores: pd.DataFrame,
    folder: Path,
    about: About,
) -> list[dict[str, str]]:
    """Write the pages of the volumes of a dataset, and what is listed of them."""
    own = scores[scores["dataset"] == dataset]
    collector = Collector(predictions, own, about.methods, about.showing)
    chosen = _chosen(own, about.pages)
    entry = about.datasets[dataset]
    title = titled(about.datasets, dataset)
    found = []
    for volume in stream:
        if volume.volume_id not in chosen or not volume.objects:
            continue
        place = folder / dataset / f"{volume.volume_id.replace('/', '_')}.html"
        place.parent.mkdir(exist_ok=True)
        told = (entry.get("citation"), f"Licence: {entry['licence']}" if entry.get("licence") else "")
        source = " ".join(f"{text.removesuffix('.')}." for text in told if text)
        objects = collector.objects(volume)
        write_viewer(place, f"{title}, {volume.volume_id}", source, volume, volume.geometry.positions, objects)
        found.append(
            {
                "dataset": title,
                "volume": volume.volume_id,
                "href": f"volumes/{dataset}/{place.name}",
                "objects": ", ".join(one.title for one in objects),
            }
        )
    return found


def _chosen(scores: pd.DataFrame, pages: int) -> set[str]:
    """The volumes that get a page: all, or so many, evenly from the lowest mean Dice to the highest."""
    means = scores.groupby("volume_id")["dice"].mean().fillna(0).sort_values(kind="stable")
    order = list(means.index)
    if len(order) <= pages:
        return set(order)
    return {order[round(index * (len(order) - 1) / max(1, pages - 1))] for index in range(pages)}
