"""CT and PET downloaded by hand."""

from typing import Any

import numpy as np

from support.archives.decathlon import SOFT_TISSUE
from support.archives.files import cut_off, dicom_seg, dicom_series, item, nifti, zipped
from support.archives.model import SHAPE, Miniature, Picture, affine_of, blocks, pictures, ramp, stored

SUV = (0.0, 10.0)
STUDIES = {
    "PETCT_0011f3deaf": "03-23-2003-NA-PET-CT Ganzkoerper  primaer mit KM-10445",
    "PETCT_01140d52d8": "08-13-2005-NA-PET-CT Ganzkoerper  primaer mit KM-56839",
    "PETCT_ad7cd4a9d2": "10-02-2003-NA-Unspecified CT ABDOMEN-67897",
    "PETCT_0b57b247b6": "05-02-2002-NA-PET-CT Ganzkoerper  primaer mit KM-42966",
}


def ct_liver_lits() -> Miniature:
    """LiTS: uncompressed NIfTI in two archives; orientations differ, the pictures do not; one image is cut off."""
    batches: list[dict[str, bytes]] = [{}, {}]
    found: dict[str, Picture] = {}
    steps = (0.7, 0.8, 1.5)
    affine = affine_of(steps)
    labels = blocks((14, 11, 8), (1, 2))
    values = ramp(labels.shape, -250, 300).round()
    for name, batch, order, flips in (
        ("0", 0, (0, 1, 2), ()),
        ("27", 0, (0, 1, 2), (0, 1)),
        ("28", 1, (0, 1, 2), (1, 2)),
        ("130", 1, (1, 0, 2), (0,)),
    ):
        folder = f"Training Batch {batch + 1}"
        for kind, array in (("volume", values.astype(np.int16)), ("segmentation", labels)):
            batches[batch][f"{folder}/{kind}-{name}.nii"] = nifti(
                *stored(array, affine, order, flips), compressed=False
            )
        found |= pictures(name, values, labels, steps, SOFT_TISSUE, every=3)
    last = batches[1]
    last["Training Batch 2/volume-99.nii"] = cut_off(last["Training Batch 2/volume-28.nii"])
    last["Training Batch 2/segmentation-99.nii"] = last["Training Batch 2/segmentation-28.nii"]
    return Miniature(
        dropped={f"Training_Batch{index + 1}.zip": zipped(batch) for index, batch in enumerate(batches)},
        pictures=found,
        failed={"99": "unreadable: volume-99.nii"},
    )


def ct_organ() -> Miniature:
    """CT-ORG: labels are float32; the brain, 6, is no task, so that slices with nothing else drop out."""
    files: dict[str, bytes] = {"README.txt": b"Rister et al.\n"}
    found: dict[str, Picture] = {}
    shape = (26, 11, 17)
    steps = (0.9, 0.9, 3.0)
    labels = blocks(shape, (1, 2, 3, 4, 5, 6))
    labels[:, :, 10] = np.where(labels[:, :, 10] == 6, 6, 0)
    values = ramp(shape, -1100, 900).round()
    for name, flips in (("0", ()), ("21", (0, 1, 2))):
        for kind, array in (("volume", values), ("labels", labels)):
            files[f"{kind}-{name}.nii.gz"] = nifti(*stored(array.astype(np.float32), affine_of(steps), flips=flips))
        found |= pictures(name, values, labels, steps, (-1000.0, 1000.0), every=5, ignored=[6])
    files["volume-139.nii.gz"] = files["volume-0.nii.gz"]
    files["labels-139.nii.gz"] = cut_off(files["labels-0.nii.gz"])
    return Miniature(dropped=files, pictures=found, failed={"139": "unreadable: labels-139.nii.gz"})


def _uptake(index: int) -> tuple[np.ndarray, np.ndarray]:
    """Standardised uptake values and lesions of a study; the third has none, the second more slices than are taken."""
    labels = blocks(SHAPE if index != 1 else (12, 9, 8))
    labels[:, :, 1 if index == 0 else -2] = 0
    if index == 0:
        labels[:, :, 4:] = 0
    if index == 2:
        labels[:] = 0
    return ramp(labels.shape, 0, 12 + index), labels


def pet_whole_body() -> Miniature:
    """FDG-PET-CT-Lesions as NIfTI: five volumes a study, of which two are wanted."""
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    steps = (2.04, 2.04, 3.0)
    for index, (patient, study) in enumerate(STUDIES.items()):
        values, labels = _uptake(index)
        affine = affine_of(steps)
        folder = f"FDG-PET-CT-Lesions/{patient}/{study}"
        scans = {"CT": ramp((20, 18, 9), -1000, 900), "CTres": values * 100 - 900, "PET": values * 3000, "SUV": values}
        for name, scan in scans.items():
            # As converted from DICOM: columns from left to right, rows from posterior to anterior.
            files[f"{folder}/{name}.nii.gz"] = nifti(*stored(scan.astype(np.float32), affine, flips=(0, 1)))
        files[f"{folder}/SEG.nii.gz"] = nifti(*stored(labels, affine, flips=(0, 1)))
        if index == 3:
            files[f"{folder}/SUV.nii.gz"] = cut_off(files[f"{folder}/SUV.nii.gz"])
        else:
            found |= pictures(f"{patient}_{study}", values, labels, steps, SUV, patient=patient)
    return Miniature(
        dropped={"nifti.zip": zipped(files)},
        pictures=found,
        failed={f"PETCT_0b57b247b6_{STUDIES['PETCT_0b57b247b6']}": "unreadable: SUV.nii.gz"},
        per_case=2,
    )


def pet_whole_body_dicom() -> Miniature:
    """FDG-PET-CT-Lesions as DICOM: CT, PET in Bq/ml with a slope for each slice, and a SEG.

    300 MBq of F-18 an hour before the scan, 80 kg: activity decays to 300e6 * 2 ** (-3600 / 6586.2) Bq until then, and
    one SUV is that over 80000 g.
    """
    files: dict[str, bytes] = {}
    found: dict[str, Picture] = {}
    steps = (2.0, 2.5, 3.0)
    one = 300e6 * 2 ** (-3600 / 6586.2) / 80_000
    dose: dict[str, Any] = {
        "RadionuclideTotalDose": 300e6,
        "RadionuclideHalfLife": 6586.2,
        "RadiopharmaceuticalStartTime": "100000.000000",
    }
    common: dict[str, Any] = {
        "Units": "BQML",
        "CorrectedImage": ["NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"],
        "DecayCorrection": "START",
        "PatientWeight": 80.0,
        "StudyDate": "20030323",
        "SeriesDate": "20030323",
        "AcquisitionDate": "20030323",
        "SeriesTime": "110000.000000",
        "AcquisitionTime": "110000.000000",
        "RadiopharmaceuticalInformationSequence": item(**dose),
    }
    for index, (patient, study) in enumerate(STUDIES.items()):
        values, labels = _uptake(index)
        affine = affine_of(steps)
        slopes = [round(one * values[:, :, k].max() / 30_000, 4) for k in range(values.shape[2])]
        raw = (values * one / slopes).round()
        series = dicom_series(raw, affine, "PT", "PET corr.", patient, slopes=slopes, upwards=False, common=common)
        ct = dicom_series(ramp((10, 9, 4), 0, 2000), affine, "CT", "GK p.v.3", patient)
        seg = {"1-1.dcm": dicom_seg(labels > 0, affine, "Lesion", patient, bottom_up=index == 1)}
        if index == 3:
            series["1-003.dcm"] = cut_off(series["1-003.dcm"])
        folder = f"FDG-PET-CT-Lesions/{patient}/{study}"
        for name, members in (("4.000000-GK p.v.3-58263", ct), ("7.000000-PET corr.-78839", series)):
            files |= {f"{folder}/{name}/{file}": content for file, content in members.items()}
        files |= {f"{folder}/300.000000-Segmentation-38310/{file}": content for file, content in seg.items()}
        if index != 3:
            number = patient.removeprefix("PETCT_")
            found |= pictures(f"{number}_{study}", values, labels, steps, SUV, patient=number)
    return Miniature(
        dropped=files,
        pictures=found,
        failed={f"0b57b247b6_{STUDIES['PETCT_0b57b247b6']}": "1-003.dcm"},
        per_case=2,
    )
