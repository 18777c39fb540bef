"""UltraSam (Meyer et al., IJCARS 2025): SAM's ViT-B, fine-tuned on ultrasound images for one point or one box."""

import re
from collections.abc import Iterator, Mapping, Sequence

import cv2
import numpy as np
import torch
from segment_anything.modeling import Sam as SamModel
from segment_anything.modeling.common import MLPBlock
from torch import Tensor

from promptseg.core.errors import PromptsegError
from promptseg.methods.base import Query, Settings
from promptseg.methods.frames import Frame, padded
from promptseg.methods.promptable import Decoded, best
from promptseg.methods.sam import Sam

# Names of its file, which mmdet and mmpretrain gave, and SAM's, in the order of replacement.
_NAMES = (
    (r"^backbone\.", "image_encoder."),
    (r"^decoder\.", "mask_decoder.transformer."),
    (r"^bbox_head\.", "mask_decoder."),
    (r"\.(ffn|mlp)\.layers\.0\.0\.", ".mlp.lin1."),
    (r"\.(ffn|mlp)\.layers\.1\.", ".mlp.lin2."),
    (r"^image_encoder\.layers\.", "image_encoder.blocks."),
    (r"\.projection\.", ".proj."),
    (r"\.channel_reduction\.", ".neck."),
    (r"\.ln([12])\.", r".norm\1."),
    (r"\.post_norm\.", ".norm_final_attn."),
    (r"\.attn\.([qkv]_proj)_weight$", r".\1.weight"),
    (r"\.attn\.out_proj\.", ".out_proj."),
)
_BIASES = ".attn.in_proj_bias"  # of queries, keys and values, one after the other
_LABELS = "prompt_encoder.label_encoder.label_embedding.weight"
# What the rows of `_LABELS` are, in order, with their number.
_EMBEDDINGS = {
    "prompt_encoder.no_mask_embed.weight": 1,
    **{f"prompt_encoder.point_embeddings.{kind}.weight": 1 for kind in range(4)},
    "prompt_encoder.not_a_point_embed.weight": 1,
    "mask_decoder.mask_tokens.weight": 4,
    "mask_decoder.iou_token.weight": 1,
}


class _AddedTwice(MLPBlock):
    """The MLP of UltraSam's decoder. It adds its input to its output, and the layer around it adds the input again."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class UltraSam(Sam):
    """UltraSam; `variant` is vit_b.

    As in the authors' configurations with refinement, the network runs twice for a prompt: for a single mask, and with
    that mask as part of the prompt for three, of which the one with the highest predicted IoU is the answer. A point
    has by then given way to the box of the first mask. The option `passes: 1` leaves the refinement out: three masks
    are asked for at once.

    Masks are made binary before they are resized to the image: a pixel belongs to a mask that it touches at all.
    """

    prompt_types = frozenset({"point", "box"})
    max_points = 1
    negative_points = False
    mask_feedback = takes_masks = knows_probabilities = False
    candidates = 1
    known_options = frozenset({"passes"})
    exportable = ("encoder",)
    main_mask = "of 3 the one with the highest predicted IoU"
    variants = ("vit_b",)
    passes: int = 2

    def __init__(self, settings: Settings):
        self.passes = settings.options.get("passes", 2)
        if self.passes not in (1, 2):  # said before the weights are read
            raise PromptsegError(f"The option `passes` of UltraSam is {self.passes}; set it to 1 or 2.")
        super().__init__(settings)

    @classmethod
    def architecture(cls, variant: str) -> SamModel:
        cls._check(variant)
        return as_ultrasam(super().architecture(variant))

    @classmethod
    def translated(cls, state_dict: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        translated: dict[str, Tensor] = {}
        for name, value in state_dict.items():
            if name == _LABELS and len(value) == sum(_EMBEDDINGS.values()):
                translated |= dict(zip(_EMBEDDINGS, value.split(list(_EMBEDDINGS.values())), strict=True))
            elif name.endswith(_BIASES) and len(value) % 3 == 0:
                attention = _renamed(name.removesuffix(_BIASES))
                parts = zip("qkv", value.chunk(3), strict=True)
                translated |= {f"{attention}.{letter}_proj.bias": part for letter, part in parts}
            else:
                translated[_renamed(name)] = value
        return translated

    def prepare(self, pixels: np.ndarray) -> Tensor:
        height, width = self._inside(pixels.shape[:2])
        resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
        tensor = torch.as_tensor(resized, device=self.settings.device).permute(2, 0, 1)
        return self.model.preprocess(tensor[None].float())

    def _inside(self, size: tuple[int, ...]) -> tuple[int, int]:
        """(h, w) of an image in the network's input: mmdet truncates where SAM rounds."""
        factor = self.side / max(size)
        return max(1, int(size[0] * factor)), max(1, int(size[1] * factor))

    def frame(self, size: tuple[int, int], low: int) -> Frame:
        return padded(size, self._inside(size), self.side, low, self.settings.device)

    def multimask(self, query: Query) -> bool:  # noqa: ARG002 - the same for all
        return True

    @torch.inference_mode()
    def decode(self, queries: Sequence[Query], multimask: bool) -> Iterator[Decoded]:
        """Answers whose `logits` are the shares of pixels that the mask touches."""
        low, scores = self.low(queries, multimask)
        for query, mask, score in zip(queries, low, scores, strict=True):
            yield Decoded((mask > 0).float(), query.image.frame, score, mask, values="masks")

    def low(self, queries: Sequence[Query], multimask: bool) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        sparse, images = self._sparse(queries), [query.image.tokens for query in queries]
        if self.passes == 2:
            first, _ = self.decoder(images, sparse, multimask=False)
            images = [
                self.decoder.prepare(query.image.features, mask[None])
                for query, mask in zip(queries, first, strict=True)
            ]
            if queries[0].prompt.box is None:
                boxes = torch.stack(
                    [_box(mask[0], query.image.frame) for query, mask in zip(queries, first, strict=True)]
                )
                sparse, _ = self.model.prompt_encoder(points=None, boxes=boxes, masks=None)
        return best(*self.decoder(images, sparse))


def as_ultrasam(sam: SamModel) -> SamModel:
    """The network with the MLPs of UltraSam in its mask decoder, in place."""
    for layer in sam.mask_decoder.transformer.layers:
        inner = layer.mlp.lin1
        layer.mlp = _AddedTwice(inner.in_features, inner.out_features, type(layer.mlp.act))
    return sam


def _renamed(name: str) -> str:
    for pattern, replacement in _NAMES:
        name = re.sub(pattern, replacement, name)
    return name


def _box(low: Tensor, frame: Frame) -> Tensor:
    """(4,) XYXY in pixels of the input of what the (h', w') logits touch in the image; zeros of nothing.

    The box ends behind its last row and column. The half pixel that the prompt encoder adds, and that UltraSam gives to
    the user's prompts alone, is taken off.
    """
    touched = frame.full((low > 0).float()) > 0
    box = torch.zeros(4, device=low.device)
    if touched.any():
        for axis in (0, 1):  # x is found in columns
            places = touched.any(axis).nonzero()
            box[axis], box[axis + 2] = places[0, 0], places[-1, 0] + 1
    return box * torch.tensor(frame.scale * 2, device=low.device) - 0.5
