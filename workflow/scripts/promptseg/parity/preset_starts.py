"""First prompts of presets, and corrections of many slices, against recorded ones: RadioActive, SAM 2 on medical
volumes, MedSAM2."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from promptseg.parity.comparison import Comparison
from promptseg.parity.packed import Packed
from promptseg.parity.preset_ties import explained, explained_between
from promptseg.parity.propagation import propagated
from promptseg.protocols.blocks import Start
from promptseg.protocols.boxes import moved
from promptseg.protocols.depths import placed
from promptseg.protocols.draws import Draws
from promptseg.protocols.lines import square_of
from promptseg.protocols.points import line_points
from promptseg.protocols.showing import Scene, Shown, together
from promptseg.protocols.starts import first_prompt
from promptseg.protocols.user import User
from promptseg.volumes.routes.clicks import largest_component

_CENTRE = {"prompt": "point", "parts": 1, "equal": "last", "seed": 1}
_BOX = {"prompt": "box", "ends": "exclusive", "seed": 1}
_RANDOM = {"prompt": "point", "place": "random", "seed": 1}
_OTHERS = "of equally large components or equally near pixels others were taken"
# RadioActive's prompters as blocks; what the preset starts with is among them and is taken from it.
PROMPTERS: Mapping[str, Mapping[str, Any]] = {
    "OneFGPointsPer2DSlicePrompter": {**_RANDOM, "slices": "all"},
    "FiveFGPointsPer2DSlicePrompter": {**_RANDOM, "slices": "all", "points": 5},
    "CenterPointPrompter": {**_CENTRE, "slices": "all", "place": "centroid"},
    "Alternating2PointsPer2DSlicePrompter": {**_RANDOM, "slices": "all", "background": 1, "few": "fewer"},
    "Alternating5PointsPer2DSlicePrompter": {**_RANDOM, "slices": "all", "points": 3, "background": 2, "few": "fewer"},
    "ThreePointInterpolationPrompter": {"count": 3},
    "FivePointInterpolationPrompter": {},
    "BoxPer2DSlicePrompter": {**_BOX, "slices": "all"},
    "BoxPer2dSliceFrom3DBoxPrompter": {**_BOX, "slices": "range", "around": "volume"},
    "ThreeBoxInterpolationPrompter": {**_BOX, "slices": "linspace", "count": 3, "between": "linear"},
    "FiveBoxInterpolationPrompter": {**_BOX, "slices": "linspace", "count": 5, "between": "linear"},
    "ThreeBoxInterpolationPrompter_nonperfect5": {
        **_BOX,
        "slices": "linspace",
        "count": 3,
        "between": "linear",
        "jitter": 5,
    },
    "OnePoints3DVolumePrompter": {**_RANDOM, "slices": "volume", "few": "fewer"},
    "FivePoints3DVolumePrompter": {**_RANDOM, "slices": "volume", "points": 5, "few": "fewer"},
    "Box3DVolumePrompter": {**_BOX, "slices": "volume", "ends": "inclusive"},
    "BoxPropagationPrompter": {**_BOX, "slices": "median"},
    "PointPropagationPrompter": {**_RANDOM, "slices": "median", "points": 5, "few": "fewer"},
}
# Its loops: the prompter of the first prompt, what changes in `clicks`, and whether earlier points are sent again.
_EVERY_SLICE = {"rule": "every_slice", "reseed": "click", "seed": 1}
LOOPS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "PointInterpolation": ("FivePointInterpolationPrompter", {}),
    "OnePointPer2DSlice": ("OneFGPointsPer2DSlicePrompter", {}),
    "BoxInterpolation": ("ThreeBoxInterpolationPrompter", {}),
    "twoD1PointUnrealistic": ("OneFGPointsPer2DSlicePrompter", _EVERY_SLICE),
}


def _start_of(prompter: str, preset: Mapping[str, Any]) -> Mapping[str, Any]:
    block = PROMPTERS[prompter]
    return block if "prompt" in block else {**preset["start"], **block}


def check_prompters(packed: Packed, presets: Mapping[str, Any], comparison: Comparison) -> None:
    """RadioActive's static prompters, and those that follow the answers of a stand-in model."""
    preset = presets["radioactive"]
    for volume in packed.words("volumes"):
        truth = packed.masks(f"{volume}/truth")
        for prompter in packed.words("prompters"):
            where = f"{volume}/{prompter}"
            if prompter not in PROMPTERS:
                comparison.note(f"prompters that are not known: {prompter}")
            elif where in packed:
                block = _start_of(prompter, preset)
                shown = User(block, {}, Scene(volume, truth), seed=0).start() or Shown()
                if "Propagation" in prompter:
                    shown = propagated(shown, truth, packed.masks(f"{volume}/answer"), int(block.get("points", 1)))
                theirs = packed[where]
                if len(shown.boxes):
                    comparison.exact("boxes", where, _boxes(shown, theirs.ndim == 1), theirs)
                else:
                    columns = [0, 1, 2] if "Propagation" in prompter else [2, 1, 0]
                    ours = np.column_stack([shown.points[:, columns], shown.labels])
                    if not np.array_equal(ours, theirs) and _tied(truth, Start.of(block), ours, theirs):
                        comparison.note(_OTHERS)
                        ours = theirs
                    comparison.exact("points", where, ours, theirs)


def _tied(truth: np.ndarray, block: Start, ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether recorded points (x, y, z, label) differ from ours by the order of equals alone."""
    if block.place not in ("centre", "centroid") or ours.shape != theirs.shape:
        return False
    for points in (rows[:, 2::-1].astype(int) for rows in (ours, theirs)):
        if block.between == "linear" and not explained_between(truth, block, points):
            return False
        if block.between == "nothing" and not all(explained(truth[z], (y, x), block.place) for z, y, x in points):
            return False
    return True


def _boxes(shown: Shown, whole: bool) -> list[Any]:
    """(z, x0, y0, x1, y1) of boxes of slices, (x0, y0, z0, x1, y1, z1) of that of a volume."""
    found: list[Any] = shown.boxes[:, [2, 1, 0, 5, 4, 3] if whole else [0, 2, 1, 5, 4]].tolist()
    return found[0] if whole else found


def check_loops(packed: Packed, presets: Mapping[str, Any], comparison: Comparison) -> None:
    """Points of RadioActive's interactive loop on the masks of a stand-in model, as far as they are recorded."""
    preset = presets["radioactive"]
    for volume in packed.words("volumes"):
        for loop in packed.words("loops"):
            where = f"{volume}/{loop}/points"
            name, _, earlier = loop.partition("InteractivePrompter")
            if name not in LOOPS:
                comparison.note(f"loops that are not known: {loop}")
            elif where in packed:
                prompter, changes = LOOPS[name]
                clicks = {**preset["clicks"], **changes}
                if earlier.startswith("With"):
                    clicks["earlier"] = "after"
                scene = Scene(volume, packed.masks(f"{volume}/truth"))
                _check_loop(scene, {"start": _start_of(prompter, preset), "clicks": clicks}, packed, where, comparison)


def _check_loop(scene: Scene, preset: Mapping[str, Any], packed: Packed, where: str, comparison: Comparison) -> None:
    """One loop, step by step: (z, y, x, label) of all points that the method gets."""
    recorded, answers = packed[where], packed.masks(f"{scene.object_id}/answers")
    start, clicks = preset["start"], preset["clicks"]
    slicewise = clicks.get("slicewise", {})
    # A second user takes the other one of equally large components.
    others = {**slicewise, "equal": "last" if slicewise.get("equal") == "first" else "first"}
    users = [User(start, block, scene, seed=0) for block in (clicks, {**clicks, "slicewise": others})]
    first, _ = [user.start() or Shown() for user in users]
    history = [first]
    for step in range(len(answers)):
        theirs = recorded[recorded[:, 0] == step, 1:]
        if step:
            shown, other = (user.next(answers[step - 1]) for user in users)
            if shown is None or other is None:
                comparison.exact("loops that end", where, 0, int((recorded[:, 0] >= step).sum()))
                return
            if not _new_are(shown, theirs):
                missed = scene.truth & ~answers[step - 1]
                if _new_are(other, theirs) or _tied_in_slices(missed, shown, theirs):
                    comparison.note(_OTHERS)
                    n = len(other.points if _new_are(other, theirs) else shown.points)
                    shown = Shown.clicks(theirs[:n, :3], theirs[:n, 3])
            history.append(shown)
        ours = _points_of(together(history, clicks.get("earlier", "before")))
        comparison.exact("points", f"{where} step {step}", ours, theirs)


def _new_are(shown: Shown, theirs: np.ndarray) -> bool:
    """Whether what is shown comes first among recorded points (z, y, x, label): new points come first or alone."""
    return np.array_equal(_points_of(shown), theirs[: len(shown.points)])


def _points_of(shown: Shown) -> np.ndarray:
    """(n, 4) (z, y, x, label)."""
    return np.column_stack([shown.points, shown.labels])


def _tied_in_slices(missed: np.ndarray, shown: Shown, theirs: np.ndarray) -> bool:
    """Whether points (z, y, x, label) in slices of false negatives differ by the order of equals alone."""
    ours, new = _points_of(shown), theirs[: len(shown.points)]
    if ours.shape != new.shape:
        return False
    differing = (ours != new).any(axis=1)
    rows = np.concatenate([ours[differing], new[differing]]).astype(int)
    return all(explained(missed[z], (y, x), "centroid", within=True) for z, y, x, _ in rows)


def check_sam2_medical(packed: Packed, presets: Mapping[str, Any], comparison: Comparison) -> None:
    """Slices and prompts of each mode, and the points of whole runs, drawn by one generator in the order of the run."""
    preset = presets["sam2_medical"]
    frames = {"1": "first", "2": "middle", "3": "largest", "4": "every_fourth"}
    prompts: dict[str, dict[str, Any]] = {"1": {}, "2": {"parts": 3}, "3": {"prompt": "box"}, "5": {"prompt": "mask"}}
    for volume in packed.words("volumes"):
        for name in packed.starting(f"{volume}/frame"):
            if not name.endswith("/frames"):
                continue
            frame, prompt = (part[-1] for part in name.split("/")[1].split("_"))
            changes = {**({} if frame == "2" else {"slices": frames[frame]}), **prompts[prompt]}
            shown = _of_classes(packed.masks(f"{volume}/labels"), {**preset["start"], **changes})
            comparison.exact("slices", name, [[label, z] for label, one in shown for z in one.slices], packed[name])
            if prompt != "5":
                recorded = packed[name.replace("/frames", "/prompts")]
                comparison.exact("prompts", name, [row for label, one in shown for row in _rows(label, one)], recorded)
    for group in packed.words("sets"):
        for run in ("forward", "both"):
            if (name := f"{group}/{run}/points") in packed:
                comparison.exact(
                    "points of runs", name, _run(packed, group, preset, 2 if run == "both" else 1), packed[name]
                )


def _of_classes(labels: np.ndarray, block: Mapping[str, Any], draws: Draws | None = None) -> list[tuple[int, Shown]]:
    """What is shown of each class, (classes, d, h, w) bool, that is there."""
    start = Start.of(block)
    draws = draws or Draws(start.seed, 0, "")
    found = ((label, first_prompt(Scene("", truth), start, draws)) for label, truth in enumerate(labels))
    return [(label, shown) for label, shown in found if shown is not None]


def _rows(label: int, shown: Shown) -> list[list[int]]:
    """(class, slice, x, y, label) of points, or (class, slice, x0, y0, x1, y1) of boxes."""
    points = [
        [label, z, x, y, sign] for (z, y, x), sign in zip(shown.points.tolist(), shown.labels.tolist(), strict=True)
    ]
    return points + [[label, z, x0, y0, x1, y1] for z, y0, x0, _, y1, x1 in shown.boxes.tolist()]


def _run(packed: Packed, group: str, preset: Mapping[str, Any], times: int) -> list[list[int]]:
    """(volume, class, slice, x, y) of the points of a run, each sent so many times."""
    draws, rows = Draws(preset["start"].get("seed", 1), 0, ""), []
    for number, volume in enumerate(packed.words(f"{group}/names")):
        for label, shown in _of_classes(packed.masks(f"{volume}/labels"), preset["start"], draws):
            rows += [[number, *row[:4]] for row in _rows(label, shown)] * times
    return rows


def check_medsam2(packed: Packed, presets: Mapping[str, Any], comparison: Comparison) -> None:
    """Points and boxes from lines, the boxes of volumes, and that of the CVPR challenge."""
    block = presets["medsam2_recist"]["start"]
    places = {"grid9": {"place": "grid"}, "centre": {"place": "centre"}, "three": {"place": "ends"}, "five": {}}
    for line in packed.words("lines"):
        mask = packed.masks(f"line/{line}/mask", "plane")
        for name, changes in places.items():
            if (where := f"line/{line}/{name}") in packed:
                start = Start.of({**block, **changes})
                points = line_points(mask, start, Draws(start.seed, 0, ""))[:, ::-1]
                comparison.exact("points of lines", where, points, packed[where])
        for name in packed.starting(f"line/{line}/box_shift"):
            start = Start(shift=int(name.rpartition("shift")[2]))
            box = moved(square_of(mask), mask.shape, start, Draws(0, 0, ""))
            comparison.exact("boxes", name, box[[1, 0, 3, 2]], packed[name])
    for pair in packed.words("pairs"):
        scene = Scene(pair, packed.masks(f"{pair}/truth"))
        for name in packed.starting(f"{pair}/box3d_shift"):
            enlarge = {"most": int(name.rpartition("shift")[2])}
            whole = {"prompt": "box", "slices": "volume", "enlarge": enlarge, "seed": block["seed"]}
            shown = User(whole, {}, scene, seed=0).start()
            comparison.exact("boxes", name, _boxes(shown, whole=True) if shown else [], packed[name])
        if (name := f"{pair}/cvpr_box") in packed:
            shown = User(presets["cvpr2025"]["start"], {}, scene, seed=0).start()
            comparison.exact("boxes", name, _with_extent(shown) if shown else [], packed[name])
        if (name := f"{pair}/largest") in packed:
            prediction = packed.masks(f"{pair}/pred")
            component, corner = largest_component(prediction, connectivity=26)
            ours = placed(component, corner, prediction.shape)
            comparison.exact("largest components", name, np.packbits(ours), packed[name])


def _with_extent(shown: Shown) -> list[int]:
    """(first slice, last slice, slice, x0, y0, x1, y1) of a box."""
    z, y0, x0, _, y1, x1 = shown.boxes[0].tolist()
    return [*(shown.extent or (-1, -1)), z, x0, y0, x1, y1]
