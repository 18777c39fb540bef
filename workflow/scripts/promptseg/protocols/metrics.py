"""The metrics of presets: an entry in METRICS is all that a new one needs.

Each takes one mask beside its object, and the options that a preset gives it: they and the official files that they
come from are documented in workflow/schemas/preset_metrics.schema.yaml. None means that there is no value: the object
is left out. What counts where truth or prediction is empty differs between protocols, so it is an option of each
metric: `both_empty`, `truth_empty`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.ndimage import minimum_filter

from promptseg.core.columns import IOU
from promptseg.core.tables import FLOAT, Column
from promptseg.protocols.matching import lesion_dice, qualities
from promptseg.protocols.subject import THICKNESS_MM, Options, Pair
from promptseg.volumes.scores.lesions import Lesions
from promptseg.volumes.scores.metrics import AREA_METRICS

Value: TypeAlias = tuple[float | None, float]  # the value, and how many slices or lesions it is the mean of

_NSD = next(metric for metric in AREA_METRICS if metric.name == "nsd_area")
_THICK = f"an image counts as one slice of {THICKNESS_MM:g} mm; null where a spacing is unknown"


@dataclass(frozen=True)
class Block:
    """A metric of presets.

    Args:
        column: its name and what it says.
        of: the value of a pair under options.
        both_empty, truth_empty: the values where both are, or the truth alone; None: no value.
        alone: whether the value of a prediction without a truth is measured, too.
        weight: the column that says how many parts the value is the mean of, where it is one.
        higher_is_better: the direction.
        best: the best value possible.
    """

    column: Column
    of: Callable[[Pair, Options], Value]
    both_empty: float | None = None
    truth_empty: float | None = 0.0
    alone: bool = False
    weight: str = ""
    higher_is_better: bool = True
    best: float = 1.0

    @property
    def name(self) -> str:
        """Name of its column."""
        return self.column.name

    def value(self, pair: Pair, options: Options) -> Value:
        """What a preset with these options measures."""
        if not pair.areas.any() and not (self.alone and pair.predicted_areas.any()):
            which = "truth_empty" if pair.predicted_areas.any() else "both_empty"
            found = options.get(which, getattr(self, which))
            found = None if found == "none" else found
            return found, float(found is not None)
        return self.of(pair, options)


def _overlap(common: np.ndarray, total: np.ndarray, dice: bool, smooth: float) -> np.ndarray:
    above, below = (2 * common, total) if dice else (common, total - common)
    return (above + smooth) / (below + smooth)


def _by_slice(pair: Pair, options: Options, dice: bool) -> Value:
    """Mean over the slices that a protocol counts; the weight is the number of its entries.

    `entries`: how often a slice up to the one that was prompted, and one after it, goes into the protocol's list.
    """
    truth, predicted = pair.areas, pair.predicted_areas
    z = np.flatnonzero((truth > 0) | ((predicted > 0) & (options["slices"] == "any")))
    up_to, after = options.get("entries", (1, 1))
    middle = pair.prompted[len(pair.prompted) // 2] if pair.prompted else len(truth)
    weights = np.where(z <= middle, up_to, after).astype(float)
    values = _overlap(pair.common[z], truth[z] + predicted[z], dice, 0.0)
    return float(np.average(values, weights=weights)), float(weights.sum())


def _area_overlap(dice: bool) -> Callable[[Pair, Options], Value]:
    def of(pair: Pair, options: Options) -> Value:
        if "slices" in options:
            return _by_slice(pair, options, dice)
        common, total = pair.common.sum(), (pair.areas + pair.predicted_areas).sum()
        return float(_overlap(common, total, dice, options.get("smooth", 0.0))), 1.0

    return of


def _nsd(pair: Pair, options: Options) -> Value:
    spacing = options.get("spacing", "as_stored")
    if spacing == "reversed" and pair.subject.grid.shape[0] == 1:
        return None, 0.0  # nobody knows the thickness that would stand for a side of a pixel
    compared = pair.compared(options.get("tolerance_mm", 2.0), spacing)
    return float(_NSD.values(compared)[0]), 1.0


def boundary(mask: np.ndarray, share: float) -> np.ndarray:
    """The pixels of an (h, w) bool mask that a square of 3 x 3, eroding it a few times, takes away; so does the border.

    Args:
        share: of the image's diagonal, which tells how many times, at least once.
    """
    times = max(1, round(share * float(np.hypot(*mask.shape))))
    eroded: np.ndarray = minimum_filter(mask, 2 * times + 1, mode="constant", cval=0)
    return mask & ~eroded


def _boundary_iou(pair: Pair, options: Options) -> Value:
    common = total = 0
    for z in pair.mask.codes.keys() | pair.subject.mask.codes.keys():
        one, other = (boundary(stack.slice(z), options.get("share", 0.02)) for stack in (pair.mask, pair.subject.mask))
        common, total = common + int((one & other).sum()), total + int((one | other).sum())
    return common / total, 1.0


def _volume(false: str, millilitres: bool) -> Callable[[Pair, Options], Value]:
    """Of the components of one of the two that hold no voxel of the other."""

    def of(pair: Pair, options: Options) -> Value:
        lesions = Lesions.of(*pair.labelled(options.get("connectivity", 18)))
        part, lost = (lesions.predicted, ~lesions.true) if false == "fp" else (lesions.truth, ~lesions.found)
        if not millilitres:
            return float(part.voxels[lost].sum()), 1.0
        volume = pair.subject.grid.millilitres(part.areas[lost].sum(axis=0))
        return volume, float(volume is not None)

    return of


def _quality(name: str) -> Callable[[Pair, Options], Value]:
    def of(pair: Pair, options: Options) -> Value:
        rule: dict[str, Any] = {"by": "iou", "threshold": 0.5, "match": "greedy", "merge": False}
        rule |= {key: options[key] for key in rule if key in options}
        return float(qualities(Lesions.of(*pair.labelled(options.get("connectivity", 26))), **rule)[name]), 1.0

    return of


def _lesion_dice(pair: Pair, options: Options) -> Value:
    values = lesion_dice(*pair.labelled(options.get("connectivity", 26)))
    return float(values.mean()), float(len(values))


_PANOPTICA = "lesions are components, matched as panoptica does"
_ANY = "components that hold any voxel of the other count nothing, as in autoPET IV"
METRICS: Mapping[str, Block] = {
    block.name: block
    for block in (
        Block(IOU, _area_overlap(dice=False), weight="entries"),
        Block(Column("dice", FLOAT, "Dice coefficient, 0 to 1"), _area_overlap(dice=True), weight="entries"),
        Block(
            Column(
                "nsd",
                FLOAT,
                "normalised surface Dice by area, 0 to 1, before any cut; of an image both faces of its slice count, "
                "as in LiteMedSAM's script, which gives images a third axis",
            ),
            _nsd,
        ),
        Block(Column("boundary_iou", FLOAT, "IoU of the boundaries of both masks, slice by slice"), _boundary_iou),
        *(
            Block(
                Column(f"{false}_{unit}", FLOAT, f"{what} {_ANY}{'; ' + _THICK if unit == 'ml' else ''}", unit),
                _volume(false, unit == "ml"),
                both_empty=0.0 if false == "fp" else None,
                truth_empty=None,
                alone=false == "fp",
                higher_is_better=False,
                best=0.0,
            )
            for false, what in (
                ("fp", "what is predicted where nothing is:"),
                ("fn", "what is not found at all:"),
            )
            for unit in ("ml", "voxels")
        ),
        Block(
            Column("lesion_dice", FLOAT, "mean Dice of the lesions (components), matched by Dice, 0 if missed"),
            _lesion_dice,
            weight="n_lesions",
        ),
        *(
            Block(Column(name, FLOAT, f"{what}; {_PANOPTICA}"), _quality(name))
            for name, what in (
                ("rq", "recognition quality"),
                ("sq", "segmentation quality, mean IoU of the matches"),
                ("pq", "panoptic quality"),
                ("sq_dsc", "mean Dice of the matches"),
                ("pq_dsc", "panoptic quality with Dice"),
            )
        ),
    )
}


def measure(pair: Pair, metrics: Mapping[str, Options]) -> dict[str, Any]:
    """The columns of PROTOCOL_SCORES that the metrics of a preset fill for one mask.

    Args:
        metrics: options by name of the metric.
    """
    row: dict[str, Any] = {}
    for name, options in metrics.items():
        block = METRICS[name]
        row[name], weight = block.value(pair, options)
        if "slices" in options:
            beyond = (pair.predicted_areas > 0) & (pair.areas == 0) & (options["slices"] == "with_truth")
            row |= {block.weight: int(weight), "left_out": int(beyond.sum())}
        elif block.weight == "n_lesions":
            row[block.weight] = int(weight)
    return row
