"""COCO JSON: masks of many images in one file, as run lengths and polygons.

Format: https://cocodataset.org/#format-data; a list of results of `exports.coco` names objects by `object_id`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from pycocotools import mask as coco

from promptseg.core import reasons, value_reasons
from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import shown

_FAR = 4  # times the size of the image: no polygon reaches so far, and pycocotools walks along all of it


class Annotations:
    """The masks of one file.

    Args:
        path: of the file.
        threshold: annotations of at least this `score` count; None: there must be nothing to choose.

    Raises:
        PromptsegError: the file is no COCO JSON.
    """

    def __init__(self, path: Path, threshold: float | None = None):
        self._path, self._threshold = path, threshold
        try:
            content = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise reasons.UNREADABLE.error(f"{path.name} is no JSON: {error}", "write it anew") from error
        self._objects: dict[str, list[Mapping[str, Any]]] | None = None
        self._images: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self._by_image: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
        try:
            self._index(content)
        except (KeyError, TypeError, AttributeError) as error:
            raise reasons.UNREADABLE.error(
                f"{path.name} is no COCO JSON ({type(error).__name__}: {error})",
                "it needs `images` with id, file_name, height and width, `categories` with id and name, and "
                "`annotations` with image_id, category_id and segmentation",
            ) from error

    def _index(self, content: Any) -> None:
        if isinstance(content, list):
            if not all("object_id" in one for one in content):
                raise reasons.UNREADABLE.error(
                    f"{self._path.name} is a list of results, which names neither images nor categories",
                    "write `images`, `categories` and `annotations`, or an `object_id` in each result",
                )
            self._objects = defaultdict(list)
            for one in content:
                self._objects[one["object_id"]].append(self._scored(one))
            return
        self._names = {one["id"]: str(one["name"]) for one in content["categories"]}
        numbers = {one["id"] for one in content["images"]}
        for kind, known in (("images", numbers), ("categories", self._names)):
            if len(known) < len(content[kind]):
                raise self._unreadable(f"several of its `{kind}` have the same `id`")
        for image in content["images"]:
            for name in {str(image.get("image", "")), *_names(str(image["file_name"]))} - {""}:
                self._images[name].append(image)
        for one in content["annotations"]:
            for key, known in (("image_id", numbers), ("category_id", self._names)):
                if one[key] not in known:
                    raise self._unreadable(f"an annotation has the {key} {one[key]!r}, which nothing there has as `id`")
            self._by_image[one["image_id"]].append(self._scored(one))

    def _scored(self, annotation: Mapping[str, Any]) -> Mapping[str, Any]:
        """An annotation whose `score`, if there is one, is a number."""
        score = annotation.get("score")
        if score is not None and not (type(score) in (int, float) and abs(score) < np.inf):
            raise self._unreadable(f"an annotation has the score {score!r}, which is no number")
        return {key: value for key, value in annotation.items() if key != "score" or value is not None}

    def _unreadable(self, what: str) -> PromptsegError:
        return reasons.UNREADABLE.error(f"{self._path.name} is no COCO JSON: {what}", "correct it")

    def mask(self, names: Iterable[str], object_id: str, category: str, size: tuple[int, int]) -> np.ndarray:
        """The (h, w) bool mask of an object; its annotations are united, without any it is empty.

        Args:
            names: of its image, the surest first.
            category: name of its task in the file.
            size: (h, w) of the image.

        Raises:
            PromptsegError: the file does not know the image or the category, or what it has is no mask of this size.
        """
        if self._objects is not None:
            if object_id not in self._objects:
                raise reasons.MISSING_MASK.error(f"{self._path.name} has no result of {object_id}", "add it")
            return self._united(self._objects[object_id], size, object_id)
        images: list[Mapping[str, Any]] = next((found for name in names if (found := self._images.get(name))), [])
        if not images:
            raise reasons.MISSING_MASK.error(
                f"{self._path.name} has no image {' or '.join(names)}",
                "add it; an image without annotations is an empty mask",
            )
        if len(images) > 1:
            raise reasons.SEVERAL_FILES.error(
                f"{self._path.name} has several images of the name of {object_id}: "
                f"{', '.join(str(one['file_name']) for one in images)}",
                "give each the `file_name` that the dataset has, or the name of our image as `image`",
            )
        image = images[0]
        if category not in self._names.values():
            raise reasons.MISSING_MASK.error(
                f"{self._path.name} has no category {category}, but {', '.join(self._names.values())}",
                "say by `labels` of its `masks` what the task is called there",
            )
        stated = image.get("height", size[0]), image.get("width", size[1])
        if stated != size:
            raise self._another_size(stated, size, str(image["file_name"]))
        own = [one for one in self._by_image[image["id"]] if self._names.get(one["category_id"]) == category]
        return self._united(own, size, object_id)

    def _united(self, annotations: Sequence[Mapping[str, Any]], size: tuple[int, int], what: str) -> np.ndarray:
        scores = [one["score"] for one in annotations if "score" in one]
        if self._threshold is not None:
            annotations = [one for one in annotations if one.get("score", np.inf) >= self._threshold]
        elif len(annotations) > 1 and len(set(scores)) > 1:
            raise value_reasons.THRESHOLD_MISSING.error(
                f"{self._path.name} has {len(annotations)} annotations of {what} with scores from {min(scores):g} to "
                f"{max(scores):g}",
                "say by `threshold` beside `path` from which score on they count",
            )
        mask = np.zeros(size, bool)
        for one in annotations:
            mask |= self._decoded(one.get("segmentation"), size, what)
        return mask

    def _decoded(self, code: Any, size: tuple[int, int], what: str) -> np.ndarray:
        height, width = size
        if isinstance(code, Mapping) and "counts" in code:
            stated = code.get("size", list(size))
            if stated != list(size):
                raise self._another_size(stated if isinstance(stated, list) else [], size, what)
            counts = _counts(code["counts"])
            if min(counts, default=0) < 0 or sum(counts) != height * width:
                raise reasons.UNREADABLE.error(f"{self._path.name}: the run lengths of {what} do not fill its image")
            ends = np.cumsum(counts)
            flat = np.zeros(height * width, bool)
            for start, end in zip(ends[0::2], ends[1::2], strict=False):
                flat[start:end] = True
            return flat.reshape(width, height).T
        if isinstance(code, list) and code and all(isinstance(one, list) and _numbers(one) for one in code):
            polygons = [np.array(one, float) for one in code]
            far = _FAR * max(size)
            if all(one.size >= 6 and one.size % 2 == 0 and (np.abs(one) < far).all() for one in polygons):
                codes = coco.frPyObjects([one.tolist() for one in polygons], height, width)
                return coco.decode(coco.merge(codes)).astype(bool)
        raise reasons.UNREADABLE.error(
            f"{self._path.name}: what it has of {what} is neither run lengths nor polygons",
            "write `segmentation` as {size, counts}, or as a list of lists x1, y1, x2, y2, x3, y3, ...",
        )

    def _another_size(self, stated: Sequence[int], size: tuple[int, int], what: str) -> PromptsegError:
        return reasons.SIZES_DIFFER.error(
            f"{self._path.name} has {shown(stated)} rows and columns for {what}, whose image has {shown(size)}",
            "masks must have the size of the image",
        )


def _numbers(values: Sequence[Any]) -> bool:
    return all(type(value) in (int, float) and abs(value) < 1e9 for value in values)


def _names(file: str) -> set[str]:
    """What an image may be looked for by: its file, without folders, without its extension."""
    name = PurePosixPath(file.replace("\\", "/"))
    stem = name.name.removesuffix("".join(name.suffixes[-2:])) if name.name.endswith(".nii.gz") else name.stem
    return {file, name.name, stem}


def _counts(counts: Any) -> list[int]:
    """Run lengths, those of background first, of a list or of COCO's compressed string (maskApi.c, rleFrString)."""
    if isinstance(counts, list):
        return [one for one in counts if isinstance(one, int)] if all(isinstance(one, int) for one in counts) else [-1]
    found: list[int] = []
    value, shift = 0, 0
    for letter in str(counts).encode("ascii", "replace"):
        part = letter - 48
        value |= (part & 0x1F) << shift
        shift += 5
        if not part & 0x20:
            value -= (1 << shift) if part & 0x10 else 0
            found.append(value + found[-2] if len(found) > 2 else value)
            value, shift = 0, 0
    return found
