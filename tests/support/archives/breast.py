"""Duke-Breast-Cancer-MRI: DICOM as the NBIA Data Retriever puts it, and masks of 3D Slicer in a zip."""

from dataclasses import dataclass

import numpy as np

from support.archives.files import JUNK, cut_off, dicom_series, seg_nrrd, zipped
from support.archives.model import Miniature, Picture, affine_of, blocks, percentiles, pictures, ramp, stored

STEPS = (0.7, 0.75, 2.0)
TOP = "manifest-1654812109500"


@dataclass(frozen=True)
class _Patient:
    """What is special about a patient.

    Attributes:
        series: SeriesDescription of the series before contrast, then those of others.
        flips: axes of images that are stored reversed.
        downwards: whether the numbers of the files fall with the slices.
        mask_flips: axes of masks that are stored reversed.
        segments: name, value and layer in the file of dense tissue and vessels.
        breast: name of the breast's segment.
        placed: whether the masks say where they lie.
    """

    series: tuple[str, ...] = ("ax dyn pre", "ax dyn 1st pass")
    flips: tuple[int, ...] = ()
    downwards: bool = False
    mask_flips: tuple[int, ...] = ()
    segments: tuple[tuple[str, int, int], ...] = (("Vessels", 1, 0), ("Dense", 2, 0))
    breast: str = "Breast"
    placed: bool = True


PATIENTS = {
    "001": _Patient(series=("ax dyn pre", "ax dyn 1st pass", "ax t1 pre")),
    # On her front; names and values of the two segments are swapped.
    "002": _Patient(
        ("ax 3d dyn", "Ph1/ax 3d dyn", "Ph2/ax 3d dyn"), (0, 1), True, segments=(("Dense", 1, 0), ("Vessels", 2, 0))
    ),
    # Two layers, which overlap; both segments have the value 1.
    "003": _Patient(
        ("t1_fl3d_tra_dynVIEWS_spair_ pre", "t1_fl3d_tra_dynVIEWS_spair 1st pass"),
        segments=(("Vessels", 1, 0), ("Dense", 1, 1)),
    ),
    # Masks run against the images.
    "005": _Patient(("Ax Vibrant MultiPhase", "Ph1/Ax Vibrant MultiPhase"), mask_flips=(0, 2), breast="Segment_1"),
    # A mask is cut off.
    "007": _Patient(),
    # There are no masks.
    "009": _Patient(),
    # On her front, and the masks do not say where they lie: they fit the images as stored, slices rising from the feet.
    "011": _Patient(("ax dynamic", "Ph1/ax dynamic"), (0, 1), True, mask_flips=(0, 1), placed=False),
}


def mri_breast() -> Miniature:
    """Series before and after contrast of seven patients; one has six slices, of which five are taken."""
    files: dict[str, bytes] = {f"{TOP}/metadata.csv": b"Series UID,Collection\n"}
    masks: dict[str, bytes] = {"__MACOSX/._Breast_MRI_001": JUNK}
    found: dict[str, Picture] = {}
    for number, patient in PATIENTS.items():
        name = f"Breast_MRI_{number}"
        shape = (16, 11, 8) if number == "003" else (14, 11, 6)
        values = ramp(shape, 0, 1000 + int(number)).round()
        study = f"{TOP}/Duke-Breast-Cancer-MRI/{name}/01-01-1990-NA-MRI BREAST BILATERAL WWO-97538"
        for index, description in enumerate(patient.series):
            scan = np.full(shape, 5.0 * index) if index else values
            series = dicom_series(
                *stored(scan, affine_of(STEPS), flips=patient.flips),
                "MR",
                description,
                name,
                upwards=not patient.downwards,
            )
            folder = f"{study}/{index + 3}.000000-{description.replace('/', '')}-9387{index}"
            files |= {f"{folder}/{file}": content for file, content in series.items()}
        if number == "009":
            continue
        breast, dense = _add_masks(masks, name, patient, shape)
        if number == "007":
            bad = f"{name}/Segmentation_{name}_Breast.seg.nrrd"
            masks[bad] = cut_off(masks[bad])
        else:
            labels = np.where(dense, 2, breast).astype(np.uint8)
            found |= pictures(number, values, labels, STEPS, percentiles(values, 0.1, 99.9))
    return Miniature(
        dropped={**files, "Breast-and-FGT-MRI-Segmentation.zip": zipped(masks)},
        pictures=found,
        failed={"007": "Segmentation_Breast_MRI_007_Breast.seg.nrrd"},
        per_case=5,
    )


def _add_masks(
    masks: dict[str, bytes], name: str, patient: _Patient, shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Both files of a patient; returns where breast and dense tissue are, upright."""
    breast = blocks(shape) > 0
    dense, vessels = np.zeros_like(breast), np.zeros_like(breast)
    dense[3:6, 1:3] = breast[3:6, 1:3]
    vessels[7:10, 2] = breast[7:10, 2]
    value = {segment: number for segment, number, _ in patient.segments}
    if patient.segments[1][2]:
        two = np.stack([vessels | dense, dense])
    else:
        two = np.where(dense, value["Dense"], np.where(vessels, value["Vessels"], 0))
        two = stored(two, affine_of(STEPS), flips=patient.mask_flips)[0]
    kept, affine = stored(breast, affine_of(STEPS), flips=patient.mask_flips)
    stem = f"{name}/Segmentation_{name}"
    masks[f"{stem}_Breast.seg.nrrd"] = seg_nrrd(kept, affine, [(patient.breast, 1, 0)], patient.placed)
    masks[f"{stem}_Dense_and_Vessels.seg.nrrd"] = seg_nrrd(two, affine, patient.segments, patient.placed)
    return breast, dense
