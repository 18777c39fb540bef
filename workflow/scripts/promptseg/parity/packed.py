"""Recorded answers of the official programs of evaluation protocols, with packed masks."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from promptseg.parity.fixtures import FixtureError

# What an array is called that only the answers of one protocol have.
_MARKS = {
    "prompters": "radioactive",
    "sets": "sam2medical",
    "lines": "medsam2",
    "configs": "panoptica",
    "worlds": "autopet",
    "groups": "rclicks",
    "targets": "ritm",
    "cases": "cvpr",
}


def family_of(path: Path) -> str | None:
    """Which protocol's answers a file holds; None if it is no such file."""
    try:
        with np.load(path, allow_pickle=False) as data:
            return next((family for mark, family in _MARKS.items() if mark in data.files), None)
    except Exception:  # what is wrong with a damaged file is said by whoever reads it next
        return None


class Packed:
    """The arrays of one file.

    Raises:
        FixtureError: an array is missing, or a mask does not have its shape.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with np.load(path, allow_pickle=False) as data:
            self._arrays = {name: data[name] for name in data.files}
        self.unused = set(self._arrays)

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def __getitem__(self, name: str) -> np.ndarray:
        """An array by its name."""
        if name not in self._arrays:
            raise FixtureError(f"there is no {name}")
        self.unused.discard(name)
        return self._arrays[name]

    def words(self, name: str) -> list[str]:
        """The entries of a list of names."""
        return [str(word) for word in self[name]]

    def masks(self, name: str, shape: str | tuple[int, ...] = "shape") -> np.ndarray:
        """(..., *shape) bool masks, unpacked.

        Args:
            shape: that of one mask, or the name of the array that says it.
        """
        size = tuple(map(int, self[shape])) if isinstance(shape, str) else shape
        bits, pixels = self[name], int(np.prod(size))
        if bits.dtype != np.uint8 or bits.shape[-1:] != (-(-pixels // 8),):
            raise FixtureError(f"{name} are no packed masks of shape {size}")
        return np.unpackbits(bits, axis=-1, count=pixels).reshape(*bits.shape[:-1], *size).astype(bool)

    def starting(self, prefix: str) -> Iterator[str]:
        """Names that begin like this."""
        return (name for name in self._arrays if name.startswith(prefix))
