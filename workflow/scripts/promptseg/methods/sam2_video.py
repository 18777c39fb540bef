"""SAM 2 (Ravi et al. 2024), EdgeTAM (Zhou et al. 2025) and MedSAM2 (Ma et al. 2025) on volumes: slices are tracked as
the frames of a video."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from promptseg.core.errors import PromptsegError
from promptseg.core.masks import encode
from promptseg.core.stacks import MaskStack
from promptseg.methods.base import Settings
from promptseg.methods.loading import check_variant, load_weights, named_weights
from promptseg.methods.networks.sam2 import VARIANTS
from promptseg.methods.networks.sam2_memory import Sam2VideoNet
from promptseg.methods.sam2_tracker import Sam2Tracker, View
from promptseg.methods.slice_store import SliceStore
from promptseg.methods.tracks import Spool, Track
from promptseg.methods.volume import SlicePrompt, Slices, VolumeAnswer, VolumeMethod, VolumeQuery

# Objects in one batch. On a CPU more pay 3 %, and an answer would depend on what else is asked, by rounding.
BATCH = {"cpu": 1, "cuda": 32}
# Slices in memory: each is used by all objects at once, and the next one is its neighbour.
_IN_MEMORY = 2


class Sam2Video(VolumeMethod):
    """SAM 2's video predictor: the slices that a query is about are its video.

    From the lowest prompted slice it goes up to the end and then down to the beginning. `reset` (true by default): what
    was found on the way up is not known on the way down, as the authors of MedSAM2 do it; else it is, as in SAM 2's
    notebooks. With `VolumeQuery.one_way` it goes up once from the first slice, where the prompted slices ahead are all
    that it knows. The object ends where its score says that it is not there; nothing else ends it. Holes of masks stay,
    on every device: the authors fill small ones with an extension for CUDA only.

    A click on a slice that was tracked makes it a prompted one, its mask so far is part of the prompt, and both ways
    are gone again. This is the authors' switch `add_all_frames_to_correct_as_cond`. With the option
    `corrections: false`, as they have it by default, such clicks change nothing, and none is computed:
    `VolumeAnswer.dropped` counts them. EdgeTAM's authors have an older rule: a slice that was tracked keeps what the
    click brought, as an ordinary memory; only clicks on prompted slices change nothing.

    The option `video_size` is the side of the network's input, if it is not that of the variant (1024, MedSAM2 512).
    `precision: bf16` concerns the image encoder; memories are rounded to bfloat16 always.
    """

    corrects = True
    variants: ClassVar[Collection[str]] = VARIANTS
    known_options = frozenset({"dynamic_multimask", "reset", "corrections", "video_size"})
    code_licence = "Apache-2.0, package `segment-anything-py` and ours"

    def __init__(self, settings: Settings):
        super().__init__(settings)
        self.reset = bool(settings.options.get("reset", True))
        self.corrections = bool(settings.options.get("corrections", True))
        self._store: SliceStore[View] | None = None
        self._volume: Slices | None = None
        self._counted = (0, 0.0)
        self._take()

    @classmethod
    def architecture(cls, variant: str, side: int | None = None) -> nn.Module:
        """As `Method.architecture`; `side` is that of the input, if it is not the variant's."""
        check_variant(variant, cls.variants)
        sizes = VARIANTS[variant]
        return Sam2VideoNet(replace(sizes, input_size=side or sizes.input_size))

    @classmethod
    def translated(cls, state_dict: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The entries of a published file by the names of `architecture`."""
        return state_dict

    @torch.inference_mode()
    def _take(self) -> None:
        settings = self.settings
        named_weights(settings)  # said before a large network is built
        network = self.architecture(settings.variant or "", int(settings.options.get("video_size", 0)) or None)
        network = load_weights(network, settings, self.translated)
        self.tracker = self._tracker(network)
        if settings.compile:
            self.tracker.encoder.compile()

    def _tracker(self, network: nn.Module) -> Sam2Tracker:
        assert isinstance(network, Sam2VideoNet)
        return Sam2Tracker(network, *self._manner())

    def _manner(self) -> tuple[str, torch.dtype, int, bool]:
        """How a tracker works: its arguments but for the network."""
        device = self.settings.device
        dtype = torch.bfloat16 if self.settings.precision == "bf16" else torch.float32
        steady = bool(self.settings.options.get("dynamic_multimask", True))
        return device, dtype, BATCH["cpu" if device == "cpu" else "cuda"], steady

    @torch.inference_mode()
    def answer(self, volume: Slices, queries: Sequence[VolumeQuery]) -> list[VolumeAnswer]:
        """As `VolumeMethod.answer`. A click whose query has no `previous` state is preceded by all that led to it."""
        store = self.views(volume)
        rounds = [self._rounds(query) for query in queries]
        spool = Spool()
        kept = [not query.final or len(some) > 1 for query, some in zip(queries, rounds, strict=True)]
        tracks = [self._begun(query, spool if keep else None) for query, keep in zip(queries, kept, strict=True)]
        for number in range(max(map(len, rounds), default=0)):
            asked = [(track, some[number]) for track, some in zip(tracks, rounds, strict=True) if number < len(some)]
            for track, prompts in asked:
                for prompt in prompts:
                    self._show(track, prompt, store.get(prompt.z))
            self._go([track for track, _ in asked], store)
        self.encodings, self.encode_seconds = self._counted[0] + store.encodings, self._counted[1] + store.seconds
        return [self._answer(query, track, volume) for query, track in zip(queries, tracks, strict=True)]

    def views(self, volume: Slices) -> SliceStore[View]:
        """Views of a volume; those of the volume before are let go."""
        if self._store is None or self._volume is not volume:
            if self._store is not None:
                self._counted = (self._counted[0] + self._store.encodings, self._counted[1] + self._store.seconds)
                self._store.close()
            tracker = self.tracker
            self._store = SliceStore(volume, tracker.encode, tracker.pack, tracker.unpack, limit=_IN_MEMORY)
            self._volume = volume
        return self._store

    def _begun(self, query: VolumeQuery, spool: Spool | None) -> Track:
        """The track that a query goes on with.

        Raises:
            PromptsegError: a slice is prompted that the query is not about.
        """
        first, last = query.slices
        for prompt in (*query.prompts, *query.clicks):
            if not first <= prompt.z <= last:
                raise PromptsegError(f"Slice {prompt.z} is prompted, but slices {first} to {last} are to be answered.")
        if query.previous is None:
            return Track(first, last, self.reset, spool, one_way=query.one_way)
        track: Track = query.previous.copy()
        track.spool = spool
        return track

    def _rounds(self, query: VolumeQuery) -> list[Sequence[SlicePrompt]]:
        """What is shown before each pair of passes."""
        taken = self._taken(query)
        if query.previous is None:
            return [query.prompts, *([click] for click in taken)]
        return [[click] for click in query.clicks[-1:] if any(click is one for one in taken)]

    def _taken(self, query: VolumeQuery) -> Sequence[SlicePrompt]:
        """The clicks of a query that are not dropped."""
        if self.corrections or self.tracker.sizes.clicked == "prompted":
            return query.clicks
        if self.tracker.sizes.clicked == "forgotten":
            return []
        shown = {prompt.z for prompt in query.prompts}
        return [click for click in query.clicks if click.z not in shown]

    def _show(self, track: Track, prompt: SlicePrompt, view: View) -> None:
        if prompt.mask is not None:
            self.tracker.show_mask(track, prompt.z, view, prompt.mask)
        else:
            assert prompt.prompt is not None
            self.tracker.show(track, prompt.z, view, prompt.prompt, lasting=self.corrections)

    def _go(self, tracks: Sequence[Track], store: SliceStore[View]) -> None:
        """Both ways of several tracks; what they find becomes their answers."""
        for reverse in (False, True):
            for z, view, found in self.tracker.run(tracks, store, reverse):
                for track, one in found.items():
                    mask = (view.frame.full(one.logits) > 0).cpu().numpy()
                    code = encode(mask) if mask.any() else None
                    track.answers[z] = code, 1 / (1 + math.exp(-one.presence))
        for track in tracks:
            track.rest()

    def _answer(self, query: VolumeQuery, track: Track, volume: Slices) -> VolumeAnswer:
        answers = sorted(track.answers.items())
        masks = MaskStack(volume.shape, {z: code for z, (code, _) in answers if code is not None})
        scores = {z: score for z, (_, score) in answers}
        dropped = len(query.clicks) - len(self._taken(query))
        return VolumeAnswer(masks, scores, None if query.final else track, dropped)
