"""A user whose prompts people gave and somebody wrote down: they are given again, whatever a method answers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from promptseg.core.vocabulary import ITERATIVE, LASSO, NOT_RECORDED, SCRIBBLE_MODES
from promptseg.prompts.clicks import Click, ClickTarget, Protocol
from promptseg.prompts.modes import PromptSettings

_Row = Mapping[str, Any]


class RecordedUser:
    """Takes the place of the ideal user; see `prompts.users.User`.

    What answers which mode (docs/human_prompts.md): mode1 the first point on the object; mode2 all points of the first
    step with one; mode3 the largest box of the first step with a box, mode4 all of them, mode5 the only one; each mode
    of scribbles all scribbles of the first step with one; lasso the first around the object; iterative all points in
    their order. What nobody gave is not asked.

    Args:
        rows: of prompts.tables.RECORDED, by object, annotator and order.
    """

    def __init__(self, rows: Iterable[_Row]):
        self._given: dict[str, dict[str, list[_Row]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            self._given[row["object_id"]][row["annotator"]].append(row)

    def annotators(self, object_id: str) -> Sequence[str]:
        """Those who gave a prompt for it, sorted."""
        return sorted(self._given[object_id]) if object_id in self._given else []

    def rows(
        self,
        object_id: str,
        mask: np.ndarray,  # noqa: ARG002 - people look at the picture
        modes: Sequence[str],
        settings: PromptSettings,
        annotator: str,
    ) -> list[dict[str, Any]]:
        """What the annotator gave for each mode, as rows of prompts.tables.PROMPTS; the brush is that of `settings`."""
        given = self._given[object_id][annotator]
        points, boxes = _of_kind(given, "point"), [_box(row["points"]) for row in _first_step(_of_kind(given, "box"))]
        clicks = [(*row["points"][0], row["label"]) for row in points]
        positive = [click for click in clicks if click[2]][:1]
        together = [(*row["points"][0], row["label"]) for row in _first_step(points)]
        largest = sorted(boxes, key=lambda box: (box[2] - box[0] + 1) * (box[3] - box[1] + 1))[-1:]
        answers: dict[str, tuple[list[Any], list[Any]]] = {
            "mode1": (positive, []),
            "mode2": (together, []),
            "mode3": ([], largest),
            "mode4": ([], boxes),
            "mode5": ([], boxes if len(boxes) == 1 else []),
            ITERATIVE: (clicks[:1], []),
        }
        brush = {"width": settings.lines.width}
        scribbles = [
            {"line": row["points"], "label": row["label"], **brush} for row in _first_step(_of_kind(given, "scribble"))
        ]
        lassos = [row["points"] for row in _of_kind(given, "lasso") if row["label"]]
        lines: dict[str, dict[str, Any]] = {mode: {"scribbles": scribbles} for mode in SCRIBBLE_MODES if scribbles}
        lines |= {LASSO: {"lasso": lassos[0]}} if lassos else {}
        found = []
        for mode in modes:
            clicked, boxed = answers.get(mode, ([], []))
            if clicked or boxed or mode in lines:
                where = [(int(x), int(y)) for x, y, _ in clicked]
                about = {"object_id": object_id, "mode": mode, "points": where, "boxes": boxed}
                about["point_labels"] = [int(label) for *_, label in clicked]
                found.append({**about, "exact_points": where if mode == ITERATIVE else None, **lines.get(mode, {})})
        return found

    def next_click(
        self,
        target: ClickTarget,
        prediction: np.ndarray,  # noqa: ARG002 - that of another method may have been seen, or none
        clicks: list[Click],
        protocol: Protocol,  # noqa: ARG002
        *,
        tie_break: str,  # noqa: ARG002
        seed: int,  # noqa: ARG002
        annotator: str,
    ) -> Click | str:
        """The click that was recorded after so many, or that there is none."""
        points = _of_kind(self._given[target.object_id][annotator], "point")
        if len(clicks) >= len(points):
            return NOT_RECORDED
        x, y = points[len(clicks)]["points"][0]
        return Click(int(x), int(y), bool(points[len(clicks)]["label"]))


def _of_kind(given: Sequence[_Row], kind: str) -> list[_Row]:
    return [row for row in given if row["kind"] == kind]


def _first_step(given: Sequence[_Row]) -> list[_Row]:
    return [row for row in given if row["step"] == given[0]["step"]]


def _box(corners: Sequence[Sequence[int]]) -> tuple[int, int, int, int]:
    (xa, ya), (xb, yb) = corners
    return int(min(xa, xb)), int(min(ya, yb)), int(max(xa, xb)), int(max(ya, yb))
