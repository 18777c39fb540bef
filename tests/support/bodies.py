"""Bodies whose sections are known in closed form, as (d, h, w) bool arrays: a voxel belongs to one if its centre does.

Coordinates are (z, y, x) in voxels, or in mm where a spacing is given. The default bodies lie on slices 8 to 40 of 49.
"""

import numpy as np

from promptseg.core.stacks import MaskStack

SHAPE = (49, 96, 96)
FIRST, LAST = 8, 40
_MIDDLE = (47.5, 47.5)  # between four pixels


def _disks(centres: np.ndarray, radii: np.ndarray, plane: tuple[int, int]) -> np.ndarray:
    """One disk per slice: centres (d, 2) as (y, x), radii (d,); a negative radius means no disk."""
    rows, columns = np.ogrid[: plane[0], : plane[1]]
    squares = (rows - centres[:, :1, None]) ** 2 + (columns - centres[:, 1:, None]) ** 2
    return (squares <= radii[:, None, None] ** 2) & (radii >= 0)[:, None, None]


def _along(shape, first, last, radius, centre=_MIDDLE):
    """Radii and centres of all slices: `radius` and `centre` are functions of z or constants, cut to the extent."""
    z = np.arange(shape[0])
    radii = np.where((z >= first) & (z <= last), radius(z) if callable(radius) else radius, -1.0)
    centres = np.stack([centre(i) if callable(centre) else np.array(centre, float) for i in z])
    return _disks(centres, radii.astype(float), shape[1:])


def cylinder(shape=SHAPE, *, radius=20.0, first=FIRST, last=LAST, centre=_MIDDLE) -> np.ndarray:
    """Upright, with its ends known: slices `first` to `last`, both included."""
    return _along(shape, first, last, radius, centre)


def cone(shape=SHAPE, *, radius=30.0, first=FIRST, last=LAST, tip=2.0, centre=_MIDDLE) -> np.ndarray:
    """From `radius` on slice `first`, evenly down to `tip` on slice `last`."""
    return _along(shape, first, last, lambda z: radius + (tip - radius) * (z - first) / (last - first), centre)


def ellipsoid(shape=SHAPE, *, radii=(20.0, 20.0, 20.0), spacing=(1.0, 1.0, 1.0), centre=None) -> np.ndarray:
    """Half axes (z, y, x) in mm, on voxels of this spacing; centre in voxels, the middle of the volume if None."""
    centre = centre or tuple((side - 1) / 2 for side in shape)
    grids = np.ogrid[tuple(slice(side) for side in shape)]
    parts = [((g - c) * s / r) ** 2 for g, c, s, r in zip(grids, centre, spacing, radii, strict=True)]
    return parts[0] + parts[1] + parts[2] <= 1


def sphere(shape=SHAPE, *, radius=20.0, spacing=(1.0, 1.0, 1.0), centre=None) -> np.ndarray:
    """Radius in mm; see `ellipsoid`."""
    return ellipsoid(shape, radii=(radius,) * 3, spacing=spacing, centre=centre)


def oblique_cylinder(shape=SHAPE, *, radius=12.0, first=FIRST, last=LAST, start=(32, 32), step=(1.0, 1.0)):
    """Round sections whose centre moves on by `step` (y, x) pixels from slice to slice."""
    return _along(shape, first, last, radius, lambda z: np.array(start) + np.array(step) * (z - first))


def branching(shape=SHAPE, *, radius=12.0, first=FIRST, last=LAST, apart=0.75, centre=_MIDDLE) -> np.ndarray:
    """One disk on slice `first`, of which two halves move `apart` pixels to either side on each further slice."""
    parts = [
        oblique_cylinder(shape, radius=radius, first=first, last=last, start=centre, step=(0, side * apart))
        for side in (-1, 1)
    ]
    return parts[0] | parts[1]


def two_parts(shape=SHAPE, *, radius=20.0, first=FIRST, last=LAST, gap=(20, 28), centre=_MIDDLE) -> np.ndarray:
    """A cylinder without its slices `gap`, both included."""
    body = cylinder(shape, radius=radius, first=first, last=last, centre=centre)
    body[gap[0] : gap[1] + 1] = False
    return body


def at_border(shape=SHAPE, *, radius=20.0, last=FIRST) -> np.ndarray:
    """A cylinder that reaches out of the volume at slice 0 and at the corner (0, 0) of each slice."""
    return cylinder(shape, radius=radius, first=0, last=last, centre=(0, 0))


def stack(body: np.ndarray) -> MaskStack:
    """The body slice by slice."""
    return MaskStack.of(body)


def dice(first: np.ndarray | MaskStack, second: np.ndarray | MaskStack) -> float:
    """2 |A and B| / (|A| + |B|), of bodies of which one is not empty."""
    a, b = (body.dense() if isinstance(body, MaskStack) else body for body in (first, second))
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))
