"""What RITM, SimpleClick and FocalClick have in common around their networks: clicks, zoom-in, mirroring, cascade.

A click model sees an image, its own last probability map and all clicks so far. Zoom-in (Sofiiuk et al. 2022, section
3.4) shows it only the surroundings of the object it found. Objects advance in lockstep: requests whose network inputs
have one size share a forward pass.

Regions of interest ("ROI") are inclusive (first row, last row, first column, last column). Points of a request are
(x, y); inside this module, and in the tensors that the networks take, clicks are (row, column).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from promptseg.core.errors import PromptsegError
from promptseg.methods.base import Candidates, Query, Settings
from promptseg.methods.checkpoints import load_checkpoint, load_strictly

Roi = tuple[int, int, int, int]
Size = tuple[int, int]
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
class Request:
    """One object's clicks.

    Attributes:
        image: (3, h, w) float32 RGB in 0..1, on the network's device.
        points: (n, 2) int (x, y), n > 0, all clicks so far in order.
        labels: (n,) int, 1 on the object, 0 on the background.
        state: of any earlier click on this image, also of another object; None starts afresh.
        refine: whether a method with a refinement stage uses it.
    """

    image: Tensor
    points: np.ndarray
    labels: np.ndarray
    state: ClickState | None = None
    refine: bool = True


@dataclass(frozen=True)
class Answer:
    """What came of a request.

    Attributes:
        state: `state.probability` is the answer.
        calls: forward passes of the network; a mirrored pair counts once.
        focus_roi: half-open (y1, y2, x1, x2) that FocalClick refined.
    """

    state: ClickState
    calls: int
    focus_roi: Roi | None = None


@dataclass(frozen=True)
class ZoomIn:
    """How zoom-in works.

    Attributes:
        target_size: size of the network input: an integer for the longest side, (h, w), or None for the ROI's own size.
        skip_clicks: no zoom up to this many clicks. Below zero the whole image is the ROI where no object is known.
        expansion_ratio: size of the ROI relative to that of the object.
        min_crop_size: least height and width of the ROI, in pixels.
        recompute_thresh_iou: the ROI moves if its overlap with the new one is smaller; None: it always moves.
        prob_thresh: the object is where the last probability is larger.
    """

    target_size: int | Size | None = 400
    skip_clicks: int = 1
    expansion_ratio: float = 1.4
    min_crop_size: int = 200
    recompute_thresh_iou: float | None = 0.5
    prob_thresh: float = 0.5


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


# --- regions


def shape_of(roi: Roi) -> Size:
    """Height and width of a ROI."""
    return roi[1] - roi[0] + 1, roi[3] - roi[2] + 1


def occupied(masks: Sequence[Tensor]) -> list[Roi | None]:
    """The tight ROI of each (h, w) bool mask, None where it is empty. The device is asked once for all masks."""
    if not masks:
        return []
    lines = torch.cat([line for mask in masks for line in (mask.any(1), mask.any(0))]).cpu().numpy()
    rois: list[Roi | None] = []
    for mask in masks:
        height, width = mask.shape
        rows, columns = np.flatnonzero(lines[:height]), np.flatnonzero(lines[height : height + width])
        lines = lines[height + width :]
        rois.append((int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])) if len(rows) else None)
    return rois


def with_clicks(roi: Roi, clicks: np.ndarray) -> Roi:
    """The smallest ROI that holds `roi` and the (n, 2) (row, column) clicks."""
    if not len(clicks):
        return roi
    (first_row, first_column), (last_row, last_column) = clicks.min(0).tolist(), clicks.max(0).tolist()
    return (
        min(roi[0], int(first_row)),
        max(roi[1], int(last_row)),
        min(roi[2], int(first_column)),
        max(roi[3], int(last_column)),
    )


def expanded(roi: Roi, ratio: float, min_size: int) -> Roi:
    """The ROI scaled around its centre, but not smaller than `min_size`; it may reach out of the image.

    Ends are rounded as Python does, halves to even. A ROI of at least `min_size` spans one pixel more than that.
    """

    def side(first: int, last: int) -> tuple[int, int]:
        centre, reach = 0.5 * (first + last), 0.5 * max(ratio * (last - first + 1), min_size)
        return round(centre - reach), round(centre + reach)

    return (*side(roi[0], roi[1]), *side(roi[2], roi[3]))


def clamped(roi: Roi, shape: Size) -> Roi:
    """The part of the ROI in an image of that shape."""
    return max(roi[0], 0), min(roi[1], shape[0] - 1), max(roi[2], 0), min(roi[3], shape[1] - 1)


def overlap(one: Roi, other: Roi) -> float:
    """Product of the IoU in rows and the IoU in columns, 0..1. (Not the IoU of the areas.)"""

    def along(first: int, last: int, other_first: int, other_last: int) -> float:
        common = max(0, min(last, other_last) - max(first, other_first) + 1)
        # Of two stretches that do not meet this is the hull, but then the numerator is zero.
        return common / (max(last, other_last) - min(first, other_first) + 1)

    return along(*one[:2], *other[:2]) * along(*one[2:], *other[2:])


def contains(roi: Roi, clicks: np.ndarray) -> bool:
    """Whether all (n, 2) (row, column) clicks are in the ROI; its last row and column count as outside."""
    rows, columns = clicks[:, 0], clicks[:, 1]
    return bool(np.all((rows >= roi[0]) & (rows < roi[1]) & (columns >= roi[2]) & (columns < roi[3])))


def candidate_roi(found: Roi | None, positive: np.ndarray, shape: Size, zoom: ZoomIn) -> Roi | None:
    """Where zoom-in would look now, or None for the unchanged image.

    Args:
        found: tight ROI of the object in the last probability map, None if there is neither.
        positive: (n, 2) (row, column) clicks on the object.
        shape: of the image.
        zoom: settings.
    """
    if found is not None:
        roi = expanded(with_clicks(found, positive), zoom.expansion_ratio, zoom.min_crop_size)
        return clamped(roi, shape)
    return None if zoom.skip_clicks >= 0 else (0, shape[0] - 1, 0, shape[1] - 1)


def moved_roi(stored: Roi | None, candidate: Roi, positive: np.ndarray, zoom: ZoomIn) -> Roi:
    """The candidate, or the stored ROI where that still serves: it holds the clicks and resembles the candidate."""
    if (
        stored is None
        or zoom.recompute_thresh_iou is None
        or not contains(stored, positive)
        or overlap(candidate, stored) < zoom.recompute_thresh_iou
    ):
        return candidate
    return stored


def zoomed_size(size: Size, target: int | Size | None) -> Size:
    """Size of the network input for a ROI of that size, see `ZoomIn.target_size`."""
    if target is None:
        return size
    if isinstance(target, int):
        scale = target / max(size)
        return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    return target


# --- clicks


def into_crop(clicks: np.ndarray, roi: Roi, size: Size) -> np.ndarray:
    """(n, 2) float64 (row, column) clicks in a crop to `roi` that is resized to `size`; they may lie outside it."""
    return np.asarray(size) * (clicks - np.array([roi[0], roi[2]], np.float64)) / np.asarray(shape_of(roi))


def mirrored(clicks: np.ndarray, width: int) -> np.ndarray:
    """(n, 2) (row, column) clicks in the image mirrored left to right."""
    return np.stack([clicks[:, 0], width - clicks[:, 1] - 1], axis=1)


def click_tensor(clicks: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> Tensor:
    """Clicks of a batch as the networks take them.

    Args:
        clicks: (n_b, 2) (row, column) of every item.
        labels: (n_b,) of every item, non-zero on the object.

    Returns:
        (B, 2n, 3) float32 (row, column, order): n places for the positive, then n for the negative clicks; the places
        left over are -1.
    """
    room = max(1, *(int(np.sum(sign)) for item in labels for sign in (item != 0, item == 0)))
    padded = np.full((len(clicks), 2, room, 3), -1, np.float32)
    for index, (points, item) in enumerate(zip(clicks, labels, strict=True)):
        for half, chosen in enumerate((item != 0, item == 0)):
            count = int(chosen.sum())
            padded[index, half, :count, :2] = points[chosen]
            padded[index, half, :count, 2] = np.flatnonzero(chosen)
    return torch.from_numpy(padded.reshape(len(clicks), 2 * room, 3))


# --- maps


def resize(maps: Tensor, size: Size) -> Tensor:
    """(c, h, w) maps at another size: bilinear, corners aligned, as everywhere in these methods."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return F.interpolate(maps[None], size, mode="bilinear", align_corners=True)[0]


def crop(maps: Tensor, roi: Roi) -> Tensor:
    """The part of (..., h, w) maps in the ROI, as a view."""
    return maps[..., roi[0] : roi[1] + 1, roi[2] : roi[3] + 1]


def paste(patch: Tensor, roi: Roi, shape: Size) -> Tensor:
    """(h, w) zeros with the (h', w') patch, resized to the ROI, in the ROI."""
    full = patch.new_zeros(shape)
    crop(full, roi).copy_(resize(patch[None], shape_of(roi))[0])
    return full


# --- the predictor


@dataclass(frozen=True)
class _View:
    """What the network is shown of one request, in crop and size, and zoom-in's ROI from then on."""

    crop: Roi | None
    size: Size
    roi: Roi | None


def _image_size(request: Request) -> Size:
    return int(request.image.shape[1]), int(request.image.shape[2])


def _rows_columns(request: Request) -> np.ndarray:
    return np.asarray(request.points, np.float64)[:, ::-1]


def _key(request: Request, state: ClickState | None) -> tuple[Any, ...]:
    """Equal for requests that a pass cannot tell apart; images and states are compared by identity."""
    points, labels = np.asarray(request.points, np.int64), np.asarray(request.labels) != 0
    return id(request.image), id(state), points.tobytes(), labels.tobytes()


class ClickPredictor:
    """A click network with zoom-in, mirroring and cascade (CFR-ICL, Sun et al. 2024), for many objects at once."""

    def __init__(
        self,
        network: Network,
        zoom: ZoomIn | None,
        *,
        flip: bool = True,
        cascade_steps: int = 0,
        cascade_clicks: int = 1,
        infer_size: Size | None = None,
        batch: int = BATCH,
        precision: str = "fp32",
    ):
        """Settings of a method.

        Args:
            network: called with (B, 4, h, w) and (B, 2n, 3) tensors on the device of the images.
            zoom: None: the network always sees the whole image.
            flip: average logits over the image and its mirror image.
            cascade_steps: up to this many passes for the first clicks; 0 for one.
            cascade_clicks: how many clicks those are.
            infer_size: the network's input, whole image or crop, is resized to this.
            batch: objects in a forward pass.
            precision: "bf16" runs the network in mixed precision, "fp32" does not.
        """
        self.network = network
        self.zoom = zoom
        self.flip = flip
        self.cascade_steps = cascade_steps
        self.cascade_clicks = cascade_clicks
        self.infer_size = infer_size
        self.batch = batch
        self.precision = precision

    @torch.inference_mode()
    def step(self, requests: Sequence[Request]) -> list[Answer]:
        """Answers in order; requests may mix images, sizes and numbers of clicks, and do not influence each other."""
        states = [request.state for request in requests]
        calls = [0] * len(requests)
        active = list(range(len(requests)))
        while active:
            results = self.passes([requests[index] for index in active], [states[index] for index in active])
            for index in active:
                calls[index] += 1
            settled = self._settled([states[index] for index in active], [result.state for result in results])
            for index, result in zip(active, results, strict=True):
                states[index] = result.state
            active = [
                index
                for index, same in zip(active, settled, strict=True)
                if len(requests[index].labels) <= self.cascade_clicks
                and calls[index] < self.cascade_steps
                # What a first pass changes does not count, not even if it began with a mask.
                and (calls[index] == 1 or not same)
            ]
        return [Answer(state, count) for state, count in zip(states, calls, strict=True) if state is not None]

    def passes(self, requests: Sequence[Request], states: Sequence[ClickState | None]) -> list[Pass]:
        """One forward pass for each request, with `states` in place of the requests' own; call it in inference mode.

        Equal requests share one, as long as they have the same state: those of several protocols do at first.
        """
        keys = [_key(request, state) for request, state in zip(requests, states, strict=True)]
        first = {key: index for index, key in reversed(list(enumerate(keys)))}
        chosen = sorted(first.values())
        results = self._different_passes([requests[index] for index in chosen], [states[index] for index in chosen])
        by_key = {keys[index]: result for index, result in zip(chosen, results, strict=True)}
        return [by_key[key] for key in keys]

    def _different_passes(self, requests: Sequence[Request], states: Sequence[ClickState | None]) -> list[Pass]:
        views = self._views(requests, states)
        groups: dict[Size, list[int]] = defaultdict(list)
        for index, view in enumerate(views):
            groups[view.size].append(index)
        results: dict[int, Pass] = {}
        for size, members in groups.items():
            most = self._most(size, requests[members[0]].image.device)
            for start in range(0, len(members), most):
                chunk = members[start : start + most]
                logits, features = self._forward(
                    [requests[index] for index in chunk],
                    [states[index] for index in chunk],
                    [views[index] for index in chunk],
                )
                for place, index in enumerate(chunk):
                    state = self._restored(logits[place], requests[index], states[index], views[index])
                    feature = None if features is None else features[place]
                    results[index] = Pass(state, views[index].crop, logits[place], feature)
        return [results[index] for index in range(len(requests))]

    def _most(self, size: Size, device: torch.device) -> int:
        """How many objects a forward pass takes."""
        if device.type != "cpu":
            return self.batch
        pixels = size[0] * size[1] * (2 if self.flip else 1)
        return max(1, min(self.batch, _CPU_PIXELS // pixels))

    def _views(self, requests: Sequence[Request], states: Sequence[ClickState | None]) -> list[_View]:
        zoom = self.zoom
        rois: dict[int, Roi] = {}
        if zoom is not None:
            looking = [index for index, request in enumerate(requests) if len(request.labels) > zoom.skip_clicks]
            known = {index: state.probability for index in looking if (state := states[index]) is not None}
            boxes = occupied([probability > zoom.prob_thresh for probability in known.values()])
            found = dict(zip(known, boxes, strict=True))
            for index in looking:
                request, state = requests[index], states[index]
                positive = _rows_columns(request)[np.asarray(request.labels) != 0]
                candidate = candidate_roi(found.get(index), positive, _image_size(request), zoom)
                if candidate is not None:
                    rois[index] = moved_roi(state.roi if state else None, candidate, positive, zoom)
        views = []
        for index, (request, state) in enumerate(zip(requests, states, strict=True)):
            if state is not None and tuple(state.probability.shape) != _image_size(request):
                raise ValueError(f"a state of {tuple(state.probability.shape)} for an image of {_image_size(request)}")
            seen = rois.get(index)
            size = _image_size(request)
            if seen is not None and zoom is not None:
                size = zoomed_size(shape_of(seen), zoom.target_size)
            views.append(_View(seen, self.infer_size or size, seen or (state.roi if state else None)))
        return views

    def _forward(
        self, requests: Sequence[Request], states: Sequence[ClickState | None], views: Sequence[_View]
    ) -> tuple[Tensor, Tensor | None]:
        """(B, 1, h, w) float32 logits of requests whose views have one size, and the network's features if any."""
        inputs, clicks = [], []
        for request, state, view in zip(requests, states, views, strict=True):
            whole = request.image
            previous = whole.new_zeros(whole.shape[1:]) if state is None else state.probability
            channels, points = torch.cat([whole, previous[None]]), _rows_columns(request)
            if view.crop is not None:
                channels, points = crop(channels, view.crop), into_crop(points, view.crop, view.size)
            elif self.infer_size is not None:
                points = into_crop(points, (0, whole.shape[1] - 1, 0, whole.shape[2] - 1), view.size)
            inputs.append(resize(channels, view.size))
            clicks.append(points)
        stacked = torch.stack(inputs)
        labels = [np.asarray(request.labels) for request in requests]
        if self.flip:
            stacked = torch.cat([stacked, stacked.flip(3)])
            clicks += [mirrored(points, stacked.shape[3]) for points in clicks]
            labels += labels
        with self._autocast(stacked.device):
            output = self.network(stacked, click_tensor(clicks, labels).to(stacked.device))
        logits, features = output if isinstance(output, tuple) else (output, None)
        logits = logits.float()
        if self.flip:
            straight, mirror = logits.chunk(2)
            logits = 0.5 * (straight + mirror.flip(3))
        return logits, features

    def _autocast(self, device: torch.device) -> AbstractContextManager:
        if self.precision == "bf16":
            return torch.autocast(device.type, dtype=torch.bfloat16)
        return nullcontext()

    def _restored(self, logits: Tensor, request: Request, state: ClickState | None, view: _View) -> ClickState:
        """The state after a pass: its probabilities at the place and size they have in the image."""
        probability, shape = torch.sigmoid(logits), _image_size(request)
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


# --- adapters


class _NetworkClass(Protocol):
    """A class of networks that can be built for a checkpoint."""

    def from_variant(self, name: str) -> nn.Module: ...

    def from_config(self, config: Mapping[str, Any]) -> nn.Module: ...


def load_network(network_class: _NetworkClass, variants: Collection[str], settings: Settings) -> Any:
    """The network of `settings.weights` on the device, ready to predict.

    What an official checkpoint says of its network decides, for other weights `settings.variant` does.

    Raises:
        PromptsegError: the weights are another network's, or not of the variant that `settings` names.
    """
    variant, path = settings.variant, settings.weights
    assert path is not None
    if variant is not None and variant not in variants:
        raise PromptsegError(f"There is no variant {variant!r}; `variant:` is one of {', '.join(variants)}.")
    checkpoint = load_checkpoint(path)
    with torch.device("meta"):  # initial weights, of no use here, would take longer than the real ones
        named = None if variant is None else network_class.from_variant(variant)
        network = named
        if checkpoint.config is not None:
            try:
                network = network_class.from_config(checkpoint.config)
            except PromptsegError as error:
                raise PromptsegError(f"{path}: {error}") from None
    if network is None:
        raise PromptsegError(
            f"{path} does not say which variant it is. Set `variant:` to one of {', '.join(variants)}."
        )
    if named is not None and _shapes(named) != _shapes(network):
        raise PromptsegError(
            f"{path} says of itself that it is another variant than {variant}. "
            "Correct `variant:` in the method's entry, or leave it out."
        )
    network.to_empty(device="cpu")
    load_strictly(network, checkpoint.state_dict, path)
    return network.to(settings.device).eval()


def _shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def image_tensor(pixels: np.ndarray, device: str | torch.device) -> Tensor:
    """(h, w, 3) uint8 RGB as the (3, h, w) float32 of a `Request`, in 0..1."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).to(device).permute(2, 0, 1).float().div(255)


def requests_of(queries: Sequence[Query]) -> list[Request]:
    """Requests of the queries of a click method, whose images are `image_tensor`s."""
    return [
        Request(query.image, query.prompt.points, query.prompt.labels, query.previous, query.refine)
        for query in queries
    ]


def candidates_of(answers: Sequence[Answer]) -> list[Candidates]:
    """The one mask of every answer, with its state."""
    return [
        Candidates((answer.state.probability > THRESHOLD)[None].cpu().numpy(), None, [answer.state])
        for answer in answers
    ]
