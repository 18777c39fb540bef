"""Fixtures of SAM's predictor: embeddings, logits, masks and predicted IoU of several prompts."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from promptseg.methods import Method, Prompt, Query
from promptseg.parity.adapters import Adapters
from promptseg.parity.comparison import (
    SAM_EMBEDDING,
    SAM_SCORE,
    SAM_UNDECIDED,
    Comparison,
    logit_limit,
    sample,
    statistics,
)
from promptseg.parity.fixtures import Fixture, FixtureError

# How the maps are thinned out in the files (channels, rows, columns).
_EMBEDDING_STRIDES = (8, 2, 2)
_LOGIT_STRIDES = (1, 8, 8)
_PROMPT = re.compile(r"(?P<box>box)?_?(?:p(?P<points>\d+))?_?(?P<extra>single|maskin)?")
_MASK_FROM_POINTS = 3  # whose first low-resolution map is the mask input of `..._maskin`


@dataclass(frozen=True)
class Asked:
    """One recorded prompt, from its name: `p3`, `box`, `box_p3`, `p3_single`, `p5_maskin`.

    Attributes:
        points: how many of the image's points.
        box: whether its box.
        single: whether one mask is asked for instead of three.
        mask_input: whether a mask is fed in.
    """

    points: int
    box: bool
    single: bool
    mask_input: bool

    @classmethod
    def parse(cls, name: str) -> "Asked":
        """What the name of a prompt says.

        Raises:
            FixtureError: nothing.
        """
        match = _PROMPT.fullmatch(name)
        if not match or not (match["box"] or match["points"]):
            raise FixtureError(f"the prompt {name} is not understood")
        extra = match["extra"]
        return cls(int(match["points"] or 0), bool(match["box"]), extra is not None, extra == "maskin")

    def prompt(self, fixture: Fixture, key: str) -> Prompt:
        """The prompt in image `key`."""
        points, labels = np.zeros((0, 2), np.int32), np.zeros(0, np.int8)
        if self.points:
            points = fixture.array(f"point_coords_{key}", (None, 2))[: self.points].astype(np.int32)
            labels = fixture.array(f"point_labels_{key}", (None,))[: self.points].astype(np.int8)
            if not len(points) == len(labels) == self.points:
                raise FixtureError(f"a prompt of image {key} has {self.points} points, the file {len(points)}")
        return Prompt(points, labels, fixture.array(f"box_{key}", (4,)).astype(np.int32) if self.box else None)


def check_sam(fixture: Fixture, method: Method, adapters: Adapters, comparison: Comparison) -> None:
    """Compare the embedding of every image, and logits, masks and scores of every prompt."""
    for key in fixture.keys("image", "point_coords", "embedding"):
        embedding = adapters.embedding(method, fixture.image(f"image_{key}"))
        comparison.count("images")
        where = f"image {key}"
        features = embedding.features[0].float().numpy()
        recorded = fixture.array(f"embedding_{key}", (None, None, None))
        thinned = sample(features, recorded.shape, _EMBEDDING_STRIDES)
        comparison.numbers("embedding", where, thinned, recorded, SAM_EMBEDDING)
        if f"embedding_stats_{key}" in fixture:
            stats = fixture.array(f"embedding_stats_{key}", (4,))
            comparison.numbers("statistics of the embedding", where, statistics(features), stats, SAM_EMBEDDING)
        prompts = prompt_names(fixture, key)
        if not prompts:
            raise FixtureError(f"no prompt of image {key} is recorded")
        for name in prompts:
            _check_prompt(fixture, method, embedding, key, name, comparison)


def prompt_names(fixture: Fixture, key: str) -> list[str]:
    """Names of the prompts of image `key`, from any of their arrays."""
    pattern = re.compile(rf"(.+?)_(?:low|low_stats|iou|logits|mask)_{key}")
    return list(dict.fromkeys(match[1] for name in fixture.names if (match := pattern.fullmatch(name))))


def _check_prompt(fixture: Fixture, method: Any, embedding: Any, key: str, name: str, comparison: Comparison) -> None:
    asked, where, limit = Asked.parse(name), f"image {key} {name}", logit_limit(fixture.name)
    comparison.count("prompts")
    prompt, fed = asked.prompt(fixture, key), None
    if asked.mask_input:
        first = Asked(_MASK_FROM_POINTS, False, False, False).prompt(fixture, key)
        fed = method.answer(embedding, first).low[0]
    answer = method.answer(embedding, prompt, not asked.single, fed)
    full, scores, low = (value.numpy() for value in (answer.logits, answer.scores, answer.low))
    recorded = fixture.array(f"{name}_low_{key}", (len(low), None, None))
    comparison.numbers("low-res logits", where, sample(low, recorded.shape, _LOGIT_STRIDES), recorded, limit)
    if f"{name}_low_stats_{key}" in fixture:
        stats = fixture.array(f"{name}_low_stats_{key}", (len(low), 2))
        ours = np.stack([statistics(channel)[:2] for channel in low])
        comparison.numbers("statistics of low-res logits", where, ours, stats, limit)
    recorded = fixture.array(f"{name}_logits_{key}", (len(full), None, None))
    comparison.numbers("logits", where, sample(full, recorded.shape, _LOGIT_STRIDES), recorded, limit)
    predicted = fixture.array(f"{name}_iou_{key}", (len(scores),))
    comparison.numbers("predicted IoU", where, scores, predicted, SAM_SCORE)
    mask = fixture.mask(f"{name}_mask_{key}", full.shape)
    comparison.masks("masks", where, full > 0, mask)
    decided = int(np.count_nonzero(((full > 0) != mask) & (np.abs(full) >= SAM_UNDECIDED)))
    if decided:
        comparison.fail(where, f"masks differ in {decided} pixels where the logit is {SAM_UNDECIDED:.0e} or more")
    if not asked.single:  # this is what a run asks the method
        candidates = method.predict([Query(embedding, prompt)])[0]
        comparison.masks("masks", where, candidates.masks, mask)
        comparison.numbers("predicted IoU", where, candidates.scores, predicted, SAM_SCORE)
