"""Random outlines and paths, of which scenes are made, and smooth noise."""

import cv2
import numpy as np

_ANGLES = np.linspace(0, 2 * np.pi, 72, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
_ORDERS = np.arange(2, 8)  # waves along an outline
_COSINES, _SINES = np.cos(_ORDERS[:, None] * _ANGLES), np.sin(_ORDERS[:, None] * _ANGLES)


def noise(rng: np.random.Generator, size: int, cells: float, octaves: int = 1) -> np.ndarray:
    """(size, size) float32 smooth noise of unit variance.

    Args:
        cells: how many independent values a side has in the first octave; each further octave has twice as many and
            half the weight.
    """
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        side = max(2, min(size, round(cells * 2**octave)))
        grid = rng.standard_normal((side, side), np.float32)
        total += cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC) * np.float32(0.5**octave)
    return total / (total.std() + np.float32(1e-6))


def blob(
    rng: np.random.Generator,
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle: float | None = None,
    roughness: float = 0.15,
    bend: float = 0.0,
) -> np.ndarray:
    """(72, 2) float (x, y) outline: an ellipse whose radius varies by a few random waves, bent along its first axis."""
    phases = rng.uniform(0, 2 * np.pi, len(_ORDERS))
    weights = rng.normal(0, roughness, len(_ORDERS)) / _ORDERS**0.7
    waves = (weights * np.cos(phases)) @ _COSINES - (weights * np.sin(phases)) @ _SINES
    reach = np.clip(1 + waves, 0.3, 2)
    x, y = _CIRCLE[0] * reach * radii[0], _CIRCLE[1] * reach * radii[1]
    y = y + bend * (x**2 / max(radii[0], 1e-6) - radii[0] / 3)
    turn = rng.uniform(0, np.pi) if angle is None else angle
    cosine, sine = np.cos(turn), np.sin(turn)
    return np.array([centre[0] + cosine * x - sine * y, centre[1] + sine * x + cosine * y]).T


def tree(
    rng: np.random.Generator, start: np.ndarray, heading: float, length: float, width: float, depth: int
) -> list[tuple[np.ndarray, float]]:
    """Paths of a branching vessel."""
    steps = 8
    turns = heading + np.cumsum(rng.normal(0, 0.25, steps))
    path = start + np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * length / steps, axis=0)
    path = np.concatenate([start[None], path])
    paths = [(path, width)]
    if depth:
        for sign in (-1, 1):
            at = path[int(rng.integers(steps // 2, steps + 1))]
            heading = float(turns[-1] + sign * rng.uniform(0.25, 0.9))
            paths += tree(rng, at, heading, length * rng.uniform(0.55, 0.9), width * rng.uniform(0.5, 0.8), depth - 1)
    return paths


def tube(rng: np.random.Generator, start: np.ndarray, length: float, curl: float) -> np.ndarray:
    """(24, 2) path of a tube of some length that winds by `curl` radians per step."""
    steps = 24
    turns = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(rng.normal(0, curl / 3), curl, steps))
    return start + np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * length / steps, axis=0)


def inside_of(rng: np.random.Generator, outline: np.ndarray, share: float = 0.8) -> tuple[float, float]:
    """A point of a convex-like outline."""
    centre = outline.mean(axis=0)
    point = centre + (outline[int(rng.integers(len(outline)))] - centre) * share * np.sqrt(rng.random())
    return float(point[0]), float(point[1])


def shrunk(outline: np.ndarray, factor: float) -> np.ndarray:
    """The outline made smaller or larger around its centre."""
    centre = outline.mean(axis=0)
    return centre + (outline - centre) * factor


def random_outline(rng: np.random.Generator, centre: tuple[float, float], radius: float) -> np.ndarray:
    """(72, 2) outline of something like an organ or a tumour, smooth or ragged, straight or bent."""
    return blob(
        rng,
        centre,
        (radius, radius * rng.uniform(0.35, 1)),
        None,
        rng.choice([0.04, 0.12, 0.25]),
        rng.normal(0, 0.3) if rng.random() < 0.5 else 0.0,
    )
