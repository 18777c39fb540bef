"""Every mask of a run in files, with a manifest from which `masks` of a method's entry reads them again.

A dataset is one folder; in it each method is one, with `manifest.json` and a TIFF stack of the masks of each object.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tifffile

from promptseg.analysis.lookup import require_kept
from promptseg.core.manifest import MANIFEST, VERSION
from promptseg.core.masks import decode
from promptseg.core.parquet import read_arrow, read_schema
from promptseg.core.settings import Setting
from promptseg.core.tables import read_provenance
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE
from promptseg.exports.answers import Code
from promptseg.exports.lines import write_lines
from promptseg.exports.source import Source, file_names
from promptseg.predict.tables import PREDICTIONS, PROPOSALS

_PROPOSALS = "everything"  # the folder of their files, whose names could be those of objects
_TAKES = ("prompt_types", "max_points", "max_clicks", "candidates")
_USUAL = {"step": 0, "candidate": 0, "status": "ok"}  # what a row need not say; of other keys that is null


def export(source: Source, folder: Path) -> None:
    """Write the predictions of a dataset into a folder that is there and empty.

    Raises:
        PromptsegError: masks of the run are no longer kept.
    """
    for method, path in source.predictions.items():
        require_kept(path)
        (folder / method).mkdir()
        facts = read_provenance(path)
        head = {
            "schema": VERSION,
            "dataset": source.dataset,
            "method": method,
            **({"takes": {key: facts.pop(key) for key in _TAKES}} if facts.keys() >= set(_TAKES) else {}),
            "made_by": facts,
            "grid": "image",
        }
        lists = {"masks": _rows(_answered(source, method), "object_id", folder / method)}
        if proposals := _proposed(source, method):
            (folder / method / _PROPOSALS).mkdir()
            lists["proposals"] = _rows(proposals, "image_id", folder / method, f"{_PROPOSALS}/")
        write_lines(folder / method / MANIFEST, head, **lists)


def _answered(source: Source, method: str) -> pa.Table:
    """The predictions in the settings that are exported; all where the source names none."""
    path = source.predictions[method]
    PREDICTIONS.check(path, read_schema(path).names)
    table = read_arrow(path, columns=PREDICTIONS.names)
    if not source.settings:
        return table
    wanted = pa.scalar(False)
    for setting in source.settings:
        wanted = pc.or_(wanted, _in(table, source.own(method, setting)))
    return table.filter(wanted)


def _proposed(source: Source, method: str) -> pa.Table | None:
    """All masks of the mode `everything`; None where there are none, or the mode is not exported."""
    if method not in source.everything or (source.settings and EVERYTHING not in {one.mode for one in source.settings}):
        return None
    require_kept(source.everything[method])
    table = read_arrow(source.everything[method], columns=PROPOSALS.names)
    return table.drop_columns("area") if table.num_rows else None


def _in(table: pa.Table, setting: Setting) -> pa.Array:
    """Which rows are of a setting; in modes 1 to 5 all candidates are, among which the selection chooses."""
    names = ("mode", "protocol", "switch", "step", "selection") if setting.mode == ITERATIVE else ("mode",)
    found = pa.scalar(True)
    for name in names:
        value = getattr(setting, name)
        found = pc.and_(found, pc.fill_null(pc.equal(table[name], value), False) if value else table[name].is_null())
    return found


@dataclass
class _Stack:
    """The masks that one file will hold, each different one once."""

    file: str
    pages: dict[str, int] = field(default_factory=dict)
    masks: list[np.ndarray] = field(default_factory=list)

    def place(self, code: Code) -> dict[str, Any]:
        """Where a mask will lie."""
        page = self.pages.setdefault(code["counts"], len(self.masks))
        if page == len(self.masks):
            self.masks.append(decode(code))
        return {"file": self.file, **({"page": page} if page else {})}

    def write(self, folder: Path) -> None:
        """Write the file, if there is a mask: 8 bit, 0 and 255."""
        if self.masks:
            stack = np.stack(self.masks).astype(np.uint8) * 255
            tifffile.imwrite(
                folder / self.file, stack, photometric="minisblack", compression="zlib", metadata=None, software=False
            )


def _rows(table: pa.Table, name: str, folder: Path, under: str = "") -> Iterator[dict[str, Any]]:
    """Rows of the manifest, object by object or image by image; the masks of each are written before its rows."""
    groups = table.select([name]).to_pandas().groupby(name, sort=False).indices
    files = file_names(groups)
    for one, places in groups.items():
        stack = _Stack(f"{under}{files[one]}.tif")
        rows = [_row(row, stack) for row in table.take(places).to_pylist()]
        stack.write(folder)
        yield from rows


def _row(row: Mapping[str, Any], stack: _Stack) -> dict[str, Any]:
    said = {key: value for key, value in row.items() if key != "rle" and value != _USUAL.get(key)}
    return said | (stack.place(row["rle"]) if row["rle"] else {})
