"""Boxes of the first prompt."""

from collections.abc import Mapping

import numpy as np

from promptseg.protocols.blocks import Start
from promptseg.protocols.draws import Draws


def tight(mask: np.ndarray) -> np.ndarray:
    """The lowest and highest index of an n-dimensional bool mask along each axis: (2 n,) int, lowest ones first."""
    places = np.argwhere(mask)
    return np.concatenate([places.min(axis=0), places.max(axis=0)])


def moved(box: np.ndarray, size: tuple[int, ...], block: Start, draws: Draws) -> np.ndarray:
    """A box as the user gives it, clipped to the slice but for an exclusive end.

    Args:
        box: (4,) int (y0, x0, y1, x1), inclusive.
        size: (h, w) of the slice.
        block: `enlarge` as in JunMa11/CVPR-MedSegFMCompetition 748e862, get_boxes.py, and, without `of`, in
            bowang-lab/MedSAM2 332f30d, medsam2_infer_3D_CT.py, mask3D_to_bbox; `jitter` as in MIC-DKFZ/radioactive
            1796386, prompts/prompter.py, ThreeBoxInterpolationPrompter_nonperfect5.
    """
    y0, x0, y1, x1 = box.tolist()
    down, along = _outwards(block.enlarge, size, draws)
    down, along = down + block.shift, along + block.shift
    y0, x0 = max(0, y0 - down), max(0, x0 - along)
    y1, x1 = min(size[0] - 1, y1 + down), min(size[1] - 1, x1 + along)
    if block.ends == "exclusive":
        y1, x1 = y1 + 1, x1 + 1
    if block.jitter:
        noise = draws.random.randint(-block.jitter, block.jitter + 1, size=4)
        x0, y0, x1, y1 = (np.array([x0, y0, x1, y1]) + noise).tolist()
        (x0, x1), (y0, y1) = _side(x0, x1, size[1]), _side(y0, y1, size[0])
    return np.array([y0, x0, y1, x1])


def _outwards(enlarge: Mapping[str, int], size: tuple[int, ...], draws: Draws) -> tuple[int, int]:
    """Pixels by which a box grows in y and in x: one draw, in proportion to the sides of the slice."""
    if not enlarge:
        return 0, 0
    drawn = int(draws.random.randint(0, enlarge["most"] + 1))
    of = enlarge.get("of")
    return (int(drawn * size[0] / of), int(drawn * size[1] / of)) if of else (drawn, drawn)


def _side(low: int, high: int, length: int) -> tuple[int, int]:
    """One side of a shaken box, inside the slice and at least one pixel long."""
    low, high = min(max(low, 0), length - 1), min(max(high, 0), length - 1)
    return (max(0, low - 1), min(length - 1, high + 1)) if low >= high else (low, high)
