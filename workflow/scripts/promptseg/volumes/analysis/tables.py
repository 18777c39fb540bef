"""The tables of volumes: what is made of the scores of all objects, and what their columns mean."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.contamination import Seen
from promptseg.analysis.provenance import SOURCES, Provenance
from promptseg.analysis.readme import readme
from promptseg.core.files import atomic, digest
from promptseg.core.tables import Table, read_provenance, write_csv
from promptseg.volumes.analysis.lesions import LESIONS, LESIONS_BY_SIZE, lesions, lesions_by_size
from promptseg.volumes.analysis.pairs import ROUTE_PAIRS, route_pairs
from promptseg.volumes.analysis.retention import RETENTION, retention
from promptseg.volumes.analysis.routes import ROUTES, routes
from promptseg.volumes.analysis.rows import merge_scores
from promptseg.volumes.analysis.seconds import VOLUME_TIMES, volume_times
from promptseg.volumes.scores.tables import VOLUME_SCORES

logger = logging.getLogger(__name__)

VOLUME_SOURCES = Table("volume_provenance.csv", SOURCES.about, SOURCES.columns)
VOLUME_TABLES = [
    *(VOLUME_SCORES, ROUTES, ROUTE_PAIRS, RETENTION, LESIONS, LESIONS_BY_SIZE, VOLUME_TIMES, VOLUME_SOURCES),
]
README = "volumes.md"
_HEAD = """# Tables of volumes

One object over all slices of a volume. A setting is named by method, route, slices, prompt, extents and step
everywhere; the method `contours` stands for true contours without a network, the controls. Text keys are empty where
they do not apply; numbers have six decimals, p values six significant digits; shares, Dice and IoU go from 0 to 1. The
column `provenance` leads to volume_provenance.csv. volume_seconds.csv alone differs from run to run.
"""


@dataclass(frozen=True)
class VolumeInputs:
    """The files that the tables are made from, one of each kind for every method and dataset.

    Attributes:
        scores, slices, lesions, detection: see `volumes.scores.tables`.
        seconds: see `volumes.routes.tables.VOLUME_SECONDS`.
        manifests: manifest.csv of each dataset, in a folder of the dataset's name.
    """

    scores: Sequence[Path]
    slices: Sequence[Path]
    lesions: Sequence[Path]
    detection: Sequence[Path]
    seconds: Sequence[Path]
    manifests: Sequence[Path]


def tabulate(inputs: VolumeInputs, folder: Path, seen: Seen, resamples: int, seed: int) -> None:
    """Write VOLUME_TABLES into a folder, and README, which says what their columns mean.

    Args:
        seen: which datasets each method has seen in training.
        resamples, seed: of the bootstrap.
    """
    scores = folder / VOLUME_SCORES.name
    rows = merge_scores(inputs.scores, scores)
    parts: Mapping[str, Any] = read_provenance(scores)
    origin = Provenance(parts, {path.parent.name: digest(path) for path in inputs.manifests}, "")

    def write(table: Table, frame: pd.DataFrame, *sources: str) -> None:
        write_csv(folder / table.name, origin.stamp(frame, list(sources)) if sources else frame, table)
        logger.info("%s: %d rows", table.name, len(frame))

    write(ROUTES, routes(rows, resamples, seed, seen), "method")
    write(ROUTE_PAIRS, route_pairs(rows, resamples, seed), "method", "b_method")
    write(RETENTION, retention(inputs.slices, resamples, seed), "method")
    write(LESIONS, lesions(inputs.detection, resamples, seed), "method")
    write(LESIONS_BY_SIZE, lesions_by_size(inputs.lesions, resamples, seed), "method")
    write(VOLUME_TIMES, volume_times(inputs.seconds))
    write(VOLUME_SOURCES, origin.table())
    with atomic(folder / README) as path:
        path.write_text(readme(VOLUME_TABLES, _HEAD), encoding="utf-8")
