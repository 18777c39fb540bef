#!/usr/bin/env bash
# Package: SimpleITK 2.5.7, ImageSeriesReader, on DICOM slices written by pydicom 3.0.2 (numpy 2.4.6)
# Expected: with a tilted gantry the slices lean and the table moves straight, so every slice is shifted against the
#   one before (a shear, which an ITK image cannot hold): a reader refuses the series, warns, or resamples it. It does
#   warn where slices are unevenly spaced.
# Seen: no message and no key in the meta data. The slices are stacked along their own normal, at the distance of their
#   corners: at 20 degrees of tilt and 5 mm of table feed, slice 20 is put 34.7 mm from where it lies, and every volume
#   is 6.4 % too large (5 mm instead of 4.7 mm from plane to plane).
# Matters: head CTs with tilt are common. Contours in mm (RTSTRUCT) or masks of another reader drift off the image from
#   slice to slice, and volumes in ml grow; Dice on the same array does not show it. Compare the positions with
#   TransformIndexToPhysicalPoint.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet SimpleITK==2.5.7 pydicom==3.0.2 numpy==2.4.6
cat > look.py <<'PY'
import os
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

FEED, SLICES = 5.0, 21


def write_series(folder, degrees):
    """CT slices of 16 x 16 mm that lean by the tilt; the table moves by 5 mm along the patient, whatever the tilt."""
    Path(folder).mkdir()
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    column = [0, *(round(float(f(np.deg2rad(degrees))), 9) for f in (np.cos, np.sin))]
    for index in range(SLICES):
        pixels = np.zeros((16, 16), np.int16)
        pixels[4:9, 4:9] = 100
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
        image.PatientID, image.Modality, image.InstanceNumber, image.GantryDetectorTilt = "1", "CT", index + 1, degrees
        image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, *column], [0, 0, FEED * index]
        image.PixelSpacing, image.SliceThickness, image.Rows, image.Columns = [1, 1], 5, 16, 16
        image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 1
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        image.PixelData = pixels.tobytes()
        image.save_as(f"{folder}/{index:02}.dcm", enforce_file_format=True)


def read(folder):
    """The image, and what the library wrote to stderr meanwhile."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    kept = os.dup(2)
    with open("messages", "wb") as messages:
        os.dup2(messages.fileno(), 2)
        try:
            image = reader.Execute()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    return image, Path("messages").read_text()


print(sitk.Version_VersionString())
for degrees in (0, 10, 20):
    tilt = np.deg2rad(degrees)
    write_series(str(degrees), degrees)
    image, messages = read(str(degrees))
    last = np.array(image.TransformIndexToPhysicalPoint((0, 0, SLICES - 1)))
    off = float(np.linalg.norm(last - (0, 0, FEED * (SLICES - 1))))
    voxel, true = float(np.prod(image.GetSpacing())), FEED * float(np.cos(tilt))
    print(f"{degrees} degrees: last slice at {np.round(last, 1).tolist()}, {off:.1f} mm off;", end=" ")
    print(f"voxel {voxel:.3f} mm3, true {true:.3f}; keys {image.GetMetaDataKeys()}, messages {messages!r}")
    assert abs(off - 2 * FEED * (SLICES - 1) * np.sin(tilt / 2)) < 1e-3 and abs(voxel - FEED) < 1e-6
    assert messages == "" and not image.GetMetaDataKeys()
PY
venv/bin/python look.py
