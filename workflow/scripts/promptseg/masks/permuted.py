"""Whether masks lie on the objects of other tasks than theirs: labels that were permuted on the way."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from promptseg.core.errors import PromptsegError

logger = logging.getLogger(__name__)

_CLEAR = 0.25  # IoU: by so much a mask lies better on another task's objects where labels are permuted


class Overlaps:
    """Pixels that masks of tasks share with the objects of tasks, over many images.

    Args:
        tasks: names.
    """

    def __init__(self, tasks: Sequence[str]):
        self._place = {task: place for place, task in enumerate(tasks)}
        self._shared = np.zeros((len(tasks), len(tasks)))
        self._together = np.zeros_like(self._shared)

    def add(self, masks: Mapping[str, np.ndarray], truths: Mapping[str, np.ndarray]) -> None:
        """Count one image: (h, w) bool by task."""
        if len(self._place) < 2:
            return
        for task, mask in masks.items():
            for other, truth in truths.items():
                at = self._place[task], self._place[other]
                shared = np.count_nonzero(mask & truth)
                self._shared[at] += shared
                self._together[at] += np.count_nonzero(mask) + np.count_nonzero(truth) - shared

    @property
    def iou(self) -> np.ndarray:
        """(masks, objects) IoU over all pixels of all images; 0 where there are none."""
        return np.divide(self._shared, self._together, out=np.zeros_like(self._shared), where=self._together > 0)

    def best(self) -> dict[str, str]:
        """Task of masks -> the other task whose objects they lie on best, each taken once."""
        tasks = list(self._place)
        found = linear_sum_assignment(-self.iou)[1] if tasks else []
        return {
            task: tasks[other]
            for task, (place, other) in zip(tasks, enumerate(found), strict=True)
            if place != other and self.iou[place, other] > self.iou[place, place]
        }

    def check(self, what: str, refuse: bool) -> None:
        """Refuse masks that lie on the objects of other tasks, or say so.

        Args:
            what: whose masks they are.
            refuse: whether it is an error where it is clear.

        Raises:
            PromptsegError: masks of every task that is concerned lie on another one's objects by far better.
        """
        best, iou = self.best(), self.iou
        if not best:
            return
        pairs = [(task, other, iou[self._place[task], self._place[other]], iou[self._place[task], self._place[task]])
                 for task, other in best.items()]  # fmt: skip
        told = "; ".join(
            f"what is read as {task} overlaps {other} with an IoU of {there:.2f}, and {task} with {own:.2f}"
            for task, other, there, own in pairs
        )
        if refuse and all(there - own > _CLEAR for *_, there, own in pairs):
            raise PromptsegError(
                f"The labels of {what} are permuted: {told}. Say by `labels` of its `masks` which values are which "
                "task (or correct the names of the files); if it is no mistake, write `check_labels: false` there."
            )
        logger.warning("%s may have permuted labels: %s", what, told)
