#!/usr/bin/env bash
# Package: SimpleITK 2.5.7 on DICOM Segmentations written by highdicom 0.28.2 (pydicom 3.0.2, numpy 2.4.6)
# Expected: each frame says its segment and its place (Segment Identification and Plane Position Sequence, PS3.3
#   C.8.20.2 and C.7.6.16.2.3), and empty frames may be left out; so a reader places the frames, or refuses the file.
# Seen: for one segment on neighbouring slices the volume is right in size, spacing and place, which builds trust.
#   With a second segment the frames of both follow each other as slices of one volume, and where frames are not evenly
#   spaced (a gap, a second segment) all spacings become 1 mm: 918 mm3 are read as 153 mm3. Values are 0 and 255
#   whatever the segment. No message.
# Matters: volumes and surface distances of DICOM SEG truth read with the reader that serves CT and MR: right in the
#   test file with one lesion, wrong by the voxel size in the file with two. highdicom and dcmqi place the frames.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet SimpleITK==2.5.7 highdicom==0.28.2 pydicom==3.0.2 numpy==2.4.6
cat > look.py <<'PY'
import highdicom
import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def make_series(slices, rows, columns):
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for index in range(slices):
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
        image.PatientID, image.PatientName, image.StudyID, image.Modality = "1", "x^x", "1", "CT"
        image.StudyDate, image.StudyTime, image.InstanceNumber = "20200101", "000000", index + 1
        image.PatientBirthDate = image.PatientSex = image.AccessionNumber = image.ReferringPhysicianName = ""
        image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3 * index]
        image.PixelSpacing, image.SliceThickness, image.Rows, image.Columns = [1, 2], 3, rows, columns
        image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 1
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        image.PixelData = np.zeros((rows, columns), np.int16).tobytes()
        yield image


def write_seg(name, series, labels):
    segments = [
        highdicom.seg.SegmentDescription(number, f"object {number}", codes.SCT.Organ, codes.SCT.Liver, "MANUAL")
        for number in range(1, labels.max() + 1)
    ]
    uids = highdicom.UID(), 1, highdicom.UID(), 1
    highdicom.seg.Segmentation(series, labels, "BINARY", segments, *uids, "x", "x", "1", "1").save_as(name)


series = list(make_series(8, 20, 24))
one = np.zeros((8, 20, 24), np.uint8)
one[2, 5:10, 3:9] = one[3, 5:10, 3:10] = one[4, 5:10, 3:11] = 1
gap, two = one.copy(), one.copy()
gap[6, 5:10, 3:9] = 1
two[3:5, 12:15, 12:20] = 2
seen = {}
for case, labels in (("one segment", one), ("one segment with a gap", gap), ("two segments", two)):
    write_seg("seg.dcm", series, labels)
    image = sitk.ReadImage("seg.dcm")
    array = sitk.GetArrayFromImage(image)
    placed = highdicom.seg.segread("seg.dcm").get_volume(combine_segments=True)
    volumes = [int((a > 0).sum()) * float(np.prod(s)) for a, s in ((labels, (3, 1, 2)), (array, image.GetSpacing()))]
    volumes.append(int((placed.array > 0).sum()) * float(np.prod(placed.spacing)))
    seen[case] = image.GetSize(), image.GetSpacing(), volumes
    print(f"{case}: size {image.GetSize()}, spacing {image.GetSpacing()}, values {np.unique(array)},", end=" ")
    print("mm3: true {}, SimpleITK {}, highdicom {}".format(*volumes))
assert seen["one segment"] == ((24, 20, 3), (2.0, 1.0, 3.0), [630, 630, 630])
assert seen["one segment with a gap"] == ((24, 20, 4), (1.0, 1.0, 1.0), [810, 135, 810])
assert seen["two segments"] == ((24, 20, 5), (1.0, 1.0, 1.0), [918, 153, 918])
PY
venv/bin/python look.py
