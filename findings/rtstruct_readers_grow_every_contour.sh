#!/usr/bin/env bash
# Package: rt-utils 1.2.7 and DicomRTTool 6.2.0 against plastimatch 1.10.0 (pydicom 3.0.2, opencv-python 5.0.0.93,
#   numpy 2.4.6)
# Expected: Contour Data are millimetres (PS3.3 C.8.8.6), not pixel numbers, so a mask holds the pixels whose centres
#   lie inside: 100 for a square along pixel edges that encloses 10 x 10 pixels, 202 for a circle of radius 8 pixels.
# Seen: both readers round every vertex to a whole pixel and fill the polygon with its border: 121 and 234 pixels.
#   plastimatch gives 100 and 202. A ring of two nested squares (400 - 100 pixels) becomes 360 in rt-utils, 320 in
#   DicomRTTool and 400 in plastimatch, which joins contours unless it gets --xor-contours.
# Matters: volumes of RTSTRUCT truth 15 to 20 % too large for small organs, half a pixel of outline in every distance,
#   and Dice below 1 between masks that differ by nothing but the reader. A round trip hides it: rt-utils writes
#   contours through pixel centres.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet rt-utils==1.2.7 DicomRTTool==6.2.0 plastimatch==1.10.0 pydicom==3.0.2 \
    opencv-python==5.0.0.93 numpy==2.4.6 SimpleITK==2.5.7
mkdir series masks
cat > make.py <<'PY'
import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid

STUDY, SERIES, FRAME = generate_uid(), generate_uid(), generate_uid()


def item(**values):
    result = Dataset()
    for name, value in values.items():
        setattr(result, name, value)
    return result


def part_of_study(kind, modality, number):
    result = item(Modality=modality, SOPClassUID=kind, SOPInstanceUID=generate_uid(), InstanceNumber=number)
    result.file_meta = FileMetaDataset()
    result.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    result.StudyInstanceUID, result.FrameOfReferenceUID = STUDY, FRAME
    result.PatientID = result.PatientName = result.StudyID = "1"
    result.StudyDate, result.StudyTime, result.SeriesDescription, result.Manufacturer = "20200101", "000000", "x", "x"
    result.PatientBirthDate = result.PatientSex = result.AccessionNumber = result.ReferringPhysicianName = ""
    return result


images = []
for index in range(3):
    image = part_of_study(CTImageStorage, "CT", index + 1)
    image.SeriesInstanceUID, image.SeriesNumber = SERIES, 1
    image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3 * index]
    image.PixelSpacing, image.SliceThickness, image.Rows, image.Columns = [1, 1], 3, 48, 48
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 1
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
    image.RescaleSlope, image.RescaleIntercept = 1, 0
    image.PixelData = np.arange(48 * 48, dtype=np.int16).tobytes()
    image.save_as(f"series/{index}.dcm", enforce_file_format=True)
    images.append(image)

references = [item(ReferencedSOPClassUID=i.SOPClassUID, ReferencedSOPInstanceUID=i.SOPInstanceUID) for i in images]
structure = part_of_study(RTStructureSetStorage, "RTSTRUCT", 1)
structure.SeriesInstanceUID, structure.SeriesNumber = generate_uid(), 2
structure.StructureSetLabel, structure.StructureSetDate, structure.StructureSetTime = "s", "20200101", "000000"
series = item(SeriesInstanceUID=SERIES, ContourImageSequence=references)
study = item(
    ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1", ReferencedSOPInstanceUID=STUDY, RTReferencedSeriesSequence=[series]
)
structure.ReferencedFrameOfReferenceSequence = [item(FrameOfReferenceUID=FRAME, RTReferencedStudySequence=[study])]


def square(first, last):
    return [(first, first), (last, first), (last, last), (first, last)]


angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
objects = {
    "square": [square(9.5, 19.5)],
    "circle": [list(zip(24.3 + 8 * np.cos(angles), 23.8 + 8 * np.sin(angles), strict=True))],
    "ring": [square(9.5, 29.5), square(14.5, 24.5)],
}
structure.StructureSetROISequence, structure.ROIContourSequence, structure.RTROIObservationsSequence = [], [], []
for number, (name, contours) in enumerate(objects.items(), 1):
    structure.StructureSetROISequence.append(
        item(ROINumber=number, ROIName=name, ReferencedFrameOfReferenceUID=FRAME, ROIGenerationAlgorithm="MANUAL")
    )
    drawn = [
        item(
            ContourGeometricType="CLOSED_PLANAR",
            NumberOfContourPoints=len(points),
            ContourImageSequence=[references[1]],
            ContourData=[round(float(value), 6) for x, y in points for value in (x, y, 3)],
        )
        for points in contours
    ]
    structure.ROIContourSequence.append(
        item(ReferencedROINumber=number, ROIDisplayColor=[255, 0, 0], ContourSequence=drawn)
    )
    structure.RTROIObservationsSequence.append(
        item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="ORGAN", ROIInterpreter="")
    )
structure.save_as("structure.dcm", enforce_file_format=True)
PY
cat > look.py <<'PY'
import logging
import shutil

import numpy as np
import SimpleITK as sitk
from DicomRTTool.ReaderWriter import DicomReaderWriter
from rt_utils import RTStructBuilder

logging.disable(logging.INFO)
names = ("square", "circle", "ring")
reader = RTStructBuilder.create_from(dicom_series_path="series", rt_struct_path="structure.dcm")
seen = {"rt-utils": [int(reader.get_roi_mask_by_name(name).sum()) for name in names]}
shutil.copytree("series", "both")
shutil.copy("structure.dcm", "both")
seen["DicomRTTool"] = []
for name in names:
    reader = DicomReaderWriter(verbose=False)
    reader.set_contour_names_and_associations([name])
    reader.walk_through_folders("both")
    reader.get_images_and_mask()
    seen["DicomRTTool"].append(int(reader.mask.sum()))
seen["plastimatch"] = [int(sitk.GetArrayFromImage(sitk.ReadImage(f"masks/{name}.nrrd")).sum()) for name in names]
rows, columns = np.indices((48, 48))
print("pixel centres in the circle:", int(((columns - 24.3) ** 2 + (rows - 23.8) ** 2 <= 64).sum()))
for package, pixels in seen.items():
    print(package, dict(zip(names, pixels, strict=True)))
assert seen == {"rt-utils": [121, 234, 360], "DicomRTTool": [121, 234, 320], "plastimatch": [100, 202, 400]}
PY
venv/bin/python make.py
venv/bin/plastimatch convert --input structure.dcm --referenced-ct series \
    --output-prefix masks --prefix-format nrrd > log
venv/bin/python look.py
