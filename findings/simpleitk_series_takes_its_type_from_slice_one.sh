#!/usr/bin/env bash
# Package: SimpleITK 2.5.7, reading a DICOM series (made with pydicom 3.0.2, numpy 2.4.6)
# Expected: Rescale Slope and Intercept belong to the single image (PS3.3 C.8.2.1 for CT, C.8.9.4 for PET, where
#   scanners write another slope per slice), so a series reads as the stack of what each of its slices reads as.
# Seen: the pixel type of the volume is the one that fits the FIRST slice. A first slope of 1 makes it an unsigned
#   integer: 1.85 becomes 1, 100000 becomes 34464 and -924 HU becomes 64612, without a message, though each slice read
#   alone is right. The manual of ImageSeriesReader says so in a note; ReadImage(files, sitk.sitkFloat64) is right.
# Matters: SUV and activity of PET, thresholds at 41 % of the maximum, and CT series whose first slice has another
#   intercept: wrong in all slices but the first, or right, depending on the order of the files.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet SimpleITK==2.5.7 pydicom==3.0.2 numpy==2.4.6
cat > look.py <<'PY'
import os

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid


KINDS = {"CT": CTImageStorage, "PT": PositronEmissionTomographyImageStorage}


def write_series(folder, modality, stored, scales):
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    os.mkdir(folder)
    for index, (slope, intercept) in enumerate(scales):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = KINDS[modality], generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
        image.PatientID, image.Modality, image.InstanceNumber = "1", modality, index + 1
        image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3 * index]
        image.PixelSpacing, image.SliceThickness, image.Rows, image.Columns = [1, 1], 3, 4, 4
        image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 0
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        image.RescaleSlope, image.RescaleIntercept = slope, intercept
        image.PixelData = np.full((4, 4), stored, np.uint16).tobytes()
        image.save_as(f"{folder}/{index}.dcm", enforce_file_format=True)


cases = {
    "fractions": ("PT", 5, [("1", "0"), ("0.37", "0"), ("0.52", "0")], [5, 1, 2]),
    "large": ("PT", 100, [("1", "0"), ("1000", "0"), ("2000", "0")], [100, 34464, 3392]),
    "negative": ("CT", 100, [("1", "0"), ("1", "-1024"), ("1", "-1024")], [100, 64612, 64612]),
    "fractions first": ("PT", 5, [("0.37", "0"), ("1", "0"), ("0.52", "0")], [1.85, 5, 2.6]),
}
for case, (modality, stored, scales, expected) in cases.items():
    write_series(case, modality, stored, scales)
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(case)
    series = sitk.ReadImage(files)
    values = sitk.GetArrayFromImage(series)[:, 0, 0].tolist()
    alone = [round(float(sitk.GetArrayFromImage(sitk.ReadImage(file)).flat[0]), 6) for file in files]
    asked = sitk.GetArrayFromImage(sitk.ReadImage(files, sitk.sitkFloat64))[:, 0, 0].round(6).tolist()
    print(f"{case}: series {values} ({series.GetPixelIDTypeAsString()}), slice by slice {alone}, as float64 {asked}")
    assert np.allclose(values, expected)
    assert alone == asked == [round(stored * float(slope) + float(intercept), 6) for slope, intercept in scales]
PY
venv/bin/python look.py
