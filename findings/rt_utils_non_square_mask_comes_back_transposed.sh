#!/usr/bin/env bash
# Package: rt-utils 1.2.7 (with pydicom 3.0.2, opencv-python 5.0.0.93, numpy 2.4.6)
# Expected: a mask of (rows, columns, slices) written to an RTSTRUCT and read back with the same class is the same
#   mask.
# Seen: for 48 rows x 40 columns the mask comes back as (40, 48, 3): the canvas is made with columns first, the
#   contours are drawn rows down, and what lies beyond is cut off. Of an object in rows 36-45 only rows 36-39 are
#   left. No message.
# Matters: non-square series (MR, radiographs, cropped CT); a later resize or transpose to fit makes a plausible wrong
#   mask.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet rt-utils==1.2.7 pydicom==3.0.2 opencv-python==5.0.0.93 numpy==2.4.6
mkdir series
cat > look.py <<'PY'
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from rt_utils import RTStructBuilder


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


write_series(48, 40, [1, 1])
mask = np.zeros((48, 40, 3), bool)
mask[36:46, 10:30, 1] = True
structure = RTStructBuilder.create_new(dicom_series_path="series")
structure.add_roi(mask=mask, name="object")
structure.save("structure.dcm")
reader = RTStructBuilder.create_from(dicom_series_path="series", rt_struct_path="structure.dcm")
back = reader.get_roi_mask_by_name("object")
print("written", mask.shape, int(mask.sum()), "voxels; read", back.shape, int(back.sum()), "voxels")
assert back.shape == (40, 48, 3)
assert int(mask.sum()) == 200 and int(back.sum()) == 80
PY
venv/bin/python look.py
