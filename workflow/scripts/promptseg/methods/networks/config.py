"""The configuration that the checkpoints of RITM, SimpleClick and FocalClick carry beside their weights."""

from collections.abc import Mapping
from typing import Any

from promptseg.core.errors import PromptsegError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# Parameters that all three methods share, at the only values of published checkpoints.
SHARED = {
    "use_disks": True,
    "use_rgb_conv": False,
    "with_prev_mask": True,
    "binary_prev_mask": False,
    "conv_extend": False,
    "norm_mean_std": (IMAGENET_MEAN, IMAGENET_STD),
}

_METHODS = {"HRNetModel": "RITM", "PlainVitModel": "SimpleClick", "SegFormerModel": "FocalClick"}


def method_of(config: Mapping[str, Any]) -> str:
    """RITM, SimpleClick (CFR-ICL's networks are the same) or FocalClick.

    Args:
        config: `{"class": "isegm.model. ...", "params": {name: {"type": ..., "value": ..., "specified": ...}}}`.

    Raises:
        PromptsegError: it is a configuration of none of them.
    """
    name = str(config.get("class", "")).rsplit(".", 1)[-1]
    if name not in _METHODS:
        raise PromptsegError(
            f"The checkpoint was made for a network {name or '(no class is given)'}, which is none of "
            f"{', '.join(_METHODS)}. Name a checkpoint of RITM, SimpleClick, CFR-ICL or FocalClick."
        )
    # RITM and FocalClick call their HRNets the same; only FocalClick has pipelines s1 and s2.
    return "FocalClick" if name == "HRNetModel" and "pipeline_version" in config["params"] else _METHODS[name]


def _plain(value: Any) -> Any:
    """With lists for tuples: which of the two a file holds depends on how it was written."""
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def constructor_arguments(config: Mapping[str, Any], method: str, supported: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the parameters of a network by name.

    Args:
        config: see `method_of`.
        method: whose checkpoint this has to be.
        supported: parameters of which our networks know one value only.

    Raises:
        PromptsegError: the checkpoint is another method's, or has another value of a parameter in `supported`.
    """
    if method_of(config) != method:
        raise PromptsegError(
            f"This is a checkpoint of {method_of(config)}, not of {method}. "
            f"Give the method a checkpoint of {method}, or use the adapter of {method_of(config)}."
        )
    values = {name: parameter["value"] for name, parameter in config["params"].items()}
    for name, value in supported.items():
        if name in values and _plain(values[name]) != _plain(value):
            raise PromptsegError(
                f"The checkpoint of {method} has {name} = {values[name]!r}; only {name} = {value!r} is supported."
            )
    return values
