"""Models of the SAM families in the format of the package transformers: a folder, or a model of the Hugging Face hub.

The image is prepared by the model's own image processor, as its users and its training did. Where the image lies in the
input, and the way back from masks to the image, are ours (`frames`); they give what the package's processor gives.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from promptseg.core.errors import PromptsegError
from promptseg.methods.base import Query, Settings
from promptseg.methods.devices import autocast
from promptseg.methods.frames import Frame, padded, stretched
from promptseg.methods.loading import named_weights
from promptseg.methods.promptable import Decoded, Encoding

if find_spec("transformers") is None:
    raise ModuleNotFoundError(
        "it needs the package transformers, which is not here: pip install 'transformers>=5.24,<6'", name="transformers"
    )

# model_type of config.json -> classes of the network and of its image processor. Models for videos, as SAM 2's are
# published, hold all of the one for images.
_FAMILIES = {
    "sam": ("SamModel", "SamImageProcessor"),
    "sam2": ("Sam2Model", "Sam2ImageProcessor"),
    "sam2_video": ("Sam2Model", "Sam2ImageProcessor"),
}
# What the package gets wrong, or what cannot be tested here.
_REFUSED = {
    "sam_hq": "its masks ignore the decoder here (findings/transformers_sam_hq_masks_ignore_the_decoder.sh); "
    "take hq_sam_vit_b of the registry, or another of HQ-SAM",
    "sam3_tracker": "its masks are wrong here, as an embedding is dropped "
    "(findings/transformers_sam3_tracker_drops_no_memory_embedding.sh); take sam3 of the registry",
    "edgetam": "it needs a further package, timm, with which it was not tested; take edgetam of the registry",
}
_PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
# Logits of SAM 2's masks are fed back within these limits by its authors; the package leaves that to its user.
_LIMIT = 32.0


@dataclass(frozen=True)
class Embedding:
    """An encoded image.

    Attributes:
        maps: (1, c, h, w) float32 outputs of the image encoder: one of SAM, three of SAM 2, the coarsest last.
        frame: where the image lies in the network's input.
    """

    maps: tuple[Tensor, ...]
    frame: Frame


def model_type(folder: Path) -> str:
    """The family of the model in a folder.

    Raises:
        PromptsegError: there is no model of transformers, or none that is offered.
    """
    if (folder / "adapter_config.json").is_file():
        raise PromptsegError(
            f"{folder} holds an adapter (LoRA or the like), not a whole model. Merge it and save the result: "
            "model.merge_and_unload().save_pretrained(FOLDER)."
        )
    try:
        found = json.loads((folder / "config.json").read_text())["model_type"]
    except (OSError, ValueError, KeyError, TypeError):
        raise PromptsegError(
            f"{folder} is no model in the format of transformers: it has no config.json that names a model_type. Save "
            "one there by model.save_pretrained(FOLDER)."
        ) from None
    if found not in _FAMILIES:
        base = str(found).removesuffix("_video")
        why = f": {_REFUSED[base]}" if base in _REFUSED else ""
        raise PromptsegError(f"{folder} is a {found!r}; offered are {', '.join(sorted(_FAMILIES))}{why}.")
    if not any(folder.glob("*.safetensors")):
        raise PromptsegError(
            f"{folder} has no weights in the format safetensors, the only one that is read. Convert them where you "
            "trust them: load the model and save it by model.save_pretrained(FOLDER)."
        )
    return str(found)


class HuggingFaceSam(Encoding[nn.Module]):
    """A SamModel or Sam2Model of transformers, with its three masks per prompt.

    `precision: bf16` concerns the image encoder. Without a file for the image processor in the folder, images are
    prepared with the family's defaults, at the size of the network's input.
    """

    prompt_types = frozenset({"point", "box"})
    candidates = 3
    cacheable = True
    code_licence = "Apache-2.0, package `transformers` and ours"
    packages = ("transformers",)

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.network: Any = self.load()
        self.processor = self._processor(named_weights(settings))
        self.encoder = self._encoder
        if settings.compile:
            encoder: Any = self.network.vision_encoder
            encoder.compile()

    def load(self) -> nn.Module:
        """The network with all its weights, in float32 on the device.

        Raises:
            PromptsegError: the folder holds no such model, or weights that do not fit it.
        """
        import transformers

        folder = named_weights(self.settings)
        self.family = model_type(folder)
        transformers.utils.logging.disable_progress_bar()
        network_class = getattr(transformers, _FAMILIES[self.family][0])
        try:
            network, found = network_class.from_pretrained(
                folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, output_loading_info=True
            )
        except Exception as error:  # any kind, by what is wrong with the files
            raise PromptsegError(f"{folder} cannot be loaded as a {network_class.__name__}: {error}") from error
        for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
            if names := sorted(map(str, found[problem])):
                kind = problem.replace("_", " ")
                raise PromptsegError(f"{folder} does not fit its config.json: {len(names)} {kind}, {names[0]} first.")
        if broken := [name for name, value in network.state_dict().items() if not value.isfinite().all()]:
            raise PromptsegError(f"{folder} holds NaN or infinite values, in {broken[0]} first: it is damaged.")
        self.take_side(int(network.config.prompt_encoder_config.image_size))
        return network.to(self.settings.device).eval()

    def _processor(self, folder: Path) -> Any:
        import transformers

        processor_class = getattr(transformers, _FAMILIES[self.family][1])
        if any((folder / name).is_file() for name in _PROCESSOR_FILES):
            return processor_class.from_pretrained(folder, local_files_only=True)
        square = {"height": self.side, "width": self.side}
        if self.family == "sam":
            return processor_class(size={"longest_edge": self.side}, pad_size=square)
        return processor_class(size=square)

    def prepare(self, pixels: np.ndarray) -> Tensor:
        inputs = self.processor(pixels, return_tensors="pt", input_data_format="channels_last")
        values = inputs["pixel_values"].to(self.settings.device)
        if tuple(values.shape) != (1, 3, self.side, self.side):
            raise PromptsegError(
                f"The image processor of {self.settings.weights} makes images of {tuple(values.shape[2:])} pixels, and "
                f"its network takes {self.side} a side: correct its {' or '.join(_PROCESSOR_FILES)}."
            )
        return values

    def _encoder(self, values: Tensor) -> list[Tensor]:
        with autocast(self.settings.device, self.settings.precision):
            maps = self.network.get_image_embeddings(values)
        return [each.float() for each in (maps if isinstance(maps, list) else [maps])]

    def embedding(self, maps: Sequence[Tensor], pixels: np.ndarray) -> Embedding:
        return Embedding(tuple(maps), self._frame(pixels.shape[:2], 4 * maps[-1].shape[-1]))

    def _frame(self, size: tuple[int, ...], low: int) -> Frame:
        """Where an image of (h, w) pixels lies in the network's input, whose masks have `low` pixels a side."""
        height, width = size
        if self.family != "sam":
            return stretched((height, width), self.side, low, self.settings.device)
        factor = self.processor.size["longest_edge"] / max(size)
        inside = int(height * factor + 0.5), int(width * factor + 0.5)
        return padded((height, width), inside, self.side, low, self.settings.device)

    def state_of(self, mask: np.ndarray) -> Tensor:
        low = 4 * self.side // int(self.network.config.prompt_encoder_config.patch_size)
        return self._frame(mask.shape, low).logits(mask, self.side)

    def pack(self, encoded: Embedding) -> bytes:
        return safetensors.torch.save({str(level): each.contiguous() for level, each in enumerate(encoded.maps)})

    @torch.inference_mode()
    def unpack(self, content: bytes, pixels: np.ndarray) -> Embedding:
        maps = safetensors.torch.load(content)
        return self.embedding([maps[name].to(self.settings.device) for name in sorted(maps)], pixels)

    @torch.inference_mode()
    def decode(self, queries: Sequence[Query], multimask: bool) -> Iterator[Decoded]:
        images: list[Embedding] = [query.image for query in queries]
        maps = [torch.cat(level) for level in zip(*(image.maps for image in images), strict=True)]
        found = self.network(
            image_embeddings=maps[0] if self.family == "sam" else maps,
            multimask_output=multimask,
            **self._prompts(queries),
        )
        for image, low, scores in zip(images, found.pred_masks[:, 0], found.iou_scores[:, 0], strict=True):
            fed = low if self.family == "sam" else low.clamp(-_LIMIT, _LIMIT)
            yield Decoded(low, image.frame, scores, fed)

    def _prompts(self, queries: Sequence[Query]) -> dict[str, Tensor]:
        """Arguments of the network, one prompt for each image, in pixels of its input."""
        device, first = self.settings.device, queries[0]
        found: dict[str, Tensor] = {}
        if len(first.prompt.points):
            points = np.stack([query.image.frame.scaled(query.prompt.points) for query in queries])
            labels = np.stack([query.prompt.labels for query in queries]).astype(np.int64)
            found["input_points"] = torch.as_tensor(points, device=device)[:, None]
            found["input_labels"] = torch.as_tensor(labels, device=device)[:, None]
        if first.prompt.box is not None:
            boxes = np.stack([query.image.frame.scaled_box(query.prompt.box) for query in queries])
            found["input_boxes"] = torch.as_tensor(boxes, device=device)[:, None]
        if first.previous is not None:
            found["input_masks"] = torch.stack([query.previous for query in queries])[:, None]
        return found
