"""Fixtures of kind `net`: one forward pass of a click network, without anything around it."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from promptseg.methods import Method
from promptseg.parity.comparison import Comparison, sample, statistics
from promptseg.parity.fixtures import Fixture, FixtureError

# How the maps are thinned out in the files (channels, rows, columns), where no stride is stored.
_FEATURE_STRIDES = (16, 2, 2)
_REFINED_STRIDES = (2, 2)
REFINED = ("instances_refined", "instances_coarse", "trimap")


def network_input(fixture: Fixture, key: str) -> tuple[Tensor, Tensor]:
    """(1, 4, h, w) image and previous mask, both in 0..1, and (1, 2n, 3) clicks (row, column, order)."""
    image = fixture.image(f"image_u8_{key}")
    previous = fixture.array(f"prev_u8_{key}", image.shape[:2])
    points = fixture.array(f"points_{key}", (1, None, 3))
    if points.shape[1] % 2 or not points.shape[1]:
        raise FixtureError(f"points_{key} holds {points.shape[1]} clicks, which is no even number")
    stacked = np.concatenate([image, previous[..., None]], axis=2).astype(np.float32) / 255
    return torch.from_numpy(stacked.transpose(2, 0, 1)[None].copy()), torch.from_numpy(points.astype(np.float32))


def check_network(fixture: Fixture, method: Method, comparison: Comparison) -> None:
    """Compare logits, and what else the network of the family puts out."""
    network: Any = method.network  # type: ignore[attr-defined]  # all click adapters have one
    for key in fixture.keys("image_u8", "points", "logits"):
        where = f"input {key}"
        comparison.count("inputs")
        inputs, points = network_input(fixture, key)
        extra: Tensor | None = None
        with torch.inference_mode():
            if fixture.name.family == "ritm":
                logits, extra = network.forward_with_aux(inputs, points)
            elif fixture.name.family == "focalclick":
                logits, extra = network.forward_with_feature(inputs, points)
            else:
                logits = network(inputs, points)
        ours = logits[0, 0].float().numpy()
        stride = fixture.integer(f"logits_stride_{key}")
        comparison.numbers("logits", where, ours[::stride, ::stride], fixture.array(f"logits_{key}"))
        stats = fixture.array(f"logits_stats_{key}", (4,))
        comparison.numbers("statistics of logits", where, statistics(ours), stats)
        if fixture.name.family == "ritm" and extra is not None:
            aux = fixture.array(f"aux_{key}")
            # The file may hold all of them or the same rows and columns as of the logits.
            thinned = sample(extra[0, 0].float().numpy(), aux.shape, (stride, stride))
            comparison.numbers("logits", where, thinned, aux, part="auxiliary logits")
        if fixture.name.family == "focalclick" and extra is not None:
            recorded = fixture.array(f"feature_{key}", (None, None, None))
            thinned = sample(extra[0].float().numpy(), recorded.shape, _FEATURE_STRIDES)
            comparison.numbers("logits", where, thinned, recorded, part="feature")
            if key == "0":
                _check_refinement(fixture, network, inputs, extra, logits, comparison)


def _check_refinement(
    fixture: Fixture, network: Any, inputs: Tensor, feature: Tensor, logits: Tensor, comparison: Comparison
) -> None:
    """The refiner for boxes in the first input, whose whole image serves as the crop."""
    points = torch.from_numpy(fixture.array("refine_points", (1, None, 3)).astype(np.float32))
    boxes = torch.from_numpy(fixture.array("refine_boxes", (None, 5)).astype(np.float32))
    for number in range(len(boxes)):
        with torch.inference_mode():
            outputs = network.refine(inputs[:, :3], points, feature, logits, boxes[number : number + 1])
        comparison.count("boxes")
        for name, output in zip(REFINED, outputs, strict=True):
            recorded = fixture.array(f"refine{number}_{name}", (None, None))
            thinned = sample(output[0, 0].float().numpy(), recorded.shape, _REFINED_STRIDES)
            comparison.numbers("logits", f"box {number} {name}", thinned, recorded, part="refinement")
