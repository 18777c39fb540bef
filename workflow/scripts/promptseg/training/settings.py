"""How each network is trained, as `config/training.yaml` says."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from promptseg.core.errors import PromptsegError

ROOT = Path(__file__).resolve().parents[4]
CONFIG = ROOT / "config" / "training.yaml"
_SCHEMA = ROOT / "workflow" / "schemas" / "training.schema.yaml"


@dataclass(frozen=True)
class Stage:
    """A part of the training.

    Attributes:
        until: the step with which it ends.
        size: side of the network's input in pixels.
        batch: images of a step.
        balance: share of the balanced cross entropy in the loss, see `promptseg.training.losses.mask`.
        restart: if not 0, the stage starts as a new training does, but from the averaged weights and with this share
            of the learning rate (Loshchilov and Hutter, SGDR, ICLR 2017).
    """

    until: int
    size: int
    batch: int
    balance: float = 0.0
    restart: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """How one network is trained; `workflow/schemas/training.schema.yaml` explains the fields."""

    name: str
    family: str
    variant: str
    stages: tuple[Stage, ...]
    learning_rate: float
    weight_decay: float = 0.02
    warmup: int = 200
    ema: float = 0.998
    clip: float = 1.0
    seed: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    validate_every: int = 250
    validation_images: int = 24
    validation_size: int = 192

    @property
    def origin(self) -> dict[str, Any]:
        """What may not change when a training goes on: everything but its length and how it is watched."""
        free = ("stages", "validate_every", "validation_images", "validation_size", "options")
        return {key: value for key, value in vars(self).items() if key not in free}

    @property
    def steps(self) -> int:
        """Of the whole training."""
        return self.stages[-1].until

    def cycle(self, step: int) -> tuple[int, int, float]:
        """The cycle of the learning rate that a step, counted from 0, belongs to.

        Returns:
            Its first step, the step after its last one, and its share of the learning rate.
        """
        starts, shares = [0], [1.0]
        for before, stage in pairwise(self.stages):
            if stage.restart:
                starts.append(before.until)
                shares.append(stage.restart)
        index = bisect_right(starts, step) - 1
        return starts[index], [*starts, self.steps][index + 1], shares[index]

    def stage(self, step: int) -> Stage:
        """The stage that a step, counted from 0, belongs to."""
        return next(stage for stage in self.stages if step < stage.until)


def recipes(path: Path = CONFIG) -> dict[str, Recipe]:
    """All networks of a file like `config/training.yaml`, by name.

    Raises:
        PromptsegError: the file is missing or not as its schema says.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        jsonschema.validate(content, yaml.safe_load(_SCHEMA.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise PromptsegError(f"There is no file {path} that says how to train.") from None
    except (jsonschema.ValidationError, yaml.YAMLError) as error:
        where = ".".join(map(str, error.absolute_path)) if isinstance(error, jsonschema.ValidationError) else ""
        raise PromptsegError(f"{path}: {where}: {str(error).splitlines()[0]}. Correct it.") from error
    return {
        name: Recipe(name, **{**entry, "stages": tuple(Stage(**stage) for stage in entry["stages"])})
        for name, entry in content["networks"].items()
    }


def recipe(name: str, path: Path = CONFIG) -> Recipe:
    """The recipe of one network.

    Raises:
        PromptsegError: there is none of that name; or as `recipes`.
    """
    known = recipes(path)
    if name not in known:
        raise PromptsegError(f"{path} has no network {name!r}. Add it there, or choose among {', '.join(known)}.")
    return known[name]
