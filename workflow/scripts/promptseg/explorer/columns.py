"""Scores and confidences as columns of the explorer: one file for each method, setting and column."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.core.reason import reason_in
from promptseg.core.settings import Setting
from promptseg.explorer.objects import NO_ROW, STATUSES, Survey, by_setting, numbered, rows_of
from promptseg.explorer.shards import write_array
from promptseg.score.metrics import METRICS
from promptseg.score.tables import CONFIDENCES, SCORES, TRUST

_VALUES = 2**26  # numbers in memory: 256 MB
METRIC_NAMES = [metric.name for metric in METRICS]
CONFIDENCE_NAMES = [column.name for column in CONFIDENCES]
STATUS = "status"


def write_columns(
    folder: Path,
    method: str,
    files: Mapping[str, tuple[Path, Path | None]],
    objects: pd.DataFrame,
    settings: Sequence[Setting],
    known: Survey,
) -> dict[Setting, list[str]]:
    """Write the columns of a method; one that has no value is not written.

    Args:
        folder: of the data files.
        files: dataset -> files of SCORES and, if there is one, of TRUST.
        objects: those that are kept, see `objects.Kept`.
        settings: of the method.

    Returns:
        The names of the columns of each setting.
    """
    at_once = max(1, _VALUES // max(1, len(objects) * (len(METRIC_NAMES) + len(CONFIDENCE_NAMES) + 1)))
    numbers = {dataset: numbered(objects, dataset) for dataset in files}
    written = {}
    for start in range(0, len(settings), at_once):
        columns = {setting: Columns(len(objects)) for setting in settings[start : start + at_once]}
        for dataset, (scores, trust) in files.items():
            for rows in rows_of(scores, SCORES, [*METRIC_NAMES, STATUS], numbers[dataset]):
                rows[STATUS] = rows[STATUS].map(_coder(known.statuses))
                for setting, own in by_setting(rows):
                    if setting in columns:
                        columns[setting].put(own, [*METRIC_NAMES, STATUS])
            for rows in rows_of(trust, TRUST, CONFIDENCE_NAMES, numbers[dataset]) if trust else ():
                for setting, own in by_setting(rows):
                    if setting in columns:
                        columns[setting].put(own, CONFIDENCE_NAMES)
        for setting, content in columns.items():
            arrays = content.arrays()
            for name, values in arrays.items():
                write_array(folder, f"scores/{method}/{setting.id}/{name}", values)
            written[setting] = list(arrays)
    return written


def _coder(statuses: Sequence[str]) -> Callable[[str], int]:
    codes = {name: code for code, name in enumerate(statuses)}
    return lambda status: codes[status if status in STATUSES else reason_in(status)]


class Columns:
    """The values of n objects in one setting; what is never put is missing.

    Args:
        n: number of objects.
    """

    def __init__(self, n: int):
        self._values = {name: np.full(n, np.nan, np.float32) for name in [*METRIC_NAMES, *CONFIDENCE_NAMES]}
        self._status = np.full(n, NO_ROW, np.uint16)

    def put(self, rows: pd.DataFrame, names: Sequence[str]) -> None:
        """Take columns of rows, whose `number` says where."""
        for name in names:
            array = self._status if name == STATUS else self._values[name]
            array[rows["number"]] = rows[name]

    def arrays(self) -> dict[str, np.ndarray]:
        """The columns that have values: numbers as float32, then codes of statuses as uint8 if that is enough."""
        status = self._status.astype(np.uint8) if self._status.max(initial=0) < 2**8 else self._status
        return {name: array for name, array in self._values.items() if not np.isnan(array).all()} | {STATUS: status}
