"""Files of prompts that people gave, checked against the images and objects of a run; see docs/human_prompts.md."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd

from promptseg.config.patterns import composed
from promptseg.config.schema import SCHEMAS
from promptseg.core.choices import did_you_mean
from promptseg.core.errors import PromptsegError
from promptseg.preprocess.places import Place, case_of

logger = logging.getLogger(__name__)

FORMAT = "promptseg-human-prompts/1"
SCHEMA = SCHEMAS / "human_prompts.schema.json"
PIXELS, INDEX, MM_RAS, MM_LPS = "pixels", "index", "mm_ras", "mm_lps"
_TOLD = 20  # mistakes of a file that are told


@dataclass(frozen=True)
class Image:
    """What a run has of an image: its name and that of its case, its slice (None for a file of one picture)."""

    image_id: str
    case: str
    index: int | None
    height: int
    width: int
    sha256: str


@dataclass(frozen=True)
class Known:
    """What a run has of a dataset.

    Attributes:
        images: rows of preprocess.tables.IMAGES that are `ok`.
        object_ids: of the objects.
        place: where the pictures of a case lie; asked for coordinates in the file or the patient alone.
    """

    dataset: str
    images: pd.DataFrame
    object_ids: frozenset[str]
    place: Callable[[str], Place]
    _places: dict[str, Place] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, Image]:
        """The images by name."""
        found = {}
        for row in self.images.itertuples():
            index = None if pd.isna(row.slice) else int(row.slice)
            case = case_of(row.image_id, index)
            found[row.image_id] = Image(row.image_id, case, index, int(row.height), int(row.width), row.sha256)
        return found

    @cached_property
    def by_slice(self) -> dict[tuple[str, int | None], Image]:
        """The images by case and slice."""
        return {(image.case, image.index): image for image in self.by_id.values()}

    def of_case(self, case: str) -> Place:
        """See `place`; each case is read once."""
        if case not in self._places:
            self._places[case] = self.place(case)
        return self._places[case]


def files_of(named: Iterable[str | Path]) -> list[Path]:
    """The files that `prompts` of a user names: files, and of folders all that end with .json, by name.

    Raises:
        PromptsegError: there is none.
    """
    found: list[Path] = []
    for path in map(Path, named):
        inside = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not inside or not inside[0].is_file():
            what = "holds no file that ends with .json" if path.is_dir() else "is not there"
            raise PromptsegError(f"The prompts {path} of a user: it {what}. Correct users.*.prompts.")
        found += inside
    return found


def read_recorded(files: Sequence[Path], known: Known) -> list[dict[str, Any]]:
    """Rows of prompts.tables.RECORDED of one dataset, by object, annotator and order.

    Args:
        files: JSON of the format FORMAT; those of other datasets are passed over.

    Raises:
        PromptsegError: a file is not as it should be, with each entry that is not and what to do.
    """
    problems: list[str] = []
    rows: list[dict[str, Any]] = []
    places: dict[tuple[str, str, int], str] = {}
    for path in files:
        content = read_file(path)
        if content["dataset"] != known.dataset:
            continue
        for where, row in _rows(path, content, known, problems):
            key = (row["object_id"], row["annotator"], row["order"])
            if key in places:
                problems.append(
                    f"{where}: {row['annotator']} has a prompt {row['order']} for {row['object_id']} already, in "
                    f"{places[key]}: give each prompt an `order` of its own."
                )
            places[key] = where
            rows.append(row)
    if problems:
        more = [f"and {len(problems) - _TOLD} more"] if len(problems) > _TOLD else []
        raise PromptsegError("Prompts of people cannot be used:\n" + "\n".join([*problems[:_TOLD], *more]))
    if not rows:
        logger.warning("%s: no prompts for %s", ", ".join(map(str, files)), known.dataset)
    return sorted(rows, key=lambda row: (row["object_id"], row["annotator"], row["order"]))


def read_file(path: Path) -> dict[str, Any]:
    """A file of prompts, as its schema says.

    Raises:
        PromptsegError: it is no JSON, or does not fit the schema.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except (OSError, ValueError, RecursionError) as error:
        logger.info("%s: %s", path, error)
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise PromptsegError(f"{path}{line} cannot be read as JSON: correct it, or write it again.") from error
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    wrong = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(content))
    if wrong is not None:
        where = _entry(*wrong.absolute_path)
        raise PromptsegError(f"{path}{where}: {wrong.message}. docs/human_prompts.md says what belongs there.")
    return {"coordinates": PIXELS, **content}


def _no_number(text: str) -> None:
    raise PromptsegError(f"Files of prompts hold numbers, and {text} is none: correct it.")


def _entry(*path: str | int) -> str:
    """`, images[2].objects[0]` of the keys that lead to an entry."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return f", {text.removeprefix('.')}" if text else ""


def _rows(
    path: Path, content: Mapping[str, Any], known: Known, problems: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows with the place in the file that each comes from; what is wrong is added to `problems`."""
    for number, entry in enumerate(content["images"]):
        where = f"{path}{_entry('images', number)}"
        for part, of_object in enumerate(entry["objects"]):
            name = composed(of_object["annotator"].strip()).encode(errors="replace").decode()
            for place, prompt in enumerate(of_object["prompts"]):
                here = f"{where}.objects[{part}].prompts[{place}]"
                try:
                    image, points = _placed(entry, prompt["points"], content["coordinates"], known)
                    object_id = f"{image.image_id}:{of_object['task']}"
                    if object_id not in known.object_ids:
                        others = [one for one in known.object_ids if one.startswith(f"{image.image_id}:")]
                        tasks = sorted(one.rpartition(":")[2] for one in others)
                        raise PromptsegError(
                            f"{image.image_id} has no object {of_object['task']!r} in this run, but "
                            f"{', '.join(tasks)}: correct `task`, or take the entry out."
                        )
                except PromptsegError as error:
                    problems.append(f"{here}: {error}")
                    continue
                about = {"order": prompt["order"], "step": prompt.get("step", prompt["order"])}
                about |= {"kind": prompt["type"], "label": prompt.get("label", 1), "seconds": prompt.get("time")}
                yield here, {"object_id": object_id, "annotator": name, **about, "points": points}


def _placed(
    entry: Mapping[str, Any], points: Sequence[Sequence[float]], coordinates: str, known: Known
) -> tuple[Image, list[tuple[int, int]]]:
    """The image of a prompt and its points (x, y) in whole pixels.

    Raises:
        PromptsegError: there is no such image, it is another than people saw, or a point lies outside of it.
    """
    wanted = 2 if coordinates == PIXELS else 3
    if any(len(point) != wanted for point in points):
        raise PromptsegError(f"points of coordinates {coordinates!r} have {wanted} numbers each.")
    if coordinates == PIXELS:
        _same_slice(entry, known)
        image, places = _image(entry, entry.get("slice"), known), np.array(points, float)
    else:
        image, places = _from_file(entry, points, coordinates, known)
    _same_picture(entry, image)
    pixels = np.floor(places + 0.5).astype(int)
    outside = (pixels < 0).any(axis=1) | (pixels >= (image.width, image.height)).any(axis=1)
    if outside.any():
        raise PromptsegError(
            f"the point {list(points[int(outside.argmax())])} lies outside of {image.image_id}, which has "
            f"{image.width} x {image.height} pixels: correct it, or `coordinates`, which are {coordinates}."
        )
    return image, [(int(x), int(y)) for x, y in pixels]


def _same_slice(entry: Mapping[str, Any], known: Known) -> None:
    image = known.by_id.get(entry.get("image_id", ""))
    if image is not None and entry.get("slice", image.index) != image.index:
        raise PromptsegError(f"{image.image_id} is not slice {entry['slice']}: correct `slice`, or take it out.")


def _image(entry: Mapping[str, Any], index: int | None, known: Known) -> Image:
    """The image that an entry names."""
    if "image_id" in entry:
        name, found = entry["image_id"], known.by_id.get(entry["image_id"])
    else:
        name, found = entry["case"], known.by_slice.get((entry["case"], index))
        name += "" if index is None else f", slice {index}"
    if found is None:
        slices = [str(one.index) for one in known.by_id.values() if one.case == entry.get("case")]
        of_case = f" Of this case it has the slices {', '.join(slices)}." if slices else did_you_mean(name, known.by_id)
        raise PromptsegError(
            f"{known.dataset} has no image {name} with an object in this run: correct it, or take the entry out."
            f"{of_case}"
        )
    return found


def _from_file(
    entry: Mapping[str, Any], points: Sequence[Sequence[float]], coordinates: str, known: Known
) -> tuple[Image, np.ndarray]:
    """The image, and the (n, 2) places in it, of points in the source file or in the patient."""
    case = _image(entry, None, known).case if "image_id" in entry else entry["case"]
    if all(image.case != case for image in known.by_id.values()):
        _image(entry, None, known)  # says that there is none
    place = known.of_case(case)
    matrix = place.index if coordinates == INDEX else place.mm
    if matrix is None:
        raise PromptsegError(f"the file of {case} does not say where it lies in the patient: give `index` or `pixels`.")
    given = np.array(points, float) * ((-1.0, -1.0, 1.0) if coordinates == MM_LPS else 1.0)
    places = np.linalg.solve(matrix, np.c_[given, np.ones(len(given))].T).T[:, :3]
    slices = sorted(set(np.floor(places[:, 2] + 0.5).astype(int).tolist()))
    if len(slices) > 1:
        raise PromptsegError(f"its points lie in several slices of {case}: {', '.join(map(str, slices))}.")
    planar = known.by_slice.get((case, None)) if slices == [0] else None
    image = planar or _image({"case": case}, slices[0], known)
    if entry.get("slice", slices[0]) != slices[0] or entry.get("image_id", image.image_id) != image.image_id:
        raise PromptsegError(f"its points lie in slice {slices[0]} of {case}, and the entry is about another one.")
    return image, places[:, :2]


def _same_picture(entry: Mapping[str, Any], image: Image) -> None:
    size = [image.height, image.width]
    if entry.get("size", size) != size:
        raise PromptsegError(
            f"people saw {image.image_id} with {entry['size'][1]} x {entry['size'][0]} pixels, here it has "
            f"{image.width} x {image.height}: convert the coordinates, or prepare the dataset as it was then."
        )
    if entry.get("sha256", image.sha256) != image.sha256:
        raise PromptsegError(
            f"people saw other pixels of {image.image_id} (`sha256` differs): prepare the dataset as it was then, or "
            "take `sha256` out if you know that the pictures lie alike."
        )
