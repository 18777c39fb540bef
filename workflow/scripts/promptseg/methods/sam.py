"""Segment Anything (Kirillov et al. 2023), with the weights and modules of the `segment_anything` package."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from segment_anything import sam_model_registry
from segment_anything.modeling import ImageEncoderViT
from segment_anything.modeling import Sam as SamModel
from segment_anything.utils.transforms import ResizeLongestSide
from torch import Tensor, nn

from promptseg.methods.base import Candidates, Grid, Method, Prompt, Proposals, Query, Settings
from promptseg.methods.checkpoints import load_state_dict, load_strictly
from promptseg.methods.networks.sam_decoder import Decoder, ImageTokens
from promptseg.methods.networks.sam_encoder import Encoder
from promptseg.methods.networks.sam_small import VARIANTS, small_sam
from promptseg.methods.proposals import propose

# Prompts decoded together. On a CPU larger batches do not pay; the decoder holds about 60 MB per prompt.
BATCH = {"cpu": 8, "cuda": 64}

# Pixels of masks of the image's size that are made together.
MASK_PIXELS = 2**26


@dataclass(frozen=True)
class Embedding:
    """An encoded image.

    Attributes:
        features: (1, 256, 64, 64) float32 output of the image encoder; other sizes for the variant small.
        tokens: what the decoder needs of it.
        rows, columns: (h, 256), (w, 256) float32: a 256 x 256 mask m becomes one of the image's size as
            rows @ m @ columns.T, see `upsampling`.
        original_size: (h, w) of the image.
    """

    features: Tensor
    tokens: ImageTokens
    rows: Tensor
    columns: Tensor
    original_size: tuple[int, int]


def upsampling(low: int, padded: int, inside: int, original: int, device: str) -> Tensor:
    """(original, low) float32 matrix of SAM's way from a low-resolution mask to the image, along one axis.

    SAM upsamples its masks to the padded input, cuts the padding off and resizes to the image, both bilinearly. Both
    steps are linear and separable, so each axis is one matrix.

    Args:
        low, padded, inside, original: sizes of mask, padded input, input without padding, and image.
    """
    unit = torch.eye(low, device=device)[None]
    upsampled = F.interpolate(unit, padded, mode="linear", align_corners=False)[:, :, :inside]
    return F.interpolate(upsampled, original, mode="linear", align_corners=False)[0].t().contiguous()


def empty_sam(variant: str) -> SamModel:
    """The package's network vit_h, vit_l or vit_b, or a small one of ours, with weights yet to be loaded."""
    return small_sam(variant) if variant in VARIANTS else sam_model_registry[variant](checkpoint=None)


class Sam(Method):
    """SAM with its three masks per prompt; `variant` is vit_h, vit_l, vit_b, or small, which is not a published one.

    As in the study `multimask_output` is on for every prompt and no mask is fed back. `precision: bf16` concerns the
    image encoder, in which nearly all time is spent.
    """

    prompt_types = frozenset({"point", "box", "everything"})
    candidates = 3
    cacheable = True

    def __init__(self, settings: Settings):
        super().__init__(settings)
        assert settings.variant is not None
        assert settings.weights is not None
        model = empty_sam(settings.variant)
        load_strictly(model, load_state_dict(settings.weights), settings.weights)
        self._take(model, settings)

    @classmethod
    def of_network(cls, model: SamModel, device: str) -> Self:
        """The method with a network that is in memory already."""
        method = cls.__new__(cls)
        Method.__init__(method, Settings(device=device))
        method._take(model, method.settings)
        return method

    def _take(self, model: SamModel, settings: Settings) -> None:
        self.model = model.to(settings.device).eval()
        dtype = torch.bfloat16 if settings.precision == "bf16" else torch.float32
        self.encoder: nn.Module
        with torch.inference_mode():
            vit = isinstance(model.image_encoder, ImageEncoderViT)
            self.encoder = Encoder(model.image_encoder, dtype) if vit else model.image_encoder
            self.decoder = Decoder(self.model)
        if settings.compile:
            self.encoder.compile()
        self.resize = ResizeLongestSide(self.model.image_encoder.img_size)
        self.batch = BATCH["cpu" if settings.device == "cpu" else "cuda"]
        if settings.device != "cpu":
            self.images_at_once = 16

    @torch.inference_mode()
    def encode(self, pixels: np.ndarray) -> Embedding:
        resized = torch.as_tensor(self.resize.apply_image(pixels), device=self.settings.device)
        batch = self.model.preprocess(resized.permute(2, 0, 1)[None].float())
        return self._embedding(self.encoder(batch), pixels)

    def _embedding(self, features: Tensor, pixels: np.ndarray) -> Embedding:
        height, width = pixels.shape[:2]
        padded = self.model.image_encoder.img_size
        inside = self.resize.get_preprocess_shape(height, width, padded)
        low = 4 * features.shape[-1]
        rows, columns = (
            upsampling(low, padded, part, whole, self.settings.device)
            for part, whole in zip(inside, (height, width), strict=True)
        )
        return Embedding(features, self.decoder.prepare(features), rows, columns, (height, width))

    def pack(self, encoded: Embedding) -> bytes:
        return safetensors.torch.save({"features": encoded.features})

    @torch.inference_mode()
    def unpack(self, content: bytes, pixels: np.ndarray) -> Embedding:
        features = safetensors.torch.load(content)["features"].to(self.settings.device)
        return self._embedding(features, pixels)

    @torch.inference_mode()
    def predict(self, queries: Sequence[Query]) -> list[Candidates]:
        # Prompts with equally many tokens share a forward pass of the decoder, prompts of one image side by side.
        prompts = [self._embed(query.prompt, query.image) for query in queries]
        groups: dict[int, list[int]] = defaultdict(list)
        for index, prompt in enumerate(prompts):
            groups[prompt.shape[1]].append(index)
        answers: dict[int, Candidates] = {}
        for members in groups.values():
            for start in range(0, len(members), self.batch):
                chunk = members[start : start + self.batch]
                images: list[Embedding] = [queries[index].image for index in chunk]
                sparse = torch.cat([prompts[index] for index in chunk])
                low, scores = self.decoder([image.tokens for image in images], sparse)
                for index, image, mask, score in zip(chunk, images, low, scores.cpu().numpy(), strict=True):
                    full = image.rows @ mask @ image.columns.t()
                    answers[index] = Candidates((full > 0).cpu().numpy(), score)
        return [answers[index] for index in range(len(queries))]

    @torch.inference_mode()
    def logits(
        self, image: Embedding, prompt: Prompt, multimask: bool = True, mask_input: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All that SAM says to one prompt.

        Args:
            multimask: three masks, or the single one.
            mask_input: (256, 256) float32 logits of a mask given as part of the prompt.

        Returns:
            (k, h, w) float32 logits, (k,) float32 predicted IoU, (k, 256, 256) float32 logits in low resolution.
        """
        tokens = image.tokens
        if mask_input is not None:
            given = torch.as_tensor(mask_input, device=self.settings.device)[None, None]
            tokens = self.decoder.prepare(image.features, given)
        low, scores = self.decoder([tokens], self._embed(prompt, image), multimask)
        full = image.rows @ low[0] @ image.columns.t()
        return full.cpu().numpy(), scores[0].cpu().numpy(), low[0].cpu().numpy()

    @torch.inference_mode()
    def everything(self, encoded: Embedding, pixels: np.ndarray, grid: Grid) -> Proposals:
        return propose(self._ask_points, self.encode, encoded, pixels, grid, self.model.mask_threshold)

    def _ask_points(
        self, image: Embedding, points: np.ndarray, together: int, least: float
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Full-size logits and predicted IoU of what lies at single points; see `proposals.AskPoints`."""
        device = self.settings.device
        scaled = torch.as_tensor(self.resize.apply_coords(points, image.original_size), device=device)
        labels = torch.ones(len(points), dtype=torch.int, device=device)
        at_once = max(1, MASK_PIXELS // (len(image.rows) * len(image.columns)))
        for some in torch.arange(len(points), device=device).split(min(together, self.batch)):
            given = (scaled[some, None], labels[some, None])
            sparse, _ = self.model.prompt_encoder(points=given, boxes=None, masks=None)
            low, scores = self.decoder([image.tokens] * len(some), sparse)
            kept = scores > least
            for masks, their_scores in zip(low[kept].split(at_once), scores[kept].split(at_once), strict=True):
                yield image.rows @ masks @ image.columns.t(), their_scores

    def _embed(self, prompt: Prompt, image: Embedding) -> Tensor:
        """(1, t, c) embedded points and corners of the box."""
        device = self.settings.device
        points = boxes = None
        if len(prompt.points):
            coordinates = self.resize.apply_coords(prompt.points.astype(np.float64), image.original_size)
            labels = torch.as_tensor(prompt.labels.astype(np.int64), device=device)
            points = (torch.as_tensor(coordinates, dtype=torch.float32, device=device)[None], labels[None])
        if prompt.box is not None:
            corners = self.resize.apply_boxes(prompt.box.astype(np.float64)[None], image.original_size)
            boxes = torch.as_tensor(corners, dtype=torch.float32, device=device)
        sparse, _ = self.model.prompt_encoder(points=points, boxes=boxes, masks=None)
        return sparse
