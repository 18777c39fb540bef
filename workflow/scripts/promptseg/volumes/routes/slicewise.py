"""Every slice by itself: prompted by the user (`each`), or between two that are, by prompts in between (`between`)."""

from collections.abc import Sequence

from promptseg.methods.volume import SlicePrompt
from promptseg.volumes.routes.steps import Steps
from promptseg.volumes.routes.trail import Shown, Trail, clicked

_AT_ONCE = 8  # slices of an object whose masks are in memory together


def slice_by_slice(prompts: Sequence[SlicePrompt], size: tuple[int, int]) -> Steps[Trail]:
    """The answers to prompts of single slices.

    Args:
        prompts: points or boxes; see `interpolation.interpolate_prompts` for those between.
        size: (h, w) of slices.
    """
    trail = Trail(size)
    for start in range(0, len(prompts), _AT_ONCE):
        asked = {one.z: Shown(one.prompt) for one in prompts[start : start + _AT_ONCE]}
        answers = yield [shown.question(z) for z, shown in asked.items()]
        for (z, shown), answer in zip(asked.items(), answers, strict=True):
            trail.took(z, answer)
            trail.put(z, shown, answer)
    trail.anchors |= set(trail.shown)
    return trail


def click_by_click(known: Trail, click: SlicePrompt, *, feeds_back: bool) -> Steps[Trail]:
    """The answer after one more click, which changes its slice and no other; see `carry.carry_on`."""
    trail = known.copy()
    yield from clicked(trail, click, feeds_back)
    return trail
