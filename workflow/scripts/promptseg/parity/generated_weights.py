"""Deterministic weights for networks whose checkpoints cannot travel with recorded outputs.

Every tensor is drawn from a generator seeded by a salt and the tensor's own name, so that a network built anywhere gets
the same weights: two implementations can be compared without exchanging a checkpoint. Only last layers are changed, by
overrides and gains, because random weights alone give no mask that looks like an object.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from promptseg.core.errors import PromptsegError

# Ends of names, in the order in which they are tried.
_SMALL = ("cls_token", "pos_embed", "rel_pos_h", "rel_pos_w")
_UNIT = (
    "positional_encoding_gaussian_matrix",
    *(f"point_embeddings.{index}.weight" for index in range(4)),
    "not_a_point_embed.weight",
    "no_mask_embed.weight",
    "iou_token.weight",
    "mask_tokens.weight",
)
_LOUD = ("patch_embed_coords.proj.weight", "patch_embed_side1.proj.weight")  # so that clicks make a difference


def rule_tensor(name: str, shape: tuple[int, ...], salt: str = "dev") -> Tensor:
    """The tensor `name` of the given shape: float32, or int64 for a counter of batches."""
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return torch.zeros(shape, dtype=torch.int64)
    value = np.asarray(np.random.default_rng(zlib.crc32((salt + name).encode("utf-8"))).standard_normal(shape))
    # In place: the tensors of the largest networks take gigabytes in float64.
    if leaf == "running_mean":
        value *= 0.05
    elif leaf == "running_var":
        np.abs(value, out=value)
        value *= 0.1
        value += 1
    elif name.endswith(_SMALL):
        value *= 0.02
    elif name.endswith(_UNIT):
        pass
    elif leaf == "scale":
        value *= 0.05
        value += 1
    elif len(shape) >= 2:
        value /= np.sqrt(np.prod(shape[1:]))
        if name.endswith(_LOUD):
            value *= 4
    elif leaf == "weight":
        value *= 0.05
        value += 1
    else:
        value *= 0.02
    return torch.from_numpy(value.astype(np.float32))


@dataclass(frozen=True)
class Changes:
    """What of generated weights differs from the rule.

    Attributes:
        gains: factors of entries.
        overrides: tensors that replace entries.
    """

    gains: Mapping[str, float] = field(default_factory=dict)
    overrides: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def parse(cls, gains: Mapping[str, Any], overrides: Mapping[str, Any]) -> "Changes":
        """Factors `{name: factor}` and float32 tensors `{name: {"shape": [...], "values": [...]}}`.

        Raises:
            ValueError, KeyError, TypeError: they are no such mappings.
        """
        tensors = {
            name: torch.from_numpy(np.asarray(entry["values"], np.float32).reshape(entry["shape"]))
            for name, entry in overrides.items()
        }
        return cls({name: float(factor) for name, factor in gains.items()}, tensors)

    @classmethod
    def read(cls, path: Path) -> "Changes":
        """The overrides of a file `{"overrides": ...}`, see `parse`.

        Raises:
            PromptsegError: the file is not there, or is no such file.
        """
        try:
            return cls.parse({}, json.loads(path.read_text(encoding="utf-8"))["overrides"])
        except FileNotFoundError:
            raise PromptsegError(f"The file of overrides {path} is missing.") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise PromptsegError(f"{path} is no file of overrides ({type(error).__name__}: {error}).") from error


def rule_state(module: nn.Module, salt: str = "dev", changes: Changes | None = None) -> dict[str, Tensor]:
    """A whole state dict of a network, which may be on the `meta` device.

    Entries of complex type are no weights (SAM 3 stores rotations of positions) and are left out.

    Args:
        module: only the names, shapes and types of its entries matter.

    Raises:
        PromptsegError: a change names an entry that the network lacks, or has another shape.
    """
    changes = changes or Changes()
    state = {name: tuple(value.shape) for name, value in module.state_dict().items() if not value.is_complex()}
    network = type(module).__name__
    for kind, names in (("gains", changes.gains), ("overrides", changes.overrides)):
        for name in names:
            if name not in state:
                raise PromptsegError(f"The {kind} name {name}, which {network} does not have.")
    for name, value in changes.overrides.items():
        if tuple(value.shape) != state[name]:
            raise PromptsegError(
                f"The overrides give {name} the shape {tuple(value.shape)}; {network} has {state[name]}."
            )
    result = dict(changes.overrides)
    for name in state.keys() - result.keys():
        result[name] = rule_tensor(name, state[name], salt)
        if name in changes.gains:
            result[name] *= torch.tensor(changes.gains[name], dtype=torch.float32)
    return {name: result[name] for name in state}
