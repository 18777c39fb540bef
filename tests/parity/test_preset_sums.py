"""Presets against recorded sums of official code: where it lies beside the project all of it, else a small file.

Each block of a declaration is changed in one word, and the check has to see it.
"""

import copy
from pathlib import Path

import numpy as np
import pytest
import surface_distance

from promptseg.config.load import load
from promptseg.core.errors import PromptsegError
from promptseg.parity import preset_curves, preset_sums
from promptseg.parity.comparison import Comparison
from promptseg.parity.fixtures import Name
from promptseg.parity.packed import Packed
from promptseg.protocols import matching

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "protocols"
CHECKS = {
    "autopet": preset_sums.check_autopet,
    "cvpr": preset_sums.check_cvpr,
    "medsam2": preset_sums.check_medsam2,
    "panoptica": preset_curves.check_panoptica,
    "radioactive": preset_curves.check_radioactive,
    "rclicks": preset_curves.check_rclicks,
    "ritm": preset_curves.check_ritm,
    "sam2medical": preset_curves.check_sam2medical,
}


@pytest.fixture(scope="module")
def presets():
    return load([])["protocols"]


# Cases that are enough to see every change; all of them take seconds.
FEW = {"cvpr": ["classes_box", "nsd_cut", "stale"], "medsam2": ["both_without_2", "far"]}


def checked(path, presets, changes=()):
    """What is wrong; changes are (path of keys, value)."""
    presets = copy.deepcopy(presets)
    for keys, value in changes:
        *way, last = keys.split("/")
        target = presets
        for key in way:
            target = target[int(key) if key.isdigit() else key]
        target[int(last) if last.isdigit() else last] = value
    comparison = Comparison(Name("preset", path.stem, "preset"))
    packed = Packed(path)
    if changes and path.is_relative_to(RECORDED) and path.stem in FEW:
        packed._arrays["cases"] = np.array(FEW[path.stem])
    CHECKS[path.stem](packed, presets, comparison)
    assert comparison.passed == (not comparison.failures)
    return comparison.failures


def recorded(name):
    path = RECORDED / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"{path.name}, recorded answers of official code, is not part of the project")
    return path


@pytest.mark.parametrize("name", CHECKS)
def test_shipped_presets_sum_up_as_the_official_code(name, presets):
    assert checked(recorded(name), presets) == []


@pytest.mark.parametrize(
    ("name", "keys", "value"),
    [
        ("cvpr", "cvpr2025/conditions/nsd_zero_unless_dice_above", "none"),
        ("cvpr", "cvpr2025/conditions/nsd_zero_unless_dice_above", 0.19),
        ("cvpr", "cvpr2025/conditions/failed", "zero"),
        ("cvpr", "cvpr2025/averaging", ["objects"]),
        ("cvpr", "cvpr2025/summaries/0/from", 0),
        ("cvpr", "cvpr2025/summaries/1/divide", 4),
        ("cvpr", "cvpr2025/summaries/2/metric", "nsd"),
        ("cvpr", "cvpr2025/metrics/nsd", {"tolerance_mm": 1}),
        ("cvpr", "cvpr2025/metrics/nsd", {"spacing": "reversed"}),
        ("cvpr", "cvpr2025/metrics/dice", {"smooth": 1}),
        ("autopet", "autopet4/metrics/fp_ml", {"connectivity": 26}),
        ("autopet", "autopet4/metrics/fn_ml", {"truth_empty": 0}),
        ("autopet", "autopet4/metrics/dice", {"truth_empty": 0}),
        ("autopet", "autopet4/summaries/0/to", 9),
        ("ritm", "ritm/summaries/0/cap", 19),
        ("ritm", "ritm/summaries/0/from", 0),
        ("ritm", "ritm/metrics/iou", {"smooth": 1}),
        ("rclicks", "rclicks/metrics/boundary_iou/share", 0.05),
        ("rclicks", "rclicks/summaries/2/divide", 20),
        ("rclicks", "rclicks/summaries/2/from", 2),
        ("radioactive", "radioactive/metrics/dice", {"smooth": 1}),
        ("radioactive", "radioactive/prompts", 4),
        ("sam2medical", "sam2_medical/metrics/iou/entries", [1, 1]),
        ("sam2medical", "sam2_medical/variants/bidirectional/metrics/iou/entries", [2, 2]),
        ("sam2medical", "sam2_medical/variants/bidirectional/passes", "forward"),
        ("sam2medical", "sam2_medical/averaging", ["objects", "tasks"]),
        ("medsam2", "medsam2_recist/metrics/dice", {"both_empty": "none"}),
        ("medsam2", "medsam2_recist/variants/ct_script/metrics", {}),
        ("medsam2", "medsam2_recist/variants/lite_medsam/conditions/unknown", "skip"),
        ("medsam2", "medsam2_recist/variants/lite_medsam/conditions/nsd_zero_unless_dice_above", 0.5),
    ],
)
def test_one_changed_word_is_seen(name, keys, value, presets):
    assert checked(recorded(name), presets, [(keys, value)])


def test_a_strict_threshold_of_lesions_is_seen(presets, monkeypatch):
    path, of = recorded("panoptica"), matching.matched
    monkeypatch.setattr(matching, "matched", lambda lesions, **rule: of(lesions, **rule | {"threshold": 0.5000001}))
    assert any("half" in failure for failure in checked(path, presets))


def bits(mask):
    return np.packbits(np.asarray(mask).reshape(*np.asarray(mask).shape[:-3], -1), axis=-1)


def small_cvpr(path):
    """Two classes, no box, a call that writes nothing; a case whose Dice is 0.2 at the first click."""
    shape, spacing = (2, 6, 10), (3.0, 1.0, 1.0)
    one, other = np.zeros(shape, bool), np.zeros(shape, bool)
    one[:, 1:5, 1:4], other[0, 2:4, 6:9] = True, True
    answers = np.zeros((5, 3, *shape), bool)
    answers[0, 1, :, 1:5, 1:3] = answers[2, 1] = answers[3, 1] = answers[4, 1] = True
    answers[2, 1], answers[3, 1], answers[4, 1] = one, np.roll(one, 1, axis=2), one
    answers[2:, 2] = other
    written = np.array([True, False, True, True, True])
    shown = answers[[0, 0, 2, 3, 4]]
    dice = [[0.8, 0], [0.8, 0], [1, 1], [2 / 3, 1], [1, 1]]
    nsd = [
        np.mean([
            surface_distance.compute_surface_dice_at_tolerance(
                surface_distance.compute_surface_distances(truth, mask, spacing), 2.0
            ) if mask.any() else 0.0
            for truth, mask in ((one, step[1]), (other, step[2]))
        ])
        for step in shown
    ]  # fmt: skip
    dsc, nsd = np.array([0, *np.mean(dice, axis=1)]), np.array([0, *nsd])
    np.savez(
        path,
        shape=np.array(shape),
        cases=np.array(["two"]),
        **{
            "two/labels": np.array([4, 9]),
            "two/spacing": np.array(spacing),
            "two/box": np.array(False),
            "two/written": written,
            "two/values": np.array([0, 4, 9]),
            "two/gts": bits(np.stack([~(one | other), one, other])),
            "two/segs": bits(answers),
            "two/DSC": dsc,
            "two/NSD": nsd,
            "two/DSC_AUC": (dsc[1:-1] + dsc[2:]).sum() / 2,
            "two/NSD_AUC": (nsd[1:-1] + nsd[2:]).sum() / 2,
            "two/DSC_Final": dsc[-1],
            "two/NSD_Final": nsd[-1],
        },
    )
    return path


def test_a_small_case_of_several_classes_is_summed_up(tmp_path, presets):
    path = small_cvpr(tmp_path / "cvpr.npz")
    assert checked(path, presets) == []
    for keys, value in {
        "cvpr2025/conditions/failed": "zero",
        "cvpr2025/conditions/nsd_zero_unless_dice_above": 0.4,
        "cvpr2025/summaries/0/to": 4,
        "cvpr2025/averaging": ["objects"],
        "cvpr2025/metrics/nsd": {"tolerance_mm": 0.5},
    }.items():
        assert checked(path, presets, [(keys, value)]), keys


def test_a_file_without_an_array_is_refused(tmp_path, presets):
    path = small_cvpr(tmp_path / "cvpr.npz")
    with np.load(path) as data:
        left = {name: data[name] for name in data.files if name != "two/written"}
    np.savez(path, **left)
    with pytest.raises(PromptsegError, match="two/written"):
        checked(path, presets)
