"""Layouts that are known by the names of files."""

import pytest

from promptseg.config.layouts import suggest_cases


def line(image: str, labels: str) -> str:
    return f'cases: [{{image: "{image}", labels: "{labels}"}}]'


@pytest.mark.parametrize(
    ("names", "suggested"),
    [
        (["a.png", "a_mask.png", "b.png", "b_mask.png", "notes.txt"], ("{case}.png", "{case}_mask.png")),
        (["a.jpg", "a_mask.png"], ("{case}.jpg", "{case}_mask.png")),
        (["p1_img.nii.gz", "p1_seg.nii.gz"], ("{case}_img.nii.gz", "{case}_seg.nii.gz")),
        (["x/p1_img.nii.gz", "x/p1_seg.nii.gz"], ("*{case}_img.nii.gz", "*{case}_seg.nii.gz")),
        (["p1.nrrd", "p1-label.nrrd"], ("{case}.nrrd", "{case}-label.nrrd")),
        (["a_gt.tif", "a.tif", "b_gt.tif", "b.tif", "c.tif"], ("{case}.tif", "{case}_gt.tif")),
        (["a_Segmentation.PNG", "a.PNG"], ("{case}.PNG", "{case}_Segmentation.PNG")),
        (
            ["d/imagesTr/c_1_0000.nii.gz", "d/imagesTr/c_1_0001.nii.gz", "d/labelsTr/c_1.nii.gz", "d/dataset.json"],
            ("d/imagesTr/{case}_0000.nii.gz", "d/labelsTr/{case}.nii.gz"),
        ),
        (["imgs/1.png", "gt/1.png"], ("imgs/{case}.*", "gt/{case}.*")),
        (
            ["p1/1.dcm", "p1/2.dcm", "p1/seg.dcm", "p2/1.dcm", "p2/2.dcm", "p2/seg.dcm"],
            ("{case}/*.dcm", "{case}/seg.dcm"),
        ),
        (["p1/ct/1.dcm", "p1/ct/2.dcm", "p1/seg/1.dcm"], ("{case}/ct/*.dcm", "{case}/seg/*.dcm")),
    ],
)
def test_suggestions(names, suggested):
    assert suggest_cases(names) == line(*suggested)


@pytest.mark.parametrize("names", [[], ["a.png", "b.png"], ["a_mask.png", "b.png"], ["a.txt", "a_mask.txt"]])
def test_nothing_is_guessed(names):
    assert suggest_cases(names) is None
