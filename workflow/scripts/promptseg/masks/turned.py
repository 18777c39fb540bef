"""Whether masks lie on the objects only once they are turned: pictures of slices that were saved another way up."""

import logging
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from promptseg.core.errors import PromptsegError

logger = logging.getLogger(__name__)

_CLEAR = 0.25  # IoU: by so much turned masks lie better
_GOOD = 0.5  # IoU of turned masks at least; a poor method of a symmetric organ stays below
_Turn = Callable[[np.ndarray], np.ndarray]
# How masks lie -> what turns them back.
_TURNS: Mapping[str, _Turn] = {
    "upside down": np.flipud,
    "mirrored": np.fliplr,
    "turned by 180 degrees": lambda mask: np.rot90(mask, 2),
    "with rows and columns exchanged": np.transpose,
    "turned by 90 degrees to the right": np.rot90,
    "turned by 90 degrees to the left": lambda mask: np.rot90(mask, -1),
    "with rows and columns exchanged and turned by 180 degrees": lambda mask: np.rot90(mask.T, 2),
}


class Turns:
    """Pixels that masks share with their objects, as they are and in every turn and flip, over many images."""

    def __init__(self) -> None:
        self._shared = dict.fromkeys(["", *_TURNS], 0)
        self._together = dict.fromkeys(["", *_TURNS], 0)

    def add(self, masks: Mapping[str, np.ndarray], truths: Mapping[str, np.ndarray]) -> None:
        """Count one image: (h, w) bool by task. Tasks without an object in it say nothing."""
        for task, mask in masks.items():
            truth = truths[task]
            if not truth.any():
                continue
            both = int(np.count_nonzero(mask)) + int(np.count_nonzero(truth))
            for name, turned in _turned(mask):
                shared = int(np.count_nonzero(turned & truth)) if turned.shape == truth.shape else 0
                self._shared[name] += shared
                self._together[name] += both - shared

    def check(self, what: str, refuse: bool) -> None:
        """Refuse masks that lie far better once they are turned, or say so.

        Args:
            what: whose masks they are.
            refuse: whether it is an error.

        Raises:
            PromptsegError: they do; it says how they lie.
        """
        iou = {name: self._shared[name] / together for name, together in self._together.items() if together}
        name = max(iou, key=lambda name: iou[name], default="")
        if not name or iou[name] < _GOOD or iou[name] - iou[""] <= _CLEAR:
            return
        said = (
            f"The masks of {what} lie {name}: as they are they overlap the objects with an IoU of {iou['']:.2f}, "
            f"turned back with {iou[name]:.2f}."
        )
        if refuse:
            raise PromptsegError(
                f"{said} A file of one slice has to show it as the picture of the run does (docs/score_my_masks.md): "
                "save them so, or, if it is no mistake, write `check_labels: false` there."
            )
        logger.warning(said)


def _turned(mask: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "", mask
    for name, turn in _TURNS.items():
        yield name, turn(mask)
