"""What a method is to the pipeline: one small abstract class.

A new method is a subclass in its own module and an entry of `methods:` in the configuration that names it as
`module:Class`. Nothing else has to change.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True)
class Prompt:
    """What the user showed of one object.

    Attributes:
        points: (n, 2) int32 (x, y) pixels, all clicks so far in order; n may be 0.
        labels: (n,) int8, 1 on the object, 0 on the background.
        box: (4,) int32 XYXY, inclusive pixels, or None.
    """

    points: np.ndarray
    labels: np.ndarray
    box: np.ndarray | None = None


@dataclass(frozen=True)
class Candidates:
    """Answers of a method to one prompt.

    Attributes:
        masks: (k, h, w) bool, in the method's own order.
        scores: (k,) float32, the method's own estimate of each mask's IoU, or None if it makes none.
        states: k objects of which the chosen one comes back as `Query.previous` at the next click (e.g. logits).
    """

    masks: np.ndarray
    scores: np.ndarray | None = None
    states: Sequence[Any] | None = None


@dataclass(frozen=True)
class Query:
    """One item of a batch.

    Attributes:
        image: what `Method.encode` returned for the image.
        prompt: see `Prompt`.
        previous: the state of the mask chosen at the last click; None at the first, and where the protocol forgets it.
        refine: whether a method with a refinement stage of its own (`Method.refines`) uses it.
        truth: (h, w) bool, only for controls with `needs_truth`.
    """

    image: Any
    prompt: Prompt
    previous: Any = None
    refine: bool = True
    truth: np.ndarray | None = None


@dataclass(frozen=True)
class Settings:
    """What the configuration says about how a method runs."""

    variant: str | None = None
    weights: Path | None = None
    device: str = "cpu"
    precision: str = "fp32"
    compile: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


class Method(ABC):
    """A segmentation method that takes prompts.

    Attributes:
        prompt_types: subset of {"point", "box"}; modes that need another type do not apply.
        candidates: how many masks it returns for a prompt.
        cacheable: whether `encode` is costly and `pack` and `unpack` exist, for `cache_embeddings`.
        images_at_once: how many images are under way together; prompts of all of them share a batch.
        refines: whether it has a refinement stage, which `Query.refine` switches.
        needs_truth: a control that is handed the truth.
    """

    prompt_types: ClassVar[frozenset[str]]
    candidates: ClassVar[int] = 1
    cacheable: ClassVar[bool] = False
    images_at_once: int = 4
    refines: ClassVar[bool] = False
    needs_truth: ClassVar[bool] = False

    def __init__(self, settings: Settings):
        self.settings = settings

    def encode(self, pixels: np.ndarray) -> Any:
        """Whatever is computed once for an image and serves all its prompts.

        Args:
            pixels: (h, w, 3) uint8 RGB.
        """
        return pixels

    def pack(self, encoded: Any) -> bytes:
        """What `encode` returned, as bytes for the cache of embeddings."""
        raise NotImplementedError

    def unpack(self, content: bytes, pixels: np.ndarray) -> Any:
        """What `pack` was given, for the image `pixels`."""
        raise NotImplementedError

    @abstractmethod
    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        """Candidates of every query, in order. Queries may mix images, points and boxes."""
