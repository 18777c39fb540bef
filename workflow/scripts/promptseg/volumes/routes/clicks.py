"""The simulated user of a volume: where the next corrective click goes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import find_objects, generate_binary_structure, label

from promptseg.core.masks import encode
from promptseg.core.stacks import MaskStack
from promptseg.methods.volume import SlicePrompt
from promptseg.prompts.clicks import Click, Protocol, deepest_error
from promptseg.prompts.modes import pick
from promptseg.volumes.routes.deepest import deepest
from promptseg.volumes.routes.settings import VolumeSettings
from promptseg.volumes.routes.showing import point_prompt

# In the challenge the random numbers begin anew with every click.
_CVPR_SEED = 42
STEPS = {6: 1, 18: 2, 26: 3}  # of how many axes the indices of neighbours may differ


@dataclass(frozen=True)
class VolumeClick:
    """One click at voxel (z, y, x): on the object (`positive`) or on the background."""

    z: int
    y: int
    x: int
    positive: bool

    def shown(self) -> SlicePrompt:
        """The click as a method gets it."""
        return SlicePrompt(self.z, point_prompt(self.x, self.y, positive=self.positive))


def next_click(
    object_id: str,
    truth: MaskStack,
    prediction: MaskStack,
    clicks: Sequence[VolumeClick],
    settings: VolumeSettings,
    spacing: tuple[float, float, float] | None = None,
) -> VolumeClick | None:
    """The click that corrects a prediction, or None if there is nothing to correct.

    Args:
        clicks: those given so far.
        settings: click_rule, click_distance, connectivity, tie_break and seed matter.
        spacing: (z, y, x) in mm, for depths in mm; where it is not known they are in voxels.
    """
    if settings.click_rule == "slice":
        return _in_the_worst_slice(object_id, truth, prediction, clicks, settings)
    sampling = spacing if settings.click_distance == "mm" else None
    found = deepest_voxels(error_of(truth, prediction), settings.connectivity, sampling)
    if not len(found):
        return None
    z, y, x = found[np.random.RandomState(_CVPR_SEED).choice(len(found))].tolist()
    return VolumeClick(z, y, x, bool(truth.slice(z)[y, x]))


def error_areas(truth: MaskStack, prediction: MaskStack) -> dict[int, int]:
    """Pixels that differ, by slice; slices without such are left out. In order of slices."""
    found = {}
    for z in sorted(truth.codes.keys() | prediction.codes.keys()):
        area = truth.area(z) + prediction.area(z) - 2 * truth.shared(prediction, z)
        if area:
            found[z] = area
    return found


def error_of(truth: MaskStack, prediction: MaskStack) -> MaskStack:
    """The voxels that differ."""
    areas = error_areas(truth, prediction)
    return MaskStack(truth.shape, {z: encode(truth.slice(z) ^ prediction.slice(z)) for z in areas})


def _in_the_worst_slice(
    object_id: str,
    truth: MaskStack,
    prediction: MaskStack,
    clicks: Sequence[VolumeClick],
    settings: VolumeSettings,
) -> VolumeClick | None:
    """A click of the protocol `corrected` of images in the slice with the largest error, the first of equals.

    Where every pixel of its error was clicked before, the next slice is taken.
    """
    areas = error_areas(truth, prediction)
    for z in sorted(areas, key=lambda z: -areas[z]):
        true = truth.slice(z)
        here = [Click(click.x, click.y, click.positive) for click in clicks if click.z == z]
        pixels = deepest_error(true, prediction.slice(z), here, Protocol()).pixels
        if len(pixels):
            number = len(clicks) + 1
            x, y = pick(pixels, settings.tie_break, settings.seed, object_id, z, "click", number)
            return VolumeClick(z, y, x, bool(true[y, x]))
    return None


def deepest_voxels(
    region: MaskStack, connectivity: int = 26, sampling: tuple[float, float, float] | None = None
) -> np.ndarray:
    """(n, 3) int (z, y, x) of the voxels of the largest component of a region that lie deepest in it, in C order.

    The largest component is the one with the most voxels, the first in C order of equals. Depth is the Euclidean
    distance to the nearest voxel outside the component, in voxels, or in mm with `sampling`; outside the volume counts
    as outside. As in JunMa11/CVPR-MedSegFMCompetition 748e862, CVPR25_iter_eval.py, compute_edt, but for very large
    components, which the challenge halves: those whose box with its margin has more than 60 million voxels.

    Args:
        connectivity: 6, 18 or 26 neighbours.
    """
    if not region.codes:
        return np.zeros((0, 3), int)
    box = region.box()
    component, corner = largest_component(region.dense(box), connectivity)
    found: np.ndarray = deepest(component, sampling) + corner + box[:3]
    return found


def largest_component(region: np.ndarray, connectivity: int) -> tuple[np.ndarray, np.ndarray]:
    """A (d, h, w) bool component of a (D, H, W) bool region, which fills its box, in a box of its own, and (z, y, x) of
    the first corner of that. Of equally large ones the one whose first voxel comes first in C order."""
    labels, count = label(region, generate_binary_structure(3, STEPS[connectivity]))
    if count == 1:
        return region, np.zeros(3, int)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    (equal,) = np.nonzero(sizes == sizes.max())
    if len(equal) > 1:
        flat = labels.ravel()
        equal = flat[np.isin(flat, equal).argmax()][None]
    number = int(equal[0])
    place = find_objects(labels, number)[number - 1]
    return labels[place] == number, np.array([part.start for part in place])
