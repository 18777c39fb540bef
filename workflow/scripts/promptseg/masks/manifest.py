"""Masks that answer prompts of ours, as a `manifest.json` lists them: docs/prompts_export.md has the format.

Rows go as they are into the table of predictions, so that predictions that were written as files come back the same.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.core.manifest import MANIFEST, VERSION
from promptseg.core.masks import encode
from promptseg.core.reasons import MISSING_FILE, MISSING_MASK, SIZES_DIFFER, UNREADABLE
from promptseg.core.vocabulary import ALL_MODES, AUTOMATIC, EVERYTHING, SINGLE_MODES
from promptseg.masks.answers import Given, Place, takes
from promptseg.predict.tables import PREDICTIONS
from promptseg.preprocess.case import read_stored
from promptseg.preprocess.evidence import Encodings
from promptseg.preprocess.grids import Volume, reorient, shown
from promptseg.preprocess.labels import read_values
from promptseg.preprocess.rows import upright
from promptseg.preprocess.shown import ShownPath, shown_apart
from promptseg.preprocess.volumes import LABEL_READERS, read_files

_COLUMNS = [name for name in PREDICTIONS.names if name != "rle"]
_OF_FILES = ("file", "page", "value")
_TAKES = ("prompt_types", "max_points", "max_clicks", "candidates")
_GRIDS = ("image", "source")
_KEY = ("mode", "protocol", "switch", "step", "selection", "candidate")


class Manifest:
    """The masks of one manifest.

    Args:
        given: where it lies, and of which dataset it is.
        object_ids: those of the dataset.

    Raises:
        PromptsegError: it is no manifest, is of another dataset, or has rows that are not as they should be.
    """

    def __init__(self, given: Given, object_ids: Iterable[str]):
        self._given, self._folder = given, given.folder.path
        path = self._folder / MANIFEST
        try:
            content = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise PromptsegError(f"{path} cannot be read as JSON ({error}): write it anew.") from error
        self._about = str(path)
        if not isinstance(content, dict) or content.get("schema") != VERSION:
            raise self._mistake(f"its `schema` is not {VERSION!r}")
        if content.get("dataset", given.dataset) != given.dataset:
            raise self._mistake(
                f"it is of the dataset {content['dataset']!r}, and is read for {given.dataset}; "
                "`path` may hold {dataset}"
            )
        self._grid = content.get("grid", "image")
        if self._grid not in _GRIDS:
            raise self._mistake(f"`grid` is {self._grid!r}, and neither 'image' nor 'source'")
        self._proposals: Sequence[Mapping[str, Any]] = content.get("proposals") or []
        self._rows = self._by_object(content.get("masks"), set(object_ids))
        self.settings = [row for rows in self._rows.values() for row in rows]
        self._stated = content.get("takes")
        self._last: tuple[Any, Volume | None] = (None, None)
        self._like: tuple[str, Volume | None] = ("", None)

    def _mistake(self, what: str) -> PromptsegError:
        return PromptsegError(f"{self._about}: {what}. Correct it.")

    def _by_object(self, rows: Any, object_ids: set[str]) -> dict[str, list[dict[str, Any]]]:
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self._mistake("`masks` has to be a list of rows")
        found: dict[str, list[dict[str, Any]]] = {}
        seen: Counter[tuple[Any, ...]] = Counter()
        for number, row in enumerate(rows):
            about = f"row {number} of `masks` ({row.get('object_id')}, {row.get('mode')})"
            unknown = set(row) - {*_COLUMNS, *_OF_FILES}
            if unknown:
                raise self._mistake(f"{about} has the unknown key {sorted(unknown)[0]!r}")
            if row.get("object_id") not in object_ids:
                raise self._mistake(f"{about} is of an object that {self._given.dataset} does not have")
            if row.get("mode") not in (*ALL_MODES, AUTOMATIC):
                raise self._mistake(f"{about} is of no mode; there are {', '.join((*ALL_MODES, AUTOMATIC))}")
            row = {**dict.fromkeys(_COLUMNS), "step": 0, "candidate": 0, "status": "ok", **row}
            if row["mode"] in SINGLE_MODES and any(row[key] is not None for key in ("protocol", "switch", "selection")):
                raise self._mistake(f"{about} has a protocol, switch or selection, which modes without clicks have not")
            if row["mode"] not in SINGLE_MODES and row["selection"] is None:
                row["selection"] = "oracle" if row["mode"] == EVERYTHING else "first"
            if (row["status"] == "ok") != isinstance(row.get("file"), str):
                raise self._mistake(f"{about} needs a `file` where its status is ok, and none where it is not")
            key = row["object_id"], *(row[name] for name in _KEY)
            seen[key] += 1
            if seen[key] > 1 and row["status"] == "ok":
                raise self._mistake(f"{about} stands there twice")
            found.setdefault(row["object_id"], []).append(row)
        return found

    @property
    def takes(self) -> dict[str, Any]:
        """What scoring asks of a method's abilities (`predict.abilities`): as stated, else by the modes."""
        if self._stated:
            return {key: self._stated.get(key) for key in _TAKES}
        return takes(self.settings)

    def rows(self, place: Place, row: Any) -> list[dict[str, Any]]:
        """Rows of PREDICTIONS of one object, as they stand there; see `answers.Files.rows`."""
        object_id = row.object_id
        if object_id not in self._rows:
            status = MISSING_MASK.status(
                f"{MANIFEST} has no row of {object_id}", "add one; an empty mask is a file, too"
            )
            keys = dict.fromkeys(tuple(row[name] for name in _KEY[:-1]) for row in self.settings)
            return [
                {
                    **dict.fromkeys(_COLUMNS),
                    "object_id": object_id,
                    **dict(zip(_KEY, key, strict=False)),
                    "status": status,
                }
                for key in keys
            ]
        found = []
        for one in self._rows[object_id]:
            own = {name: one[name] for name in _COLUMNS}
            if one["status"] == "ok":
                try:
                    own["rle"] = encode(self._mask(one, place, object_id))
                except PromptsegError as error:
                    own |= {"status": str(error), "score": None, "stability": None, "soft_dice": None}
            found.append(own)
        return found

    def proposals(self, known: Mapping[str, Place]) -> list[dict[str, Any]]:
        """Rows of PROPOSALS.

        Raises:
            PromptsegError: a mask cannot be read, or is of an image that the dataset does not have.
        """
        found = []
        for row in self._proposals:
            if row.get("image_id") not in known:
                raise self._mistake(
                    f"a proposal is of an image that {self._given.dataset} does not have: {row.get('image_id')}"
                )
            mask = self._mask(row, known[row["image_id"]], row["image_id"])
            told = {name: row[name] for name in ("image_id", "candidate", "score", "stability") if name in row}
            found.append({"candidate": 0, **told, "area": int(np.count_nonzero(mask)), "rle": encode(mask)})
        return found

    def _mask(self, row: Mapping[str, Any], place: Place, what: str) -> np.ndarray:
        """The (h, w) bool mask of a row.

        Raises:
            PromptsegError: its file is not there, is damaged, or does not fit the image.
        """
        volume = self._volume(str(row["file"]), place)
        height, width = place.size
        page = row.get("page") or 0
        if self._grid == "source":
            page = place.index or 0
        elif volume.shape[:2] != (width, height) or volume.array.ndim != 3:
            raise SIZES_DIFFER.error(
                f"the image of {what} has {shown((width, height))} pixels, the mask {row['file']} has "
                f"{shown(volume.array.shape)}",
                'masks must have the size of the image, or say `"grid": "source"` in the manifest',
            )
        if not 0 <= page < volume.shape[2]:
            raise UNREADABLE.error(f"{row['file']} has no page {page}, but {volume.shape[2]}", "correct `page`")
        picture = upright(volume.array, page)
        return picture != 0 if row.get("value") is None else picture == row["value"]

    def _volume(self, file: str, place: Place) -> Volume:
        key = (file, place.case.name)
        if self._last[0] == key and self._last[1] is not None:
            return self._last[1]
        path = Path(self._folder, file)
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise self._mistake(f"the file {file} lies outside of its folder")
        if not path.is_file():
            raise MISSING_FILE.error(f"{file} is not there, which {MANIFEST} names", "bring it back")
        named = ShownPath.of(path, file)
        if self._grid == "image":
            volume = read_files([named], LABEL_READERS)
        else:
            if self._like[0] != place.case.name:
                self._like = place.case.name, read_stored(place.case, shown_apart(place.paths), self._given.entry)
            like = self._like[1]
            assert like is not None
            geometry = self._given.masks.get("geometry") or self._given.entry.get("geometry", "agree")
            found = read_values([named], like, geometry, Encodings(), True)
            volume = reorient(found, self._given.entry["axis"])
        self._last = key, volume
        return volume
