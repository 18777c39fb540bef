"""SAM 2's video predictor (Ravi et al. 2024) on the slices of a volume, for several objects at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms.functional import normalize

from promptseg.methods.base import Prompt
from promptseg.methods.batching import chunks
from promptseg.methods.frames import Frame, stretched
from promptseg.methods.networks.memory_attention import MemoryAttention, MemoryReader, Sight
from promptseg.methods.networks.sam2 import Sam2Encoder
from promptseg.methods.networks.sam2_decoder import DecoderImage, Decoding, Sam2Decoder, steady
from promptseg.methods.networks.sam2_memory import MemoryEncoder, MemoryWeights, Remembering, Sam2VideoNet
from promptseg.methods.tracks import Found, Track

# Of ImageNet, for values from 0 to 1.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

# Logits of a shown mask, of earlier masks as part of a prompt at most, and of all pixels where the object is not.
_SHOWN, _LIMIT, _ABSENT = 10.0, 32.0, -1024.0


@dataclass(frozen=True, eq=False)
class View:
    """A slice as the tracker sees it.

    Attributes:
        features: (1, c, n, n) float32 embedding.
        fine, finest: (2 n, 2 n, c / 4) and (4 n, 4 n, c / 8) float32 maps that the decoder adds while it upscales.
        decoding: what the decoder makes of these, for a slice without memory of others.
        frame: where the slice lies in the network's input.
    """

    features: Tensor
    fine: Tensor
    finest: Tensor
    decoding: DecoderImage
    frame: Frame


class Views(Protocol):
    """Views of the slices of a volume, such as a `SliceStore`."""

    def get(self, z: int) -> View:
        """That of slice `z`."""


class Sam2Tracker:
    """Finds objects in slices, and remembers them.

    It does what the authors' predictor does, but for the holes of masks, which that fills with an extension for CUDA
    only and nowhere else: here they stay on every device.

    Args:
        net: holds the weights.
        device, dtype: of the image encoder's matrix products; everything else is float32, and memories bfloat16.
        batch: objects that are taken together at most.
        dynamic_multimask: whether a single mask gives way to the best of three where it is not stable.

    Attributes:
        most_points: of a slice that reach the network, the first and the last ones; None for all.
    """

    most_points: ClassVar[int | None] = None

    def __init__(self, net: Sam2VideoNet, device: str, dtype: torch.dtype, batch: int, dynamic_multimask: bool = True):
        self.device, self.batch, self.dynamic_multimask = device, batch, dynamic_multimask
        self.side, self.grid, self.sizes = net.sizes.input_size, net.sizes.input_size // 16, net.sizes.memory
        self.encoder: nn.Module = Sam2Encoder(net, dtype, in_video=True)
        self._take(net, net.memory_encoder, net.memory_attention)

    def _take(self, weights: MemoryWeights, encoder: MemoryEncoder, attention: MemoryAttention) -> None:
        """All but the image encoder, whose sizes are known."""
        self.decoder = Sam2Decoder(weights.sam_prompt_encoder, weights.sam_mask_decoder)
        self.no_memory = weights.no_mem_embed.reshape(1, -1, 1, 1)
        self.remembering = Remembering(weights, encoder, self.sizes, self.side, self.grid)
        perceiver = self.remembering.perceiver
        turns = perceiver.turns(self.no_memory.shape[1]) if perceiver else None
        self.reader = MemoryReader(attention, self.grid, turns)

    def prepare(self, pixels: np.ndarray) -> Tensor:
        """(h, w, 3) uint8 RGB -> (1, 3, s, s) float32, the network's input: unlike that of single images, rounded."""
        resized = Image.fromarray(pixels).resize((self.side, self.side))  # bicubic
        image = torch.as_tensor(np.array(resized), device=self.device).permute(2, 0, 1).contiguous().float() / 255
        return normalize(image, MEAN, STD)[None]

    def encode(self, pixels: np.ndarray) -> View:
        """What is computed once per slice, of (h, w, 3) uint8 RGB."""
        features, fine, finest = self.encoder(self.prepare(pixels))
        # In the same order in memory as `unpack` has it: sums are rounded as that is.
        return self._view(features.contiguous(), fine[0].contiguous(), finest[0].contiguous(), pixels)

    def pack(self, view: View) -> bytes:
        """As `Method.pack`."""
        maps = {"features": view.features, "fine": view.fine, "finest": view.finest}
        return safetensors.torch.save(maps)

    def unpack(self, content: bytes, pixels: np.ndarray) -> View:
        """As `Method.unpack`."""
        maps = {name: value.to(self.device, copy=True) for name, value in safetensors.torch.load(content).items()}
        return self._view(maps["features"], maps["fine"], maps["finest"], pixels)

    def _view(self, features: Tensor, fine: Tensor, finest: Tensor, pixels: np.ndarray) -> View:
        decoding = self.decoder.prepare(features + self.no_memory, fine, finest)
        size = (pixels.shape[0], pixels.shape[1])
        return View(features, fine, finest, decoding, stretched(size, self.side, 4 * self.grid, self.device))

    def show(self, track: Track, z: int, view: View, prompt: Prompt, *, lasting: bool = True) -> Found:
        """Points and a box in a slice, after what was shown there before. What was found there is part of the prompt.

        Args:
            lasting: a slice that was visited becomes a prompted one. Otherwise see `MemorySizes.clicked`.
        """
        points, labels = track.points.get(z, (np.zeros((0, 2)), np.zeros(0, np.int64)))
        corners = np.zeros((0, 2)) if prompt.box is None else prompt.box.reshape(2, 2)
        points = np.concatenate([corners, points, prompt.points])
        labels = np.concatenate([np.arange(2, 2 + len(corners)), labels, prompt.labels]).astype(np.int64)
        if self.most_points is not None and len(points) > self.most_points:
            kept = np.r_[: self.most_points // 2, len(points) - self.most_points // 2 : len(points)]
            points, labels = points[kept], labels[kept]
        before = self._before(track, z)
        sparse = self.decoder.embed(
            torch.as_tensor(view.frame.scaled(points), device=self.device)[None],
            torch.as_tensor(labels, device=self.device)[None],
        )
        several = len(points) <= 1
        slots = (1, 2, 3) if several else (0, 1, 2, 3) if self.dynamic_multimask else (0,)
        fed = None if before is None else before.logits[None].clamp(-_LIMIT, _LIMIT)
        decoding = self.decoder.decode([self._corrected(track, z, view)], sparse, fed, slots)
        (found,) = self._found(view, decoding, shown=True)
        reverse = track.reverse.get(z)
        if reverse is None or lasting or self.sizes.clicked == "prompted":
            track.shown[z] = found
        elif self.sizes.clicked == "kept":
            track.kept[z] = found
        else:
            track.passed[reverse][z] = found
            return found
        track.points[z] = points, labels
        return found

    def _before(self, track: Track, z: int) -> Found | None:
        """What was found in a slice before it is prompted again: its logits are part of the prompt."""
        return track.at(z)

    def _corrected(self, track: Track, z: int, view: View) -> DecoderImage:
        """A slice that is prompted. If it was visited before, it looks at memories as it did then."""
        if z not in track.reverse:
            return view.decoding
        return self._recalling(view, self.reader.look(view.features), [track], z, track.reverse[z])[0]

    def show_mask(self, track: Track, z: int, view: View, mask: np.ndarray) -> Found:
        """The contour of the object in a slice: (h, w) bool; where it is empty, the object is not there."""
        full, low = self._contour(torch.as_tensor(mask, device=self.device, dtype=torch.float32)[None, None])
        image = self.decoder.with_memory(view.decoding, view.features)
        asked = self.decoder.decode(image, self.decoder.unprompted(1), self.remembering.mask_prompt(full)[:, 0], (0,))
        present = full.flatten(1).any(1)
        pointers = self.remembering.pointers(asked.tokens[:, 0], present & (asked.presence > 0))
        maps = self.remembering.maps(self.remembering.project(view.features), low, present, sure=True)
        track.shown[z] = Found(_SHOWN if bool(present) else -_SHOWN, pointers[0], low[0], maps[0])
        track.points.pop(z, None)
        return track.shown[z]

    def _contour(self, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(1, 1, h, w) float32 of 0 and 1 -> the same at the size of the input, and (1, 4 n, 4 n) logits."""
        if mask.shape[-2:] != (self.side, self.side):
            mask = (F.interpolate(mask, (self.side, self.side), mode="bilinear", antialias=True) >= 0.5).float()
        logits = (2 * mask - 1) * _SHOWN
        return mask, F.interpolate(logits, (self.side // 4, self.side // 4), mode="bilinear", antialias=True)[:, 0]

    def run(
        self, tracks: Sequence[Track], views: Views, reverse: bool
    ) -> Iterator[tuple[int, View, dict[Track, Found]]]:
        """Visit the slices of one direction, of all tracks together.

        Yields:
            the number of a slice, its view, and what was found in it, for the tracks that it belongs to.
        """
        ways = {track: track.slices(reverse) for track in tracks}
        for track in tracks:
            track.begin(reverse)
        for z in sorted({z for way in ways.values() for z in way}, reverse=reverse):
            here = [track for track, way in ways.items() if z in way]
            view = views.get(z)
            self._visit(view, [track for track in here if z not in track.shown and z not in track.kept], z, reverse)
            for track in here:
                track.reverse[z] = reverse
            yield z, view, {track: found for track in here if (found := track.at(z)) is not None}
            for track in here:
                track.settle(z, reverse, self.sizes)

    def _visit(self, view: View, tracks: Sequence[Track], z: int, reverse: bool) -> None:
        recalled = [track.recalled(z, reverse, self.sizes) for track in tracks]
        alike = [(len(one.maps), len(one.pointers)) for one in recalled]
        if tracks:
            sight = self.reader.look(view.features)
        for _, members in chunks(alike, self.batch):
            some = [tracks[member] for member in members]
            images = self._recalling(view, sight, some, z, reverse)
            decoding = self.decoder.decode(images, self.decoder.unprompted(len(some)))
            for track, found in zip(some, self._found(view, decoding, shown=False), strict=True):
                track.passed[reverse][z] = found

    def _recalling(
        self, view: View, sight: Sight, tracks: Sequence[Track], z: int, reverse: bool
    ) -> list[DecoderImage]:
        """A slice for each of several tracks that look at equally many memories."""
        places, values, in_maps = zip(*(self._bank(track, z, reverse) for track in tracks), strict=True)
        embedding = self.reader(sight, torch.stack(places), torch.stack(values), in_maps[0])
        return self.decoder.with_memory(
            view.decoding, embedding.transpose(1, 2).unflatten(-1, view.features.shape[-2:])
        )

    def _bank(self, track: Track, z: int, reverse: bool) -> tuple[Tensor, Tensor, int]:
        """(t, m) float32 tokens that a track looks at, with and without codes of place and time, and how many of them,
        the first ones, belong to maps."""
        recalled = track.recalled(z, reverse, self.sizes)
        maps = [(time, found.memory.float()) for time, found in recalled.maps]
        if not recalled.pointers:  # before the first prompted slice, on a way from the very beginning
            values = torch.cat([memory for _, memory in maps])
            return torch.cat([memory + self.remembering.places[time] for time, memory in maps]), values, len(values)
        pointers = torch.stack([found.pointer for _, found in recalled.pointers])
        pieces = pointers.shape[-1] // self.sizes.width  # a pointer is as wide as several tokens
        distances = torch.tensor([distance for distance, _ in recalled.pointers], device=self.device)
        codes = self.remembering.pointer_places(distances, track.longest(self.sizes)).repeat_interleave(pieces, 0)
        pointers = pointers.view(-1, self.sizes.width)
        places = [memory + self.remembering.places[time] for time, memory in maps]
        tokens = sum(len(memory) for _, memory in maps)
        return torch.cat([*places, pointers + codes]), torch.cat([*(memory for _, memory in maps), pointers]), tokens

    def _found(self, view: View, decoding: Decoding, *, shown: bool) -> list[Found]:
        """What the decoder's masks mean: of three the best, of the single one and three see `steady`."""
        each = torch.arange(len(decoding.low), device=self.device)
        count = decoding.low.shape[1]
        if count == 3:
            chosen = pointing = decoding.scores.argmax(1)
        else:
            pointing = torch.zeros_like(each)
            chosen = steady(decoding.low, decoding.scores)[0] if count == 4 else pointing
        present = decoding.presence > 0
        low = torch.where(present[:, None, None], decoding.low[each, chosen], _ABSENT)
        pointers = self.remembering.pointers(decoding.tokens[each, pointing], present)
        maps = self.remembering.maps(self.remembering.project(view.features), low, present, sure=shown)
        worth = (2 * decoding.presence.sigmoid() - 1).clamp(min=0) * decoding.scores[each, chosen]
        parts = zip(decoding.presence.tolist(), pointers, low, maps, worth.tolist(), strict=True)
        return [Found(*part) for part in parts]
