"""Masks and official answers of evaluation protocols, which are not part of the project."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from promptseg.core.stacks import MaskStack

_FOLDER = Path(__file__).resolve().parents[3] / "shared" / "specs" / "protocols"


@cache
def fixtures(name: str) -> dict[str, np.ndarray]:
    """The arrays of one file; skips the test where it is absent."""
    path = _FOLDER / f"{name}.npz"
    if not path.is_file():
        pytest.skip("the folder shared with answers of evaluation protocols is absent")
    with np.load(path) as found:
        return dict(found)


def unpacked(bits: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """The bool masks of packed ones, with the axes that come before kept."""
    masks = np.unpackbits(bits, axis=-1, count=int(np.prod(shape)))
    return masks.reshape(*bits.shape[:-1], *shape).astype(bool)


def stack(bits: np.ndarray, shape: np.ndarray) -> MaskStack:
    """The stack of one packed mask."""
    return MaskStack.of(unpacked(bits, shape))
