"""FocalClick (Chen et al. 2022) for many objects at once.

The coarse network sees the target crop (the object found so far and some margin, or the whole image) at 256 x 256. With
`refine` the part that the last click changed, the focus crop, is then predicted again from the image at 256 x 256.
Without, the coarse mask is the answer: the "baseline" of the authors' code.
"""

import math
from collections.abc import Collection, Sequence
from typing import ClassVar

import cv2
import numpy as np
import torch
from torch import Tensor

from promptseg.core.errors import PromptsegError
from promptseg.methods.base import Query, Settings
from promptseg.methods.click_tensors import click_tensor, resize
from promptseg.methods.clicking import BATCH, THRESHOLD, ClickMethod, ClickPredictor, ClickState, Pass, Step
from promptseg.methods.devices import autocast
from promptseg.methods.loading import check_variant, load_network
from promptseg.methods.networks.focalclick import VARIANTS, FocalClickNet
from promptseg.methods.networks.folding import fold
from promptseg.methods.regions import Roi, ZoomIn

ZOOM = ZoomIn(target_size=None, min_crop_size=10, recompute_thresh_iou=None, prob_thresh=THRESHOLD)
INFER_SIZE = 256  # side at which the network sees a crop, if the options do not say otherwise
_EXPANSION = 1.4  # of the focus crop
_FEW = 10  # a mask of fewer pixels has no box of its own
_LATE = 10  # after so many clicks only the focus crop changes
_COARSE_THRESHOLD = 1 / (1 + math.exp(-THRESHOLD))  # the authors hold logits against the threshold of probabilities


# --- where to refine; boxes are half-open (y1, y2, x1, x2)


def mask_box(mask: np.ndarray) -> Roi:
    """From the first to the last row and column of an (h, w) bool mask; the whole image where it is nearly empty.

    The last row and column are the box's ends, so that they are outside: as in the authors' code.
    """
    if np.count_nonzero(mask) < _FEW:
        return 0, mask.shape[0], 0, mask.shape[1]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def focus_box(mask: np.ndarray, previous: np.ndarray, click: tuple[int, int], target: Roi) -> Roi:
    """The focus crop (Chen et al. 2022, section 3.2).

    Args:
        mask, previous: (h, w) bool, the coarse answer and the last one.
        click: (row, column) of the last click.
        target: the target crop, half-open.

    Returns:
        A box in the target crop; it is empty if the two do not meet.
    """
    y1, y2, x1, x2 = map(float, mask_box(mask))
    if previous.any():
        height, width = y2 - y1, x2 - x1
        _, components = cv2.connectedComponents((mask != previous).astype(np.uint8), connectivity=8)
        # Where the click changed nothing, this is everything that stayed as it was.
        y1, y2, x1, x2 = mask_box(components == components[click])
        if y2 - y1 < height / 3 or x2 - x1 < width / 3:
            reach = 0.2 * max(height, width)
            y1, y2, x1, x2 = click[0] - reach, click[0] + reach, click[1] - reach, click[1] + reach
    (y1, y2), (x1, x2) = _expanded(y1, y2), _expanded(x1, x2)
    return (
        max(int(y1), 0, target[0]),
        min(int(y2), mask.shape[0], target[1]),
        max(int(x1), 0, target[2]),
        min(int(x2), mask.shape[1], target[3]),
    )


def _expanded(first: float, last: float) -> tuple[float, float]:
    centre, reach = 0.5 * (first + last), 0.5 * _EXPANSION * (last - first + 1)
    return centre - reach, centre + reach


def _on_host(masks: Sequence[Tensor]) -> list[np.ndarray]:
    """(h, w) bool masks as arrays, in one transfer."""
    flat = torch.cat([mask.flatten() for mask in masks]).cpu().numpy()
    ends = np.cumsum([mask.numel() for mask in masks])[:-1]
    return [part.reshape(mask.shape) for part, mask in zip(np.split(flat, ends), masks, strict=True)]


def _target(result: Pass) -> Roi:
    """The target crop, half-open."""
    if result.state.roi is None:
        height, width = result.state.probability.shape
        return 0, height, 0, width
    first_row, last_row, first_column, last_column = result.state.roi
    return first_row, last_row + 1, first_column, last_column + 1


class FocalPredictor(ClickPredictor):
    """Coarse passes as of any click network, then the focus crops of the queries that ask for refinement."""

    def __init__(self, network: FocalClickNet, *, infer_size: int = 256, batch: int = BATCH, precision: str = "fp32"):
        """Settings.

        Args:
            network: on the device of the images.
            infer_size: side of the crops as the network sees them, in pixels.
            batch: objects in a forward pass.
            precision: see `ClickPredictor`.
        """
        size = (infer_size, infer_size)
        super().__init__(
            network.forward_with_feature, ZOOM, flip=False, infer_size=size, batch=batch, precision=precision
        )
        self.refiner = network.refine
        self.side = infer_size

    @torch.inference_mode()
    def step(self, queries: Sequence[Query]) -> list[Step]:
        answers: list[Step] = []
        for start in range(0, len(queries), self.batch):  # the features that refinement needs are large
            chunk = queries[start : start + self.batch]
            coarse = self.passes(chunk, [query.previous for query in chunk])
            results = [Step(result.state, 1) for result in coarse]
            chosen = [index for index, query in enumerate(chunk) if query.refine]
            refined = self._refined([chunk[index] for index in chosen], [coarse[index] for index in chosen])
            for index, answer in zip(chosen, refined, strict=True):
                results[index] = answer
            answers += results
        return answers

    def _refined(self, queries: Sequence[Query], coarse: Sequence[Pass]) -> list[Step]:
        """Answers after refinement; the coarse ones where there is nothing to refine."""
        answers = [Step(result.state, 1) for result in coarse]
        maps = [result.state.probability for result in coarse]
        previous = [
            torch.zeros_like(probability) if query.previous is None else query.previous.probability
            for query, probability in zip(queries, maps, strict=True)
        ]
        targets = [_target(result) for result in coarse]
        boxes = self._focus_boxes(queries, maps, previous, targets)
        # A focus crop and a target crop that do not meet leave no pixels; the authors' code fails there.
        chosen = [index for index, (y1, y2, x1, x2) in enumerate(boxes) if y1 < y2 and x1 < x2]
        if not chosen:
            return answers
        logits = self._refined_crops(
            [queries[index] for index in chosen],
            [coarse[index] for index in chosen],
            [boxes[index] for index in chosen],
            [self._in_target(boxes[index], targets[index]) for index in chosen],
        )
        for index, patch in zip(chosen, logits, strict=True):
            y1, y2, x1, x2 = boxes[index]
            late = len(queries[index].prompt.labels) > _LATE
            merged = (previous[index] if late else maps[index]).clone()
            merged[y1:y2, x1:x2] = resize(patch, (y2 - y1, x2 - x1))[0].sigmoid()
            answers[index] = Step(ClickState(merged, coarse[index].state.roi), 1, boxes[index])
        return answers

    def _focus_boxes(
        self, queries: Sequence[Query], maps: Sequence[Tensor], previous: Sequence[Tensor], targets: Sequence[Roi]
    ) -> list[Roi]:
        if not queries:
            return []
        masks = [probability > _COARSE_THRESHOLD for probability in maps]
        hosted = _on_host([*masks, *(probability > THRESHOLD for probability in previous)])
        now, before = hosted[: len(masks)], hosted[len(masks) :]
        return [
            focus_box(mask, last, (int(query.prompt.points[-1][1]), int(query.prompt.points[-1][0])), target)
            for query, mask, last, target in zip(queries, now, before, targets, strict=True)
        ]

    def _refined_crops(
        self,
        queries: Sequence[Query],
        coarse: Sequence[Pass],
        boxes: Sequence[Roi],
        places: Sequence[tuple[float, float, float, float]],
    ) -> Tensor:
        """(B, 1, side, side) float32 logits of the focus crops, of which `places` are the boxes in the target crops."""
        crops, clicks = [], []
        for query, (y1, y2, x1, x2) in zip(queries, boxes, strict=True):
            crops.append(resize(query.image[:, y1:y2, x1:x2], (self.side, self.side)))
            rows_columns = np.asarray(query.prompt.points, np.float64)[:, ::-1]
            clicks.append((rows_columns - (y1, x1)) * self.side / (y2 - y1, x2 - x1))
        device = crops[0].device
        numbered = [(float(index), *place) for index, place in enumerate(places)]
        with autocast(device.type, self.precision):
            output = self.refiner(
                torch.stack(crops),
                click_tensor(clicks, [np.asarray(query.prompt.labels) for query in queries]).to(device),
                torch.stack([result.feature for result in coarse if result.feature is not None]),
                torch.stack([result.logits for result in coarse]),
                torch.tensor(numbered, dtype=torch.float32, device=device),
            )
        return output.refined.float()

    def _in_target(self, box: Roi, target: Roi) -> tuple[float, float, float, float]:
        """(x1, y1, x2, y2) of a box in the target crop, in pixels of the network's input."""

        def along(value: int, first: int, last: int) -> float:
            return min(max((value - first) * self.side / (last - first), 0.0), float(self.side))

        (y1, y2), (x1, x2) = (
            [along(value, *ends) for value in values] for values, ends in ((box[:2], target[:2]), (box[2:], target[2:]))
        )
        return x1, y1, x2, y2


class FocalClick(ClickMethod):
    """FocalClick; `variant` is segformerB0_S1, segformerB0_S2, segformerB3_S2, hrnet18s_S1, hrnet18s_S2 or hrnet32_S2.

    An official checkpoint says itself which it is. `Query.refine` chooses between refinement and the coarse mask.

    Options: `infer_size`, the side in pixels at which the network sees a crop (256).
    """

    refines = True
    variants: ClassVar[Collection[str]] = VARIANTS
    known_options = frozenset({"infer_size"})

    @classmethod
    def architecture(cls, variant: str) -> FocalClickNet:
        check_variant(variant, cls.variants)
        return FocalClickNet.from_variant(variant)

    @classmethod
    def input_size(cls, variant: str) -> int:  # noqa: ARG003 - the same for all
        return INFER_SIZE

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.network: FocalClickNet = load_network(FocalClickNet, self.variants, settings)
        # Networks of both pipelines have the same parameters.
        if settings.variant is not None and self.network.pipeline != VARIANTS[settings.variant]["pipeline"]:
            raise PromptsegError(
                f"{settings.weights} says of itself that it is of pipeline {self.network.pipeline}, "
                f"not {settings.variant}. "
                "Correct `variant:` in the method's entry, or leave it out."
            )
        fold(self.network.feature_extractor)  # the refiner cuts crops out between a convolution and its normalisation
        if settings.compile:
            self.network.feature_extractor.compile()
        self.predictor = FocalPredictor(
            self.network, infer_size=settings.options.get("infer_size", INFER_SIZE), precision=settings.precision
        )
