"""What is asked of a method: which objects, in which modes, clicked how."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from promptseg.core.vocabulary import SELECTIONS
from promptseg.methods import Grid, Method
from promptseg.predict.abilities import Abilities
from promptseg.preprocess.images import LabelledImage
from promptseg.preprocess.objects import ObjectStream
from promptseg.prompts.clicks import Protocol
from promptseg.prompts.modes import read_prompts

# Name of a protocol, and the switch that a variant changes: None for the protocol itself.
ProtocolKey: TypeAlias = tuple[str, str | None]


@dataclass(frozen=True)
class Plan:
    """What is asked of the method.

    Attributes:
        clicks: length of the iterative trajectories.
        protocols: how the trajectories are clicked.
        selections: those that trajectories follow, as far as they make a difference for the method.
        strict: stop at the first prompt that a method cannot answer, instead of recording it.
        multimask: of modes 1 to 5, which have no protocol; see `clicks.Protocol`.
        grid: for the mode `everything`.
    """

    clicks: int = 9
    protocols: Mapping[ProtocolKey, Protocol] = field(default_factory=lambda: {("corrected", None): Protocol()})
    selections: Sequence[str] = SELECTIONS
    tie_break: str = "random"
    seed: int = 0
    strict: bool = False
    multimask: Literal["always", "official"] = "always"
    grid: Grid = field(default_factory=Grid)


@dataclass
class Cost:
    """Seconds spent in the method and counts, for `throughput.json`."""

    encode_seconds: float = 0.0
    decode_seconds: float = 0.0
    everything_seconds: float = 0.0  # mode everything, the encoding of crops included
    images: int = 0
    objects: int = 0
    prompts: int = 0  # asked of the method; equal prompts are asked once
    predictions: int = 0


@dataclass(frozen=True)
class Target:
    """One object of an image: its truth and its prompts by mode."""

    object_id: str
    truth: np.ndarray
    prompts: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Inputs:
    """The images of a dataset, or of a shard of it, each with what is asked about its objects.

    Attributes:
        prompts: rows of prompts.tables.PROMPTS by object and mode.
    """

    objects: ObjectStream
    prompts: Mapping[str, Mapping[str, Mapping[str, Any]]]

    @classmethod
    def read(cls, objects: ObjectStream, prompts: str | Path) -> "Inputs":
        """Take the prompts of the objects from the file of prompts.tables.PROMPTS."""
        return cls(objects, read_prompts(prompts, objects.objects["object_id"]))

    def only(self, image_ids: Collection[str]) -> "Inputs":
        """The same for some of the images."""
        return Inputs(self.objects.only(image_ids), self.prompts)

    def __len__(self) -> int:
        return len(self.objects)

    def __iter__(self) -> Iterator[tuple[LabelledImage, list[Target]]]:
        for image, objects in self.objects:
            named = [(item.row.object_id, item.mask) for item in objects]
            yield image, [Target(name, mask, self.prompts[name]) for name, mask in named]


@dataclass(eq=False)
class Item:
    """One image with its objects.

    Attributes:
        encoded: what the method made of it.
        as_encoded: a copy of that if it is a picture, which prompts must not change.
        rows: the result (predict.tables.PREDICTIONS).
        proposals: all masks of the mode `everything` (predict.tables.PROPOSALS).
    """

    image: LabelledImage
    targets: Sequence[Target]
    encoded: Any = None
    as_encoded: np.ndarray | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    proposals: list[dict[str, Any]] = field(default_factory=list)


def modes_of(target: Target, method: Method) -> list[str]:
    """The modes of an object that a method is asked."""
    return [mode for mode in target.prompts if Abilities.of(method).answer(mode)]


def feeds_back(method: Method, protocol: Protocol) -> bool:
    """Whether a method gets the state of the mask that was chosen at the click before."""
    return protocol.mask_feedback == "logits" if method.mask_feedback else protocol.previous_mask != "reset"


def leaks(method: Method, protocol: Protocol) -> bool:
    """Whether a method begins an object with the last state of the object before it in the same image."""
    return protocol.previous_mask == "leak" and not method.mask_feedback
