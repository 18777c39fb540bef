"""Who asks a method: answers for all who ask the same, and trajectories of clicks with their rows of predictions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from promptseg.core import masks
from promptseg.core.lines import Scribble, points_of
from promptseg.core.reason import METHOD_FAILED
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE
from promptseg.methods import Candidates, Method, Prompt, Query
from promptseg.predict.abilities import Abilities
from promptseg.predict.log_odds import packed
from promptseg.predict.plan import Item, Plan, ProtocolKey, Target, feeds_back, leaks
from promptseg.prompts.clicks import Click, ClickTarget


def prediction(object_id: str, mode: str, **values: Any) -> dict[str, Any]:
    """A row of predict.tables.PREDICTIONS; values that are not given are those of a prompt that was answered."""
    selection = {"selection": "oracle"} if mode == EVERYTHING else {}  # other modes name it, or leave it to scoring
    return {"object_id": object_id, "mode": mode, "step": 0, "status": "ok", **selection, **values}


def signed(rows: list[dict[str, Any]], target: Target) -> list[dict[str, Any]]:
    """Rows with the annotator who prompted the target, where it has a name."""
    return [{**row, "annotator": target.annotator} for row in rows] if target.annotator else rows


def prompts_of(row: Mapping[str, Any]) -> list[Prompt]:
    """Prompts of one mode: all points in one prompt, and all scribbles, but every box in its own."""
    points, labels = points_of(row["points"]), np.asarray(row["point_labels"], np.int8)
    if len(row["boxes"]):
        return [Prompt(points, labels, box=np.asarray(box, np.int32)) for box in row["boxes"]]
    scribbles = tuple(map(Scribble.of, row.get("scribbles") or ()))
    lasso = row.get("lasso")
    return [Prompt(points, labels, scribbles=scribbles, lasso=None if lasso is None else points_of(lasso))]


def _join(parts: Sequence[Candidates]) -> Candidates:
    """One answer of several (mode 4): masks united candidate by candidate, as in the study; numbers averaged."""
    means = {}
    for name in ("scores", "stability", "soft_dice"):
        given = [values for part in parts if (values := getattr(part, name)) is not None]
        means[name] = np.mean(given, axis=0) if given else None
    known = [part.probabilities for part in parts if part.probabilities is not None]
    return Candidates(
        np.logical_or.reduce([part.masks for part in parts]),
        **means,
        probabilities=np.maximum.reduce(known) if len(known) == len(parts) else None,
    )


def coded(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row of predict.tables.PREDICTIONS says of its mask."""
    return {key: row[key] for key in ("candidate", "score", "stability", "soft_dice", "rle")}


class Answer:
    """What the method said to one prompt, for all who asked the same; a string is the reason why it failed."""

    def __init__(self, candidates: Candidates | str):
        self.candidates = candidates
        self.next_clicks: dict[Any, Click | str | None] = {}
        self._codes: dict[int, dict[str, Any]] = {}
        self._best: dict[int, int] = {}

    def coded(self, index: int) -> dict[str, Any]:
        """What `coded` takes of a row, of one candidate."""
        assert isinstance(self.candidates, Candidates)
        if index not in self._codes:
            found = self.candidates
            numbers = {"score": found.scores, "stability": found.stability, "soft_dice": found.soft_dice}
            self._codes[index] = {
                "candidate": index,
                **{name: None if values is None else float(values[index]) for name, values in numbers.items()},
                "rle": masks.encode(self.candidates.masks[index]),
            }
            if found.probabilities is not None:
                self._codes[index]["log_odds"] = packed(found.masks[index], found.probabilities[index])
        return self._codes[index]

    def select(self, selection: str, truth: np.ndarray) -> int:
        """Index of the candidate that a selection takes."""
        assert isinstance(self.candidates, Candidates)
        if selection == "oracle":
            if id(truth) not in self._best:
                self._best[id(truth)] = masks.best_candidate(self.candidates.masks, truth)
            return self._best[id(truth)]
        if selection == "best_score" and self.candidates.scores is not None:
            return masks.best_score(self.candidates.scores)
        return 0


def united(answers: Sequence[Answer], name: str) -> Answer:
    """The answer to one prompt of several boxes, of the answers to each of them; without states.

    Args:
        name: of object and prompt.
    """
    if len(answers) == 1:
        return answers[0]
    for answer in answers:
        if isinstance(answer.candidates, str):
            return answer
    parts = [answer.candidates for answer in answers if isinstance(answer.candidates, Candidates)]
    if len({(len(part.masks), part.scores is None) for part in parts}) == 1:
        return Answer(_join(parts))
    return Answer(
        METHOD_FAILED.status(
            f"the boxes of {name} were not answered alike, so that masks cannot be united one by one",
            "give as many masks for one box as for another, and scores with all or with none",
        )
    )


@dataclass(frozen=True)
class Ask:
    """One prompt for the method, and who waits for its answer.

    Attributes:
        size: (h, w) of the image.
        candidates: how many masks there may be.
    """

    query: Query
    name: str
    takers: list[Callable[[Answer], None]]
    size: tuple[int, int]
    candidates: int

    @property
    def pixels(self) -> int:
        """Of all masks of the answer."""
        return self.size[0] * self.size[1] * self.candidates

    def give(self, candidates: Candidates | str) -> None:
        """Hand the answer to all takers; runs in a worker thread."""
        answer = Answer(candidates)
        for take in self.takers:
            take(answer)


class Trajectory:
    """One object clicked under one protocol, following one selection.

    `after` is the trajectory whose last state this one inherits, and for which it therefore waits.
    """

    def __init__(
        self,
        item: Item,
        target: Target,
        key: ProtocolKey,
        plan: Plan,
        method: Method,
        selection: str,
        after: "Trajectory | None",
    ):
        self.item, self.target, self.key, self.plan, self.selection = item, target, key, plan, selection
        self.protocol = plan.protocols[key]
        first = "exact_points" if self.protocol.distance == "exact" else "points"
        (x, y), label = target.prompts[ITERATIVE][first][0], target.prompts[ITERATIVE]["point_labels"][0]
        self.feeds_back, self.leaks = feeds_back(method, self.protocol), leaks(method, self.protocol)
        self.after = after
        self.last = min(plan.clicks, Abilities.of(method).max_clicks or plan.clicks)
        self.clicks = [Click(int(x), int(y), bool(label))]
        self.state: Any = None
        self.finished = False
        self._ended: str | None = None  # why there are no clicks after the last, if it is not that none is needed
        self._rows: list[dict[str, Any]] = []

    def ready(self) -> bool:
        """Whether there is a click to give to the method now."""
        return not self.finished and (self.after is None or self.after.finished)

    def previous(self) -> Any:
        """The state that goes with the next click."""
        return self.after.state if self.after and len(self.clicks) == 1 else self.state

    def prompt(self) -> Prompt:
        """All clicks so far."""
        points = np.array([(click.x, click.y) for click in self.clicks], np.int32)
        return Prompt(points, np.array([click.positive for click in self.clicks], np.int8))

    def take(self, answer: Answer) -> None:
        """Record the answer to the last click and choose the next one."""
        click = self.clicks[-1]
        row = self._row(len(self.clicks), click_x=click.x, click_y=click.y, click_label=int(click.positive))
        self._rows.append(row)
        if isinstance(answer.candidates, str):
            row["status"] = answer.candidates
            self.finished = True
            return
        index = answer.select(self.selection, self.target.truth)
        row |= answer.coded(index)
        following = self._next_click(answer, index) if len(self.clicks) < self.last else None
        # A state that nobody will ask for is let go: it may hold memory of the GPU.
        kept = self.feeds_back and (isinstance(following, Click) or self.leaks)
        self.state = answer.candidates.states[index] if kept and answer.candidates.states is not None else None
        self._follow(following)

    def _follow(self, click: Click | str | None) -> None:
        """Give the next click, or end."""
        if isinstance(click, Click):
            self.clicks.append(click)
        else:
            self.finished, self._ended = True, click

    def replay(self, rows: Sequence[Mapping[str, Any]], same_user: bool, stateful: bool) -> None:
        """Take the answers of an earlier trajectory as long as its clicks are those that the user gives now.

        Where it ends or differs, the method is asked from there on; one that is fed its own state back is asked from
        the first click, because states are not kept.

        Args:
            rows: of that trajectory, by step.
            same_user: the user would click as then, so that the clicks need not be found again.
            stateful: whether the method gives states.
        """
        if self.leaks and stateful:  # it begins with the state of another object
            return
        first = self.clicks[0]
        for row, following in zip_longest(rows, rows[1:]):
            click = self.clicks[-1]
            values = {"click_x": click.x, "click_y": click.y, "click_label": int(click.positive)}
            if row["status"] != "ok" or any(row[key] != value for key, value in values.items()):
                break
            self._rows.append(self._row(len(self.clicks), **values, **coded(row)))
            self.finished = len(self.clicks) == self.last
            if not self.finished:
                self._follow(self._replayed_click(row, following if same_user else None))
            if self.finished:
                return
        if (self.feeds_back and stateful) or not rows:
            self.clicks, self._rows = [first], []

    def _replayed_click(self, row: Mapping[str, Any], following: Mapping[str, Any] | None) -> Click | str | None:
        """The click after that of a row; `following` is the row after it, if the user is the same."""
        if following is None or following["status"] != "ok":
            return self._find_click(masks.decode(row["rle"]))
        if following["click_x"] is None:
            return None
        return Click(following["click_x"], following["click_y"], bool(following["click_label"]))

    def _next_click(self, answer: Answer, index: int) -> Click | str | None:
        assert isinstance(answer.candidates, Candidates)
        key = (self.target.object_id, self.target.annotator, self.protocol, index)
        if key not in answer.next_clicks:
            answer.next_clicks[key] = self._find_click(answer.candidates.masks[index])
        return answer.next_clicks[key]

    def _find_click(self, mask: np.ndarray) -> Click | str | None:
        target = ClickTarget(self.target.object_id, self.target.truth, self.item.image.labels)
        tie_break, seed, annotator = self.plan.tie_break, self.plan.seed, self.target.annotator
        return self.plan.user.next_click(
            target, mask, self.clicks, self.protocol, tie_break=tie_break, seed=seed, annotator=annotator
        )

    def rows(self) -> list[dict[str, Any]]:
        """A row for each click of the plan.

        Once nothing is left to correct, or the method failed, the last row is repeated without a click. (The study's
        script then clicks a random pixel of the image.) Where the user says no more, the rows say so. Clicks that the
        method is not asked do not apply.
        """
        last = self._rows[-1]
        nothing = {"click_x": None, "click_y": None, "click_label": None}
        later = range(last["step"] + 1, self.last + 1)
        rest = [
            self._row(step, status=self._ended) if self._ended else last | nothing | {"step": step} for step in later
        ]
        idle = range(self.last + 1, self.plan.clicks + 1)
        return self._rows + rest + [self._row(step, status="not_applicable") for step in idle]

    def _row(self, step: int, **values: Any) -> dict[str, Any]:
        about = {"protocol": self.key[0], "switch": self.key[1], "selection": self.selection, "step": step}
        return prediction(self.target.object_id, ITERATIVE, **about, **values)
