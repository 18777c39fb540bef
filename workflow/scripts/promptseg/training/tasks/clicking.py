"""Click models in training: what the families share."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from promptseg.core.masks import iou
from promptseg.core.vocabulary import COMPARED_CLICKS
from promptseg.methods.base import Prompt, Query
from promptseg.methods.click_tensors import click_tensor, image_tensor, resize
from promptseg.methods.clicking import THRESHOLD, ClickPredictor
from promptseg.prompts.clicks import Click
from promptseg.training import losses, simulation
from promptseg.training.generate import Sample
from promptseg.training.tasks.base import Task, rgb

_ZOOMED = 0.6  # share of a click network's views that show one object from near
_LEAST = 0.3  # height and width of a view from near, relative to the image's


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
    def losses(self, inputs: Tensor, points: Tensor, truth: Tensor, case: Case) -> Tensor:
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
        images = [image_tensor(rgb(item.pixels), self.device) for item in samples for _ in item.objects]
        truths = [truth for item in samples for truth in item.objects]
        clicks = [[simulation.first_click(rng, truth)] for truth in truths]
        states: list[Any] = [None] * len(truths)
        results = {}
        for number in range(1, max(COMPARED_CLICKS) + 1):
            queries = [
                Query(
                    image,
                    Prompt(
                        np.array([(click.x, click.y) for click in given]),
                        np.array([int(click.positive) for click in given]),
                    ),
                    state,
                )
                for image, given, state in zip(images, clicks, states, strict=True)
            ]
            states = [step.state for step in predictor.step(queries)]
            masks = [(state.probability > THRESHOLD).cpu().numpy() for state in states]
            if number in COMPARED_CLICKS:
                scores = [iou(mask, truth) for mask, truth in zip(masks, truths, strict=True)]
                results[f"clicks_{number}"] = float(np.mean(scores))
            for mask, truth, given in zip(masks, truths, clicks, strict=True):
                following = simulation.corrective_click(rng, truth, mask, given)
                given += [following] if following else []
        return results


def _points(clicks: Sequence[Sequence[Click]], device: str) -> Tensor:
    rows_columns = [np.array([(click.y, click.x) for click in given], np.float64) for given in clicks]
    labels = [np.array([int(click.positive) for click in given]) for given in clicks]
    return click_tensor(rows_columns, labels).to(device)
