#!/usr/bin/env bash
# Package: highdicom 0.28.2 (against SimpleITK 2.5.7; pydicom 3.0.2, numpy 2.4.6)
# Expected: both readers sort an axial series by position along the slice normal, so array[k] is the same slice in
#   both.
# Seen: highdicom.get_volume_from_series (and Segmentation.get_volume with it) makes slice, row, column a right-handed
#   system, so slice 0 is the LAST along the normal; SimpleITK starts with the first. Same shape, reversed slices;
#   only the affine tells.
# Matters: a DICOM SEG read with highdicom laid over an image read with SimpleITK: Dice of mirrored slices without any
#   error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet highdicom==0.28.2 pydicom==3.0.2 numpy==2.4.6 SimpleITK==2.5.7
mkdir series
cat > look.py <<'PY'
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
import highdicom
import SimpleITK as sitk


def write_series(rows, columns, spacing):
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for index in range(3):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
        image.PatientID = image.PatientName = image.StudyID = "1"
        image.Modality, image.StudyDate, image.StudyTime, image.InstanceNumber = "CT", "20200101", "000000", index + 1
        image.PatientBirthDate = image.PatientSex = image.AccessionNumber = image.ReferringPhysicianName = ""
        image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3 * index]
        image.PixelSpacing, image.SliceThickness, image.Rows, image.Columns = spacing, 3, rows, columns
        image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 1
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        image.PixelData = np.full((rows, columns), index, np.int16).tobytes()
        image.save_as(f"series/{index}.dcm", enforce_file_format=True)


write_series(8, 8, [1, 1])
datasets = [pydicom.dcmread(f"series/{index}.dcm") for index in range(3)]
volume = highdicom.get_volume_from_series(datasets)
files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames("series")
image = sitk.ReadImage(files)
in_highdicom = volume.array[:, 0, 0].tolist()
in_simpleitk = sitk.GetArrayFromImage(image)[:, 0, 0].tolist()
print("slices (numbered along the normal): highdicom", in_highdicom, "SimpleITK", in_simpleitk)
print("z of array[0]: highdicom", volume.affine[2, 3], "SimpleITK", image.GetOrigin()[2])
assert in_simpleitk == [0, 1, 2]
assert in_highdicom == [2, 1, 0]
assert volume.affine[2, 3] == 6 and image.GetOrigin()[2] == 0
PY
venv/bin/python look.py
