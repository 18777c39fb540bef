"""What RITM, SimpleClick and FocalClick have in common around their networks: clicks, zoom-in, mirroring, cascade.

A click model sees an image, its own last probability map and all clicks so far. Zoom-in shows it only the surroundings
of the object it found. Objects advance in lockstep: queries whose network inputs have one size share a forward pass.

Their `Query.image` is a (3, h, w) float32 RGB tensor in 0..1 on the network's device, see `image_tensor`; their
`Query.previous` is a `ClickState` of any earlier click on this image, also of another object; None starts afresh.
"""

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from promptseg.methods.base import Candidates, Method, Query
from promptseg.methods.batching import chunks
from promptseg.methods.click_tensors import click_tensor, crop, image_tensor, into_crop, mirrored, paste, resize
from promptseg.methods.confidence import confidence
from promptseg.methods.devices import autocast
from promptseg.methods.regions import Roi, Size, ZoomIn, candidate_roi, moved_roi, occupied, shape_of, zoomed_size

# (B, 4, h, w) image and previous mask, (B, 2n, 3) clicks -> (B, 1, h, w) logits, and features if the network gives them
Network = Callable[[Tensor, Tensor], Tensor | tuple[Tensor, Tensor]]

THRESHOLD = 0.49  # a pixel belongs to the object above it, in all three methods
BATCH = 16
# Pixels of a forward pass on a CPU, 16 inputs of SimpleClick. Larger passes keep no thread busier and only take memory;
# where freed memory is not kept (`promptseg.methods.devices.keep_freed_memory`) they are slower even.
_CPU_PIXELS = 16 * 448 * 448
_SETTLED = 20  # pixels that may change in the last pass of a cascade


@dataclass(frozen=True)
class ClickState:
    """What a click leaves behind for the next one.

    Attributes:
        probability: (h, w) float32 in 0..1, the answer: also the network's next previous mask.
        roi: what zoom-in looked at, or None if it has not looked closer yet.
    """

    probability: Tensor
    roi: Roi | None


@dataclass(frozen=True)
class Step:
    """The answer to one query.

    Attributes:
        state: `state.probability` is the answer.
        calls: forward passes of the network; a mirrored pair counts once.
        focus_roi: half-open (y1, y2, x1, x2) that FocalClick refined.
    """

    state: ClickState
    calls: int
    focus_roi: Roi | None = None


@dataclass(frozen=True)
class Pass:
    """One object's share of a forward pass.

    Attributes:
        state: probability map and ROI afterwards.
        crop: what the network saw, None for the whole image.
        logits: (1, h, w), its output at its input size, averaged over mirror images.
        feature: (c, h', w') or None, the network's second output, for the image as it is (not mirrored).
    """

    state: ClickState
    crop: Roi | None
    logits: Tensor
    feature: Tensor | None = None


@dataclass(frozen=True)
class _View:
    """What the network is shown of one query, in crop and size, and zoom-in's ROI from then on."""

    crop: Roi | None
    size: Size
    roi: Roi | None


def _image_size(query: Query) -> Size:
    return int(query.image.shape[1]), int(query.image.shape[2])


def _rows_columns(query: Query) -> np.ndarray:
    return np.asarray(query.prompt.points, np.float64)[:, ::-1]


def _key(query: Query, state: ClickState | None) -> tuple[Any, ...]:
    """Equal for queries that a pass cannot tell apart; images and states are compared by identity."""
    points, labels = np.asarray(query.prompt.points, np.int64), np.asarray(query.prompt.labels) != 0
    return id(query.image), id(state), points.tobytes(), labels.tobytes()


@dataclass(eq=False)
class ClickPredictor:
    """A click network with zoom-in, mirroring and cascade (CFR-ICL, Sun et al. 2024), for many objects at once.

    Attributes:
        network: called with (B, 4, h, w) and (B, 2n, 3) tensors on the device of the images.
        zoom: None: the network always sees the whole image.
        flip: average logits over the image and its mirror image.
        cascade_steps: up to this many passes for the first clicks; 0 for one.
        cascade_clicks: how many clicks those are.
        infer_size: the network's input, whole image or crop, is resized to this.
        batch: objects in a forward pass.
        precision: "bf16" runs the network in mixed precision, "fp32" does not.
    """

    network: Network
    zoom: ZoomIn | None
    _: KW_ONLY
    flip: bool = True
    cascade_steps: int = 0
    cascade_clicks: int = 1
    infer_size: Size | None = None
    batch: int = BATCH
    precision: str = "fp32"

    @torch.inference_mode()
    def step(self, queries: Sequence[Query]) -> list[Step]:
        """Answers in order; queries may mix images, sizes and numbers of clicks, and do not influence each other."""
        states = [query.previous for query in queries]
        calls = [0] * len(queries)
        active = list(range(len(queries)))
        while active:
            results = self.passes([queries[index] for index in active], [states[index] for index in active])
            for index in active:
                calls[index] += 1
            settled = self._settled([states[index] for index in active], [result.state for result in results])
            for index, result in zip(active, results, strict=True):
                states[index] = result.state
            active = [
                index
                for index, same in zip(active, settled, strict=True)
                if len(queries[index].prompt.labels) <= self.cascade_clicks
                and calls[index] < self.cascade_steps
                # What a first pass changes does not count, not even if it began with a mask.
                and (calls[index] == 1 or not same)
            ]
        return [Step(state, count) for state, count in zip(states, calls, strict=True) if state is not None]

    def passes(self, queries: Sequence[Query], states: Sequence[ClickState | None]) -> list[Pass]:
        """One forward pass for each query, with `states` in place of the queries' own; call it in inference mode.

        Equal queries share one, as long as they have the same state: those of several protocols do at first.
        """
        keys = [_key(query, state) for query, state in zip(queries, states, strict=True)]
        first = {key: index for index, key in reversed(list(enumerate(keys)))}
        chosen = sorted(first.values())
        results = self._different_passes([queries[index] for index in chosen], [states[index] for index in chosen])
        by_key = {keys[index]: result for index, result in zip(chosen, results, strict=True)}
        return [by_key[key] for key in keys]

    def _different_passes(self, queries: Sequence[Query], states: Sequence[ClickState | None]) -> list[Pass]:
        views = self._views(queries, states)
        results: dict[int, Pass] = {}
        for _, chunk in chunks([view.size for view in views], partial(self._most, queries[0].image.device)):
            logits, features = self._forward(
                [queries[index] for index in chunk],
                [states[index] for index in chunk],
                [views[index] for index in chunk],
            )
            for place, index in enumerate(chunk):
                state = self._restored(logits[place], queries[index], states[index], views[index])
                feature = None if features is None else features[place]
                results[index] = Pass(state, views[index].crop, logits[place], feature)
        return [results[index] for index in range(len(queries))]

    def _most(self, device: torch.device, size: Size) -> int:
        """How many objects a forward pass takes."""
        if device.type != "cpu":
            return self.batch
        pixels = size[0] * size[1] * (2 if self.flip else 1)
        return max(1, min(self.batch, _CPU_PIXELS // pixels))

    def _views(self, queries: Sequence[Query], states: Sequence[ClickState | None]) -> list[_View]:
        zoom = self.zoom
        rois: dict[int, Roi] = {}
        if zoom is not None:
            looking = [index for index, query in enumerate(queries) if len(query.prompt.labels) > zoom.skip_clicks]
            known = {index: state.probability for index in looking if (state := states[index]) is not None}
            boxes = occupied([probability > zoom.prob_thresh for probability in known.values()])
            found = dict(zip(known, boxes, strict=True))
            for index in looking:
                query, state = queries[index], states[index]
                positive = _rows_columns(query)[np.asarray(query.prompt.labels) != 0]
                candidate = candidate_roi(found.get(index), positive, _image_size(query), zoom)
                if candidate is not None:
                    rois[index] = moved_roi(state.roi if state else None, candidate, positive, zoom)
        views = []
        for index, (query, state) in enumerate(zip(queries, states, strict=True)):
            if state is not None and tuple(state.probability.shape) != _image_size(query):
                raise ValueError(f"a state of {tuple(state.probability.shape)} for an image of {_image_size(query)}")
            seen = rois.get(index)
            size = _image_size(query)
            if seen is not None and zoom is not None:
                size = zoomed_size(shape_of(seen), zoom.target_size)
            views.append(_View(seen, self.infer_size or size, seen or (state.roi if state else None)))
        return views

    def _forward(
        self, queries: Sequence[Query], states: Sequence[ClickState | None], views: Sequence[_View]
    ) -> tuple[Tensor, Tensor | None]:
        """(B, 1, h, w) float32 logits of queries whose views have one size, and the network's features if any."""
        inputs, clicks = [], []
        for query, state, view in zip(queries, states, views, strict=True):
            whole = query.image
            previous = whole.new_zeros(whole.shape[1:]) if state is None else state.probability
            channels, points = torch.cat([whole, previous[None]]), _rows_columns(query)
            if view.crop is not None:
                channels, points = crop(channels, view.crop), into_crop(points, view.crop, view.size)
            elif self.infer_size is not None:
                points = into_crop(points, (0, whole.shape[1] - 1, 0, whole.shape[2] - 1), view.size)
            inputs.append(resize(channels, view.size))
            clicks.append(points)
        stacked = torch.stack(inputs)
        labels = [np.asarray(query.prompt.labels) for query in queries]
        if self.flip:
            stacked = torch.cat([stacked, stacked.flip(3)])
            clicks += [mirrored(points, stacked.shape[3]) for points in clicks]
            labels += labels
        with autocast(stacked.device.type, self.precision):
            output = self.network(stacked, click_tensor(clicks, labels).to(stacked.device))
        logits, features = output if isinstance(output, tuple) else (output, None)
        logits = logits.float()
        if self.flip:
            straight, mirror = logits.chunk(2)
            logits = 0.5 * (straight + mirror.flip(3))
        return logits, features

    def _restored(self, logits: Tensor, query: Query, state: ClickState | None, view: _View) -> ClickState:
        """The state after a pass: its probabilities at the place and size they have in the image."""
        probability, shape = torch.sigmoid(logits), _image_size(query)
        if self.infer_size is not None:
            probability = resize(probability, shape if view.crop is None else shape_of(view.crop))
        if view.roi is None:
            return ClickState(resize(probability, shape)[0], None)
        # The ROI alone decides: without a crop (a first click with the state of another object) the whole image's
        # probabilities shrink into it. This is what the reference does.
        if state is None:
            return ClickState(resize(probability, shape_of(view.roi))[0], view.roi)
        return ClickState(paste(probability[0], view.roi, shape), view.roi)

    def _settled(self, before: Sequence[ClickState | None], after: Sequence[ClickState]) -> list[bool]:
        """Whether a pass left each mask (nearly) as it was; only computed where a cascade may ask."""
        if self.cascade_steps < 2 or any(state is None for state in before):  # without a state: a first pass
            return [False] * len(after)
        changed = [
            ((old.probability > THRESHOLD) != (new.probability > THRESHOLD)).sum()
            for old, new in zip(before, after, strict=True)
            if old is not None
        ]
        return [count <= _SETTLED for count in torch.stack(changed).tolist()]


class ClickMethod(Method):
    """A click model as a method: one mask per query, with its state."""

    prompt_types = frozenset({"point"})
    takes_masks = True
    knows_probabilities = True
    predictor: ClickPredictor

    def encode(self, pixels: np.ndarray) -> Tensor:
        """(3, h, w) float32 in 0..1, on the device."""
        return image_tensor(pixels, self.settings.device)

    def state_of(self, mask: np.ndarray) -> ClickState:
        return ClickState(torch.as_tensor(mask, device=self.settings.device).float(), None)

    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        return [self._answer(step.state) for step in self.predictor.step(queries)]

    def _answer(self, state: ClickState) -> Candidates:
        probability = state.probability[None]
        found = confidence(probability, THRESHOLD)
        mask = (probability > THRESHOLD).cpu().numpy()
        known = probability.cpu().numpy() if self.settings.probabilities else None
        return Candidates(mask, None, [state], found.stability, found.soft_dice, known)
