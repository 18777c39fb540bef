"""What a method is to the pipeline: one small abstract class.

A new method is a subclass in its own module and an entry of `methods:` in the configuration that names it as
`module:Class`. Nothing else has to change.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from promptseg.core.lines import Scribble, drawn, filled

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Prompt:
    """What the user showed of one object.

    Attributes:
        points: (n, 2) int32 (x, y) pixels, all clicks so far in order; n may be 0.
        labels: (n,) int8, 1 on the object, 0 on the background.
        box: (4,) int32 XYXY, inclusive pixels, or None.
        scribbles: lines drawn on the object or on the background, see `Scribble`; empty if none.
        lasso: (n, 2) int32 (x, y) pixels, a curve around the object, closed from the last to the first; or None.
    """

    points: np.ndarray
    labels: np.ndarray
    box: np.ndarray | None = None
    scribbles: Sequence[Scribble] = ()
    lasso: np.ndarray | None = None

    def scribbled(self, shape: tuple[int, int], label: int = 1, width: int | None = None) -> np.ndarray:
        """(h, w) bool: what the scribbles with a label cover, drawn with their own brushes or with one of a width."""
        return drawn(self.scribbles, shape, label, width)

    def enclosed(self, shape: tuple[int, int]) -> np.ndarray:
        """(h, w) bool: the inside of the lasso with the curve itself; nothing without one."""
        return np.zeros(shape, bool) if self.lasso is None else filled(self.lasso, shape)


@dataclass(frozen=True)
class Candidates:
    """Answers of a method to one prompt.

    Attributes:
        masks: (k, h, w) bool, in the method's own order.
        scores: (k,) float32, the method's own estimate of each mask's IoU, or None if it makes none.
        states: k objects of which the chosen one comes back as `Query.previous` at the next click (e.g. logits).
        stability, soft_dice: (k,) float32, or None; what the probabilities behind each mask say of it, see
            `methods.confidence`.
        probabilities: (k, h, w) float32, 0 to 1, of each pixel to belong to each mask; None unless
            `Settings.probabilities` asks for them.
    """

    masks: np.ndarray
    scores: np.ndarray | None = None
    states: Sequence[Any] | None = None
    stability: np.ndarray | None = None
    soft_dice: np.ndarray | None = None
    probabilities: np.ndarray | None = None


@dataclass(frozen=True)
class Query:
    """One item of a batch.

    Attributes:
        image: what `Method.encode` returned for the image.
        prompt: see `Prompt`.
        previous: the state of the mask chosen at the last click; None at the first, and where the protocol forgets it.
        refine: whether a method with a refinement stage of its own (`Method.refines`) uses it.
        multimask: "always": a method that can give several masks does for every prompt, as in the study. "official": it
            gives as many as its authors ask for with such a prompt.
        truth: (h, w) bool, only for controls with `needs_truth`.
    """

    image: Any
    prompt: Prompt
    previous: Any = None
    refine: bool = True
    multimask: Literal["always", "official"] = "always"
    truth: np.ndarray | None = None


@dataclass(frozen=True)
class Grid:
    """How an image is segmented without a prompt: the arguments of SAM's automatic mask generator, by their names.

    Attributes:
        points_per_side: of the regular grid of points that are asked for, one after the other.
        points_per_batch: how many of them are decoded together at most; matters for memory and speed alone.
        pred_iou_thresh: masks whose predicted IoU is not above it are dropped; 0 keeps all.
        stability_score_thresh: masks that are less stable are dropped; 0 keeps all. The stability is the IoU of the
            masks at a logit of plus and minus `stability_score_offset`.
        box_nms_thresh: of masks whose boxes overlap by a larger IoU, the one with the best predicted IoU is kept.
        crop_n_layers: layer i asks again in 4**i crops of the image; 0 for the whole image alone.
        crop_nms_thresh: as `box_nms_thresh`, between crops; masks of smaller crops are kept.
        crop_overlap_ratio: by how much crops overlap, as a share of the image's shorter side.
        crop_n_points_downscale_factor: points per side are divided by its i-th power in layer i.
        min_mask_region_area: holes and islands below so many pixels are removed.
    """

    points_per_side: int = 32
    points_per_batch: int = 64
    pred_iou_thresh: float = 0.88
    stability_score_thresh: float = 0.95
    stability_score_offset: float = 1.0
    box_nms_thresh: float = 0.7
    crop_n_layers: int = 0
    crop_nms_thresh: float = 0.7
    crop_overlap_ratio: float = 512 / 1500
    crop_n_points_downscale_factor: int = 1
    min_mask_region_area: int = 0


@dataclass(frozen=True)
class Proposals:
    """All masks that a method finds in an image by itself.

    Attributes:
        codes: of n masks, see `masks.encode`.
        scores: (n,) float32, the method's own estimate of each mask's IoU.
        stability: (n,) float32, see `Grid`.
    """

    codes: Sequence[dict[str, Any]]
    scores: np.ndarray
    stability: np.ndarray


@dataclass(frozen=True)
class Settings:
    """What the configuration says about how a method runs.

    Attributes:
        backend: what computes the image encoder: "torch", "openvino" or "onnxruntime".
        precision: "fp32", "bf16" or "int8"; of `networks` "as exported".
        networks: files of the user, ONNX or OpenVINO, that compute parts of the network in its place, see
            `Method.exportable`.
        off_label: prompts that the method was not made for are run, too; see `Method.untrained_types`.
        probabilities: answers hold those of each pixel, as far as the method knows them.
    """

    variant: str | None = None
    weights: Path | None = None
    device: str = "cpu"
    backend: str = "torch"
    precision: str = "fp32"
    networks: Mapping[str, Path] = field(default_factory=dict)
    compile: bool = False
    off_label: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    probabilities: bool = False


class Method(ABC):
    """A segmentation method that takes prompts.

    Attributes:
        prompt_types: subset of {"point", "box", "scribble", "lasso", "everything"}; modes that need another type do not
            apply. "everything" is no prompt at all: the method has `everything`.
        untrained_types: further types that its network computes without having been made for them; they apply only
            where the entry says `off_label: true`.
        max_points: how many points of a prompt it was made for; None for any number.
        negative_points: whether it was made for points on the background.
        mask_feedback: whether a mask of its own can be part of the next prompt (`Query.previous`), which the switch
            `mask_feedback` of a protocol asks for.
        takes_masks: whether any mask, that of the slice before say, can be made part of a prompt: it has `state_of`.
        tracker: `module:Class` of the `VolumeMethod` that tracks over slices with the same weights, or empty.
        candidates: how many masks it returns for a prompt at most.
        main_mask: where it returns one of several that its network computes: which.
        cacheable: whether `encode` is costly and `pack` and `unpack` exist, for `cache_embeddings`.
        images_at_once: how many images are under way together; prompts of all of them share a batch.
        encodes_at_once: how many of them `encode_all` is handed at once at most.
        refines: whether it has a refinement stage, which `Query.refine` switches.
        needs_truth: a control that is handed the truth.
        variants: what `variant` of its entry may be; empty: anything.
        knows_probabilities: whether it gives `Candidates.probabilities` where `Settings.probabilities` asks for them.
        looks_at_pixels: whether its answers depend on the image. It is handed a black one where its class says that
            they do not; such a method is not run again for other intensities. Subclasses have to say it again.
        learned: whether it is a network, whose answers depend on device, precision and compilation; as above.
        exportable: parts of its network that a file of the user may compute, see `Settings.networks`; an "encoder" also
            computes in other back ends than PyTorch, and in int8.
        known_options: the options that its entry may have, each a number or true or false; None: any.
        path_options: of these the ones that name a file or a folder instead, which has to be there.
        code_licence: of the code that runs, and whose it is.
        packages: further ones that compute its masks, whose versions belong to the provenance of results.
    """

    prompt_types: ClassVar[frozenset[str]]
    untrained_types: ClassVar[frozenset[str]] = frozenset()
    max_points: ClassVar[int | None] = None
    negative_points: ClassVar[bool] = True
    mask_feedback: ClassVar[bool] = False
    takes_masks: ClassVar[bool] = False
    tracker: ClassVar[str] = ""
    candidates: ClassVar[int] = 1
    main_mask: ClassVar[str] = ""
    cacheable: ClassVar[bool] = False
    images_at_once: int = 4
    encodes_at_once: int = 1
    refines: ClassVar[bool] = False
    needs_truth: ClassVar[bool] = False
    variants: ClassVar[Collection[str]] = ()
    knows_probabilities: ClassVar[bool] = False
    looks_at_pixels: ClassVar[bool] = True
    learned: ClassVar[bool] = True
    exportable: ClassVar[Collection[str]] = ()
    known_options: ClassVar[frozenset[str] | None] = None
    path_options: ClassVar[frozenset[str]] = frozenset()
    code_licence: ClassVar[str] = "Apache-2.0, ours"
    packages: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Settings):
        self.settings = settings

    @classmethod
    def says(cls, fact: Literal["looks_at_pixels", "learned"]) -> bool:
        """One of these facts, which are true unless the class itself says otherwise: subclasses may do more."""
        return bool(vars(cls).get(fact, True))

    @classmethod
    def architecture(cls, variant: str) -> "nn.Module":
        """The network of a variant, its weights yet to be loaded, with the parameter names of the published file.

        Raises:
            PromptsegError: there is no such variant.
        """
        raise NotImplementedError

    @classmethod
    def input_size(cls, variant: str) -> int | None:  # noqa: ARG003 - what overrides it reads
        """Side of the network's square input in pixels; None for methods that take images as they are."""
        return None

    def encode(self, pixels: np.ndarray) -> Any:
        """Whatever is computed once for an image and serves all its prompts.

        Args:
            pixels: (h, w, 3) uint8 RGB.
        """
        return pixels

    def encode_all(self, pixels: Sequence[np.ndarray]) -> list[Any]:
        """What `encode` returns for each of several images; may be overridden where they share a forward pass.

        If it fails, the engine asks for fewer at once.

        Args:
            pixels: (h, w, 3) uint8 RGB each, of any sizes; at most `encodes_at_once`.
        """
        return [self.encode(one) for one in pixels]

    def pack(self, encoded: Any) -> bytes:
        """What `encode` returned, as bytes for the cache of embeddings."""
        raise NotImplementedError

    def unpack(self, content: bytes, pixels: np.ndarray) -> Any:
        """What `pack` was given, for the image `pixels`."""
        raise NotImplementedError

    def state_of(self, mask: np.ndarray) -> Any:
        """An (h, w) bool mask as `Query.previous`: what the method would have kept, had it answered with this mask."""
        raise NotImplementedError

    def everything(self, encoded: Any, pixels: np.ndarray, grid: Grid) -> Proposals:
        """Masks of whatever is in an image.

        Args:
            encoded: what `encode` returned for the image.
            pixels: (h, w, 3) uint8 RGB; crops of it may be encoded as well.
        """
        raise NotImplementedError

    @abstractmethod
    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        """Candidates of every query, in order. Queries may mix images, points and boxes."""
