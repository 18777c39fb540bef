"""Controls: methods that know nothing of images, or everything. They bound every score and test the metrics."""

from collections.abc import Sequence

import numpy as np

from promptseg.methods.base import Candidates, Method, Query


def _single(mask: np.ndarray) -> Candidates:
    return Candidates(mask[None])


class Perfect(Method):
    """Returns the truth: every score must reach its best value."""

    prompt_types = frozenset({"point", "box", "scribble", "lasso"})
    looks_at_pixels = False
    learned = False
    known_options = frozenset()
    needs_truth = True

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return [_single(self._truth(query)) for query in queries]

    @staticmethod
    def _truth(query: Query) -> np.ndarray:
        if query.truth is None:
            raise ValueError("a query without the truth: only methods that set `needs_truth` are handed it")
        return query.truth


class BoxFill(Method):
    """The box itself."""

    prompt_types = frozenset({"box"})
    looks_at_pixels = False
    learned = False
    known_options = frozenset()

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return [_single(self._fill(query)) for query in queries]

    @staticmethod
    def _fill(query: Query) -> np.ndarray:
        assert query.prompt.box is not None
        x0, y0, x1, y1 = query.prompt.box
        mask = np.zeros(query.image.shape[:2], bool)
        mask[y0 : y1 + 1, x0 : x1 + 1] = True
        return mask


class BoxEllipse(Method):
    """The ellipse that touches the four sides of the box."""

    prompt_types = frozenset({"box"})
    looks_at_pixels = False
    learned = False
    known_options = frozenset()

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return [_single(self._ellipse(query)) for query in queries]

    @staticmethod
    def _ellipse(query: Query) -> np.ndarray:
        assert query.prompt.box is not None
        x0, y0, x1, y1 = query.prompt.box
        height, width = query.image.shape[:2]
        y = (np.arange(height)[:, None] - (y0 + y1) / 2) / ((y1 - y0 + 1) / 2)
        x = (np.arange(width)[None, :] - (x0 + x1) / 2) / ((x1 - x0 + 1) / 2)
        return x**2 + y**2 <= 1


class LassoFill(Method):
    """The inside of the lasso."""

    prompt_types = frozenset({"lasso"})
    looks_at_pixels = False
    learned = False
    known_options = frozenset()

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return [_single(query.prompt.enclosed(query.image.shape[:2])) for query in queries]


class ClickDisk(Method):
    """A disk around every click, drawn in the order of the clicks: positive ones add, negative ones remove.

    Option `radius`: of the disk, as a share of the image's shorter side.
    """

    prompt_types = frozenset({"point"})
    looks_at_pixels = False
    learned = False
    known_options = frozenset({"radius"})

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return [_single(self._disks(query)) for query in queries]

    def _disks(self, query: Query) -> np.ndarray:
        height, width = query.image.shape[:2]
        radius = self.settings.options.get("radius", 0.1) * min(height, width)
        rows, columns = np.arange(height)[:, None], np.arange(width)
        mask, reach = np.zeros((height, width), bool), int(radius)
        for (x, y), label in zip(query.prompt.points.tolist(), query.prompt.labels, strict=True):
            near = np.s_[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
            mask[near][(rows[near[0]] - y) ** 2 + (columns[near[1]] - x) ** 2 <= radius**2] = label == 1
        return mask
