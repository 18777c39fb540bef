"""Rows of the masks of one image or volume under each rule."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from promptseg.compose.rules import LARGEST_PROBABILITY, LARGEST_SCORE, Priority, by_order, compose
from promptseg.core.stacks import MaskStack
from promptseg.volumes.scores.conflicts import conflict_voxels

Masks: TypeAlias = dict[str, MaskStack]
# Of a rule: what wins, or why it cannot be used.
Ranking: TypeAlias = Callable[[str], Priority | str]
NO_SCORES = "not_applicable: the method gives no estimate of the IoU of its masks"
NO_PROBABILITIES = "not_applicable: the method gives no probabilities of pixels in this setting"


def ranking(masks: Masks, surest: Priority | str, scores: Mapping[tuple[str, int], float | None]) -> Ranking:
    """What wins by each rule.

    Args:
        surest: of `largest_probability`.
        scores: of object and slice.
    """

    def of(rule: str) -> Priority | str:
        if rule == LARGEST_PROBABILITY:
            return surest
        if rule != LARGEST_SCORE:
            return by_order(masks, rule)
        if any(scores.get((name, z)) is None for name, mask in masks.items() for z in mask.codes):
            return NO_SCORES
        return lambda name, z: scores[name, z] or 0.0

    return of


def compose_all(
    masks: Masks, truths: Masks, others: Mapping[str, Sequence[str]], rules: Sequence[str], of: Ranking
) -> Iterator[tuple[str, Masks | None, list[dict[str, Any]]]]:
    """For each rule the composed masks, None where it cannot be used, and rows of COMPOSED_OBJECTS but for their keys.

    Args:
        masks: in the order of the objects; of some of the objects in `truths`.
        others: see `conflicts.apart`.
    """
    there = {name: [other for other in others[name] if other in masks] for name in masks}
    shared = conflict_voxels(masks, there)
    alone = {name: _overlap(mask, truths[name]) for name, mask in masks.items()}
    for rule in rules:
        found = of(rule)
        if isinstance(found, str):
            yield rule, None, [{"object_id": name, "rule": rule, "status": found} for name in masks]
            continue
        composed = compose(masks, there, found)
        rows = []
        for name, mask in masks.items():
            left = composed[name]
            iou, dice = _overlap(left, truths[name])
            rows.append(
                {
                    "object_id": name,
                    "rule": rule,
                    "iou_alone": alone[name][0],
                    "iou_composed": iou,
                    "dice_alone": alone[name][1],
                    "dice_composed": dice,
                    "area": mask.voxels,
                    "shared": shared[name],
                    "lost": mask.voxels - left.voxels,
                    "status": "ok",
                }
            )
        yield rule, composed, rows


def _overlap(mask: MaskStack, truth: MaskStack) -> tuple[float, float]:
    """IoU and Dice; the truth is not empty."""
    common, total = sum(mask.shared(truth, z) for z in mask.codes), mask.voxels + truth.voxels
    return common / (total - common), 2 * common / total
