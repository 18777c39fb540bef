"""Masks back in the grid of the files that were read, opened by readers that are not ours."""

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK

from promptseg.core.errors import PromptsegError
from promptseg.core.stacks import MaskStack
from promptseg.preprocess.dicom_seg import read_segmentation
from promptseg.preprocess.grids import reorient
from promptseg.volumes.data.source import Sources, save_nifti, save_segmentation
from support.builds import entry, list_files
from support.dicoms import LPS, LPS_AFFINE, save_series
from support.volumes import save_nifti as save_source
from support.volumes import turned

CASES = [{"image": "images/{case}.nii.gz", "labels": "masks/{case}.nii.gz"}]
OBJECT = (LPS % 7 == 3) | (LPS > 50)
SETTING = "sam_small, --route carry_box --slices largest --prompt box --extents given --clicks 2"


def masks_of(sources, volume_id, mask):
    """The stack that the pipeline makes of a mask that is stored like its image, and the image."""
    stored, files = sources.read(volume_id)
    seen = reorient(type(stored)(mask, stored.affine, stored.spacing, "mask"), "axial").array
    return MaskStack.of(np.ascontiguousarray(seen.T)), stored, files


@pytest.mark.parametrize("codes", ["LPS", "RAS", "PSL", "IRP"])
def test_a_nifti_mask_lies_on_its_image_for_other_readers(tmp_path, codes):
    oblique = LPS_AFFINE.copy()
    oblique[:3] = np.array([[0.96, -0.28, 0], [0.28, 0.96, 0], [0, 0, 1]]) @ oblique[:3]
    image, affine = turned(LPS, oblique, codes)
    mask, _ = turned(OBJECT, oblique, codes)
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    source = save_source(tmp_path / "images" / "a.nii.gz", image, affine)
    save_source(tmp_path / "masks" / "a.nii.gz", mask.astype(np.uint8), affine)
    sources = Sources(list_files(tmp_path, tmp_path / "files.csv"), entry(cases=CASES))
    stack, stored, files = masks_of(sources, "a", mask)
    assert stack.voxels == OBJECT.sum()
    laid = sources.laid(stack, stored)
    save_nifti(tmp_path / "out.nii.gz", laid, stored, files)

    again = nib.load(tmp_path / "out.nii.gz")
    np.testing.assert_array_equal(np.asarray(again.dataobj), mask)
    np.testing.assert_allclose(again.affine, nib.load(source).affine, atol=1e-6)
    theirs, ours = SimpleITK.ReadImage(str(source)), SimpleITK.ReadImage(str(tmp_path / "out.nii.gz"))
    for get in ("GetOrigin", "GetSpacing", "GetDirection", "GetSize"):
        np.testing.assert_allclose(getattr(ours, get)(), getattr(theirs, get)(), atol=1e-5)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(ours).T, mask)


def test_segments_lie_on_the_slices_of_their_series(tmp_path):
    tags = {
        "PatientID": "p",
        "PatientName": "p",
        "PatientBirthDate": "",
        "PatientSex": "",
        "StudyInstanceUID": "1.2.3",
        "StudyID": "",
        "StudyDate": "",
        "StudyTime": "",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "Manufacturer": "",
        "FrameOfReferenceUID": "1.2.4",
        "PositionReferenceIndicator": "",
        "SliceThickness": 2.5,
    }
    save_series(tmp_path / "images", **tags)
    cases = [{"image": "images/*", "labels": "masks/*", "case": "a"}]
    (tmp_path / "masks").mkdir()
    save_source(tmp_path / "masks" / "a.nii.gz", OBJECT.astype(np.uint8), LPS_AFFINE)
    sources = Sources(list_files(tmp_path, tmp_path / "files.csv"), entry(cases=cases))
    one, other = OBJECT, np.zeros_like(OBJECT)
    other[1, 2, 2] = True
    stacks = [masks_of(sources, "a", mask) for mask in (one, other)]
    _, stored, files = stacks[0]
    laid = {"lesion": sources.laid(stacks[0][0], stored), "organ": sources.laid(stacks[1][0], stored)}
    path = tmp_path / "out.dcm"
    save_segmentation(path, laid, stored, files, SETTING)

    algorithm = pydicom.dcmread(path).SegmentSequence[0].SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmParameters) == ("sam_small", f"setting={SETTING}")

    # Read without our code: which frame lies at which height, and what is in it.
    found = pydicom.dcmread(path)
    frames = found.pixel_array.reshape(-1, 5, 4)
    seen = {"lesion": np.zeros_like(OBJECT), "organ": np.zeros_like(OBJECT)}
    labels = {item.SegmentNumber: item.SegmentLabel for item in found.SegmentSequence}
    for frame, groups in zip(frames, found.PerFrameFunctionalGroupsSequence, strict=True):
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        height = float(groups.PlanePositionSequence[0].ImagePositionPatient[2])
        seen[labels[number]][:, :, round((height - 11) / 2.5)] = frame.T
    np.testing.assert_array_equal(seen["lesion"], one)
    np.testing.assert_array_equal(seen["organ"], other)
    save_segmentation(path, laid, stored, files, SETTING)
    again = pydicom.dcmread(path)
    differing = {item.keyword for item in again if found.get(item.tag) != item}
    drawn = {"DimensionOrganizationSequence", "DimensionIndexSequence"}  # highdicom numbers dimensions at random
    times = {"InstanceCreationDate", "InstanceCreationTime", "ContentDate", "ContentTime"}
    assert differing <= drawn | times | {"ContributingEquipmentSequence"}  # which says when it contributed

    # And by our own reader, as the label map of that series.
    alone = tmp_path / "alone.dcm"
    save_segmentation(alone, {"lesion": laid["lesion"]}, stored, files, SETTING)
    np.testing.assert_array_equal(read_segmentation([alone], stored).array, one)


def test_a_mask_without_its_source_is_an_error(tmp_path):
    with pytest.raises(PromptsegError, match=r"files.csv is not there"):
        Sources(tmp_path / "files.csv", entry())
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    save_source(tmp_path / "masks" / "a.nii.gz", OBJECT.astype(np.uint8), LPS_AFFINE)
    source = save_source(tmp_path / "images" / "a.nii.gz", LPS, LPS_AFFINE)
    sources = Sources(list_files(tmp_path, tmp_path / "files.csv"), entry(cases=CASES))
    stored, files = sources.read("a")
    with pytest.raises(PromptsegError, match="no DICOM series"):
        save_segmentation(tmp_path / "out.dcm", {"a": OBJECT}, stored, files, "m")
    source.unlink()
    with pytest.raises(PromptsegError, match=r"a\.nii\.gz, from which a was read"):
        sources.read("a")
