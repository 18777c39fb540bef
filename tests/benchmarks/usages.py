"""Promptable methods one prompt at a time: their authors' package, `transformers`, or our own adapter."""

import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import segment_anything
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torchvision.transforms.functional import normalize, resize

from promptseg.methods import Method, Prompt, Query, Settings, adapter_class
from promptseg.methods.checkpoints import load_state_dict
from promptseg.parity.generated_weights import rule_state

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_STAND_IN = "until then our own adapter stands in"


class Usage(Protocol):
    """Encodes an image, then answers one prompt per call."""

    def encode(self, pixels: np.ndarray) -> Any: ...

    def ask(self, image: Any, prompt: Prompt) -> tuple[np.ndarray, np.ndarray | None]:
        """(k, h, w) bool masks and (k,) predicted IoU."""


class Own:
    """Our adapter, asked for one prompt at a time."""

    def __init__(self, method: Method):
        self.method = method
        self.encode = method.encode

    def ask(self, image: Any, prompt: Prompt) -> tuple[np.ndarray, np.ndarray | None]:
        (answer,) = self.method.predict([Query(image, prompt)])
        return answer.masks, answer.scores


class AuthorsPackage:
    """`SamPredictor` of `segment_anything` or, for HQ-SAM, of `segment_anything_hq`."""

    def __init__(self, package: ModuleType, method: str, weights: Path, device: str):
        model = package.sam_model_registry[method]()
        model.load_state_dict(load_state_dict(weights))
        self.predictor = package.SamPredictor(model.to(device).eval())

    def encode(self, pixels: np.ndarray) -> torch.Tensor:
        self.predictor.set_image(pixels)
        return self.predictor.get_image_embedding()

    def ask(self, image: torch.Tensor, prompt: Prompt) -> tuple[np.ndarray, np.ndarray | None]:
        points, labels = (prompt.points, prompt.labels) if len(prompt.points) else (None, None)
        masks, scores, _ = self.predictor.predict(points, labels, prompt.box)
        return masks, scores


# Sizes of Hiera by variant, in the words of `transformers`.
_HIERA = {
    "tiny": {"blocks_per_stage": [1, 2, 7, 2], "global_attention_blocks": [5, 7, 9]},
    "small": {"blocks_per_stage": [1, 2, 11, 2], "global_attention_blocks": [7, 10, 13]},
    "base_plus": {
        "hidden_size": 112,
        "num_attention_heads": 2,
        "blocks_per_stage": [2, 3, 16, 3],
        "embed_dim_per_stage": [112, 224, 448, 896],
        "num_attention_heads_per_stage": [2, 4, 8, 16],
        "window_positional_embedding_background_size": [14, 14],
        "global_attention_blocks": [12, 16, 20],
    },
    "large": {
        "hidden_size": 144,
        "num_attention_heads": 2,
        "blocks_per_stage": [2, 6, 36, 4],
        "embed_dim_per_stage": [144, 288, 576, 1152],
        "num_attention_heads_per_stage": [2, 4, 8, 16],
        "window_size_per_stage": [8, 4, 16, 8],
        "global_attention_blocks": [23, 33, 43],
    },
}
# From the names of the published files to those of `transformers`, applied in order.
_NAMES = (
    (r"^image_encoder\.trunk\.", "vision_encoder.backbone."),
    (r"^image_encoder\.neck\.convs\.(\d+)\.conv\.", r"vision_encoder.neck.convs.\1."),
    (r"patch_embed\.proj\.", "patch_embed.projection."),
    (
        r"^sam_prompt_encoder\.pe_layer\.positional_encoding_gaussian_matrix",
        "shared_image_embedding.positional_embedding",
    ),
    (r"^sam_", ""),
    (r"^no_mem_embed", "no_memory_embedding"),
    (r"mask_downscaling\.0\.", "mask_embed.conv1."),
    (r"mask_downscaling\.1\.", "mask_embed.layer_norm1."),
    (r"mask_downscaling\.3\.", "mask_embed.conv2."),
    (r"mask_downscaling\.4\.", "mask_embed.layer_norm2."),
    (r"mask_downscaling\.6\.", "mask_embed.conv3."),
    (r"output_upscaling\.0\.", "upscale_conv1."),
    (r"output_upscaling\.1\.", "upscale_layer_norm."),
    (r"output_upscaling\.3\.", "upscale_conv2."),
    (r"(mlps\.\d|head)\.layers\.0\.", r"\1.proj_in."),
    (r"(mlps\.\d|head)\.layers\.1\.", r"\1.layers.0."),
    (r"(mlps\.\d|head)\.layers\.2\.", r"\1.proj_out."),
    (r"\.mlp\.layers\.0\.", ".mlp.proj_in."),
    (r"\.mlp\.layers\.1\.", ".mlp.proj_out."),
    (r"\.norm(\d|_final_attn)\.", r".layer_norm\1."),
    (r"\.out_proj\.", ".o_proj."),
)


class Sam2Transformers:
    """`transformers.Sam2Model` with the official preparation of images, as SAM 2's predictor uses its network."""

    def __init__(self, variant: str, weights: Path, device: str):
        from transformers import Sam2Config, Sam2HieraDetConfig, Sam2Model, Sam2VisionConfig

        sizes = _HIERA[variant.split("hiera_")[1]]
        channels = sizes.get("embed_dim_per_stage", [96, 192, 384, 768])[::-1]
        backbone = Sam2HieraDetConfig(**sizes)
        vision = Sam2VisionConfig(backbone_config=backbone, backbone_channel_list=channels)
        self.model = Sam2Model(Sam2Config(vision_config=vision))
        state = self._renamed(load_state_dict(weights))
        self.model.load_state_dict(state, strict=True)
        self.model.to(device).eval()
        self.device = device

    @staticmethod
    def _renamed(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        renamed = {}
        for name, value in state.items():
            for pattern, replacement in _NAMES:
                name = re.sub(pattern, replacement, name)
            renamed[name] = value
        points = [renamed.pop(f"prompt_encoder.point_embeddings.{index}.weight") for index in range(4)]
        renamed["prompt_encoder.point_embed.weight"] = torch.cat(points)
        positions = "positional_embedding"
        renamed[f"prompt_encoder.shared_embedding.{positions}"] = renamed[f"shared_image_embedding.{positions}"]
        return renamed

    @torch.inference_mode()
    def encode(self, pixels: np.ndarray) -> tuple[list[torch.Tensor], tuple[int, int]]:
        image = torch.from_numpy(pixels).to(self.device).permute(2, 0, 1).float() / 255
        ready = normalize(resize(image, [1024, 1024], antialias=True), MEAN, STD)[None]
        return self.model.get_image_embeddings(ready), pixels.shape[:2]

    @torch.inference_mode()
    def ask(self, image: tuple[list[torch.Tensor], tuple[int, int]], prompt: Prompt) -> tuple[np.ndarray, np.ndarray]:
        embeddings, (height, width) = image
        scale = torch.tensor([1024 / width, 1024 / height], device=self.device)
        given: dict[str, torch.Tensor] = {}
        if len(prompt.points):
            given["input_points"] = (torch.from_numpy(prompt.points).to(self.device) * scale)[None, None].float()
            given["input_labels"] = torch.from_numpy(prompt.labels).to(self.device).int()[None, None]
        if prompt.box is not None:
            given["input_boxes"] = (torch.from_numpy(prompt.box).to(self.device) * scale.repeat(2))[None, None].float()
        answer = self.model(image_embeddings=embeddings, multimask_output=True, **given)
        full = F.interpolate(answer.pred_masks[0], (height, width), mode="bilinear", align_corners=False)
        return (full[0] > 0).cpu().numpy(), answer.iou_scores[0, 0].cpu().numpy()


def save_generated(entry: dict[str, Any], path: Path) -> None:
    """Write deterministic weights for a method's entry, with which masks are neither empty nor full."""
    with torch.device("meta"):
        network = adapter_class(entry["adapter"]).architecture(entry["variant"])
    state = rule_state(network)
    for name, value in state.items():
        if "output_hypernetworks_mlps" in name and name.endswith("2.weight"):
            value *= 6  # else nearly all are
    save_file(state, path)


def own_method(
    entry: dict[str, Any], weights: Path, device: str, precision: str = "fp32", compiled: bool = False
) -> Method:
    """Our adapter of a method's entry."""
    options = entry.get("options", {})
    settings = Settings(entry.get("variant"), weights, device, precision=precision, compile=compiled, options=options)
    return adapter_class(entry["adapter"])(settings)


def official(entry: dict[str, Any], weights: Path, device: str) -> tuple[str, Usage]:
    """The nearest public means to the authors' own usage, and its name."""
    variant = entry["variant"]
    if entry["adapter"].endswith(":Sam") and variant in segment_anything.sam_model_registry:
        return "segment_anything.SamPredictor", AuthorsPackage(segment_anything, variant, weights, device)
    if entry["adapter"].endswith(":HqSam"):
        try:
            package = importlib.import_module("segment_anything_hq")
            return "segment_anything_hq.SamPredictor", AuthorsPackage(package, variant, weights, device)
        except ModuleNotFoundError:
            print(f"pip install segment-anything-hq==0.3 timm to measure HQ-SAM against it; {_STAND_IN}")
    if variant.startswith("sam2") and "hiera" in variant:
        try:
            return "transformers.Sam2Model", Sam2Transformers(variant, weights, device)
        except ModuleNotFoundError:
            print(f"pip install transformers==5.24.0 to measure SAM 2 against it; {_STAND_IN}")
    return "our adapter, one prompt per call", Own(own_method(entry, weights, device))
