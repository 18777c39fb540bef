"""A check of label values whose meaning is uncertain: one task's object lies lowest in the pictures."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.images import object_mask


def lowest_of(labels: np.ndarray, rows: Sequence[Mapping[str, Any]], entry: Mapping[str, Any]) -> list[str]:
    """The task whose object has the lowest centroid, if `lowest` is one of several objects in the picture."""
    tasks = [row["task"] for row in rows]
    if entry["lowest"] not in tasks or len(tasks) < 2:
        return []
    masks = {task: object_mask(labels, entry["tasks"][task]) for task in tasks}
    return [max(tasks, key=lambda task: float(np.nonzero(masks[task])[0].mean()))]


def check_lowest(dataset: str, entry: Mapping[str, Any], lowest: Counter[str]) -> None:
    """Raise a `PromptsegError` if the task `lowest` does not lie lowest in most of the images that were counted."""
    expected = entry.get("lowest")
    if expected is None or not lowest or 2 * lowest[expected] > lowest.total():
        return
    other, count = max(((task, count) for task, count in lowest.items() if task != expected), key=lambda one: one[1])
    raise PromptsegError(
        f"{dataset}: labels confused. {expected} ought to lie lowest, but in {count} of {lowest.total()} images "
        f"{other} does. Swap their label values in `tasks` of the dataset: {expected}: {entry['tasks'][other]}, "
        f"{other}: {entry['tasks'][expected]}; or correct `lowest` or `axis`, if the pictures stand on their heads."
    )
