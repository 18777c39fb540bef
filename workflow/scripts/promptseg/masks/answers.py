"""The masks of files as answers: which setting of which object each file answers, and what is said where none does."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.config.cases import Case
from promptseg.config.mask_files import Folder
from promptseg.config.mask_patterns import ASKED, Names, Pattern
from promptseg.core.errors import PromptsegError
from promptseg.core.masks import decode, encode
from promptseg.core.reasons import MISSING_MASK, SEVERAL_FILES
from promptseg.core.stacks import MaskStack
from promptseg.core.vocabulary import ALL_MODES, AUTOMATIC, EVERYTHING, ITERATIVE, SELECTIONS, SINGLE_MODES
from promptseg.masks.coco import Annotations
from promptseg.masks.reading import Wanted, read
from promptseg.preprocess.case import read_stored
from promptseg.preprocess.grids import Volume
from promptseg.preprocess.shown import ShownPath, shown_apart
from promptseg.prompts.modes import needed

NOT_ASKED = "not_applicable"
_MOST = 2**15  # clicks and candidates are 16-bit numbers in PREDICTIONS
_MODES = (*(mode for mode in ALL_MODES if mode != EVERYTHING), AUTOMATIC)


@dataclass(frozen=True)
class Place:
    """Where an image comes from.

    Attributes:
        case: its case.
        index: of the slice; None for a 2-D file.
        size: (h, w).
        paths: of all files of the case, by their names.
    """

    case: Case
    index: int | None
    size: tuple[int, int]
    paths: Mapping[str, Path]


@dataclass(frozen=True)
class Given:
    """What is said of the masks of one method on one dataset.

    Attributes:
        method, dataset: their names.
        masks: of the entry of the method.
        entry: of the dataset, as preprocessing takes it.
        protocols: of clicks in the run.
    """

    method: str
    dataset: str
    masks: Mapping[str, Any]
    entry: Mapping[str, Any]
    protocols: Sequence[str] = ()

    @property
    def folder(self) -> Folder:
        """Where they are."""
        return Folder.of(self.masks, self.dataset)

    @property
    def has_masks(self) -> bool:
        """Whether there are any of the dataset."""
        return self.dataset in self.masks.get("datasets", [self.dataset])


@dataclass
class Files:
    """Masks of one dataset, found by a pattern, read case by case.

    Args:
        given: where they are, and how they are read.
        pattern: of the files.
        wanted: what is read from them.
    """

    given: Given
    pattern: Pattern
    wanted: Wanted
    names: Names = field(init=False)
    settings: list[dict[str, Any]] = field(init=False)
    _case: str = ""
    _like: Volume | None = None
    _read: dict[tuple[str, ...], dict[str, MaskStack] | PromptsegError] = field(default_factory=dict)
    _coco: dict[str, Annotations | PromptsegError] = field(default_factory=dict)
    _owners: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = Names(self.given.folder.names())
        self.settings = list(self._settings()) if self.pattern.asked else [{"mode": AUTOMATIC, "selection": "first"}]

    def _settings(self) -> Iterator[dict[str, Any]]:
        """The settings that some file answers, in the order of predictions.

        Raises:
            PromptsegError: clicks whose protocol or number the pattern does not tell.
        """
        protocols = self.given.protocols
        free = {"mode": _any_of(_MODES), "protocol": _any_of(protocols), "selection": _any_of(SELECTIONS)}
        match = self.pattern.expression({}, {**free, "step": "[0-9]+", "candidate": "[0-9]+"}).fullmatch
        named = [found.groupdict() for name in self.names if (found := match(name))]
        asked = {tuple((key, own[key]) for key in ASKED if key in own) for own in named}
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for one in map(dict, asked):
            clicked = one["mode"] == ITERATIVE
            if clicked and ("step" not in one or ("protocol" not in one and len(protocols) != 1)):
                raise PromptsegError(
                    f"methods.{self.given.method}.masks.pattern {self.pattern.text!r} finds masks of clicks: it needs "
                    f"{{step}} and, with the protocols {', '.join(protocols)} in the run, {{protocol}}."
                )
            if not int(one.get("candidate", 0)) < _MOST or (clicked and not 0 < int(one["step"]) < _MOST):
                raise PromptsegError(
                    f"methods.{self.given.method}.masks.pattern {self.pattern.text!r} finds masks of step "
                    f"{one.get('step', 0)}, candidate {one.get('candidate', 0)}: clicks are counted from 1, candidates "
                    f"from 0, both up to {_MOST - 1}. Rename the files."
                )
            row: dict[str, Any] = {"mode": one["mode"], "candidate": int(one.get("candidate", 0))}
            if clicked:
                row |= {"protocol": one.get("protocol", protocols[0]), "step": int(one["step"])}
            if one["mode"] not in SINGLE_MODES:
                row["selection"] = one.get("selection", "first")
            protocol, selection = row.get("protocol", ""), row.get("selection", "first")
            place = protocols.index(protocol) if protocol in protocols else 0
            order = _MODES.index(row["mode"]), place, SELECTIONS.index(selection), row.get("step", 0), row["candidate"]
            rows[order] = row
        yield from (rows[order] for order in sorted(rows))

    def rows(self, place: Place, row: Any) -> list[dict[str, Any]]:
        """Rows of PREDICTIONS of one object: one for each setting, with a mask, or with the reason why there is none.

        Args:
            place: of its image.
            row: of OBJECTS.
        """
        image_id, object_id, task = row.image_id, row.object_id, row.task
        if task not in self.wanted.values:
            return [prediction(object_id, status=NOT_ASKED, **one) for one in self.settings if not one.get("candidate")]
        found = []
        for one in self.settings:
            values = self._values(place, image_id, task) | one
            files = self._find(values)
            if not files and one.get("candidate"):
                continue  # methods may give fewer masks for some prompts
            try:
                code = self._code(files, place, values)
                found.append(prediction(object_id, **{"candidate": 0, **one}, rle=code))
            except PromptsegError as error:
                found.append(prediction(object_id, **one, status=str(error)))
        return found

    def masks(self, place: Place, image_id: str, tasks: Iterable[str]) -> dict[str, np.ndarray]:
        """Task -> (h, w) bool mask in the mode without prompts, as far as they can be read."""
        found: dict[str, np.ndarray] = {}
        for task in tasks if not self.pattern.asked else ():
            if task in self.wanted.values:
                with suppress(PromptsegError):
                    found[task] = decode(self.code(place, image_id, task))
        return found

    def code(self, place: Place, image_id: str, task: str) -> dict[str, Any]:
        """The run-length code of a task in one image, in the mode without prompts.

        Raises:
            PromptsegError: the file is missing or does not fit.
        """
        values = self._values(place, image_id, task)
        return self._code(self._find(values), place, values)

    def empty(self, size: tuple[int, int]) -> dict[str, Any]:
        """The code of an empty mask of (h, w) pixels."""
        return encode(np.zeros(size, bool))

    def _values(self, place: Place, image_id: str, task: str) -> dict[str, Any]:
        case = {"case": place.case.name, "volume": place.case.name, "slice": place.index or 0}
        names = {"image": image_id, "object": f"{image_id}:{task}", "task": task, "dataset": self.given.dataset}
        return {**case, **names, "protocol": "", "selection": "first", "step": 0, "candidate": 0}

    def _find(self, values: Mapping[str, Any]) -> list[str]:
        """The files of some values.

        Raises:
            PromptsegError: one of them belongs to other values as well, such as p10.png to the cases p1 and p10.
        """
        files = self.names.find(self.pattern, values)
        own = {name: values[name] for name in sorted(self.pattern.placeholders)}
        for file in files:
            other = self._owners.setdefault(file, own)
            if other != own:
                one, two = (", ".join(map(str, named.values())) for named in (other, own))
                raise PromptsegError(
                    f"methods.{self.given.method}.masks.pattern {self.pattern.text!r} finds {file} for {one} and for "
                    f"{two}: make it narrower, so that each file belongs to one."
                )
        return files

    def _code(self, files: Sequence[str], place: Place, values: Mapping[str, Any]) -> dict[str, Any]:
        if not files:
            where = "image" if self.pattern.one_image else "case"
            raise MISSING_MASK.error(
                f"no file {self.pattern.name(values)} in {self.given.folder.path} for the {where} {values[where]}",
                "add it, or correct `pattern`; a file without any mark is an empty mask",
            )
        if len(files) > 1 and files[0].lower().endswith(".json"):
            raise SEVERAL_FILES.error(f"{', '.join(files)} fit {values['object']}", "make `pattern` narrower")
        if files[0].lower().endswith(".json"):
            return encode(self._annotated(files[0], place, values))
        stacks = self._stacks(files, place, values)
        stack = stacks[values["task"]]
        index = 0 if place.index is None or self.pattern.one_image else place.index
        return stack.codes.get(index) or self.empty(place.size)

    def _stacks(self, files: Sequence[str], place: Place, values: Mapping[str, Any]) -> dict[str, MaskStack]:
        if self._case != place.case.name:
            self._case, self._like = place.case.name, None
            self._read.clear()
        task = values["task"]
        alone = self.wanted.one_object or isinstance(self.wanted.values[task], str)
        key = (*files, task if alone else "")
        if key not in self._read:
            try:
                self._read[key] = self._laid(files, place, values)
            except PromptsegError as error:
                self._read[key] = error
        known = self._read[key]
        if isinstance(known, PromptsegError):
            raise known
        return known

    def _laid(self, files: Sequence[str], place: Place, values: Mapping[str, Any]) -> dict[str, MaskStack]:
        paths = [ShownPath.of(self.given.folder.path / name, name) for name in files]
        if place.index is not None and self.pattern.one_image:
            height, width = place.size
            picture = Volume(np.broadcast_to(np.uint8(0), (width, height, 1)), None, None, str(values["image"]))
            return read(paths, values["task"], picture, replace(self.wanted, geometry="stored"), 2)
        if self._like is None:
            self._like = read_stored(place.case, shown_apart(place.paths), self.given.entry)
        return read(paths, values["task"], self._like, self.wanted, self.given.entry["axis"])

    def _annotated(self, file: str, place: Place, values: Mapping[str, Any]) -> np.ndarray:
        if file not in self._coco:
            path = ShownPath.of(self.given.folder.path / file, file)
            try:
                self._coco[file] = Annotations(path, self.given.masks.get("threshold"))
            except PromptsegError as error:
                self._coco[file] = error
        known = self._coco[file]
        if isinstance(known, PromptsegError):
            raise known
        labels = self.given.masks.get("labels") or {}
        category = labels.get(values["task"])
        names = [values["image"], *(place.case.image if place.index is None else ())]
        return known.mask(
            names, values["object"], category if isinstance(category, str) else values["task"], place.size
        )


def takes(settings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What scoring asks of a method's abilities (`predict.abilities`), of one that answers these settings."""
    asked = list(settings)
    types = sorted({needed(one["mode"]) for one in asked if one["mode"] != AUTOMATIC})
    candidates = 1 + max((one.get("candidate") or 0 for one in asked), default=0)
    return {"prompt_types": types, "max_points": None, "max_clicks": None, "candidates": candidates}


def prediction(object_id: str, **values: Any) -> dict[str, Any]:
    """A row of PREDICTIONS."""
    return {"object_id": object_id, "step": 0, "status": "ok", **values}


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True))) or "[^/]+?"
