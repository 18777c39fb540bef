"""Fixtures of promptable networks: embeddings, and logits, masks and scores of several calls.

Besides `Promptable`'s own methods the comparison asks

* what `encode` returns for `features`, (1, c, n, n), and for SAM 2 and 3 for `high_res`, the maps (c, h, w) or
  (1, c, h, w) behind `conv_s0` and `conv_s1`;
* MedSAM for `resized(pixels)`, (s, s, 3) uint8, the image before its values are spread;
* ScribblePrompt's UNet for `planes(query)`, (3, s, s): box, positive and negative clicks, and for
  `scribbled(prompt, scribbles)`, a prompt with scribbles, (2, h, w) float32 on and off the object.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from promptseg.methods import Query
from promptseg.methods.promptable import Decoded, Promptable
from promptseg.parity.adapters import Adapters
from promptseg.parity.asking import STABLE, ImageCalls, array, asked_of
from promptseg.parity.calls import Call, read_calls
from promptseg.parity.comparison import Comparison, sample, statistics
from promptseg.parity.fixtures import Fixture, FixtureError

_LOGIT_STRIDES = (1, 8, 8)


@dataclass(frozen=True)
class Asked:
    """One call about one image, and its answer.

    Attributes:
        queries: its prompts, usually one.
        logits: (queries, k, h, w) float32 of the answer.
    """

    call: Call
    key: str
    queries: list[Query]
    logits: np.ndarray


def check_promptable(fixture: Fixture, method: Any, adapters: Adapters, comparison: Comparison) -> None:
    """Compare the embedding of every image and every call, then ask everything at once."""
    asked: list[Asked] = []
    unpacked: dict[str, Any] = {}
    for key in fixture.keys("image", "point_coords", "embedding"):
        pixels = fixture.pixels(f"image_{key}")
        embedding = adapters.embedding(method, pixels)
        comparison.count("images")
        _check_image(fixture, method, pixels, embedding, key, comparison)
        image = _Image(fixture, method, embedding, key, read_calls(fixture, key))
        asked += image.check(comparison)
        if method.cacheable:
            unpacked[key] = method.unpack(method.pack(embedding), pixels)
    _check_at_once(method, asked, comparison)
    first: dict[str, Asked] = {}
    for one in asked:
        if one.key in unpacked and one.key not in first:
            queries = [replace(query, image=unpacked[one.key]) for query in one.queries]
            first[one.key] = replace(one, queries=queries)
    _check_at_once(method, list(first.values()), comparison, packed=True)


def _check_image(
    fixture: Fixture, method: Any, pixels: np.ndarray, embedding: Any, key: str, comparison: Comparison
) -> None:
    where = f"image {key}"
    if fixture.name.family == "medsam":
        resized = array(asked_of(method, "resized")(pixels)).astype(np.int64)
        recorded = fixture.array(f"resized_{key}", (None, None, 3))
        comparison.numbers("resized image", where, sample(resized, recorded.shape, (16, 16, 1)), recorded)
        sums = fixture.array(f"resized_sum_{key}", (3,))
        comparison.numbers("resized image", f"{where} sums", resized.sum((0, 1)), sums)
    if fixture.name.family == "scribbleprompt_unet":
        return  # nothing is computed of an image alone
    features = array(asked_of(embedding, "features"))[0]
    recorded = fixture.array(f"embedding_{key}", (None, None, None))
    across = features.shape[-1] // 16 if fixture.listed else 2
    thinned = sample(features, recorded.shape, (8, max(across, 1), max(across, 1)))
    comparison.numbers("embedding", where, thinned, recorded)
    if fixture.listed or f"embedding_stats_{key}" in fixture:
        stats = fixture.array(f"embedding_stats_{key}", (4,))
        comparison.numbers("statistics of embedding", where, statistics(features), stats)
    if fixture.name.family in STABLE:
        for level, found in enumerate(asked_of(embedding, "high_res")):
            recorded = fixture.array(f"high_res{level}_{key}", (None, None, None))
            ours = array(found)
            thinned = sample(ours.reshape(ours.shape[-3:]), recorded.shape, (8, 16, 16))
            comparison.numbers("high-res features", f"{where} level {level}", thinned, recorded)


class _Image(ImageCalls):
    def check(self, comparison: Comparison) -> Iterator[Asked]:
        """Compare all calls."""
        for call in self.calls.values():
            comparison.count("calls")
            queries, answers = self.ask(call)
            if call.mask is not None and not call.first:
                recorded = self.recorded_source(call)
                if recorded is not None or len(self.ask(self.calls[call.mask])[1][0].logits) > 1:
                    source = self.fixture.array(f"{call.name}_source_{self.key}", ()).item()
                    comparison.exact("mask sources", f"image {self.key} {call.name}", self.sources[call.name], source)
            self._compare(call, queries, answers, comparison)
            yield Asked(call, self.key, queries, np.stack([array(answer.logits) for answer in answers]))

    def _compare(self, call: Call, queries: list[Query], answers: list[Decoded], comparison: Comparison) -> None:
        where = f"image {self.key} {call.name}"
        if any(answer.low is None for answer in answers):
            raise FixtureError(f"{where}: the method gives no low-resolution logits")
        full = np.concatenate([array(answer.logits) for answer in answers])
        low = np.concatenate([array(answer.low) for answer in answers])
        for what, name, ours in (("low-res logits", "low", low), ("logits", "logits", full)):
            recorded = self._rows(f"{call.name}_{name}", len(ours), 2)
            comparison.numbers(what, where, sample(ours, recorded.shape, _LOGIT_STRIDES), recorded)
            if self.fixture.listed or f"{call.name}_{name}_stats_{self.key}" in self.fixture:
                stats = self._rows(f"{call.name}_{name}_stats", len(ours), 1)
                ours = np.stack([statistics(channel)[: stats.shape[1]] for channel in ours])
                comparison.numbers(f"statistics of {what}", where, ours, stats)
        self._compare_masks(call, where, full, comparison)
        self._compare_scores(call, where, answers, comparison)
        if self.fixture.name.family in STABLE and not call.multimask and not call.switches:
            self._compare_choice(call, where, answers, comparison)
        if self.fixture.name.family == "scribbleprompt_unet":
            planes = array(asked_of(self.method, "planes")(queries[0]))
            recorded = self.fixture.array(f"{call.name}_planes_{self.key}", (3,))
            comparison.numbers("input planes", where, planes.sum((1, 2)), recorded)

    def _rows(self, name: str, count: int, dimensions: int) -> np.ndarray:
        """A recorded array with one row for each of our `count` maps, be they of one or of several objects."""
        recorded = self.fixture.array(f"{name}_{self.key}")
        shape = recorded.shape
        if recorded.ndim < dimensions + 1 or int(np.prod(shape[: recorded.ndim - dimensions])) != count:
            raise FixtureError(f"the array {name}_{self.key} has the shape {shape}, our answer {count} maps")
        return recorded.reshape(count, *shape[recorded.ndim - dimensions :])

    def _compare_masks(self, call: Call, where: str, full: np.ndarray, comparison: Comparison) -> None:
        name = f"{call.name}_mask"
        if not self.fixture.listed:
            masks = self.fixture.mask(f"{name}_{self.key}", full.shape)
        else:
            packed, pixels = self._rows(name, len(full), 1), full[0].size
            if packed.dtype != np.uint8 or packed.shape[1] != -(-pixels // 8):
                raise FixtureError(f"the array {name}_{self.key} holds no packed masks of {pixels} pixels")
            masks = np.unpackbits(packed, axis=1, count=pixels).astype(bool).reshape(full.shape)
            areas = self.fixture.array(f"{call.name}_area_{self.key}").reshape(-1)
            comparison.exact("areas of the recorded masks", where, masks.sum((1, 2)).tolist(), areas.tolist())
        comparison.masks(where, full, 0.0, masks, "logits")

    def _compare_scores(self, call: Call, where: str, answers: list[Decoded], comparison: Comparison) -> None:
        name = f"{call.name}_iou_{self.key}"
        if answers[0].scores is None:
            if name in self.fixture:
                raise FixtureError(f"{where}: the method gives no predicted IoU")
            return
        ours = np.concatenate([array(answer.scores) for answer in answers])
        recorded = self.fixture.array(name).reshape(-1)
        # ScribblePrompt keeps the best of three masks; the file has the scores of all.
        best = self.fixture.name.family == "scribbleprompt_sam" and len(ours) == 1
        comparison.numbers("predicted IoU", where, ours, recorded.max(keepdims=True) if best else recorded)

    def _compare_choice(self, call: Call, where: str, answers: list[Decoded], comparison: Comparison) -> None:
        """Of SAM 2's single mask, which gives way to another where it is not stable."""
        recorded = self.fixture.array(f"{call.name}_stability_{self.key}", (len(answers),))
        ours = [np.nan if answer.stability is None else float(answer.stability) for answer in answers]
        comparison.numbers("stability", where, ours, recorded)
        if len(answers) == 1:
            token = self.fixture.array(f"{call.name}_token_{self.key}", ())
            comparison.exact("mask tokens", where, -1 if (found := answers[0].token) is None else found, token.item())


def _check_at_once(
    method: Promptable[Any], asked: Sequence[Asked], comparison: Comparison, packed: bool = False
) -> None:
    """What a run does: prompts of all kinds and images in one call of `decoded`; it must not change the answers.

    Args:
        packed: the embeddings come from the bytes of the cache.
    """
    groups: dict[tuple[Any, ...], list[tuple[Asked, int, Query]]] = defaultdict(list)
    for one in asked:
        for number, query in enumerate(one.queries):
            for setting in ("always", "official"):
                wanted = replace(query, multimask=setting)
                if method.multimask(wanted) == one.call.multimask:  # a run cannot ask for the others
                    groups[tuple(sorted(one.call.switches.items()))].append((one, number, wanted))
                    break
    what = "logits from packed embeddings" if packed else "logits at once"
    for members in groups.values():
        with members[0][0].call.switched(method):
            for index, decoded in method.decoded([query for _, _, query in members]):
                one, number, _ = members[index]
                where = f"image {one.key} {one.call.name} {'packed' if packed else 'at once'}"
                limit = comparison.limit("at once")
                comparison.numbers(what, where, array(decoded.logits), one.logits[number], limit)
