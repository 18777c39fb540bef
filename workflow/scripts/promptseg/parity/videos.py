"""Fixtures of objects that are tracked over the slices of a volume: every answer of the official video predictor.

A fixture holds a volume, prompts, and runs: lists of steps, each a prompt or a pass in one direction.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from promptseg.methods import Prompt
from promptseg.methods.sam2_tracker import View
from promptseg.methods.sam2_video import Sam2Video
from promptseg.methods.tracks import Found, Spool, Track
from promptseg.methods.volume import SlicePrompt, Slices, VolumeQuery
from promptseg.parity.asking import array
from promptseg.parity.comparison import Comparison, sample, statistics
from promptseg.parity.fixtures import Fixture, FixtureError

# The largest differences that are accepted. Rounding is amplified where memories become bfloat16: two threads in place
# of one make 5e-3 of logits in the authors' own code; and what is to be found is far larger than any of these.
LIMITS = {"pixels": 1e-6, "prompted logits": 1e-4, "corrected logits": 2e-3, "low-res logits": 2e-2}
LIMITS |= {"object score": 1.5e-3, "pointers": 1e-4}
_PIXELS = 5e-4  # share of a mask
_MEMORIES = 0.02  # share of a run's values of memories that may be another bfloat16 number, the next one
_STEP = 2.0**-7  # between such numbers, relative
_NOTHING = np.zeros((0, 2), np.int32), np.zeros(0, np.int8)


class Recorded(Slices):
    """A volume in grey, all of it in memory."""

    spacing = positions = None

    def __init__(self, values: np.ndarray):
        self.volume_id, self.values = "recorded", values
        self.shape = (values.shape[0], values.shape[1], values.shape[2])

    def pixels(self, z: int) -> np.ndarray:
        """As of `Slices`."""
        return np.repeat(self.values[z][..., None], 3, axis=2)

    def digest(self, z: int) -> str:
        """As of `Slices`."""
        return f"{self.volume_id} {z}"

    def raw(self) -> Path:
        """There is no such file."""
        raise NotImplementedError


@dataclass(frozen=True)
class Script:
    """What a fixture asks.

    Attributes:
        truth: (d, h, w) bool.
        prompts: names of slices, points and boxes -> what they are.
        steps: of each run.
    """

    volume: Recorded
    truth: np.ndarray
    prompts: Mapping[str, Any]
    steps: Mapping[str, list[dict[str, Any]]]

    @classmethod
    def read(cls, fixture: Fixture) -> "Script":
        """That of a file."""
        values = fixture.array("volume", (None, None, None)).astype(np.uint8)
        packed = fixture.array("truth", (-(-values.size // 8),)).astype(np.uint8)
        truth = np.unpackbits(packed)[: values.size].reshape(values.shape).astype(bool)
        return cls(Recorded(values), truth, fixture.json("prompts", dict), fixture.json("steps", dict))

    def __len__(self) -> int:
        return len(self.truth)

    def shown(self, step: Mapping[str, Any]) -> SlicePrompt:
        """What a step shows.

        Raises:
            FixtureError: it is not understood.
        """
        try:
            z = int(self.prompts[step["frame"]])
            if step["kind"] == "mask":
                return SlicePrompt(z, mask=self.truth[z])
            if step["kind"] == "box":
                return SlicePrompt(z, Prompt(*_NOTHING, np.array(self.prompts["box"], np.int32)))
            point = np.array([self.prompts[step["at"]]], np.int32)
            return SlicePrompt(z, Prompt(point, np.array([step["label"]], np.int8)))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise FixtureError(f"the step {dict(step)} is not understood ({type(error).__name__}: {error})") from error


@dataclass(frozen=True)
class Said:
    """One answer.

    Attributes:
        step: number of the step in its run.
        prompted: whether a prompt was answered; else a slice of a pass.
        corrected: whether that slice had been visited before.
        full: (h, w) float32 logits of the slice's size.
    """

    step: int
    z: int
    prompted: bool
    corrected: bool
    found: Found
    full: np.ndarray


@torch.inference_mode()
def follow(method: Sam2Video, script: Script, run: str) -> Iterator[Said]:
    """All answers of a run, in order. Both directions share what they find, unless a step resets."""
    tracker, views = method.tracker, method.views(script.volume)
    track = Track(0, len(script) - 1, reset=False, spool=Spool())

    def said(step: int, z: int, view: View, found: Found, prompted: bool, corrected: bool = False) -> Said:
        return Said(step, z, prompted, corrected, found, array(view.frame.full(found.logits)))

    for number, step in enumerate(script.steps[run]):
        if "kind" in step:
            shown = script.shown(step)
            view, corrected = views.get(shown.z), shown.z in track.reverse
            if shown.mask is not None:
                found = tracker.show_mask(track, shown.z, view, shown.mask)
            else:
                assert shown.prompt is not None
                found = tracker.show(track, shown.z, view, shown.prompt, lasting=bool(step.get("lasting", False)))
            yield said(number, shown.z, view, found, True, corrected)
        elif step.get("do") == "reset":
            track = Track(0, len(script) - 1, reset=False, spool=Spool())
        else:
            for z, view, found_by in tracker.run([track], views, step.get("do") == "reverse"):
                yield said(number, z, view, found_by[track], False)


def memory_map(found: Found) -> np.ndarray:
    """(m, n, n) float32 of what is remembered of a slice, or (t, m) where it is the t tokens of a perceiver."""
    memory = array(found.memory)
    side = math.isqrt(len(memory))
    return memory.T.reshape(-1, side, side) if side**2 == len(memory) else memory


def thinned(memory: np.ndarray) -> np.ndarray:
    """What of a memory is stored: every eighth channel of a map in 8 x 8 places, or of 64 tokens 8 channels."""
    few = (memory.shape[0] // 8, 8, 8) if memory.ndim == 3 else (64, 8)
    return memory[tuple(slice(None, None, max(have // want, 1)) for have, want in zip(memory.shape, few, strict=True))]


@torch.inference_mode()
def check_video(fixture: Fixture, method: Any, comparison: Comparison) -> None:
    """Compare the middle slice's input and embedding, every answer of every run, and the masks of whole queries."""
    script = Script.read(fixture)
    fixture.unused -= {"calls"}
    mid = int(script.prompts["mid"])
    view, pixels = method.views(script.volume).get(mid), array(method.tracker.prepare(script.volume.pixels(mid)))[0]
    recorded = fixture.array("pixels_mid", (3, None, None))
    across = pixels.shape[-1] // recorded.shape[-1]
    comparison.numbers(
        "pixels", "middle", sample(pixels, recorded.shape, (1, across, across)), recorded, LIMITS["pixels"]
    )
    recorded = fixture.array("embedding_mid", (None, None, None))
    features = array(view.features)[0]
    across = max(features.shape[-1] // recorded.shape[-1], 1)
    comparison.numbers("embedding", "middle", sample(features, recorded.shape, (8, across, across)), recorded)
    for run in script.steps:
        comparison.count("runs")
        _Run(fixture, script, run, comparison).check(method)


class _Run:
    def __init__(self, fixture: Fixture, script: Script, run: str, comparison: Comparison):
        self.fixture, self.script, self.name, self.comparison = fixture, script, run, comparison
        self.frames = fixture.array(f"{run}_frame", (None,)).astype(int)
        self.steps = fixture.array(f"{run}_step", (None,)).astype(int)
        packed = fixture.array(f"{run}_mask", (len(self.frames), None)).astype(np.uint8)
        size = script.truth[0].size
        self.masks = np.unpackbits(packed, axis=1)[:, :size].reshape(-1, *script.truth[0].shape).astype(bool)

    def check(self, method: Any) -> None:
        row, other, total = 0, 0, 0
        for said in follow(method, self.script, self.name):
            if said.prompted:
                self._prompt(said)
                continue
            where = f"{self.name} step {said.step} slice {said.z}"
            if row == len(self.frames):
                raise FixtureError(f"{self.name} has {row} answers, ours more")
            self.comparison.exact("order", where, [said.step, said.z], [self.steps[row], self.frames[row]])
            differing, count = self._slice(said, row, where)
            row, other, total = row + 1, other + differing, total + count
        self.comparison.exact("answers", self.name, row, len(self.frames))
        problem = f"{other} of {total} values of memories differ (limit {_MEMORIES:.0%})"
        self.comparison.rule("memories", self.name, problem if other > _MEMORIES * total else None)
        self._query(method)

    def _prompt(self, said: Said) -> None:
        name, what = f"{self.name}_prompt{said.step}", "corrected logits" if said.corrected else "prompted logits"
        if f"{name}_logits" not in self.fixture:  # SAM 3's answer to a mask is the mask itself
            return
        recorded = self.fixture.array(f"{name}_logits", (None, None))
        ours = sample(said.full, recorded.shape, (4, 4))
        # SAM 3's logits of a mask that is shown reach 1024, where the last bit of a float32 is more than the limit.
        last_bits = 2 * float(np.spacing(np.abs(recorded).max().astype(np.float32)))
        self.comparison.numbers(what, name, ours, recorded, max(LIMITS[what], last_bits))
        packed = self.fixture.array(f"{name}_mask", (None,)).astype(np.uint8)
        mask = np.unpackbits(packed)[: said.full.size].reshape(said.full.shape).astype(bool)
        self.comparison.masks(name, said.full, 0, mask, what, _PIXELS, LIMITS[what])

    def _slice(self, said: Said, row: int, where: str) -> tuple[int, int]:
        """Compare one slice; how many values of its memory are other ones, and how many there are."""
        compare, found = self.comparison, said.found

        def recorded(what: str) -> np.ndarray:
            return self.fixture.array(f"{self.name}_{what}")[row]

        low = array(found.logits)
        step = low.shape[-1] // recorded("low").shape[-1]
        compare.numbers(
            "low-res logits",
            where,
            low[step // 2 :: step, step // 2 :: step],
            recorded("low"),
            LIMITS["low-res logits"],
        )
        compare.numbers(
            "statistics of low-res logits", where, statistics(low), recorded("low_stats"), LIMITS["low-res logits"]
        )
        compare.numbers("object score", where, found.presence, recorded("score"), LIMITS["object score"])
        compare.exact("presence", where, int(found.presence > 0), int(recorded("score") > 0))
        compare.masks(where, said.full, 0, self.masks[row], "low-res logits", _PIXELS, LIMITS["low-res logits"])
        compare.exact("areas of the recorded masks", where, int(self.masks[row].sum()), int(recorded("area")))
        if f"{self.name}_worth" in self.fixture and recorded("worth") >= 0:  # else the slice was prompted
            compare.numbers("worth", where, found.worth, recorded("worth"), LIMITS["object score"])
        pointer = array(found.pointer)
        compare.numbers(
            "pointers",
            where,
            pointer[:: len(pointer) // len(recorded("pointer"))],
            recorded("pointer"),
            LIMITS["pointers"],
        )
        ours, theirs = thinned(memory_map(found)), recorded("memory")
        if ours.shape != theirs.shape:
            raise FixtureError(f"{where}: the recorded memory has the shape {theirs.shape}, ours {ours.shape}")
        far = np.abs(ours - theirs) > np.maximum(_STEP * np.maximum(np.abs(ours), np.abs(theirs)), 1e-3)
        compare.rule("steps of memories", where, "a memory is more than one step off" if far.any() else None)
        return int(np.count_nonzero(ours != theirs)), ours.size

    def _query(self, method: Any) -> None:
        """Ask the same as a query, if the run is one: prompts, up, and down."""
        steps = list(self.script.steps[self.name])
        resets = [step for step in steps if step.get("do") == "reset"]
        first = [step for step in steps if "kind" in step]
        if resets and len(first) == 2 and first[0] == first[1]:
            first = first[:1]
        elif resets or any("kind" in step for step in steps[len(first) :]):
            return
        before, method.reset = method.reset, bool(resets)
        try:
            query = VolumeQuery(
                [self.script.shown(step) for step in first], (0, len(self.script) - 1), False, final=True
            )
            (answer,) = method.answer(self.script.volume, [query])
        finally:
            method.reset = before
        last = {int(z): mask for z, mask in zip(self.frames, self.masks, strict=True)}
        for z, mask in last.items():
            differing = int(np.count_nonzero(answer.masks.slice(z) != mask))
            problem = f"{differing} pixels differ" if differing > max(1, _PIXELS * mask.size) else None
            self.comparison.rule("masks of queries", f"{self.name} slice {z}", problem)
