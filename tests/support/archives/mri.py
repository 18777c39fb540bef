"""MRI collections downloaded by hand: spinal cord, prostate and brain."""

import numpy as np

from support.archives.files import JUNK, cut_off, nifti, tarred, zipped
from support.archives.model import (
    SHAPE,
    Miniature,
    Picture,
    affine_of,
    blocks,
    percentiles,
    pictures,
    ramp,
    stored,
)

# What four raters say of a voxel, and what more than half of them say of it. 1 is grey matter, 2 white matter; where
# three say cord but no three say which, the commoner label counts, of two equally common ones the higher.
VOTES = [
    ((1, 1, 1, 1), 1),
    ((2, 2, 2, 2), 2),
    ((1, 1, 1, 0), 1),
    ((0, 2, 2, 2), 2),
    ((1, 1, 0, 0), 0),
    ((2, 0, 0, 2), 0),
    ((1, 1, 2, 0), 1),
    ((1, 2, 2, 0), 2),
    ((1, 2, 1, 2), 2),
    ((1, 0, 2, 0), 0),
    ((0, 0, 0, 1), 0),
]


def mri_spine() -> Miniature:
    """Four sites, four raters; test images without masks; one rater's mask cannot be read."""
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    for site in (1, 2, 3, 4):
        shape = (14 + site, 13, 4 + site)
        steps = (0.25 * site, 0.5, 5.0)
        affine = affine_of(steps)
        values = ramp(shape, 0, 800 + 100 * site).round()
        raters = np.zeros((4, *shape), np.uint8)
        agreed = np.zeros(shape, np.uint8)
        for index in range(1, shape[2]):  # the first slice is outside of the cord
            for row, (votes, outcome) in enumerate(VOTES):
                raters[:, 2 : 5 + (row + index) % 5, 1 + row, index] = np.array(votes)[:, None]
                agreed[2 : 5 + (row + index) % 5, 1 + row, index] = outcome
        name = f"site{site}-sc0{site}"
        # As stored the columns run from left to right.
        files[f"{name}-image.nii.gz"] = nifti(*stored(values.astype(np.int16), affine, flips=(0,)))
        files[f"{name}-levels.txt"] = b"0,C3\n1,C4\n"
        for rater in range(4):
            files[f"{name}-mask-r{rater + 1}.nii.gz"] = nifti(*stored(raters[rater], affine, flips=(0,)))
        found |= pictures(name, values[::-1], agreed[::-1], steps, percentiles(values))
    for kind in ("image", "mask-r1", "mask-r2", "mask-r3", "mask-r4"):
        files[f"site1-sc09-{kind}.nii.gz"] = files[f"site1-sc01-{kind}.nii.gz"]
    files["site1-sc09-mask-r3.nii.gz"] = cut_off(files["site1-sc09-mask-r3.nii.gz"])
    test = {
        "site1-sc11-image.nii.gz": files["site1-sc01-image.nii.gz"],
        "site1-sc11-levels.txt": b"0,C3\n",
        "._site1-sc11-image.nii.gz": JUNK,
    }
    return Miniature(
        dropped={"training-data-gm-sc-challenge.zip": zipped(files), "test-data-gm-sc-challenge.zip": zipped(test)},
        pictures=found,
        failed={"site1-sc09": "site1-sc09-mask-r3.nii.gz"},
    )


def _prostate(sites: dict[str, list[str]]) -> tuple[dict[str, bytes], dict[str, Picture]]:
    """Cases by site; the mask's name is written in two ways, and the first site marks two zones."""
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    for place, (site, cases) in enumerate(sites.items()):
        for index, case in enumerate(cases):
            steps = (0.6 + 0.1 * index, 0.6, 3.0)
            values = ramp(SHAPE, 0, 500 + 50 * place + index).round()
            labels = blocks(values=(1, 2) if place == 0 else (1,))
            tail = "Segmentation" if place == 1 else "segmentation"
            folder = f"Processed_data_nii/{site}"
            files[f"{folder}/Case{case}.nii.gz"] = nifti(values.astype(np.float32), affine_of(steps))
            files[f"{folder}/Case{case}_{tail}.nii.gz"] = nifti(labels, affine_of(steps))
            found |= pictures(f"{site}_{case}", values, labels, steps, percentiles(values))
    return files, found


SITES = {"BIDMC": ["00", "12"], "I2CVB": ["00", "19"], "UCL": ["25"]}


def mri_prostate() -> Miniature:
    """Cases of several sites that have the same numbers; one image is a web page instead."""
    files, found = _prostate(SITES)
    bad = "Processed_data_nii/RUNMC/Case03"
    files[f"{bad}.nii.gz"] = b"<!DOCTYPE html><title>Quota exceeded</title>"
    files[f"{bad}_segmentation.nii.gz"] = files["Processed_data_nii/UCL/Case25_segmentation.nii.gz"]
    return Miniature(
        dropped={"Processed_data_nii.zip": zipped(files)},
        pictures=found,
        failed={"RUNMC_03": "web page: Case03.nii.gz"},
    )


def mri_prostate_i2cvb() -> Miniature:
    """The same archive, of which one site is wanted, unpacked by hand."""
    files, found = _prostate(SITES)
    bad = "Processed_data_nii/I2CVB/Case05"
    files[f"{bad}.nii.gz"] = cut_off(files["Processed_data_nii/I2CVB/Case00.nii.gz"])
    files[f"{bad}_Segmentation.nii.gz"] = files["Processed_data_nii/I2CVB/Case00_Segmentation.nii.gz"]
    own = {
        name.removeprefix("I2CVB_"): Picture(
            picture.labels, picture.patient.removeprefix("I2CVB_"), picture.spacing, picture.pixels
        )
        for name, picture in found.items()
        if name.startswith("I2CVB_")
    }
    return Miniature(dropped=files, pictures=own, failed={"05": "unreadable: Case05.nii.gz"})


def mri_brain() -> Miniature:
    """BraTS 2021: a file a modality; labels 1, 2 and 4, in one case 3 for 4; one case has 13 slices, 10 are taken."""
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    ends = {"flair": (0, 900), "t1": (0, 7), "t1ce": (300, 10), "t2": (4, 5000)}
    for name, shape, values in (
        ("BraTS2021_00000", SHAPE, (1, 2, 4)),
        ("BraTS2021_00002", (12, 9, 15), (1, 2, 4)),
        ("BraTS2021_01666", (13, 10, 6), (2, 1, 3)),
    ):
        steps = (1.0, 1.0, 1.0)
        labels = blocks(shape, values)
        scans = {kind: ramp(shape, *limits).round() for kind, limits in ends.items()}
        for kind, scan in scans.items():
            files[f"{name}/{name}_{kind}.nii.gz"] = nifti(scan.astype(np.int16), affine_of(steps))
        files[f"{name}/{name}_seg.nii.gz"] = nifti(labels, affine_of(steps))
        colours = np.stack([scans["flair"], scans["t1ce"], scans["t2"]], axis=3)
        limits = [percentiles(colours[..., channel]) for channel in range(3)]
        found |= pictures(name, colours, labels, steps, limits)
    for kind in (*ends, "seg"):
        files[f"BraTS2021_00005/BraTS2021_00005_{kind}.nii.gz"] = files[
            f"BraTS2021_00000/BraTS2021_00000_{kind}.nii.gz"
        ]
    files["BraTS2021_00005/BraTS2021_00005_t2.nii.gz"] = cut_off(files["BraTS2021_00005/BraTS2021_00005_t2.nii.gz"])
    return Miniature(
        dropped={"BraTS2021_Training_Data.tar": tarred({f"./{name}": content for name, content in files.items()})},
        pictures=found,
        failed={"BraTS2021_00005": "unreadable: BraTS2021_00005_t2.nii.gz"},
        per_case=10,
    )
