"""Medical Segmentation Decathlon: tars of NIfTI volumes, as written on a Mac."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from support.archives.files import JUNK, cut_off, nifti, tarred, wrong_sum
from support.archives.model import SHAPE, Miniature, Picture, affine_of, blocks, percentiles, pictures, ramp, stored

SOFT_TISSUE = (-160.0, 240.0)


@dataclass(frozen=True)
class _Case:
    """One volume: as it is meant, and how it is stored."""

    values: np.ndarray
    labels: np.ndarray
    steps: tuple[float, float, float]
    order: tuple[int, int, int] = (0, 1, 2)
    flips: tuple[int, ...] = ()

    def files(self, label_type: type = np.uint8) -> tuple[bytes, bytes]:
        """Image and label map."""
        affine = affine_of(self.steps)
        return (
            nifti(*stored(self.values.astype(np.float32), affine, self.order, self.flips)),
            nifti(*stored(self.labels.astype(label_type), affine, self.order, self.flips)),
        )


def _tar(task: str, cases: Mapping[str, tuple[bytes, bytes]], label_names: Sequence[str]) -> bytes:
    """The tar of a task: training images with labels, a test image without, and junk beside each."""
    about = {
        "name": task.partition("_")[2],
        "labels": dict(enumerate(["background", *label_names])),
        "training": [{"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"} for name in cases],
        "test": ["./imagesTs/test_001.nii.gz"],
    }
    files = {f"{task}/._dataset.json": JUNK, f"{task}/dataset.json": json.dumps(about).encode()}
    for name, (image, labels) in cases.items():
        for folder, content in (("imagesTr", image), ("labelsTr", labels)):
            files[f"{task}/{folder}/._{name}.nii.gz"] = JUNK
            files[f"{task}/{folder}/{name}.nii.gz"] = content
    files[f"{task}/imagesTs/._test_001.nii.gz"] = JUNK
    files[f"{task}/imagesTs/test_001.nii.gz"] = next(iter(cases.values()))[0]
    return tarred(files)


def _ct(labels: np.ndarray, steps: tuple[float, float, float], **how: Any) -> _Case:
    return _Case(ramp(labels.shape, -250, 300).round(), labels, steps, **how)


def mri_heart() -> Miniature:
    """Slices are cut along the third axis of the array as it is stored; one image is cut off."""
    case = _Case(ramp(SHAPE, 0, 900), blocks(), (1.25, 1.5, 1.37), flips=(0, 1))
    other = _Case(ramp((12, 9, 5), 0, 2000), blocks((12, 9, 5)), (1.25, 1.25, 2.7), order=(1, 2, 0))
    image, labels = other.files()
    tar = _tar(
        "Task02_Heart",
        {"la_003": case.files(), "la_004": other.files(), "la_007": (cut_off(image), labels)},
        ["left atrium"],
    )
    found: dict[str, Picture] = {}
    for name, one in (("la_003", case), ("la_004", other)):
        values, marked = (
            stored(array, affine_of(one.steps), one.order, one.flips)[0] for array in (one.values, one.labels)
        )
        steps = [one.steps[axis] for axis in one.order]
        # Scanners' values are stored as float32.
        found |= pictures(name, values, marked, steps, percentiles(values.astype(np.float32)))
    return Miniature({"Task02_Heart.tar": tar}, pictures=found, failed={"la_007": "unreadable: la_007.nii.gz"})


def ct_liver() -> Miniature:
    """The same content in three orientations has to give the same pictures; one label map is cut off."""
    ways: dict[str, dict[str, Any]] = {
        "liver_0": {},
        "liver_1": {"flips": (0, 1)},
        "liver_28": {"order": (2, 0, 1), "flips": (0,)},
    }
    cases = {name: _ct(blocks((14, 11, 8), (1, 2)), (0.7, 0.9, 2.5), **how) for name, how in ways.items()}
    files = {name: case.files() for name, case in cases.items()}
    image, labels = files["liver_0"]
    tar = _tar("Task03_Liver", {**files, "liver_99": (image, cut_off(labels))}, ["liver", "cancer"])
    found: dict[str, Picture] = {}
    for name, case in cases.items():
        found |= pictures(name, case.values, case.labels, case.steps, SOFT_TISSUE, every=3)
    return Miniature({"Task03_Liver.tar": tar}, pictures=found, failed={"liver_99": "unreadable: liver_99.nii.gz"})


def _ct_task(
    task: str,
    label_names: Sequence[str],
    names: Sequence[str],
    failed: str,
    reason: str,
    damage: Mapping[str, Any],
    label_type: type = np.uint8,
) -> Miniature:
    """A CT task of two good cases, one of them stored in another orientation, and a bad one."""
    values = range(1, len(label_names) + 1)
    cases = {
        names[0]: _ct(blocks(values=values), (0.8, 0.6, 5.0), flips=(1,)),
        names[1]: _ct(blocks((16, 13, 5), values), (0.9, 0.7, 1.25), order=(0, 2, 1)),
    }
    files = {name: case.files(label_type) for name, case in cases.items()}
    image, labels = files[names[0]]
    files[failed] = (damage.get("image", image), damage.get("labels", labels))
    if damage.get("wrong_sum"):
        files[failed] = (wrong_sum(image), labels)
    found: dict[str, Picture] = {}
    for name, case in cases.items():
        found |= pictures(name, case.values, case.labels, case.steps, SOFT_TISSUE)
    return Miniature({f"{task}.tar": _tar(task, files, label_names)}, pictures=found, failed={failed: reason})


def ct_colon() -> Miniature:
    """Labels are float32; the checksum of one image is wrong."""
    names = ("colon_001", "colon_024")
    return _ct_task(
        "Task10_Colon",
        ["colon cancer primaries"],
        names,
        "colon_005",
        "unreadable: colon_005.nii.gz",
        {"wrong_sum": True},
        np.float32,
    )


def ct_pancreas() -> Miniature:
    """Two labels; one label map has another size."""
    small = nifti(blocks((14, 11, 6)), affine_of((0.8, 0.6, 5.0)))
    return _ct_task(
        "Task07_Pancreas",
        ["pancreas", "cancer"],
        ("pancreas_001", "pancreas_421"),
        "pancreas_004",
        "sizes differ",
        {"labels": small},
    )


def ct_hepatic_vessel() -> Miniature:
    """Two labels; one label map holds a third one."""
    strange = nifti(blocks(values=(1, 2, 3)), affine_of((0.8, 0.6, 5.0)))
    return _ct_task(
        "Task08_HepaticVessel",
        ["Vessel", "Tumour"],
        ("hepaticvessel_001", "hepaticvessel_002"),
        "hepaticvessel_004",
        "unknown label value",
        {"labels": strange, "image": nifti(ramp(SHAPE, 0, 9), affine_of((0.8, 0.6, 5.0)))},
    )


def ct_spleen() -> Miniature:
    """One image is an empty file."""
    names = ("spleen_2", "spleen_10")
    return _ct_task("Task09_Spleen", ["spleen"], names, "spleen_3", "empty file: spleen_3.nii.gz", {"image": b""})


def mri_brain_decathlon() -> Miniature:
    """Four modalities along the last axis, of which three become the colours of a picture; 29 slices, 26 are taken."""
    found: dict[str, Picture] = {}
    files = {}
    for name, shape in (("BRATS_001", SHAPE), ("BRATS_457", (12, 9, 31))):
        labels = blocks(shape, (1, 2, 3))
        # FLAIR, T1w, t1gd, T2w: each with a range and a direction of its own.
        flair, t1, t1gd, t2 = (ramp(shape, *ends) for ends in ((0, 400), (0, 9), (700, 20), (5, 3000)))
        values = np.stack([flair, t1, t1gd, t2], axis=3)
        files[name] = _Case(values, labels, (1.0, 1.2, 1.5), flips=(0,)).files()
        kept = values[..., [0, 2, 3]].astype(np.float32)
        limits = [percentiles(kept[..., channel]) for channel in range(3)]
        found |= pictures(name, kept, labels, (1.0, 1.2, 1.5), limits)
    image, labels_file = files["BRATS_001"]
    files["BRATS_002"] = (cut_off(image), labels_file)
    tar = _tar("Task01_BrainTumour", files, ["edema", "non-enhancing tumor", "enhancing tumour"])
    return Miniature(
        {"Task01_BrainTumour.tar": tar},
        pictures=found,
        failed={"BRATS_002": "unreadable: BRATS_002.nii.gz"},
        per_case=26,
    )
