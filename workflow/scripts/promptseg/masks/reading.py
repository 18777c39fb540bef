"""One file of masks: what it marks, laid over the image by the same rules as a truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core import reasons, value_reasons
from promptseg.core.errors import PromptsegError
from promptseg.core.masks import encode
from promptseg.core.reason import Reason
from promptseg.core.stacks import MaskStack
from promptseg.preprocess.dicom_files import is_dicom
from promptseg.preprocess.encodings import is_jpeg, marked
from promptseg.preprocess.evidence import SEVERAL_VALUES, Decisions, Encodings, Evidence
from promptseg.preprocess.grids import Volume, reorient, shown
from promptseg.preprocess.images import object_mask
from promptseg.preprocess.labels import MaskFiles, read_labels, read_masks, read_values
from promptseg.preprocess.rows import upright
from promptseg.preprocess.volumes import LABEL_READERS

Values = Sequence[int] | str  # of a label map, or the name of a segment
# What to do where a reason names keys of datasets that these masks do not have.
_REMEDIES: Mapping[Reason, str] = {
    reasons.SEVERAL_FILES: "make `pattern` narrower",
    value_reasons.UNKNOWN_LABEL: "say by `labels` of its `masks` which values are which task, and name the others in "
    "`other_labels`, or write `other_labels: any`",
    value_reasons.NOT_WHOLE: "if it is a probability map, give a `threshold` beside `path`, and by {task} in the "
    "pattern a file for each task; else save whole numbers",
    value_reasons.NOISY_MASK: "if it is a probability map, give a `threshold` beside `path`; else save label values "
    "without interpolation",
    reasons.PLACES_DIFFER: "write `geometry: stored` beside `path` if the arrays fit voxel by voxel, or "
    "`geometry: header` if the headers are right",
    reasons.SIZES_DIFFER: "masks must lie on the grid of the dataset's own image file; `geometry: header` beside "
    "`path` lays a mask of a part of it by its header",
    reasons.ANOTHER_GRID: "resample the mask to the grid of the dataset's own image file (labels: nearest neighbour)",
}


@dataclass(frozen=True)
class Wanted:
    """What is read from files, see `masks.schema.yaml`.

    Attributes:
        values: task -> values of label maps, or the name of a segment; tasks that the masks lack are not there.
        one_object: whether a file shows one object, whose label values then do not matter.
        threshold, geometry: of the entry.
        array: name of the array in .npz files.
        how: how the numbers of label maps are read.
    """

    values: Mapping[str, Values]
    one_object: bool = False
    threshold: float | None = None
    geometry: str = "agree"
    array: str | None = None
    how: Encodings = field(default_factory=Encodings)

    @classmethod
    def of(cls, masks: Mapping[str, Any], entry: Mapping[str, Any], one_object: bool, decisions: Decisions) -> "Wanted":
        """What the entries of the method and of the dataset say.

        Raises:
            PromptsegError: a threshold for label maps of several tasks.
        """
        tasks: Mapping[str, Sequence[int]] = entry["tasks"]
        labels: Mapping[str, Values] | None = masks.get("labels")
        values = {task: labels[task] if labels else tasks[task] for task in tasks if not labels or task in labels}
        threshold = masks.get("threshold")
        if threshold is not None and not one_object and len(tasks) > 1:
            raise PromptsegError(
                f"`threshold` is for maps of one object, and there are the tasks {', '.join(tasks)}: put {{task}} into "
                "`pattern`, or take `threshold` away if the files are label maps."
            )
        numbers = frozenset(number for own in values.values() if not isinstance(own, str) for number in own)
        other = masks.get("other_labels", [] if labels else entry["other_labels"])
        own = Encodings.of({**entry, "other_labels": other}, decisions)
        how = Encodings(
            numbers,
            None if own.others is None else own.others - numbers,
            {} if labels else own.colours,
            decisions,
            Evidence(),
        )
        geometry = masks.get("geometry") or entry.get("geometry", "agree")
        named = labels is not None and one_object
        return cls(
            values, (one_object and not named) or threshold is not None, threshold, geometry, masks.get("array"), how
        )


def read(paths: Sequence[Path], task: str, like: Volume, wanted: Wanted, axis: str | int) -> dict[str, MaskStack]:
    """What files of one case mark, as it lies on `like`: of each task of a label map, else of the one asked for.

    Args:
        task: of the object.
        like: the image as stored; only its grid matters.
        axis: along which the image is cut into slices, see `grids.reorient`.

    Raises:
        PromptsegError: as `labels.read_labels`; a probability map without a threshold.
    """
    readers = {**LABEL_READERS, ".npz": lambda path: read_npz(path, wanted.array)}
    values = wanted.values[task]
    maps: dict[str, Sequence[int]] = {task: [1]}
    try:
        if isinstance(values, str):
            found = read_masks([MaskFiles(tuple(paths), 1, None, values)], like, wanted.geometry)
        elif wanted.one_object:
            if len(paths) > 1 and not all(map(is_dicom, paths)):
                names = ", ".join(path.name for path in paths)
                raise reasons.SEVERAL_FILES.error(f"{names} fit one object", "make `pattern` narrower")
            parts = [read_values([path], like, wanted.geometry, Encodings(), True, readers) for path in paths]
            array = np.logical_or.reduce([one_object(part.array, part.name, wanted.threshold) for part in parts])
            found = replace(parts[0], array=array.astype(np.uint8), palette=None)
        else:
            found = read_labels(paths, like, wanted.geometry, wanted.how, readers)
            maps = {name: own for name, own in wanted.values.items() if not isinstance(own, str)}
    except PromptsegError as error:
        raise PromptsegError(_with_our_remedy(str(error))) from error
    turned = reorient(found, axis)
    columns, rows, slices = turned.shape
    codes: dict[str, dict[int, Any]] = {name: {} for name in maps}
    for z in range(slices):
        picture = upright(turned.array, z)
        for name, own in maps.items() if picture.any() else ():
            mask = object_mask(picture, own)
            if mask.any():
                codes[name][z] = encode(mask)
    return {name: MaskStack((slices, rows, columns), own) for name, own in codes.items()}


def one_object(values: np.ndarray, name: str, threshold: float | None) -> np.ndarray:
    """Where a mask or probability map of one object shows it: bool.

    Without a threshold a mask holds 0 and one other number, whatever it is; JPEG some noise around black and white.

    Args:
        values: three axes, in the file's own units; NaN is background.

    Raises:
        PromptsegError: it holds more, and which of it is the object is not said.
    """
    if threshold is not None:
        whole = not np.issubdtype(values.dtype, np.floating)
        if whole and 0 < threshold < 1 < values.max(initial=0) and ((values > 0) & (values < values.max())).any():
            raise value_reasons.THRESHOLD_MISSING.error(
                f"{name} holds whole numbers up to {values.max():g}, of which {threshold:g} cuts off none but 0",
                "give `threshold` in the numbers of the files, such as 128 for one half of 8 bit",
            )
        return values >= threshold
    if is_jpeg(name):
        return marked(values, name, 1, None, Encodings())
    low, high = (float(end(values, initial=0)) for end in (np.nanmin, np.nanmax))
    whole = not np.issubdtype(values.dtype, np.floating)
    if whole and low >= 0 and bool(((values == 0) | (values == high)).all()):
        return values != 0
    raise value_reasons.THRESHOLD_MISSING.error(
        f"{name} holds values from {low:g} to {high:g}",
        "if it is a probability map, give a `threshold` beside `path`; if it is a label map, take {task} out of "
        "`pattern`, or say by `labels` which values are which task",
    )


def read_npz(path: Path, name: str | None = None) -> Volume:
    """A label map or mask in a file of NumPy: (z, y, x), or (y, x), without a place.

    Args:
        name: of the array; None: the only one.

    Raises:
        PromptsegError: there is no such array, or it has another number of axes.
    """
    with np.load(path, allow_pickle=False) as arrays:
        there = arrays.files
        if name is None and len(there) != 1:
            raise reasons.SEVERAL_PICTURES.error(
                f"{path.name} holds the arrays {', '.join(there) or 'none'}", "say which by `array` beside `path`"
            )
        if name is not None and name not in there:
            raise reasons.SEVERAL_PICTURES.error(
                f"{path.name} holds no array {name}, but {', '.join(there) or 'none'}", "correct `array` beside `path`"
            )
        array = arrays[there[0] if name is None else name]
    if array.ndim not in (2, 3) or array.dtype.kind not in "buif" or not array.size:
        raise reasons.TOO_MANY_DIMENSIONS.error(
            f"{path.name} holds {array.dtype} of the shape {shown(array.shape)}",
            "save the mask or the label map as numbers of (slices, rows, columns) or (rows, columns)",
        )
    numbers = array.astype(np.uint8) if array.dtype == bool else array
    return Volume(np.atleast_3d(numbers.T), None, None, path.name)


def _with_our_remedy(status: str) -> str:
    """A status whose last clause is about keys that these masks have."""
    what, several, _ = status.partition(f"{SEVERAL_VALUES}; ")
    if several:
        return (
            f"{what}{several}say by `labels` beside `path` which task its number stands for (of each task, if "
            "there is a file for each), or put {task} into `pattern`"
        )
    for reason, remedy in _REMEDIES.items():
        if status.startswith(f"{reason.name}: "):
            return status.removesuffix(f"; {reason.remedy}") + (f"; {remedy}" if status.endswith(reason.remedy) else "")
    return status
