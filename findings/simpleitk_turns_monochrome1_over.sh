#!/usr/bin/env bash
# Package: SimpleITK 2.5.7 and highdicom 0.28.2 (Image.get_frame) against pydicom 3.0.2 (numpy 2.4.6)
# Expected: MONOCHROME1 says how to DISPLAY: the minimum is white (PS3.3 C.7.6.3.1.2). The numbers stay as they are: HU
#   of a CT is slope times stored value plus intercept (C.8.2.1), whatever the photometric interpretation.
# Seen: both replace each stored value by the largest one of Bits Stored minus it, signed values too, before slope and
#   intercept are applied: 40 HU becomes 2007 HU with 12 bits and 63447 with 16. pydicom leaves the numbers. No message,
#   and the metadata of SimpleITK's image still say MONOCHROME1. highdicom has a switch, apply_presentation_lut=False.
# Matters: radiographs and mammograms, whose datasets mix both kinds: one loader gives the negative of the other, a
#   window or threshold hits the background, and code that turns MONOCHROME1 over by hand does it twice.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet SimpleITK==2.5.7 pydicom==3.0.2 highdicom==0.28.2 numpy==2.4.6
cat > look.py <<'PY'
import highdicom
import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def write(name, array, bits, photometric):
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = (generate_uid() for _ in range(3))
    image.PatientID, image.PatientName, image.StudyID, image.Modality = "1", "x^x", "1", "CT"
    image.StudyDate, image.StudyTime, image.InstanceNumber = "20200101", "000000", 1
    image.PatientBirthDate = image.PatientSex = image.AccessionNumber = image.ReferringPhysicianName = ""
    image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 0]
    image.PixelSpacing, image.SliceThickness, (image.Rows, image.Columns) = [1, 1], 3, array.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, photometric
    image.PixelRepresentation = int(array.dtype == np.int16)
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, bits, bits - 1
    image.RescaleSlope, image.RescaleIntercept, image.RescaleType = 1, -1024, "HU"
    image.PixelData = array.tobytes()
    image.save_as(name, enforce_file_format=True)


hounsfield = np.array([[-1000, 40], [300, 1000]])
seen = {}
for bits, kind in ((12, np.uint16), (16, np.uint16), (16, np.int16)):
    for photometric in ("MONOCHROME2", "MONOCHROME1"):
        write("image.dcm", (hounsfield + 1024).astype(kind), bits, photometric)
        dataset = pydicom.dcmread("image.dcm")
        frames, image = highdicom.Image.from_dataset(dataset), sitk.ReadImage("image.dcm")
        values = {
            "pydicom": pydicom.pixels.apply_modality_lut(dataset.pixel_array, dataset),
            "SimpleITK": sitk.GetArrayFromImage(image)[0],
            "highdicom": frames.get_frame(1),
            "highdicom, no presentation LUT": frames.get_frame(1, apply_presentation_lut=False),
        }
        case = bits, kind.__name__, photometric
        seen[case] = {reader: array.astype(int).ravel().tolist() for reader, array in values.items()}
        print(*case, seen[case])
        assert image.GetMetaData("0028|0004").strip() == photometric
plain = hounsfield.ravel().tolist()
turned = {
    (12, "uint16"): [3047, 2007, 1747, 1047],
    (16, "uint16"): [64487, 63447, 63187, 62487],
    (16, "int16"): [-1049, -2089, -2349, -3049],
}
for (bits, kind, photometric), values in seen.items():
    assert values["pydicom"] == values["highdicom, no presentation LUT"] == plain
    expected = turned[bits, kind] if photometric == "MONOCHROME1" else plain
    assert values["SimpleITK"] == values["highdicom"] == expected
PY
venv/bin/python look.py
