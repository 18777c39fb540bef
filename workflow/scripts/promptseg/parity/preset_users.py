"""Users of presets against recorded clicks: the CVPR challenge, autoPET IV, RITM and rclicks."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.parity.comparison import Comparison
from promptseg.parity.packed import Packed
from promptseg.protocols.deepest import between
from promptseg.protocols.showing import Scene, Shown
from promptseg.protocols.user import User

_NO_CLICK = [-1, -1, -1, -1]
_STOPPED = -1
_IGNORED = -1
_MAP_STEPS = 65535  # of a likelihood of 1
_RCLICKS_SEED = 7  # of NumPy before each recorded click


def _row(shown: Shown | None) -> list[int]:
    """(z, y, x, label) of a single click."""
    return _NO_CLICK if shown is None else [*shown.points[0].tolist(), int(shown.labels[0])]


def check_cvpr(packed: Packed, presets: Mapping[str, Any], comparison: Comparison) -> None:
    """Places and signs of the clicks of each class, on the masks that the model wrote."""
    preset = presets["cvpr2025"]
    for case in packed.words("cases"):
        values = packed[f"{case}/values"].tolist()
        truths, answers = packed.masks(f"{case}/gts"), packed.masks(f"{case}/segs")
        written, first = packed[f"{case}/written"], int(packed[f"{case}/box"])
        for index, label in enumerate(packed[f"{case}/labels"].tolist()):
            truth = truths[values.index(label)]
            user = User(preset["start"], preset["clicks"], Scene(case, truth), seed=0)
            user.start()
            prediction = np.zeros_like(truth)
            for call, wrote in enumerate(written):
                if call >= first:
                    number = call - first
                    point, sign = packed[f"{case}/points"][index, number], packed[f"{case}/signs"][index, number]
                    where = f"{case} class {label} click {number + 1}"
                    comparison.exact("clicks", where, _row(user.next(prediction)), [*point, sign])
                if wrote:
                    prediction = answers[min(call, len(answers) - 1)][values.index(label)]


def check_ritm(packed: Packed, presets: Mapping[str, Any], comparison: Comparison) -> None:
    """Clicks on one mask again and again, and those on the masks of a stand-in model."""
    preset = presets["ritm"]
    for pair in packed.words("pairs"):
        truth, scene = _with_ignored(pair, packed)
        prediction, masks = (packed.masks(f"{pair}/{name}", truth.shape) for name in ("pred", "maps_mask"))
        recorded = packed[f"{pair}/repeat_clicks"]
        _follow(scene, preset, [prediction] * len(recorded), recorded, f"{pair} repeated", comparison)
        for name in packed.starting(f"{pair}/"):
            if name.endswith("/clicks"):
                recorded = packed[name]
                shown = [np.zeros_like(prediction), *masks[: len(recorded) - 1]]
                _follow(scene, preset, shown, recorded, name.removesuffix("/clicks"), comparison)


def check_rclicks(packed: Packed, presets: Mapping[str, Any], comparison: Comparison) -> None:
    """Clicks that are drawn by a map, for each group of users."""
    preset = presets["rclicks"]
    for pair in packed.words("pairs"):
        truth, scene = _with_ignored(pair, packed)
        likelihood = (packed[f"{pair}/map"] / _MAP_STEPS).astype(np.float32)[None]
        scene = Scene(pair, scene.truth, ignored=scene.ignored, click_map=likelihood)
        prediction = packed.masks(f"{pair}/pred", truth.shape)
        clicks_and_kept = zip(packed[f"{pair}/clicks"], packed[f"{pair}/kept"], strict=True)
        for (low, high), (recorded, kept) in zip(packed["groups"].tolist(), clicks_and_kept, strict=True):
            clicks = {**preset["clicks"], "low": low, "high": high, "seed": _RCLICKS_SEED}
            where = f"{pair} between {low:g} and {high:g}"
            _follow(scene, {**preset, "clicks": clicks}, [prediction], recorded[None], where, comparison)
            wrong = (scene.truth != prediction) & (scene.truth == bool(recorded[2])) & (truth != _IGNORED)
            # Where nobody clicks, all pixels of the region count.
            ours = np.count_nonzero(between(likelihood * wrong, low, high)) or np.count_nonzero(wrong)
            comparison.exact("pixels kept", where, ours, kept)


def _with_ignored(pair: str, packed: Packed) -> tuple[np.ndarray, Scene]:
    """The (h, w) truth of a pair, -1 where pixels are ignored, and its scene."""
    truth = packed[f"{pair}/truth"]
    return truth, Scene(pair, (truth == 1)[None], ignored=(truth == _IGNORED)[None])


def _follow(
    scene: Scene,
    preset: Mapping[str, Any],
    predictions: Iterable[np.ndarray],
    recorded: np.ndarray,
    where: str,
    comparison: Comparison,
) -> None:
    """The clicks on (h, w) masks, one after the other, against recorded (row, column, positive)."""
    user = User(preset["start"], preset["clicks"], scene, seed=0)
    user.start()
    for number, (prediction, row) in enumerate(zip(predictions, recorded, strict=True), 1):
        comparison.exact("clicks", f"{where} click {number}", _row(user.next(prediction[None]))[1:], row)


def check_autopet(packed: Packed, presets: Mapping[str, Any], comparison: Comparison) -> None:
    """Planned clicks of two data sets, for arrays in C order and as they come from files.

    The arrays of files are (x, y, z), so that they are turned for us, and the preset is checked as it stands; the other
    ones are looked through in the order of their own axes.
    """
    preset = presets["autopet4"]
    for world in packed.words("worlds"):
        lesion, pixels = packed.masks(f"{world}/lesion"), packed[f"{world}/pet"]
        for name in packed.starting(f"{world}/"):
            if not name.endswith(("/tumor", "/tumor_file")):
                continue
            file = name.endswith("_file")
            changes: dict[str, Any] = {} if file else {"voxels": "zyx"}
            if name.split("/")[1].startswith("Longitudinal"):
                changes |= {"foreground": 2, "background": 0}
            clicks = {**preset["clicks"], "planned": {**preset["clicks"].get("planned", {}), **changes}}
            scene = Scene(world, lesion.T, pixels=pixels.T) if file else Scene(world, lesion, pixels=pixels)
            ours = _planned({**preset, "clicks": clicks}, scene)
            names = {1: name, 0: name.replace("/tumor", "/background")}
            stopped = any(packed[theirs].size and (packed[theirs] == _STOPPED).all() for theirs in names.values())
            comparison.exact("programs that stop", name, ours is None, stopped)
            for label, theirs in names.items() if ours is not None and not stopped else ():
                places = [row[2::-1] if file else row[:3] for row in ours or () if row[3] == label]
                comparison.exact("clicks", theirs, places, packed[theirs])
    comparison.note("moved clicks and heat maps, which models of autoPET are trained with, are not compared")


def _planned(preset: Mapping[str, Any], scene: Scene) -> list[list[int]] | None:
    """(z, y, x, label) of all clicks of a user who plans them; None where the official program stops."""
    rows: list[list[int]] = []
    try:
        user = User(preset["start"], preset["clicks"], scene, seed=0)
        user.start()
        while shown := user.next(scene.truth):
            rows += [[*place, label] for place, label in zip(shown.points.tolist(), shown.labels.tolist(), strict=True)]
    except PromptsegError:
        return None
    return rows
