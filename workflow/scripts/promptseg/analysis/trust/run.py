"""From the tables of all methods to those of trust."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from promptseg.analysis.columns import made
from promptseg.analysis.trust.objects import NAMES, Patients, masks_of, read_masks
from promptseg.analysis.trust.pairs import pair_lines
from promptseg.analysis.trust.tables import RANDOM, SETTING, TRUST_CURVES, TRUST_MEANS, TRUST_PAIRS, TRUST_THRESHOLDS
from promptseg.analysis.trust.tabulate import Lines, compared, order_lines
from promptseg.analysis.trust.thresholds import threshold_lines
from promptseg.core.tables import Table

TABLES = [TRUST_MEANS, TRUST_CURVES, TRUST_PAIRS, TRUST_THRESHOLDS]
_LEVELS = ["all", "pooled", "dataset", "task"]
_SORTED = ["level", "dataset", "task", "method", *SETTING, "confidence", "a", "b", "threshold", "coverage"]


def trust_tables(files: Iterable[Path], resamples: int, seed: int) -> list[pd.DataFrame]:
    """The rows of TABLES, without provenance.

    Args:
        files: of score.tables.TRUST, `.../{method}/{dataset}.parquet`, of methods that are no controls.
        resamples, seed: of the bootstrap over patients.
    """
    by_method: dict[str, list[Path]] = {}
    for file in sorted(map(Path, files)):
        by_method.setdefault(file.parent.name, []).append(file)
    found: dict[str, Lines] = {table.name: [] for table in TABLES}
    for method, paths in by_method.items():
        for table, lines in zip(TABLES, _of_method(read_masks(paths), resamples, seed), strict=True):
            found[table.name] += [line | {"method": method} for line in lines]
    return [_ordered(found[table.name], table) for table in TABLES]


def _of_method(rows: pd.DataFrame, resamples: int, seed: int) -> tuple[Lines, Lines, Lines, Lines]:
    found: tuple[Lines, Lines, Lines, Lines] = ([], [], [], [])
    if rows.empty:
        return found
    means, curves, pairs, thresholds = found
    patients = Patients.draw(rows, resamples, seed)
    for masks in masks_of(rows):
        of_orders, of_curves = order_lines(masks, patients)
        means += of_orders
        curves += of_curves
        if compared(masks.setting):
            pairs += pair_lines(masks, patients)
            thresholds += threshold_lines(masks, patients)
    return found


def _ordered(lines: Lines, table: Table) -> pd.DataFrame:
    """The rows by level, then by method and setting; confidences in the order of their declaration."""
    frame = pd.DataFrame(lines, columns=made(table))
    places = {name: place for place, name in enumerate([*_LEVELS, *NAMES, RANDOM])}
    worded = ("level", "confidence", "a", "b")
    by = [name for name in _SORTED if name in frame]
    return frame.sort_values(by, key=lambda c: c.map(places) if c.name in worded else c, ignore_index=True)
