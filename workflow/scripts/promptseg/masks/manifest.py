"""Masks that answer prompts of ours, as a `manifest.json` lists them: docs/prompts_export.md has the format.

Rows go as they are into the table of predictions, so that predictions that were written as files come back the same.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np

from promptseg.config.schema import SCHEMAS
from promptseg.core.errors import PromptsegError
from promptseg.core.manifest import MANIFEST, VERSION
from promptseg.core.masks import encode
from promptseg.core.reasons import MISSING_FILE, MISSING_MASK, SIZES_DIFFER, UNREADABLE
from promptseg.core.vocabulary import ALL_MODES, AUTOMATIC, EVERYTHING, ITERATIVE, SELECTIONS, SINGLE_MODES
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
_TEXTS = ("object_id", "mode", "protocol", "switch", "selection", "status", "file", "image_id")
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which JSON may hold and no file
_NUMBERS = ("score", "stability", "soft_dice")
_MOST = {"step": 2**15, "candidate": 2**15, "click_label": 2}  # of other whole numbers 2**31
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
        except (OSError, ValueError, RecursionError) as error:
            raise PromptsegError(f"{path} cannot be read as JSON ({error}): write it anew.") from error
        self._about = str(path)
        if not isinstance(content, dict) or content.get("schema") != VERSION:
            raise self._mistake(f"its `schema` is not {VERSION!r}")
        if content.get("dataset", given.dataset) != given.dataset:
            raise self._mistake(
                f"it is of the dataset {content['dataset']!r}, and is read for {given.dataset}; "
                "`path` may hold {dataset}"
            )
        head = {key: value for key, value in content.items() if value is not None} | {"masks": [], "proposals": []}
        schema = json.loads((SCHEMAS / "masks.schema.json").read_text(encoding="utf-8"))
        if wrong := jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(head)):
            raise self._mistake(f"{'.'.join(map(str, wrong.absolute_path)) or 'top'}: {wrong.message}")
        self._grid = content.get("grid") or "image"
        self._proposals = self._list(content, "proposals", ("image_id", "candidate", *_NUMBERS[:2], *_OF_FILES))
        self._rows = self._by_object(self._list(content, "masks", (*_COLUMNS, *_OF_FILES)), set(object_ids))
        answers = [row for rows in self._rows.values() for row in rows]
        self._settings = dict.fromkeys(tuple(row[name] for name in _KEY[:-1]) for row in answers)
        self.takes = content.get("takes") or takes(answers)
        self._last: tuple[Any, Volume | None] = (None, None)
        self._like: tuple[str, Volume | None] = ("", None)

    def _mistake(self, what: str) -> PromptsegError:
        return PromptsegError(f"{self._about}: {what}. Correct it.")

    def _list(self, content: Mapping[str, Any], name: str, known: Collection[str]) -> list[Mapping[str, Any]]:
        """The rows of a list; jsonschema would take minutes for large ones."""
        rows = content.get(name)
        rows = [] if rows is None and name == "proposals" else rows
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self._mistake(f"`{name}` has to be a list of rows")
        for number, row in enumerate(rows):
            about = f"row {number} of `{name}` ({row.get('object_id', row.get('image_id'))}, {row.get('mode')})"
            if unknown := set(row) - set(known):
                raise self._mistake(f"{about} has the unknown key {sorted(unknown)[0]!r}")
            for key, value in row.items():
                if value is not None and (wrong := _wrong(key, value)):
                    raise self._mistake(f"{about} has the {key} {value!r}: it has to be {wrong}")
            if name == "proposals" and row.get("file") is None:
                raise self._mistake(f"{about} needs a `file`")
        return rows

    def _by_object(self, rows: Iterable[Mapping[str, Any]], object_ids: set[str]) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        seen: set[tuple[Any, ...]] = set()
        protocols = self._given.protocols
        for number, said in enumerate(rows):
            about = f"row {number} of `masks` ({said.get('object_id')}, {said.get('mode')})"
            if said.get("object_id") not in object_ids:
                raise self._mistake(f"{about} is of an object that {self._given.dataset} does not have")
            if said.get("mode") not in (*ALL_MODES, AUTOMATIC):
                raise self._mistake(f"{about} is of no mode; there are {', '.join((*ALL_MODES, AUTOMATIC))}")
            row = {**dict.fromkeys(_COLUMNS), "step": 0, "candidate": 0, "status": "ok", **said}
            row |= {key: usual for key, usual in (("step", 0), ("status", "ok")) if row[key] is None}
            if row["mode"] in SINGLE_MODES and any(row[key] is not None for key in ("protocol", "switch", "selection")):
                raise self._mistake(f"{about} has a protocol, switch or selection, which modes without clicks have not")
            if (row["mode"] == ITERATIVE) != (row["step"] > 0):
                raise self._mistake(
                    f"{about} has the step {row['step']}: clicks are counted from 1, other modes have 0"
                )
            if row["mode"] == ITERATIVE and row["protocol"] is None:
                if len(protocols) != 1:
                    raise self._mistake(f"{about} needs a protocol: the run has {', '.join(protocols) or 'none'}")
                row["protocol"] = protocols[0]
            if row["mode"] not in SINGLE_MODES and row["selection"] is None:
                row["selection"] = "oracle" if row["mode"] == EVERYTHING else "first"
            if (row["status"] == "ok") != isinstance(row.get("file"), str):
                raise self._mistake(f"{about} needs a `file` where its status is ok, and none where it is not")
            if row["selection"] not in (*SELECTIONS, None):
                raise self._mistake(f"{about} has a selection that is none of {', '.join(SELECTIONS)}")
            if row["protocol"] not in (*protocols, None):
                raise self._mistake(
                    f"{about} has the protocol {row['protocol']}, and the run {', '.join(protocols) or 'none'}: add it "
                    "to `run.protocols`, or take the row out"
                )
            setting = row["object_id"], *(row[name] for name in _KEY[:-1])
            own = (*setting, (row["candidate"] or 0) if row["status"] == "ok" else "failed")
            if {own, (*setting, "failed")} & seen or (row["status"] != "ok" and setting in seen):
                raise self._mistake(f"{about} stands there twice")
            seen |= {setting, own}
            found.setdefault(row["object_id"], []).append(row)
        return found

    def rows(self, place: Place, row: Any) -> list[dict[str, Any]]:
        """Rows of PREDICTIONS of one object, as they stand there; see `answers.Files.rows`."""
        object_id, found = row.object_id, []
        for one in self._rows.get(object_id, ()):
            own = {name: one[name] for name in _COLUMNS}
            if one["status"] == "ok":
                try:
                    own["rle"] = encode(self._mask(one, place, object_id))
                except PromptsegError as error:
                    own |= {"status": str(error), "score": None, "stability": None, "soft_dice": None}
            found.append(own)
        answered = {tuple(one[name] for name in _KEY[:-1]) for one in found}
        for setting in self._settings:
            if setting not in answered:
                named = dict(zip(_KEY, setting, strict=False))
                said = " ".join(str(value) for value in setting if value)
                status = MISSING_MASK.status(
                    f"{MANIFEST} has no row of {object_id} for {said}", "add one; an empty mask is a file, too"
                )
                found.append({**dict.fromkeys(_COLUMNS), "object_id": object_id, **named, "status": status})
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
        if _is_file(path) and not path.resolve().is_relative_to(self._folder.resolve()):
            raise self._mistake(f"the file {file} lies outside of its folder")
        if not _is_file(path):
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


def _wrong(key: str, value: Any) -> str:
    """What a value of a row has to be, in words, if it is not."""
    if key in _TEXTS:
        return "" if isinstance(value, str) and value and not _SURROGATE.search(value) else "text"
    if key in _NUMBERS:
        return "" if type(value) in (int, float) and abs(value) < 1e38 else "a number"
    most = _MOST.get(key, 2**31)
    return "" if type(value) is int and 0 <= value < most else f"a whole number from 0 to {most - 1}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # longer than a name may be, or with a character of no file
        return False
