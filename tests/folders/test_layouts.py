"""Which files form cases, by their names."""

import pytest

from promptseg.config.cases import match_cases
from promptseg.folders.layouts import layout_of
from promptseg.folders.words import taken_apart

LAYOUTS = {
    "folders of equal names": (
        ["images/image_1.png", "images/image_2.png", "masks/image_1.png", "masks/image_2.png"],
        [{"image": "images/{case}.png", "labels": "masks/{case}.png"}],
    ),
    "nnU-Net": (
        ["imagesTr/a_001_0000.nii.gz", "imagesTr/a_002_0000.nii.gz", "labelsTr/a_001.nii.gz", "labelsTr/a_002.nii.gz"],
        [{"image": "imagesTr/{case}_0000.nii.gz", "labels": "labelsTr/{case}.nii.gz"}],
    ),
    "side by side": (
        ["P1.nii.gz", "P2.nii.gz", "P1_seg.nii.gz", "P2_seg.nii.gz"],
        [{"image": "{case}.nii.gz", "labels": "{case}_seg.nii.gz"}],
    ),
    "img_mask": (
        ["img.png", "img_mask.png", "b.png", "b_mask.png"],
        [{"image": "{case}.png", "labels": "{case}_mask.png"}],
    ),
    "several masks of one image": (
        ["a/a (1).png", "a/a (1)_mask.png", "a/a (2).png", "a/a (2)_mask.png", "a/a (2)_mask_1.png"],
        [{"image": "a/{case}.png", "labels": [{"file": "a/{case}_mask*.png", "value": 1}]}],
    ),
    "words before the name": (
        ["img_01.png", "mask_01.png", "img_02.png", "mask_02.png"],
        [{"image": "img_{case}.png", "labels": "mask_{case}.png"}],
    ),
    "splits": (
        ["train/images/a.png", "train/masks/a.png", "val/images/a.png", "val/masks/a.png"],
        [{"image": "{group}/images/{case}.png", "labels": "{group}/masks/{case}.png"}],
    ),
    "splits in the names of folders": (
        ["train_images/a.png", "train_masks/a.png", "val_images/b.png", "val_masks/b.png"],
        [
            {"image": "train_images/{case}.png", "labels": "train_masks/{case}.png"},
            {"image": "val_images/{case}.png", "labels": "val_masks/{case}.png"},
        ],
    ),
    "a folder for each patient": (
        ["P1/image.nii.gz", "P1/mask.nii.gz", "P2/image.nii.gz", "P2/mask.nii.gz"],
        [{"image": "{case}/image.nii.gz", "labels": "{case}/mask.nii.gz"}],
    ),
    "BIDS with sessions": (
        [
            f"{folder}sub-{person}/ses-{session}/anat/sub-{person}_ses-{session}_{end}.nii.gz"
            for person in (1, 2)
            for session in (1, 2)
            for folder, end in (("", "T2w"), ("derivatives/drawn/", "space-orig_dseg"))
        ],
        [
            {
                "image": "sub-*/ses-*/anat/{case}_T2w.nii.gz",
                "labels": "derivatives/drawn/sub-*/ses-*/anat/{case}_space-orig_dseg.nii.gz",
            }
        ],
    ),
    "a file for each organ": (
        [f"s{case}/{name}.nii.gz" for case in (1, 2) for name in ("ct", "segmentations/liver", "segmentations/spleen")],
        [
            {
                "image": "{case}/ct.nii.gz",
                "labels": [
                    {"file": "{case}/segmentations/liver.nii.gz", "value": 1},
                    {"file": "{case}/segmentations/spleen.nii.gz", "value": 2},
                ],
            }
        ],
    ),
    "one case": (["t1.nii.gz", "seg.nii.gz"], [{"image": "t1.nii.gz", "labels": "seg.nii.gz", "case": "mine"}]),
    "formats that differ": (
        ["images/a.png", "images/b.jpg", "masks/a.png", "masks/b.png"],
        [{"image": "images/{case}.*", "labels": "masks/{case}.png"}],
    ),
    "no masks": (["a.png", "b.png"], None),
    "names that have nothing in common": (["images/a.png", "masks/b.png"], None),
}


def layout(names):
    parts = [taken_apart(name) for name in names]
    return layout_of([part for part in parts if not part.mask], [part for part in parts if part.mask], "mine")


@pytest.mark.parametrize(("names", "cases"), LAYOUTS.values(), ids=LAYOUTS)
def test_layouts(names, cases):
    found = layout(names)
    assert (found.cases if found else None) == cases
    if cases:
        used = {name for case in match_cases(names, cases) if case.problem is None for name in case.names}
        assert used == set(names)
        assert found.notes == []


def test_one_of_several_images_or_masks_is_taken_and_the_others_are_named():
    names = [f"P{case}/P{case}_{word}.nii.gz" for case in (1, 2) for word in ("flair", "t1", "seg")]
    found = layout(names)
    assert found.cases == [{"image": "{case}/{case}_flair.nii.gz", "labels": "{case}/{case}_seg.nii.gz"}]
    assert found.notes == ["which of several files are meant; not taken were P1/P1_t1.nii.gz with P1/P1_seg.nii.gz (2)"]


def test_structures_are_named_after_their_folders():
    found = layout([f"{folder}/{case}.png" for folder in ("images", "masks/heart", "masks/lung") for case in "ab"])
    assert found.structures == {1: "heart", 2: "lung"}


def test_further_words_can_say_mask():
    assert not taken_apart("a_lesion.png").mask
    marked = taken_apart("a_lesion.png", marks={"lesion"})
    assert (marked.mask, marked.key, marked.after) == (True, ("a",), "_lesion")
