"""What is asked of a method: which objects, in which modes, clicked how."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from promptseg.core.vocabulary import SELECTIONS
from promptseg.methods import Grid, Method
from promptseg.predict.abilities import Abilities, Showing
from promptseg.preprocess.images import LabelledImage
from promptseg.preprocess.objects import ObjectStream
from promptseg.prompts.clicks import Protocol
from promptseg.prompts.modes import PromptSettings
from promptseg.prompts.users import ALONE, IDEAL, User

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
        user: who corrects answers.
    """

    clicks: int = 9
    protocols: Mapping[ProtocolKey, Protocol] = field(default_factory=lambda: {("corrected", None): Protocol()})
    selections: Sequence[str] = SELECTIONS
    tie_break: str = "random"
    seed: int = 0
    strict: bool = False
    multimask: Literal["always", "official"] = "always"
    grid: Grid = field(default_factory=Grid)
    user: User = IDEAL

    @classmethod
    def of(cls, asked: Mapping[str, Any], user: User = IDEAL) -> "Plan":
        """What `config.asked.asked` says; what it does not say does not matter for the method."""
        protocols = {
            (one["protocol"], one["switch"]): Protocol(**one["switches"]) for one in asked.get("protocols", [])
        }
        settings = {key: asked[key] for key in ("clicks", "multimask", "tie_break", "seed", "strict") if key in asked}
        return cls(protocols=protocols, grid=Grid(**asked.get("everything", {})), user=user, **settings)


@dataclass
class Cost:
    """Seconds spent in the method and counts, for `throughput.json`."""

    encode_seconds: float = 0.0
    encodings: int = 0  # images of which something was asked
    decode_seconds: float = 0.0
    everything_seconds: float = 0.0  # mode everything, the encoding of crops included
    images: int = 0
    objects: int = 0
    prompts: int = 0  # asked of the method; equal prompts are asked once
    predictions: int = 0
    reused: int = 0  # predictions that an earlier job made


@dataclass(frozen=True)
class Target:
    """One object of an image, prompted by one annotator: its truth and its prompts by mode."""

    object_id: str
    truth: np.ndarray
    prompts: Mapping[str, Mapping[str, Any]]
    annotator: str = ALONE


@dataclass(frozen=True)
class Inputs:
    """The images of a dataset, or of a shard of it, each with what is asked about its objects.

    Prompts are cut here, in milliseconds per object, those of the table prompts.tables.PROMPTS: if they were read from
    there, a change of any of them would make all methods run again.

    Attributes:
        modes, settings: which prompts are cut, and how.
        showing: how the method is shown those that it does not take.
        user: who prompts.
    """

    objects: ObjectStream
    modes: Sequence[str]
    settings: PromptSettings
    showing: Showing = field(default_factory=Showing)
    user: User = IDEAL

    @classmethod
    def of(cls, objects: ObjectStream, asked: Mapping[str, Any], method: Method, user: User = IDEAL) -> "Inputs":
        """What `config.asked.asked` says; what it does not say does not matter for the method."""
        return cls(objects, asked["modes"], PromptSettings.of(asked), Showing.of(asked, method), user)

    def only(self, image_ids: Collection[str]) -> "Inputs":
        """The same for some of the images."""
        return replace(self, objects=self.objects.only(image_ids))

    def __len__(self) -> int:
        return len(self.objects)

    def __iter__(self) -> Iterator[tuple[LabelledImage, list[Target]]]:
        for image, objects in self.objects:
            yield image, [target for item in objects for target in self._targets(item.row.object_id, item.mask)]

    def _targets(self, object_id: str, truth: np.ndarray) -> Iterator[Target]:
        for annotator in self.user.annotators(object_id):
            rows = self.user.rows(object_id, truth, self.modes, self.settings, annotator)
            yield Target(object_id, truth, {row["mode"]: self.showing.shown(row) for row in rows}, annotator)


@dataclass(eq=False)
class Item:
    """One image with its objects.

    Attributes:
        encoded: what the method made of it.
        as_encoded: a copy of that if it is a picture, which prompts must not change.
        rows: the result (predict.tables.PREDICTIONS).
        proposals: all masks of the mode `everything` (predict.tables.PROPOSALS).
        asked: what was asked about its objects (predict.tables.ASKED), where that is kept.
    """

    image: LabelledImage
    targets: Sequence[Target]
    encoded: Any = None
    as_encoded: np.ndarray | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    proposals: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)


def modes_of(target: Target, method: Method) -> list[str]:
    """The modes of an object that a method is asked."""
    abilities = Abilities.of(method)
    return [mode for mode, row in target.prompts.items() if abilities.answer(mode) or row.get("stand_in")]


def feeds_back(method: Method, protocol: Protocol) -> bool:
    """Whether a method gets the state of the mask that was chosen at the click before."""
    return protocol.mask_feedback == "logits" if method.mask_feedback else protocol.previous_mask != "reset"


def leaks(method: Method, protocol: Protocol) -> bool:
    """Whether a method begins an object with the last state of the object before it in the same image."""
    return protocol.previous_mask == "leak" and not method.mask_feedback
