"""The routes without a network: true contours of some slices, from which the others follow."""

from collections.abc import Sequence

from promptseg.core.masks import encode
from promptseg.core.routes import EXTRUDE, INTERPOLATE
from promptseg.core.stacks import MaskStack
from promptseg.methods.base import Settings
from promptseg.methods.volume import SlicePrompt, Slices, VolumeAnswer, VolumeMethod, VolumeQuery
from promptseg.volumes.routes.interpolation import extrude, interpolate


class _Contours(VolumeMethod):
    prompt_types = frozenset({"mask"})

    def __init__(self) -> None:
        super().__init__(Settings())


class Extruded(_Contours):
    """The contour of one slice copied to all that are to be answered: what it costs to do nothing."""

    route = EXTRUDE
    several_slices = False

    def answer(self, volume: Slices, queries: Sequence[VolumeQuery]) -> list[VolumeAnswer]:
        """See `VolumeMethod.answer`; each query shows one contour."""
        return [VolumeAnswer(extrude(_stack(volume, query.prompts), *query.slices)) for query in queries]


class Interpolated(_Contours):
    """Shape-based interpolation between the contours of several slices: what an annotator would do without a model."""

    route = INTERPOLATE

    def answer(self, volume: Slices, queries: Sequence[VolumeQuery]) -> list[VolumeAnswer]:
        """See `VolumeMethod.answer`; the outermost contours are the ends of the object."""
        pixel = volume.spacing[1:] if volume.spacing else (1.0, 1.0)
        return [VolumeAnswer(self._fill(volume, query.prompts, pixel)) for query in queries]

    def _fill(self, volume: Slices, prompts: Sequence[SlicePrompt], pixel: tuple[float, float]) -> MaskStack:
        known = [prompt.z for prompt in prompts]
        return interpolate(_stack(volume, prompts), known, heights(volume), pixel)


def heights(volume: Slices) -> Sequence[float]:
    """Where the slices of a volume lie along its axis: in mm, or by their numbers if that is not known."""
    return range(volume.shape[0]) if volume.positions is None else volume.positions


def _stack(volume: Slices, prompts: Sequence[SlicePrompt]) -> MaskStack:
    """The contours that are shown; of an empty one no code is kept."""
    shown = {prompt.z: prompt.mask for prompt in prompts if prompt.mask is not None and prompt.mask.any()}
    return MaskStack(volume.shape, {z: encode(mask) for z, mask in shown.items()})
