"""The line that a radiologist draws along the longest diameter of a lesion (RECIST), and prompts cut from it.

Source: bowang-lab/MedSAM2 332f30d, medsam2_infer_CT_lesion_npz_recist.py.
"""

import cv2
import numpy as np
from scipy.spatial.distance import pdist, squareform

_GRID = 3


def longest_diameter(mask: np.ndarray) -> np.ndarray:
    """(h, w) bool: the pixels of the straight line between the two pixels of a mask that are farthest apart.

    The official data come with the lines that radiologists drew; this is the user who draws them exactly. Of equally
    long ones the line whose ends come first, row by row.

    Args:
        mask: (h, w) bool, not empty.
    """
    contours = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    border = np.concatenate([contour[:, 0] for contour in contours])
    corners = cv2.convexHull(border)[:, 0]
    corners = corners[np.lexsort((corners[:, 0], corners[:, 1]))].astype(float)
    i, j = np.unravel_index(squareform(pdist(corners, "sqeuclidean")).argmax(), (len(corners),) * 2)
    drawn = np.zeros(mask.shape, np.uint8)
    cv2.line(drawn, corners[i].astype(int).tolist(), corners[j].astype(int).tolist(), 1)
    return drawn.astype(bool)


def ends_of(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(y, x) of the first and the last pixel of an (h, w) bool line, row by row."""
    places = np.argwhere(line)
    return places[0], places[-1]


def square_of(line: np.ndarray) -> np.ndarray:
    """(4,) int (y0, x0, y1, x1), inclusive, of the square around the middle of a line that is as long as it; it may
    leave the slice."""
    first, last = ends_of(line)
    centre = ((first + last) / 2).astype(int)
    half = int(np.linalg.norm(first - last) / 2)
    return np.concatenate([centre - half, centre + half])


def centre_and_ends(line: np.ndarray) -> np.ndarray:
    """(3, 2) float64 (y, x): the middle of a line, its first and its last end."""
    first, last = ends_of(line)
    return np.stack([(first + last) / 2, first, last])


def grid_in(box: np.ndarray) -> np.ndarray:
    """(9, 2) int (y, x): 3 by 3 points of a box (y0, x0, y1, x1), row by row, from end to end."""
    rows, columns = (np.linspace(box[axis], box[axis + 2], _GRID, dtype=int) for axis in range(2))
    return np.array([(y, x) for y in rows for x in columns])
