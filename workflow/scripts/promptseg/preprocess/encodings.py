"""What the numbers in a mask stand for: labels, or one object in white."""

from collections.abc import Sequence

import numpy as np

from promptseg.core.value_reasons import LABEL_RANGE, MEANS_OPEN, NOISY_MASK, THRESHOLD_MISSING, UNKNOWN_LABEL
from promptseg.preprocess.evidence import SEVERAL_VALUES, Encodings, Kind

# What programs write for "set": the largest numbers of integer types, and the one below of masks with two of them.
WHITE = frozenset({254, 255, 32767, 65534, 65535, 2**31 - 1, 2**32 - 1})
# Levels of 8 bits that noise of JPEG at a sharp edge between black and white does not reach.
_DARK, _BRIGHT = 64, 192
# A mask with more undeclared values than this is no label map that lacks a few declarations.
_FEW = 8


def label_map(labels: np.ndarray, name: str, how: Encodings) -> np.ndarray:
    """The labels that the numbers of a mask stand for.

    A mask of 0 and 255 (254, 65535, ...) shows one object; it is read so if the tasks have a single value, that number
    is not declared, and no other mask of the dataset shows that it is a label of its own.

    Args:
        labels: three axes of an integer type.
        name: of the files, for messages.

    Returns:
        uint8 or uint16; every value is declared.

    Raises:
        PromptsegError: a value is not declared or out of range, or what it means is open.
    """
    marks = [value for value in values_of(labels) if value]
    if is_jpeg(name) and not set(marks) <= {255}:
        return _from_jpeg(labels, marks, name, how)
    white = whites(how)
    if len(marks) == 1 and marks[0] in white:
        if how.single is None and how.others is not None:
            raise MEANS_OPEN.error(
                f"{name} holds 0 and {marks[0]} only, and {SEVERAL_VALUES}",
                f"say which object it shows by an entry `{{file: ..., value: ...}}` of `labels`, or add {marks[0]} to "
                "`other_labels` if it marks what does not count",
            )
        if how.see(Kind.ONLY.of(marks[0]), name) != "label" and how.single is not None:
            return _object(labels != 0, how.single)
    unknown = {value for value in marks if not how.declared(value)}
    for value in sorted(white & set(marks)) if len(marks) > 1 and unknown <= white else ():
        how.see(Kind.AMONG.of(value), name)
    if marks and not unknown and not white & set(marks):
        how.see(Kind.LABELS if set(marks) == how.values else Kind.SEVERAL_LABELS, name)
    return declared_labels(labels, name, how, marks)


def declared_labels(labels: np.ndarray, name: str, how: Encodings, marks: Sequence[int] | None = None) -> np.ndarray:
    """Labels whose values are declared, else an error; see `label_map`.

    Args:
        marks: the values but 0, sorted, if they are known.
    """
    marks = [value for value in values_of(labels) if value] if marks is None else marks
    unknown = [value for value in marks if not how.declared(value)]
    beyond = [value for value in marks if not 0 <= value < 2**16]
    if beyond and (beyond[0] < 0 or not unknown):
        raise LABEL_RANGE.error(f"{name} holds {listed(beyond)}")
    grey = len(unknown) > (1 if len(unknown) == len(marks) else 2) and unknown[-1] in WHITE and how.single is not None
    if len(unknown) > _FEW or grey:
        raise _noisy(unknown, name, how)
    if unknown:
        white = [value for value in unknown if value in WHITE and len(marks) > 1]
        raise UNKNOWN_LABEL.error(
            f"{name} holds {listed(unknown)}",
            f"add {white[0]} to `other_labels` if it marks what does not count, and other values to `tasks` or "
            "`other_labels`"
            if white
            else "",
        )
    return labels.astype(np.uint8 if max(marks, default=0) < 2**8 else np.uint16, copy=False)


def whites(how: Encodings) -> set[int]:
    """The numbers that may stand for "set": none that is declared."""
    numbers = WHITE | ({1} if how.single in WHITE else set())
    return {value for value in numbers if value not in how.values and value not in (how.others or ())}


def _object(mask: np.ndarray, value: int) -> np.ndarray:
    return mask * np.min_scalar_type(value).type(value)


def is_jpeg(name: str) -> bool:
    """Whether a file has been saved with losses, by its name."""
    return name.lower().endswith((".jpg", ".jpeg"))


def values_of(labels: np.ndarray) -> list[int]:
    """The distinct values of a label map, sorted."""
    return sorted({int(value) for index in range(labels.shape[2]) for value in _values_in(labels[:, :, index])})


def _values_in(picture: np.ndarray) -> np.ndarray:
    if not picture.any():
        return np.zeros(1, np.uint8)
    if picture.dtype != np.uint8 and not (picture.min() >= 0 and picture.max() < 2**16):
        return np.unique(picture)
    return np.flatnonzero(np.bincount(picture.ravel("K").astype(np.intp, copy=False)))


def _from_jpeg(labels: np.ndarray, marks: list[int], name: str, how: Encodings) -> np.ndarray:
    """JPEG keeps no label values, but black and white with noise around them."""
    clear = marks[-1] >= _BRIGHT and not any(_DARK <= value < _BRIGHT for value in marks)
    if how.single is None or how.others != frozenset() or not clear:
        how.see(Kind.GREY_JPEG, name)
        raise _noisy(marks, name, how)
    how.see(Kind.CLEAR_JPEG, name)
    return _object(labels >= 128, how.single)


def _noisy(marks: list[int], name: str, how: Encodings) -> Exception:
    """The error of a mask with many grey levels."""
    value = 1 if how.single is None else how.single
    half = 128 if 128 <= marks[-1] < 2**8 else (marks[-1] + 1) // 2
    return NOISY_MASK.error(
        f"{name} holds {len(marks)} values that are not declared, {listed(marks, 5)} up to {marks[-1]}",
        f"if it shows one object, give it as `labels: [{{file: ..., value: {value}, threshold: {half}}}]`; if these "
        "are label values, save them as PNG or NIfTI without interpolation, and name them in `tasks` or `other_labels`",
    )


def marked(values: np.ndarray, name: str, value: int, threshold: float | None, how: Encodings) -> np.ndarray:
    """Where a mask or probability map of one object shows it: bool.

    Without a threshold, values from 0 to 1 are cut at one half, and of a mask of two values all but 0 are the object;
    where a mask of the dataset holds more than that, the threshold has to be given.

    Args:
        values: three axes, in the file's own units; NaN is background.
        name: of the file.
        value: the label that the object gets.

    Raises:
        PromptsegError: the threshold has to be given.
    """
    if threshold is not None:
        return values >= threshold
    low, high = float(np.nanmin(values, initial=0)), float(np.nanmax(values, initial=0))
    if low == high == 0:
        return values > 0
    if low >= 0 and high <= 1:
        how.see(Kind.FRACTIONS.of(value), name)
        return values >= 0.5
    two = not ((values != 0) & (values != high)).any()
    noise = is_jpeg(name) and not ((values >= _DARK) & (values < _BRIGHT)).any()
    if low < 0 or not (two or (noise and high >= _BRIGHT)):
        how.see(Kind.MANY_VALUES.of(value), name)
        half = 128 if 128 <= high < 2**8 else high / 2
        raise THRESHOLD_MISSING.error(
            f"{name} holds values from {low:g} to {high:g}",
            f"give `threshold` beside `value: {value}` in `labels`: 0.5 for all values but 0, {half:g} for one half of "
            "the range; a label map is given by itself, as `labels: GLOB`",
        )
    if not np.issubdtype(values.dtype, np.integer) or high < np.iinfo(values.dtype).max:
        # Beside masks with more values it could be a faint trace; the largest number of its type could not.
        how.see(Kind.TWO_VALUES.of(value), name)
    return values > 0 if two else values >= 128


def listed(values: Sequence[object], most: int = 10) -> str:
    """The first values for a message."""
    return ", ".join(map(str, values[:most])) + (", ..." if len(values) > most else "")
