#!/usr/bin/env bash
# Package: SimpleITK 2.5.7, ImageSeriesReader, on DICOM slices written by pydicom 3.0.2 (numpy 2.4.6)
# Expected: each slice says where it lies (Image Position Patient). Slices at 0, 1, 2, 10 and 11 mm make no grid, so a
#   reader refuses them, or fills the gap, or at least keeps the distance that most neighbours have.
# Seen: the reader warns on stderr and returns a volume whose slices are spread evenly from the first to the last, here
#   every 2.75 mm: a lesion on the first three slices grows from 75 to 206 mm3. One slice missing from a regular series
#   makes all others 25 % thicker; one slice sent twice, 0.002 mm apart, makes them 25 % thinner.
# Matters: the warning is easily lost in a batch; the one trace in the image is the key
#   ITK_non_uniform_sampling_deviation, whose value reads [UNKNOWN_PRINT_CHARACTERISTICS]. Volumes and surface distances
#   of the whole series are wrong, not only at the gap. Look for that key, or compare the positions.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet SimpleITK==2.5.7 pydicom==3.0.2 numpy==2.4.6
cat > look.py <<'PY'
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

KEY = "ITK_non_uniform_sampling_deviation"


def write_series(folder, heights, lesion):
    """CT slices of 16 x 16 mm at these heights in mm, with a lesion of 5 x 5 mm on the numbered ones."""
    Path(folder).mkdir()
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for index, height in enumerate(heights):
        pixels = np.zeros((16, 16), np.int16)
        pixels[4:9, 4:9] = 100 * (index in lesion)
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = study, series, frame
        image.PatientID, image.Modality, image.InstanceNumber = "1", "CT", index + 1
        image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, height]
        image.PixelSpacing, image.SliceThickness, image.Rows, image.Columns = [1, 1], 1, 16, 16
        image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 1
        image.BitsAllocated, image.BitsStored, image.HighBit = 16, 16, 15
        image.PixelData = pixels.tobytes()
        image.save_as(f"{folder}/{index:02}.dcm", enforce_file_format=True)


def read(folder):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    return reader.Execute()


print(sitk.Version_VersionString())
cases = {
    "regular": ((0, 1, 2, 3, 4), 1.0),
    "one missing": ((0, 1, 2, 4, 5), 1.25),
    "one twice": ((0, 1, 2, 2.002, 3), 0.75),
    "a block missing": ((0, 1, 2, 10, 11), 2.75),
}
for name, (heights, expected) in cases.items():
    write_series(name, heights, lesion=(0, 1, 2))
    image = read(name)
    placed = [image.TransformIndexToPhysicalPoint((0, 0, z))[2] for z in range(image.GetSize()[2])]
    volume = int((sitk.GetArrayFromImage(image) > 50).sum()) * float(np.prod(image.GetSpacing()))
    found = image.GetMetaData(KEY).strip() if image.HasMetaDataKey(KEY) else "none"
    print(f"{name}: slices at {heights} mm are placed at {placed}; lesion {volume} mm3 (true 75); key: {found}")
    assert np.allclose(np.diff(placed), expected) and np.isclose(volume, 75 * expected)
    assert image.HasMetaDataKey(KEY) == (name != "regular")
PY
venv/bin/python look.py
