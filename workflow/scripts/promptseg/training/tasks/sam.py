"""SAM in training."""

from collections.abc import Sequence

import numpy as np
import torch
from segment_anything.modeling import Sam as SamModel
from torch import Tensor, nn
from torch.nn import functional as F

from promptseg.core.masks import iou
from promptseg.methods.base import Prompt, Query
from promptseg.methods.networks.sam_small import small_sam
from promptseg.methods.sam import Sam
from promptseg.prompts.clicks import Click
from promptseg.training import losses, simulation
from promptseg.training.generate import Sample
from promptseg.training.tasks.base import Task, rgb

_BOXED = 0.4  # share of SAM's prompts that are boxes


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
            encoded = method.encode(rgb(item.pixels))
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


def _stacked(samples: Sequence[Sample], device: str) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """(b, 3, s, s) images in 0..1, (n, s, s) bool objects of all of them, and (n,) the image of each."""
    pixels = torch.from_numpy(np.stack([item.pixels for item in samples])).to(device)
    owner = np.repeat(np.arange(len(samples)), [len(item.objects) for item in samples])
    images = pixels.float().div(255)[:, None].expand(-1, 3, -1, -1)
    return images, np.concatenate([item.objects for item in samples]), owner
