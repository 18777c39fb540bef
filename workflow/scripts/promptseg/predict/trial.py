"""A method tried on two small drawn images with every kind of prompt: what came back, and what is wrong with it."""

import inspect
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core import masks
from promptseg.methods import Candidates, Grid, Method, Prompt, Query
from promptseg.predict.abilities import Abilities
from promptseg.predict.answers import ENCODED, WrongAnswer, checked, checked_proposals, listed, require_bytes
from promptseg.predict.scene import BOX_AND_POINT, SIZES, Scene

SAME = 0.001  # share of an image's pixels that rounding may change, e.g. between batches of other sizes
# Few points and no thresholds: whether masks come back matters, not which.
_GRID = Grid(points_per_side=4, pred_iou_thresh=0, stability_score_thresh=0)


@dataclass
class Line:
    """One prompt about one image.

    Attributes:
        problem: what is wrong with the answer, empty if nothing is.
        came: shape and dtype of the masks.
        area, iou: of the first mask: its share of the image, and its overlap with the object that was drawn.
        score: of the first mask.
        given: a copy of the masks as they were given.
    """

    kind: str
    scene: Scene
    query: Query
    problem: str = ""
    came: str = ""
    area: float | None = None
    score: float | None = None
    iou: float | None = None
    answer: Candidates | None = None
    given: np.ndarray | None = None


@dataclass
class Report:
    """What came of a trial.

    Attributes:
        lines: one `Line` for each question, or one `VolumeLine` of a method for volumes.
        checks: what was compared, and what is wrong with it; empty if nothing is.
        seconds: per image or prompt, by what was timed.
    """

    lines: list[Any] = field(default_factory=list)
    checks: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not any(line.problem for line in self.lines) and not any(self.checks.values())

    @property
    def empty(self) -> bool:
        """Whether there are answers and none has a mask with a pixel in it."""
        given = [line.given for line in self.lines if line.given is not None]
        return bool(given) and not any(masks.any() for masks in given)


def told(error: BaseException, own: type) -> str:
    """What went wrong in a method, in a sentence: the last line of its own file that led there."""
    if isinstance(error, WrongAnswer):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    frame = ([frame for frame in frames if frame.filename == inspect.getfile(own)] or frames)[-1]
    return f"raised {type(error).__name__}: {error} ({Path(frame.filename).name}, line {frame.lineno})"


def _difference(
    lines: Sequence[Line], given: Sequence[np.ndarray | None], others: Sequence[Candidates], advice: str
) -> str:
    """Where answers to equal questions differ first, with what to do about it; empty if they do not."""
    for line, one, other in zip(lines, given, (answer.masks for answer in others), strict=True):
        assert one is not None
        if one.shape != other.shape:
            return f"{line.kind}: {len(one)} masks and {len(other)}; {advice}"
        share = float((one != other).mean())
        if share > SAME:
            return f"{line.kind}: {share:.1%} of the pixels differ; {advice}"
    return ""


class Trial:
    """Tries one method."""

    def __init__(self, method: Method):
        self.method = method
        self.scenes = [Scene.draw(size) for size in SIZES]
        self.report = Report()

    def run(self) -> Report:
        """Try everything."""
        try:
            encoded = self._timed("to encode an image", len(SIZES), self._encode)
        except (Exception, SystemExit) as error:
            self.report.checks["encode"] = told(error, type(self.method))
            return self.report
        shown = [scene.pixels.copy() for scene in self.scenes]
        lines = [
            Line(kind, scene, Query(image, prompt, truth=scene.truth if self.method.needs_truth else None))
            for scene, image in zip(self.scenes, encoded, strict=True)
            for kind, prompt in scene.prompts(Abilities.of(self.method))
        ]
        self._ask_alone(lines)
        self._ask_alone(self._following(lines))
        answered = [line for line in self.report.lines if line.answer is not None]
        if answered:
            self._ask_together(answered)
        self._everything(encoded)
        if self.method.cacheable and answered:
            self._check("pack and unpack", lambda: self._pack(answered[0], encoded[0]))
        self._require_unchanged(
            "the image", "image = query.image.copy()", shown, [scene.pixels for scene in self.scenes]
        )
        drawn = [dict(line.scene.prompts(Abilities.of(self.method)))[line.kind] for line in lines]
        for name in ("points", "labels", "box", "lasso"):
            given = [getattr(prompt, name) for prompt in drawn]
            now = [getattr(line.query.prompt, name) for line in lines]
            if name != "lasso" or any(one is not None for one in given):
                self._require_unchanged(f"prompt.{name}", f"{name} = query.prompt.{name}.copy()", given, now)
        given = [one.line for prompt in drawn for one in prompt.scribbles]
        now = [one.line for line in lines for one in line.query.prompt.scribbles]
        if given:
            self._require_unchanged("prompt.scribbles", "line = scribble.line.copy()", given, now)
        return self.report

    def _require_unchanged(self, what: str, remedy: str, given: Sequence[Any], now: Sequence[Any]) -> None:
        changed = not all(map(np.array_equal, given, now))
        problem = f"it was changed in place, and later questions see that; copy it first: {remedy}" if changed else ""
        self.report.checks[f"{what} is left as it is"] = problem

    def _encode(self) -> list[Any]:
        pixels, most = [scene.pixels for scene in self.scenes], self.method.encodes_at_once
        parts = [pixels[first : first + most] for first in range(0, len(pixels), most)]
        return [one for part in parts for one in listed(self.method.encode_all(part), len(part), ENCODED)]

    def _timed(self, what: str, count: int, call: Any) -> Any:
        start = time.perf_counter()
        result = call()
        self.report.seconds[what] = (time.perf_counter() - start) / count
        return result

    def _check(self, name: str, call: Any) -> None:
        try:
            self.report.checks[name] = call()
        except (Exception, SystemExit) as error:
            self.report.checks[name] = told(error, type(self.method))

    def _ask(self, lines: Sequence[Line]) -> list[Candidates]:
        """The checked answers; what they were given as is noted."""
        answers = listed(self.method.predict([line.query for line in lines]), len(lines))
        for line, answer in zip(lines, answers, strict=True):
            if isinstance(answer, Candidates) and isinstance(answer.masks, np.ndarray):
                line.came = f"{' x '.join(map(str, answer.masks.shape))} {answer.masks.dtype}"
        most = self.method.candidates
        return [checked(answer, line.scene.truth.shape, most) for line, answer in zip(lines, answers, strict=True)]

    def _ask_alone(self, lines: Sequence[Line]) -> None:
        start = time.perf_counter()
        for line in lines:
            try:
                (line.answer,) = self._ask([line])
            except (Exception, SystemExit) as error:
                line.problem = told(error, type(self.method))
                if line.kind == BOX_AND_POINT and not isinstance(error, WrongAnswer):
                    line.problem, line.came = "", "not taken; the pipeline does not ask it"
                continue
            line.given = line.answer.masks.copy()
            first, scores = line.answer.masks[0], line.answer.scores
            line.area, line.iou = float(first.mean()), masks.iou(first, line.scene.truth)
            line.score = None if scores is None else float(scores[0])
        if lines and "per prompt, alone" not in self.report.seconds:
            self.report.seconds["per prompt, alone"] = (time.perf_counter() - start) / len(lines)
        self.report.lines += lines

    def _following(self, lines: Sequence[Line]) -> list[Line]:
        """A second click on each image, with the state of the mask that the first one gave."""
        following = []
        for line in lines:
            if line.kind != "one point" or line.answer is None:
                continue
            states, prompts = line.answer.states, dict(line.scene.prompts(Abilities.of(self.method)))
            more = prompts.get("three points, one of them beside", prompts.get("two points"))
            if states is not None and len(states) and more is not None:
                query = Query(line.query.image, more, states[0], truth=line.query.truth)
                following.append(Line("the same, with the last state", line.scene, query))
            elif self.method.mask_feedback:
                line.problem = "`mask_feedback` is True, but the answer has no states to feed back; give one per mask"
        return following

    def _ask_together(self, lines: Sequence[Line]) -> None:
        given, answers = [line.given for line in lines], [line.answer for line in lines if line.answer]
        self.report.checks["masks stay as they were given"] = _difference(
            lines, given, answers, "later calls write into masks of earlier ones; give copies of the array"
        )
        found: list[Candidates] = []

        def twice() -> str:
            found.extend(self._timed("per prompt, in a batch", len(lines), lambda: self._ask(lines)))
            copies = [answer.masks.copy() for answer in found]
            advice = "draw with a fixed seed, and call eval() on a network"
            return _difference(lines, copies, self._ask(lines), advice)

        self._check("the same answers when asked twice", twice)
        if found:
            advice = "an answer must depend on its own query alone"
            difference = _difference(lines, given, found, advice)
            self.report.checks[f"the same answers in a batch of {len(lines)} as alone"] = difference
        self._check("the same answers when nothing was asked before", lambda: self._first_of_all(lines))

    def _first_of_all(self, lines: Sequence[Line]) -> str:
        """Each prompt as the only one that a fresh instance is asked."""
        asked = [line for line in lines if line.query.previous is None]
        answers = []
        used = self.method
        for line in asked:
            prompt = dict(line.scene.prompts(Abilities.of(used)))[line.kind]
            self.method = type(used)(used.settings)
            try:
                image = self.method.encode(Scene.draw(line.scene.truth.shape).pixels)
                answers += self._ask([Line(line.kind, line.scene, replace(line.query, image=image, prompt=prompt))])
            finally:
                self.method = used
        advice = "keep nothing between calls: an answer must not depend on what was asked before"
        return _difference(asked, [line.given for line in asked], answers, advice)

    def _everything(self, encoded: Sequence[Any]) -> None:
        if "everything" not in Abilities.of(self.method).prompt_types:
            return
        for scene, image in zip(self.scenes, encoded, strict=True):
            line = Line(
                "no prompt (everything)", scene, Query(image, Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8)))
            )
            self.report.lines.append(line)
            try:
                found = checked_proposals(self.method.everything(image, scene.pixels, _GRID), scene.truth.shape)
                line.came = f"{len(found.codes)} masks"
            except (Exception, SystemExit) as error:
                line.problem = told(error, type(self.method))

    def _pack(self, line: Line, encoded: Any) -> str:
        image = self.method.unpack(require_bytes(self.method.pack(encoded)), line.scene.pixels)
        same = Line(line.kind, line.scene, Query(image, line.query.prompt, truth=line.query.truth))
        return _difference([line], [line.given], self._ask([same]), "unpack has to give back what encode made")
