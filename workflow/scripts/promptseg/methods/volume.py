"""What a method for volumes is to the pipeline: prompts on some slices in, masks on all of them out.

A method for images (`Method`) needs nothing of this: `volumes/routes` carries its masks from slice to slice. A method
that tracks or segments in three dimensions is a subclass of `VolumeMethod`: named as the adapter of an entry, or as the
`tracker` of a class for images that has the same weights.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from promptseg.core.routes import MEMORY
from promptseg.core.stacks import MaskStack
from promptseg.methods.base import Prompt, Settings


class Slices(Protocol):
    """The slices of a volume as methods see them.

    Attributes:
        volume_id: of the volume.
        shape: (slices, rows, columns).
        spacing: (z, y, x) in mm, or None where one of them is not known.
        positions: of each slice along the axis in mm, ascending, which need not be equally far apart; None if unknown.
    """

    volume_id: str
    shape: tuple[int, int, int]
    spacing: tuple[float, float, float] | None

    @property
    def positions(self) -> Sequence[float] | None: ...

    def pixels(self, z: int) -> np.ndarray:
        """(h, w, 3) uint8 RGB of slice `z`, as methods for images get it."""

    def digest(self, z: int) -> str:
        """SHA-256 of the pixels of slice `z`, by which embeddings are kept."""

    def raw(self) -> Path:
        """NIfTI file of the volume in stored units, its voxels in the same order; see `VolumeMethod.needs_raw`."""


@dataclass(frozen=True)
class SlicePrompt:
    """What the user showed on one slice: points, a box or lines, or the contour of the object.

    Attributes:
        z: number of the slice.
        prompt: points, box, scribbles and lasso; None if a mask is shown.
        mask: (h, w) bool, or None.
    """

    z: int
    prompt: Prompt | None = None
    mask: np.ndarray | None = None


@dataclass(frozen=True)
class VolumeQuery:
    """One object of a volume.

    Attributes:
        prompts: the first ones, in the order of slices; at least one.
        clicks: the corrective ones so far, in order, one point each.
        slices: (first, last), inclusive, that are to be answered; all prompts lie in it. It is the extent of the object
            where `given`, else a window in which the method has to find the object's ends.
        given: whether the user told the ends.
        previous: `VolumeAnswer.state` after all but the last click; None for the first answer.
        final: whether no click will follow, so that no state has to be kept for it.
        one_way: slices that are tracked are visited once, from the first one on, wherever the prompts lie; otherwise
            from the prompted ones to both ends. It means nothing to other methods.
    """

    prompts: Sequence[SlicePrompt]
    slices: tuple[int, int]
    given: bool
    clicks: Sequence[SlicePrompt] = ()
    previous: Any = None
    final: bool = False
    one_way: bool = False


@dataclass(frozen=True)
class VolumeAnswer:
    """The answer to one query.

    Attributes:
        masks: of the slices that were to be answered.
        scores: the method's own estimate of the IoU, or of the object being there, by slice; empty if it makes none.
        state: comes back as `VolumeQuery.previous` with the next click; None after a `final` query.
        dropped: how many of the query's clicks the method took no notice of.
    """

    masks: MaskStack
    scores: Mapping[int, float] = field(default_factory=dict)
    state: Any = None
    dropped: int = 0


class VolumeMethod(ABC):
    """A method for volumes.

    Attributes:
        route: the name of its rows: `memory` for slices that are tracked as the frames of a video, `native` for a
            network in three dimensions.
        prompt_types: subset of {"box", "point", "mask", "scribble", "lasso"}: what may be shown on a slice.
        several_slices: whether the first prompts may lie on more than one slice.
        corrects: whether it takes corrective clicks.
        needs_raw: whether it reads `Slices.raw`, which is written only then.
        learned, variants, known_options, path_options, code_licence, packages: as of `Method`.
        text_options: of the known options those that are words and no numbers.
        encodings, encode_seconds: how many slices it has encoded so far, and what that took; see
            `slice_store.SliceStore`, whose counts it may hand on.
    """

    route: ClassVar[str] = MEMORY
    prompt_types: ClassVar[frozenset[str]] = frozenset({"box", "point", "mask"})
    several_slices: ClassVar[bool] = True
    corrects: ClassVar[bool] = False
    needs_raw: ClassVar[bool] = False
    learned: ClassVar[bool] = True
    variants: ClassVar[Collection[str]] = ()
    known_options: ClassVar[frozenset[str] | None] = None
    path_options: ClassVar[frozenset[str]] = frozenset()
    text_options: ClassVar[frozenset[str]] = frozenset()
    code_licence: ClassVar[str] = "Apache-2.0, ours"
    packages: ClassVar[tuple[str, ...]] = ()
    encodings: int = 0
    encode_seconds: float = 0.0

    def __init__(self, settings: Settings):
        self.settings = settings

    def provenance(self) -> Mapping[str, Any]:
        """What its answers depend on besides its weights and its entry, such as the version of a server."""
        return {}

    @abstractmethod
    def answer(self, volume: Slices, queries: Sequence[VolumeQuery]) -> list[VolumeAnswer]:
        """Answers in order to queries about objects of one volume; what they share is computed once."""
