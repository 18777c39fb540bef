"""Single objects of a finished run: which one is meant, and which mask of a method was scored for it."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from promptseg.analysis.compare.runs import Run
from promptseg.core.choices import one_of
from promptseg.core.errors import PromptsegError
from promptseg.core.masks import best_candidate, best_score, decode
from promptseg.core.parquet import read_arrow
from promptseg.core.vocabulary import AUTOMATIC, ITERATIVE, MODES

CLICK = ("click_x", "click_y", "click_label")
_SHOWN = 5  # names in a message


@dataclass(frozen=True)
class Wish:
    """Which answers are wanted; None for what fits the method best.

    Attributes:
        mode: one of `vocabulary.MODES`, or `automatic`; None for mode 5 (one box), else mode 1 (one point), else any.
        clicks: of the mode `iterative`; None for the last.
        protocol: of the clicks; None for the first by name.
        selection: which of several masks, see `vocabulary.SELECTIONS`.
    """

    mode: str | None = None
    clicks: int | None = None
    protocol: str | None = None
    selection: str = "first"

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of scores has what was asked for."""
        asked = {"mode": self.mode, "protocol": self.protocol, "selection": self.selection}
        clicked = self.clicks is None or row["mode"] != ITERATIVE or row["step"] == self.clicks
        return clicked and all(value is None or row[key] == value for key, value in asked.items())


def find_object(run: Run, text: str, wish: Wish) -> tuple[str, str]:
    """Dataset and `object_id` of the object that is meant.

    Args:
        text: an object_id or the beginning of one, with `<dataset>/` before it where datasets share names;
            `worst:<method>` or `best:<method>`, by IoU.

    Raises:
        PromptsegError: there is none, or several; the nearest names are given.
    """
    end, _, method = text.partition(":")
    if end in ("worst", "best"):
        return _extreme(run, one_of(methods_of(run), method, text), end, wish)
    table = read_arrow(run.scores, columns=["dataset", "object_id"])
    pairs = sorted(
        {(row["dataset"], row["object_id"]) for row in table.group_by(table.column_names).aggregate([]).to_pylist()}
    )
    names = [f"{dataset}/{name}" for dataset, name in pairs]
    exact = [pair for pair, name in zip(pairs, names, strict=True) if text in (name, pair[1])]
    found = exact or [
        pair for pair, name in zip(pairs, names, strict=True) if pair[1].startswith(text) or name.startswith(text)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise PromptsegError(
            f"{text} is the beginning of {len(found)} objects: {_listed([f'{one}/{name}' for one, name in found])}."
        )
    near = difflib.get_close_matches(text, [name for _, name in pairs], _SHOWN, 0.3) or [name for _, name in pairs]
    raise PromptsegError(
        f"No object of {run.folder} is called {text}. The nearest are {_listed(near)}; worst:METHOD and best:METHOD "
        "are names as well."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def methods_of(run: Run) -> list[str]:
    """The methods that the run scored, sorted."""
    return sorted(pc.unique(read_arrow(run.scores, columns=["method"])["method"]).to_pylist())


def _extreme(run: Run, method: str, end: str, wish: Wish) -> tuple[str, str]:
    """The object with the lowest or highest IoU; of equals the first by name."""
    rows = scored(run, method, wish)
    if not rows:
        raise PromptsegError(f"{method} has no score of that kind in {run.folder}: choose another --mode or --clicks.")
    sign = 1 if end == "worst" else -1
    row = min(rows, key=lambda row: (sign * row["iou"], row["dataset"], row["object_id"]))
    return row["dataset"], row["object_id"]


def scored(run: Run, method: str, wish: Wish, only: tuple[str, str] | None = None) -> list[dict[str, Any]]:
    """The scores of a method that a wish means: at most one for each object, in one mode.

    Args:
        only: dataset and `object_id` of the one object that is asked for.
    """
    keep = (pc.field("method") == method) & (pc.field("status") == "ok") & pc.field("switch").is_null()
    if only is not None:
        keep &= (pc.field("dataset") == only[0]) & (pc.field("object_id") == only[1])
    columns = ["dataset", "object_id", "image_id", "task", "mode", "protocol", "step", "selection", "iou", "dice"]
    rows = [row for row in read_arrow(run.scores, columns=columns, filters=keep).to_pylist() if wish.fits(row)]
    there = {row["mode"] for row in rows}
    mode = next((mode for mode in ("mode5", "mode1", *MODES, AUTOMATIC) if mode in there), None)
    chosen: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row["protocol"] or "", -(row["step"] or 0))):
        if row["mode"] == mode:
            chosen.setdefault((row["dataset"], row["object_id"]), row)
    return list(chosen.values())


def predictions(path: Path, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """`object_id` -> the candidates of the answer that its score belongs to, in order.

    Args:
        path: the predictions of a method on a dataset, see `Run.predictions`.
        rows: of `scored`, of that method and dataset, all of one mode; or others with a `switch` as well.

    Raises:
        PromptsegError: the predictions are not there.
    """
    require_kept(path)
    wanted = {_answer_of(row) for row in rows}
    columns = ["object_id", "mode", "protocol", "switch", "step", "selection", "candidate", "score", "rle"]
    keep = pc.field("mode").isin([row["mode"] for row in rows])
    keep &= pc.field("object_id").isin([row["object_id"] for row in rows])
    found: dict[str, list[dict[str, Any]]] = {}
    for one in read_arrow(path, columns=[*columns, *CLICK], filters=keep).to_pylist():
        if one["rle"] and _answer_of(one) in wanted:
            found.setdefault(one["object_id"], []).append(one)
    return {name: sorted(candidates, key=lambda one: one["candidate"] or 0) for name, candidates in found.items()}


def require_kept(path: Path) -> None:
    """Refuse predictions that are not there.

    Raises:
        PromptsegError: they are not.
    """
    if not path.is_file():
        raise PromptsegError(f"{path} is not there: the masks of {path.parent.name} are no longer kept; run again.")


def _answer_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells answers apart. In modes 1 to 5 they have candidates, and no protocol, step or selection."""
    clicked = (row["protocol"], row.get("switch"), row["step"], row["selection"]) if row["mode"] == ITERATIVE else ()
    return row["object_id"], row["mode"], *clicked


def chosen(
    candidates: Sequence[Mapping[str, Any]], selection: str, truth: np.ndarray | None = None
) -> Mapping[str, Any] | None:
    """The candidate that a selection takes; None where there is none.

    Args:
        candidates: see `predictions`; of corrective clicks there is one, which the trajectory's selection took.
        truth: (h, w) bool; only `oracle` needs it.
    """
    if len(candidates) < 2 or selection == "first":
        return next(iter(candidates), None)
    if selection == "best_score":
        return candidates[best_score([np.nan if one["score"] is None else one["score"] for one in candidates])]
    assert truth is not None
    return candidates[best_candidate(np.stack([decode(one["rle"]) for one in candidates]), truth)]
