"""What the header of a NRRD file says of its axes."""

import logging
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from promptseg.preprocess.axes import millimetres
from promptseg.preprocess.grids import usable

logger = logging.getLogger(__name__)

_TO_RAS = {
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
}
Place = tuple[np.ndarray | None, tuple[float, float, float] | None]


def kinds(header: Mapping[str, Any]) -> list[str]:
    """The kind of each axis in lower case, empty where the header does not say."""
    stated = [str(kind).lower() for kind in header.get("kinds", [""] * len(header["sizes"]))]
    return ["" if kind in ("none", "???") else kind for kind in stated]


def spatial(header: Mapping[str, Any]) -> list[int]:
    """The first three axes that may be of space: by their kinds, and by having a direction or spacing if others do.

    A further one (ITK calls all axes domains) holds volumes.
    """
    steps = _directions(header)
    if not len(steps):
        steps = np.reshape(header.get("spacings", []), (-1, 1))
    stepped = np.isfinite(steps).all(axis=1)
    if not stepped.any():
        stepped = np.ones(len(header["sizes"]), bool)
    named = kinds(header)
    return [axis for axis, kind in enumerate(named) if kind in ("", "domain", "space") and stepped[axis]][:3]


def place_of(header: Mapping[str, Any], name: str) -> Place:
    """Affine and spacing of the axes of space; None for what the header does not say.

    Spaces of a scanner or without any direction of the patient give a spacing only.
    """
    axes = spatial(header)
    directions = _directions(header)
    if len(directions):
        factors = _factors(header, "space units", range(directions.shape[1]), name)
        vectors = directions[axes] * factors
        steps = np.linalg.norm(vectors, axis=1)
    elif "spacings" in header:
        vectors = np.empty(0)
        steps = np.abs(np.asarray(header["spacings"], float)[axes]) * _factors(header, "units", axes, name)
    else:
        return None, None
    x, y, z = (float(step) for step in (*steps, *[np.nan] * 3)[:3])
    signs = _TO_RAS.get(_space(header))
    if signs is None or vectors.shape != (3, 3):
        return None, (x, y, z)
    affine = np.eye(4)
    affine[:3, :3] = vectors.T
    affine[:3, 3] = np.asarray(header.get("space origin", np.zeros(3)), float)[:3] * factors
    return usable(np.diag([*signs, 1.0]) @ affine, name), (x, y, z)


def _space(header: Mapping[str, Any]) -> str:
    """The space without its time."""
    return re.sub(r"-time$|(?<=^...)t$", "", str(header.get("space", "")).lower())


def _directions(header: Mapping[str, Any]) -> np.ndarray:
    """(axes, dimensions of space) `space directions`, NaN for an axis without; empty without any."""
    directions = np.asarray(header.get("space directions", np.empty((0, 0))), float)
    timed = _space(header) != str(header.get("space", "")).lower()
    return directions[:, : directions.shape[1] - timed]


def _factors(header: Mapping[str, Any], key: str, axes: Any, name: str) -> np.ndarray:
    """What turns each of the axes into millimetres."""
    units = list(header.get(key, []))
    return np.array([millimetres(units[axis] if axis < len(units) else "mm", name) for axis in axes])
