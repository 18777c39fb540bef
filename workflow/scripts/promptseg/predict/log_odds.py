"""How sure a method is of each pixel of a mask: log-odds in the box around the mask, which tell sure pixels apart.

Two masks of one pixel are compared by them. Eight bits of a probability would make all above 0.998 equal, and most
pixels that two masks share lie there; a float16 of the log-odds is right to 1 in 2000, up to a probability of 1 - 1e-7.
"""

import numpy as np

from promptseg.core.masks import tight_box

_LIMIT = 1e-7  # probabilities of 0 and 1 are no float32 that a network means


def packed(mask: np.ndarray, probability: np.ndarray) -> bytes:
    """Log-odds of the pixels in the tight box around an (h, w) bool mask, row by row, as float16; none of an empty one.

    Args:
        probability: (h, w) float, 0 to 1.
    """
    if not mask.any():
        return b""
    x0, y0, x1, y1 = tight_box(mask)
    p = np.clip(probability[y0 : y1 + 1, x0 : x1 + 1].astype(np.float64), _LIMIT, 1 - _LIMIT)
    return np.log(p / (1 - p)).astype("<f2").tobytes()


def unpacked(mask: np.ndarray, content: bytes) -> np.ndarray | None:
    """(h, w) float32 log-odds of the pixels of an (h, w) bool mask, minus infinity elsewhere.

    Returns:
        None if the content is that of another mask.
    """
    found = np.full(mask.shape, -np.inf, np.float32)
    if not mask.any():
        return None if content else found
    x0, y0, x1, y1 = tight_box(mask)
    height, width = y1 - y0 + 1, x1 - x0 + 1
    values = np.frombuffer(content, "<f2")
    if len(values) != height * width:
        return None
    found[y0 : y1 + 1, x0 : x1 + 1] = values.reshape(height, width)
    found[~mask] = -np.inf
    return found
