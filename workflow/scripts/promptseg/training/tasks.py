"""What is trained: for each family its network, its loss on a batch of generated images, and its validation."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from segment_anything.modeling import Sam as SamModel
from torch import Tensor, nn
from torch.nn import functional as F

from promptseg.core.masks import iou
from promptseg.methods.base import Prompt, Query
from promptseg.methods.clicking import THRESHOLD, ClickPredictor, Request, click_tensor, image_tensor, resize
from promptseg.methods.focalclick import FocalPredictor, focus_box
from promptseg.methods.networks.focalclick import FocalClickNet
from promptseg.methods.networks.hrnet import RitmNet
from promptseg.methods.networks.sam_small import small_sam
from promptseg.methods.networks.simpleclick import SimpleClickNet
from promptseg.methods.ritm import ritm_predictor
from promptseg.methods.sam import Sam
from promptseg.methods.simpleclick import simpleclick_predictor
from promptseg.prompts.clicks import Click
from promptseg.training import losses, simulation
from promptseg.training.generate import Sample, sample

VALIDATED_CLICKS = (1, 3, 5, 9)
_BOXED = 0.4  # share of SAM's prompts that are boxes
_ZOOMED = 0.6  # share of a click network's views that show one object from near
_LEAST = 0.3  # height and width of a view from near, relative to the image's


class Task(ABC):
    """A family of networks in training.

    Args:
        variant: of the family's networks.
        options: of the family's method, as in `config/methods.yaml`.
        device: of the network.
    """

    objects: int  # of an image
    detail: float = 1.0  # size of the generated images, relative to the network's input

    def __init__(self, variant: str, options: dict[str, Any], device: str):
        self.options, self.device = options, device
        self.network = self.build(variant).to(device)

    @abstractmethod
    def build(self, variant: str) -> nn.Module:
        """The network with random weights."""

    @abstractmethod
    def loss(self, samples: Sequence[Sample], rng: np.random.Generator, balance: float) -> Tensor:
        """The loss of a batch, a scalar to be differentiated; `balance` as in `losses.mask`."""

    @abstractmethod
    def validate(self, network: nn.Module, samples: Sequence[Sample]) -> dict[str, float]:
        """Mean IoU over the objects of held-out samples, by what was shown."""

    def images(self, seed: int, first: int, count: int, size: int) -> list[Sample]:
        """Samples number `first` and following of a series, for a network input of that size."""
        side = round(self.detail * size)
        return [sample(seed, index, side, self.objects) for index in range(first, first + count)]


# --- SAM


class SamTask(Task):
    """SAM: boxes, single points, and clicks that correct the mask before; masks are no input."""

    objects = 4
    network: SamModel

    def build(self, variant: str) -> nn.Module:
        """A network with random weights."""
        return small_sam(variant)

    def loss(self, samples: Sequence[Sample], rng: np.random.Generator, balance: float) -> Tensor:
        """See `Task.loss`."""
        pixels, truths, owner = _stacked(samples, self.device)
        features = self.network.image_encoder(_padded(rng, self.network, pixels))
        boxed = rng.random(len(truths)) < _BOXED  # a box is two tokens, a point too: itself and the padding
        clicks = [[] if box else [simulation.first_click(rng, truth)] for box, truth in zip(boxed, truths, strict=True)]
        truths = np.stack(
            [
                simulation.component(truth, given[0]) if given else truth
                for truth, given in zip(truths, clicks, strict=True)
            ]
        )
        boxes = [simulation.box(rng, truth) if box else None for box, truth in zip(boxed, truths, strict=True)]
        target = F.avg_pool2d(torch.from_numpy(truths).to(self.device).float()[:, None], 2)[:, 0]
        logits, scores = self._decode(features, owner, clicks, boxes)
        loss = losses.sam(logits, scores, target, torch.from_numpy(~boxed).to(self.device), balance)
        if rng.random() < 0.65:
            return loss.mean()
        # Some objects get further clicks, each where the last mask was wrong.
        chosen = rng.permutation(len(truths))[: len(truths) // 2]
        rounds = int(rng.choice([1, 2, 4, 8], p=[0.55, 0.25, 0.15, 0.05]))
        clicks = [clicks[index] or [simulation.first_click(rng, truths[index])] for index in chosen]
        current = logits.detach()[chosen]  # what a box gave is not what a click would have given, but wrong alike
        for number in range(rounds):
            if number:
                with torch.no_grad():
                    current, _ = self._decode(features.detach(), owner[chosen], clicks, [None] * len(chosen))
            masks = F.interpolate(current[:, 1:2], scale_factor=2, mode="bilinear")[:, 0].cpu().numpy() > 0
            for index, mask, given in zip(chosen, masks, clicks, strict=True):
                following = simulation.corrective_click(rng, truths[index], mask, given)
                # As many clicks for each, so that they are one batch.
                given.append(following or simulation.first_click(rng, truths[index]))
        logits, scores = self._decode(features, owner[chosen], clicks, [None] * len(chosen))
        clear = torch.zeros(len(chosen), dtype=torch.bool, device=self.device)
        return loss.mean() + 0.5 * losses.sam(logits, scores, target[chosen], clear, balance).mean()

    def _decode(
        self,
        features: Tensor,
        owner: np.ndarray,
        clicks: Sequence[Sequence[Click]],
        boxes: Sequence[np.ndarray | None],
    ) -> tuple[Tensor, Tensor]:
        """(n, 4, s / 2, s / 2) logits and (n, 4) scores of prompts, which have equally many clicks or boxes.

        A small image is a coarser view of the whole frame: its positions are those that it has at the full size.
        """
        encoder, decoder = self.network.prompt_encoder, self.network.mask_decoder
        grid = features.shape[-1]
        scale = encoder.image_embedding_size[0] / grid

        def placed(xy: Tensor) -> Tensor:  # the prompt encoder adds half a pixel
            return (xy + 0.5) * scale - 0.5

        points = [[(click.x, click.y) for click in given] for given in clicks]
        longest = max(map(len, points))
        sparse = []
        with torch.autocast(self.device, enabled=False):  # a position needs more digits than bf16 has
            for given, place, corners in zip(clicks, points, boxes, strict=True):
                if corners is None:
                    xy = torch.tensor(place, dtype=torch.float32, device=self.device)[None]
                    labels = torch.tensor([[int(click.positive) for click in given]], device=self.device)
                    assert len(place) == longest
                    sparse.append(encoder(points=(placed(xy), labels), boxes=None, masks=None)[0])
                else:
                    corner = torch.from_numpy(corners).to(self.device)[None]
                    sparse.append(encoder(points=None, boxes=placed(corner), masks=None)[0])
            positions = encoder.pe_layer((grid, grid))[None]
        tokens = torch.cat(sparse)
        special = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])
        tokens = torch.cat([special.expand(len(tokens), -1, -1), tokens], dim=1)
        # Not by indexing, whose gradient is added up in any order where there are several threads.
        source = (features + encoder.no_mask_embed.weight[0, :, None, None]).index_select(
            0, torch.from_numpy(owner).to(self.device)
        )
        hidden, image = decoder.transformer(source, positions.expand_as(source), tokens)
        image = decoder.output_upscaling(image.transpose(1, 2).unflatten(2, (grid, grid)))
        weights = [mlp(hidden[:, 1 + index]) for index, mlp in enumerate(decoder.output_hypernetworks_mlps)]
        logits = (torch.stack(weights, 1) @ image.flatten(2)).unflatten(2, image.shape[2:])
        return logits.float(), decoder.iou_prediction_head(hidden[:, 0]).float()

    @torch.inference_mode()
    def validate(self, network: nn.Module, samples: Sequence[Sample]) -> dict[str, float]:
        """See `Task.validate`."""
        method = Sam.of_network(network, self.device)
        results: dict[str, list[float]] = {}
        for number, item in enumerate(samples):
            encoded = method.encode(_rgb(item.pixels))
            rng = np.random.default_rng(number)
            for truth in item.objects:
                corners = np.array(simulation.tight_box(truth), np.int32)
                click = simulation.first_click(rng, truth)
                point = (np.array([[click.x, click.y]], np.int32), np.ones(1, np.int8))
                nothing = (np.zeros((0, 2), np.int32), np.zeros(0, np.int8))
                for name, prompt in (("box", Prompt(*nothing, corners)), ("point", Prompt(*point))):
                    answer = method.predict([Query(encoded, prompt)])[0]
                    ious = [iou(mask, truth) for mask in answer.masks]
                    assert answer.scores is not None
                    results.setdefault(f"{name}_first", []).append(ious[0])
                    results.setdefault(f"{name}_best_score", []).append(ious[int(np.argmax(answer.scores))])
                    results.setdefault(f"{name}_oracle", []).append(max(ious))
        return {name: float(np.mean(values)) for name, values in results.items()}


def _padded(rng: np.random.Generator, network: SamModel, pixels: Tensor) -> Tensor:
    """(n, 3, s, s) normalised images, some of which end before the right or the lower border, as padded ones do."""
    images = (pixels * 255 - network.pixel_mean) / network.pixel_std
    if rng.random() < 0.5:
        size = images.shape[-1]
        ends = np.maximum(rng.uniform(0.6, 1, 2), rng.permutation([1, 0])) * size
        images = images.clone()
        images[:, :, int(ends[0]) :] = 0
        images[:, :, :, int(ends[1]) :] = 0
    return images


# --- click models


class ClickTask(Task):
    """A click model: blind clicks, then clicks at its own mistakes, then a step (Sofiiuk et al. 2022, section 3.3).

    Some views are whole images, as a first click is answered; most are what zoom-in shows from the second click on.
    """

    objects = 2
    detail = 2.0  # so that views from near are not coarse
    fine: float = 1.0  # size of the views, relative to the network's input

    @abstractmethod
    def predictor(self, network: nn.Module) -> ClickPredictor:
        """What the family's method makes of a network."""

    @abstractmethod
    def losses(self, inputs: Tensor, points: Tensor, truth: Tensor, case: "Case") -> Tensor:
        """The loss of a forward pass; the arguments are those of the network, and a (n, 1, h, w) truth."""

    def coarse(self, inputs: Tensor, points: Tensor) -> Tensor:
        """(n, 1, h, w) logits."""
        return self.network(inputs, points)

    def _views(self, samples: Sequence[Sample], rng: np.random.Generator, side: int) -> tuple[Tensor, Tensor]:
        """(n, 1, side, side) grey levels in 0..1 and objects in 0..1, a view of each object of the samples."""
        views = []
        for item in samples:
            pixels = torch.from_numpy(item.pixels).float().div(255)
            for truth in item.objects:
                maps = torch.stack([pixels, torch.from_numpy(truth).float()])
                if rng.random() < _ZOOMED:
                    top, bottom, left, right = simulation.zoomed(rng, truth, _LEAST * len(truth))
                    near = maps[:, top:bottom, left:right]
                    maps = near if near[1].any() else maps  # a ring may lie around all of it
                views.append(resize(maps, (side, side)))
        images, truths = torch.stack(views).to(self.device).split(1, dim=1)
        return images, truths

    def loss(self, samples: Sequence[Sample], rng: np.random.Generator, balance: float) -> Tensor:
        """See `Task.loss`."""
        size = round(len(samples[0].pixels) / self.detail)
        fine, fine_truth = self._views(samples, rng, round(self.fine * size))
        image, truth = (resize(maps[:, 0], (size, size))[:, None] for maps in (fine, fine_truth))
        image, fine = image.expand(-1, 3, -1, -1), fine.expand(-1, 3, -1, -1)
        seen = truth[:, 0].cpu().numpy() > 0.5
        kept = np.flatnonzero(seen.any((1, 2)))  # an object may vanish in fewer pixels
        image, truth, fine, fine_truth, seen = image[kept], truth[kept], fine[kept], fine_truth[kept], seen[kept]
        clicks = [[simulation.first_click(rng, mask)] for mask in seen]
        for given, mask in zip(clicks, seen, strict=True):
            if rng.random() < 0.3:
                given += simulation.blind_clicks(rng, mask, int(rng.integers(1, 7)))
        previous = torch.zeros_like(truth)
        rounds = int(rng.choice(4, p=[0.35, 0.25, 0.2, 0.2]))
        for _ in range(rounds):
            self.network.eval()
            with torch.no_grad():
                previous = self.coarse(torch.cat([image, previous], 1), _points(clicks, self.device)).float().sigmoid()
            self.network.train()
            masks = previous[:, 0].cpu().numpy() > THRESHOLD
            for mask, prediction, given in zip(seen, masks, clicks, strict=True):
                following = simulation.corrective_click(rng, mask, prediction, given)
                if following:
                    given.append(following)
        if rounds:  # sometimes the last mask is forgotten: all clicks at once
            keep = torch.from_numpy(rng.random(len(kept)) > 0.15).to(self.device)
            previous = previous * keep[:, None, None, None]
        inputs = torch.cat([image, previous], 1)
        return self.losses(
            inputs, _points(clicks, self.device), truth, Case(fine, fine_truth, clicks, previous, balance)
        )

    @torch.inference_mode()
    def validate(self, network: nn.Module, samples: Sequence[Sample]) -> dict[str, float]:
        """See `Task.validate`."""
        predictor = self.predictor(network)
        rng = np.random.default_rng(0)
        images = [image_tensor(_rgb(item.pixels), self.device) for item in samples for _ in item.objects]
        truths = [truth for item in samples for truth in item.objects]
        clicks = [[simulation.first_click(rng, truth)] for truth in truths]
        states: list[Any] = [None] * len(truths)
        results = {}
        for number in range(1, max(VALIDATED_CLICKS) + 1):
            requests = [
                Request(
                    image,
                    np.array([(click.x, click.y) for click in given]),
                    np.array([int(click.positive) for click in given]),
                    state,
                )
                for image, given, state in zip(images, clicks, states, strict=True)
            ]
            states = [answer.state for answer in predictor.step(requests)]
            masks = [(state.probability > THRESHOLD).cpu().numpy() for state in states]
            if number in VALIDATED_CLICKS:
                scores = [iou(mask, truth) for mask, truth in zip(masks, truths, strict=True)]
                results[f"clicks_{number}"] = float(np.mean(scores))
            for mask, truth, given in zip(masks, truths, clicks, strict=True):
                following = simulation.corrective_click(rng, truth, mask, given)
                given += [following] if following else []
        return results


@dataclass(frozen=True)
class Case:
    """What a loss may want to know of a batch beside the network's input.

    Attributes:
        fine: (n, 3, S, S) images of which the network sees a smaller version.
        fine_truth: (n, 1, S, S) in 0..1.
        clicks: in pixels of the network's input.
        previous: (n, 1, h, w) probabilities.
        balance: see `promptseg.training.losses.mask`.
    """

    fine: Tensor
    fine_truth: Tensor
    clicks: Sequence[Sequence[Click]]
    previous: Tensor
    balance: float

    def mask_loss(self, logits: Tensor, truth: Tensor) -> Tensor:
        """Mean loss of (n, 1, h, w) logits."""
        return losses.mask(logits.float(), truth, self.balance).mean()


class RitmTask(ClickTask):
    """RITM: the mask, and the auxiliary head."""

    network: RitmNet

    def build(self, variant: str) -> nn.Module:
        """A network with random weights."""
        return RitmNet.from_variant(variant)

    def predictor(self, network: nn.Module) -> ClickPredictor:
        """See `ClickTask.predictor`."""
        assert isinstance(network, RitmNet)
        return ritm_predictor(network, self.options)

    def losses(self, inputs: Tensor, points: Tensor, truth: Tensor, case: Case) -> Tensor:
        """See `ClickTask.losses`."""
        logits, aux = self.network.forward_with_aux(inputs, points)
        return case.mask_loss(logits, truth) + 0.4 * F.binary_cross_entropy_with_logits(aux.float(), truth)


class SimpleClickTask(ClickTask):
    """SimpleClick: the mask."""

    network: SimpleClickNet

    def build(self, variant: str) -> nn.Module:
        """A network with random weights."""
        network = SimpleClickNet.from_variant(variant)
        network.backbone.pos_embed.data[:, 1:] = _waves(*network.backbone.grid, network.architecture.dim)
        return network

    def predictor(self, network: nn.Module) -> ClickPredictor:
        """See `ClickTask.predictor`."""
        assert isinstance(network, SimpleClickNet)
        return simpleclick_predictor(network, self.options)

    def losses(self, inputs: Tensor, points: Tensor, truth: Tensor, case: Case) -> Tensor:
        """See `ClickTask.losses`."""
        return case.mask_loss(self.network(inputs, points), truth)


class FocalClickTask(ClickTask):
    """FocalClick: the coarse mask, and the refiner in the focus crop of an image of more pixels."""

    fine = 1.5
    network: FocalClickNet

    def build(self, variant: str) -> nn.Module:
        """A network with random weights."""
        return FocalClickNet.from_variant(variant)

    def predictor(self, network: nn.Module) -> ClickPredictor:
        """See `ClickTask.predictor`."""
        assert isinstance(network, FocalClickNet)
        return FocalPredictor(network, infer_size=self.options["infer_size"])

    def losses(self, inputs: Tensor, points: Tensor, truth: Tensor, case: Case) -> Tensor:
        """See `ClickTask.losses`."""
        logits, feature = self.network.forward_with_feature(inputs, points)
        size = inputs.shape[-1]
        masks = (logits.detach() > THRESHOLD)[:, 0].cpu().numpy()  # logits: as in the evaluation
        before = (case.previous > THRESHOLD)[:, 0].cpu().numpy()
        boxes, crops, targets, clicks = [], [], [], []
        for index, given in enumerate(case.clicks):
            box = focus_box(masks[index], before[index], (given[-1].y, given[-1].x), (0, size, 0, size))
            y1, y2, x1, x2 = box if box[0] < box[1] and box[2] < box[3] else (0, size, 0, size)
            boxes.append((float(index), float(x1), float(y1), float(x2), float(y2)))
            top, bottom, left, right = (round(self.fine * side) for side in (y1, y2, x1, x2))
            crops.append(resize(case.fine[index, :, top:bottom, left:right], (size, size)))
            targets.append(resize(case.fine_truth[index, :, top:bottom, left:right], (size, size)))
            rows_columns = np.array([(click.y, click.x) for click in given], np.float64)
            clicks.append((rows_columns - (y1, x1)) * size / (y2 - y1, x2 - x1))
        labels = [np.array([int(click.positive) for click in given]) for given in case.clicks]
        target = torch.stack(targets)
        refined = self.network.refine(
            torch.stack(crops),
            click_tensor(clicks, labels).to(self.device),
            feature.detach(),  # the way back through RoIAlign would take a quarter of the time
            logits.detach(),
            torch.tensor(boxes, device=self.device),
        )
        border = F.max_pool2d(target, 7, 1, 3) + F.max_pool2d(-target, 7, 1, 3)  # where a 7 x 7 square sees both
        return (
            case.mask_loss(logits, truth)
            + case.mask_loss(refined.refined, target)
            + 0.3 * F.binary_cross_entropy_with_logits(refined.trimap.float(), (border > 0.5).float())
        )


FAMILIES: dict[str, type[Task]] = {
    "sam": SamTask,
    "ritm": RitmTask,
    "simpleclick": SimpleClickTask,
    "focalclick": FocalClickTask,
}


def _stacked(samples: Sequence[Sample], device: str) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """(b, 3, s, s) images in 0..1, (n, s, s) bool objects of all of them, and (n,) the image of each."""
    pixels = torch.from_numpy(np.stack([item.pixels for item in samples])).to(device)
    owner = np.repeat(np.arange(len(samples)), [len(item.objects) for item in samples])
    images = pixels.float().div(255)[:, None].expand(-1, 3, -1, -1)
    return images, np.concatenate([item.objects for item in samples]), owner


def _rgb(pixels: np.ndarray) -> np.ndarray:
    return np.repeat(pixels[:, :, None], 3, axis=2)


def _points(clicks: Sequence[Sequence[Click]], device: str) -> Tensor:
    rows_columns = [np.array([(click.y, click.x) for click in given], np.float64) for given in clicks]
    labels = [np.array([int(click.positive) for click in given]) for given in clicks]
    return click_tensor(rows_columns, labels).to(device)


def _waves(rows: int, columns: int, dim: int) -> Tensor:
    """(1, rows * columns, dim) sines and cosines of both coordinates, as large as usual initial weights."""
    rates = 1 / 10000 ** (torch.arange(dim // 4) / (dim // 4))
    down, across = torch.arange(rows)[:, None] * rates, torch.arange(columns)[:, None] * rates
    down, across = down[:, None].expand(-1, columns, -1), across[None].expand(rows, -1, -1)
    return 0.1 * torch.cat([down.sin(), down.cos(), across.sin(), across.cos()], dim=2).flatten(0, 1)[None]
