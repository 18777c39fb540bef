"""Deterministic weights for networks whose checkpoints cannot travel with the tests.

Every tensor is drawn from a generator seeded by a salt and its own name, so that a network built anywhere gets the
same weights; the fixtures of reference outputs were made with them.
"""

import zlib
from collections.abc import Mapping

import numpy as np
import torch

UNIT = (
    "positional_encoding_gaussian_matrix",
    *(f"point_embeddings.{index}.weight" for index in range(4)),
    "not_a_point_embed.weight",
    "no_mask_embed.weight",
    "iou_token.weight",
    "mask_tokens.weight",
)
SMALL = ("cls_token", "pos_embed", "rel_pos_h", "rel_pos_w")


def rule_tensor(name: str, shape: tuple[int, ...], salt: str) -> torch.Tensor:
    """The tensor `name` of the given shape, float32."""
    normal = np.random.default_rng(zlib.crc32((salt + name).encode())).standard_normal(shape)
    leaf = name.rsplit(".", 1)[-1]
    if name.endswith(SMALL):
        value = 0.02 * normal
    elif name.endswith(UNIT):
        value = normal
    elif len(shape) >= 2:
        value = normal / np.sqrt(np.prod(shape[1:]))
    elif leaf == "weight":
        value = 1 + 0.05 * normal
    else:
        value = 0.02 * normal
    return torch.from_numpy(np.asarray(value, np.float32))


def rule_state(module: torch.nn.Module, salt: str = "dev") -> Mapping[str, torch.Tensor]:
    """A whole state dict of a network without batch normalisation."""
    return {name: rule_tensor(name, tuple(value.shape), salt) for name, value in module.state_dict().items()}
