"""Which queries share a forward pass: those that are alike, at most so many."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from promptseg.methods.base import Candidates, Query

Key = TypeVar("Key", bound=Hashable)
PADDING = -1  # label of a point that only fills a row


@dataclass(frozen=True)
class Batch:
    """Queries for one forward pass. All or none have a box, and all or none a previous mask.

    Attributes:
        indices: where they are among all queries.
        queries: themselves.
        key: what the `alike` of `batches` said of them; None without.
    """

    indices: Sequence[int]
    queries: Sequence[Query]
    key: Any = None

    def __len__(self) -> int:
        return len(self.queries)

    @property
    def points(self) -> np.ndarray:
        """(b, n, 2) int32 (x, y) pixels of each image, its clicks in order; (0, 0) where `labels` says padding."""
        points = np.zeros((len(self), self._longest, 2), np.int32)
        for row, query in zip(points, self.queries, strict=True):
            row[: len(query.prompt.points)] = query.prompt.points
        return points

    @property
    def labels(self) -> np.ndarray:
        """(b, n) int8: 1 on the object, 0 on the background, -1 for padding."""
        labels = np.full((len(self), self._longest), PADDING, np.int8)
        for row, query in zip(labels, self.queries, strict=True):
            row[: len(query.prompt.labels)] = query.prompt.labels
        return labels

    @property
    def boxes(self) -> np.ndarray | None:
        """(b, 4) int32 XYXY, inclusive pixels of each image; None if they have no boxes."""
        boxes = [query.prompt.box for query in self.queries if query.prompt.box is not None]
        return np.stack(boxes).astype(np.int32) if boxes else None

    @property
    def previous(self) -> list[Any] | None:
        """The state of each query's last mask; None if they have none."""
        return None if self.queries[0].previous is None else [query.previous for query in self.queries]

    @property
    def _longest(self) -> int:
        return max(len(query.prompt.points) for query in self.queries)


def chunks(keys: Sequence[Key], most: int | Callable[[Key], int]) -> Iterator[tuple[Key, list[int]]]:
    """The numbers of items with equal keys, in the order in which keys appear, at most so many together.

    Args:
        keys: of each item.
        most: items together, or what says so for a key.
    """
    groups: dict[Key, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        groups[key].append(index)
    for key, members in groups.items():
        size = most if isinstance(most, int) else most(key)
        for start in range(0, len(members), size):
            yield key, members[start : start + size]


def batches(
    queries: Sequence[Query],
    most: int,
    *,
    alike: Callable[[Query], Hashable] | None = None,
    pad: bool = False,
) -> Iterator[Batch]:
    """Queries of any images and kinds in batches for a network.

    Args:
        queries: what `Method.predict` was given.
        most: queries in a batch.
        alike: what else has to be equal in a batch, such as the size of the image.
        pad: different numbers of points share a batch, those with similar numbers first, and `Batch.points` is filled
            up; the network has to leave points of the label -1 out. Otherwise a batch has equally many points.
    """

    def kind(query: Query) -> tuple[Any, ...]:
        count = bool(len(query.prompt.points)) if pad else len(query.prompt.points)
        return (count, query.prompt.box is None, query.previous is None, alike(query) if alike else None)

    order = list(range(len(queries)))
    if pad:
        order.sort(key=lambda index: len(queries[index].prompt.points))
    for (*_, key), members in chunks([kind(queries[index]) for index in order], most):
        indices = [order[member] for member in members]
        yield Batch(indices, [queries[index] for index in indices], key)


def in_order(answered: Iterable[tuple[Batch, Sequence[Candidates]]]) -> list[Candidates]:
    """What `Method.predict` returns, from the batches and the answers to each.

    Raises:
        ValueError: a batch has another number of answers than of queries.
    """
    answers: dict[int, Candidates] = {}
    for batch, some in answered:
        answers.update(zip(batch.indices, some, strict=True))
    return [answers[index] for index in sorted(answers)]
