#!/usr/bin/env bash
# Package: SimpleITK 2.5.7, pydicom 3.0.2 and dcm2niix 1.0.20260724 against highdicom 0.28.2 (numpy 2.4.6)
# Expected: in a multi-frame file the rescale slope may differ from frame to frame: Pixel Value Transformation Sequence
#   in the Per-Frame Functional Groups (PS3.3 C.7.6.16.2.9). Each frame is scaled by its own.
# Seen: SimpleITK scales all frames by the slope of the first frame, dcm2niix by another single one, and pydicom's
#   apply_modality_lut by none, without a message. Only highdicom is right. Frames that hold 100 at slopes 0.9, 0.52,
#   0.37 and 2.5 read as 90 (four times), 250 (four times), 100 (four times), and 90, 52, 37, 250.
# Matters: PET series turned into multi-frame files (here by the converter of highdicom): SUV wrong by the ratio of the
#   slopes, slice by slice, though the same series as single files reads right; thresholds at 41 % of the maximum cut
#   elsewhere.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet SimpleITK==2.5.7 pydicom==3.0.2 dcm2niix==1.0.20260724 highdicom==0.28.2 nibabel==5.4.2 \
    numpy==2.4.6
mkdir series enhanced converted
cat > make.py <<'PY'
import highdicom
import numpy as np
from highdicom.legacy import LegacyConvertedEnhancedPETImage
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid

study, series, frame = generate_uid(), generate_uid(), generate_uid()
images = []
for index, slope in enumerate(("2.5", "0.37", "0.52", "0.9")):
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID, image.SOPInstanceUID = PositronEmissionTomographyImageStorage, generate_uid()
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
    image.PatientID, image.PatientName, image.StudyID, image.SeriesNumber = "1", "x^x", "1", 1
    image.PatientBirthDate = image.PatientSex = image.AccessionNumber = image.ReferringPhysicianName = ""
    image.Manufacturer, image.Modality, image.InstanceNumber, image.Units = "x", "PT", index + 1, "BQML"
    image.StudyDate = image.ContentDate = image.AcquisitionDate = "20200101"
    image.StudyTime = image.ContentTime = image.AcquisitionTime = "000000"
    image.ImageType, image.VolumetricProperties, image.PatientPosition = ["ORIGINAL", "PRIMARY"], "VOLUME", "HFS"
    image.FrameReferenceTime, image.BurnedInAnnotation, image.LossyImageCompression = 0, "NO", "00"
    image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3 * index]
    image.PixelSpacing, image.SliceThickness, image.Rows, image.Columns = [1, 1], 3, 8, 8
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
    image.RescaleSlope, image.RescaleIntercept, image.RescaleType = slope, 0, "US"
    image.PixelData = np.full((8, 8), 100, np.uint16).tobytes()
    image.save_as(f"series/{index}.dcm", enforce_file_format=True)
    images.append(image)
enhanced = LegacyConvertedEnhancedPETImage(images, highdicom.UID(), 2, highdicom.UID(), 1)
enhanced.save_as("enhanced/pet.dcm")
PY
cat > look.py <<'PY'
import highdicom
import nibabel as nib
import pydicom
import SimpleITK as sitk

dataset = pydicom.dcmread("enhanced/pet.dcm")
frames = dataset.PerFrameFunctionalGroupsSequence
slopes = [float(frame.PixelValueTransformationSequence[0].RescaleSlope) for frame in frames]
right = [round(100 * slope, 6) for slope in slopes]
files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames("series")
reader = highdicom.imread("enhanced/pet.dcm")
seen = {
    "SimpleITK": sitk.GetArrayFromImage(sitk.ReadImage("enhanced/pet.dcm"))[:, 0, 0],
    "pydicom": pydicom.pixels.apply_modality_lut(dataset.pixel_array, dataset)[:, 0, 0],
    "dcm2niix": nib.load("converted/pet.nii").get_fdata()[0, 0],
    "highdicom": [reader.get_frame(number)[0, 0] for number in range(1, 5)],
    "single files, SimpleITK": sitk.GetArrayFromImage(sitk.ReadImage(files, sitk.sitkFloat64))[:, 0, 0],
}
seen = {package: [round(float(value), 3) for value in values] for package, values in seen.items()}
print("slopes of the frames", slopes, "so right is", right)
for package, values in seen.items():
    print(package, values)
assert seen["SimpleITK"] == [right[0]] * 4 and seen["pydicom"] == [100.0] * 4
assert len(set(seen["dcm2niix"])) == 1
assert seen["highdicom"] == right and sorted(seen["single files, SimpleITK"]) == sorted(right)
PY
venv/bin/python make.py
venv/bin/dcm2niix -f pet -o converted enhanced > log
venv/bin/python look.py
