#!/usr/bin/env bash
# Package: rt-utils 1.2.7 (against SimpleITK 2.5.7 for the geometry; pydicom 3.0.2, numpy 2.4.6)
# Expected: contour points of pixel (row, column) lie where the image has that pixel. PixelSpacing is row distance,
#   then column distance: x steps by its second value, y by its first.
# Seen: x steps by the first value and y by the second. With PixelSpacing 2, 1 an object of 20 x 20 mm is written as
#   40 x 10 mm. Reading it back with rt-utils undoes the swap, so a round trip looks right; every other reader sees
#   another object.
# Matters: RTSTRUCT of series with unequal in-plane spacing: shape, place and surface distances.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet rt-utils==1.2.7 pydicom==3.0.2 opencv-python==5.0.0.93 numpy==2.4.6 SimpleITK==2.5.7
mkdir series
cat > look.py <<'PY'
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
import SimpleITK as sitk
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


write_series(60, 60, [2, 1])
mask = np.zeros((60, 60, 3), bool)
mask[10:21, 20:41, 1] = True  # corner pixels 10 x 2 mm and 20 x 1 mm apart
structure = RTStructBuilder.create_new(dicom_series_path="series")
structure.add_roi(mask=mask, name="object")
structure.save("structure.dcm")
reader = RTStructBuilder.create_from(dicom_series_path="series", rt_struct_path="structure.dcm")
back = reader.get_roi_mask_by_name("object")
contour = pydicom.dcmread("structure.dcm").ROIContourSequence[0].ContourSequence[0].ContourData
extent = np.ptp(np.array(contour, float).reshape(-1, 3), axis=0)[:2].tolist()
image = sitk.ReadImage("series/1.dcm")
first, last = (np.array(image.TransformIndexToPhysicalPoint(index)) for index in ((20, 10, 0), (40, 20, 0)))
print("extent x, y in mm: image", (last - first)[:2].tolist(), "contour", extent, "round trip:", (back == mask).all())
assert (last - first)[:2].tolist() == [20.0, 20.0]
assert extent == [40.0, 10.0]
assert (back == mask).all()
PY
venv/bin/python look.py
