"""Placeholders, pairs and raters: how files become cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptseg.config.cases import as_glob, case_patterns, match_cases, natural
from promptseg.core.errors import PromptsegError

FOLDER = [{"image": "images/{case}.*", "labels": "masks/{case}.*"}]
SPINE = [{"image": "*{case}-image.nii.gz", "labels": "*{case}-mask-r{rater}.nii.gz"}]
PET = [{"image": "*{group}/{case}/SUV.nii.gz", "labels": "*{group}/{case}/SEG.nii.gz"}]

ADD_AN_IMAGE = "; add it, correct the patterns in `cases`, or set `unpaired: skip`"
ADD_A_MASK = ADD_AN_IMAGE + " for images without any mask"


def summary(names, cases, **options):
    return {
        case.name: (case.image, [part.names for part in case.labels]) for case in match_cases(names, cases, **options)
    }


def test_placeholder_after_a_star_begins_a_path_part():
    names = ["in/site1-sc01-image.nii.gz", "in/site1-sc01-mask-r1.nii.gz", "site2-sc01-image.nii.gz"]
    names.append("site2-sc01-mask-r1.nii.gz")
    assert list(summary(names, SPINE)) == ["site1-sc01", "site2-sc01"]


def test_group_tells_cases_apart():
    names = [f"FDG/PETCT_{patient}/study/{kind}.nii.gz" for patient in ("0a", "1b") for kind in ("SUV", "SEG")]
    cases = match_cases(names, PET, r"^PETCT_([0-9a-f]+)_")
    assert [(case.name, case.patient, case.image) for case in cases] == [
        ("PETCT_0a_study", "0a", ("FDG/PETCT_0a/study/SUV.nii.gz",)),
        ("PETCT_1b_study", "1b", ("FDG/PETCT_1b/study/SUV.nii.gz",)),
    ]
    assert [part.names for part in cases[1].labels] == [("FDG/PETCT_1b/study/SEG.nii.gz",)]


def test_group_of_several_parts():
    entries = [{"image": "*Set/{group}/Images/{case}.png", "labels": "*Set/{group}/Masks/{case}.png"}]
    names = [f"a b/Set/{group}/{kind}/1.png" for group in ("BB/Healthy", "TA/Healthy") for kind in ("Images", "Masks")]
    assert list(summary(names, entries)) == ["BB_Healthy_1", "TA_Healthy_1"]


def test_groups_that_give_one_name():
    names = [f"{group}/1/{kind}.nii.gz" for group in ("a/b", "a_b") for kind in ("SUV", "SEG")]
    entries = [{"image": "{group}/{case}/SUV.nii.gz", "labels": "{group}/{case}/SEG.nii.gz"}]
    with pytest.raises(PromptsegError, match="would both be the case a_b_1"):
        match_cases(names, entries)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"image": "{group}/{case}.png", "labels": "m/{case}.png"}, r"\{group\} must stand in all patterns"),
        ({"image": "{case}-{rater}.png", "labels": "m/{case}.png"}, r"\{rater\} belongs into `labels`"),
        (
            {
                "image": "{case}.png",
                "labels": [{"file": "{case}-{rater}.png", "value": 1}, {"file": "m/{case}.png", "value": 2}],
            },
            r"\{rater\} must stand in all `labels`",
        ),
    ],
)
def test_placeholders_that_do_not_fit(entry, message):
    with pytest.raises(PromptsegError, match=message):
        match_cases(["a.png"], [entry])


def test_raters_and_who_is_absent():
    names = [
        "a-image.nii.gz",
        "b-image.nii.gz",
        *(f"a-mask-r{rater}.nii.gz" for rater in (10, 2, 1)),
        "b-mask-r2.nii.gz",
    ]
    first, second = match_cases(names, SPINE)
    assert [(part.rater, part.names) for part in first.labels] == [
        ("1", ("a-mask-r1.nii.gz",)),
        ("2", ("a-mask-r2.nii.gz",)),
        ("10", ("a-mask-r10.nii.gz",)),
    ]
    assert (first.absent, second.absent) == ((), ("1", "10"))


def test_pair_by_order_is_natural():
    entries = [{"image": "s/{case}.png", "labels": [{"file": "m/{case}.png", "value": 1}], "pair": "order"}]
    names = [f"s/i{n}.png" for n in (1, 2, 10)] + [f"m/k{n}.png" for n in (3, 20, 100)]
    assert summary(names, entries) == {
        "i1": (("s/i1.png",), [("m/k3.png",)]),
        "i2": (("s/i2.png",), [("m/k20.png",)]),
        "i10": (("s/i10.png",), [("m/k100.png",)]),
    }
    with pytest.raises(PromptsegError, match=r"3 images match s/\{case\}\.png and 2 masks match m/\{case\}\.png"):
        match_cases(names[:-1], entries)


def test_unpaired_files_fail_or_are_passed_over(caplog):
    caplog.set_level("INFO")
    names = ["i/a.png", "i/b.png", "m/b.png", "m/c.png"]
    entry = {"image": "i/{case}.png", "labels": "m/{case}.png"}
    problems = {case.name: case.problem for case in match_cases(names, [entry])}
    assert problems == {
        "a": "missing mask: no file matches m/{case}.png for the image i/a.png" + ADD_A_MASK,
        "b": None,
        "c": "missing image: no file matches i/{case}.png for the mask m/c.png" + ADD_AN_IMAGE,
    }
    assert [case.name for case in match_cases(names, [{**entry, "unpaired": "skip"}])] == ["b"]
    assert "2 cases of i/{case}.png have no image or no mask" in caplog.text


def test_a_case_with_some_of_its_masks_is_not_passed_over():
    labels = [{"file": "l/{case}.png", "value": 1}, {"file": "r/{case}.png", "value": 2}]
    entry = {"image": "i/{case}.png", "labels": labels, "unpaired": "skip"}
    cases = match_cases(["i/a.png", "l/a.png", "i/b.png"], [entry])
    assert [(case.name, case.problem) for case in cases] == [
        ("a", "missing mask: no file matches r/{case}.png for the image i/a.png" + ADD_A_MASK)
    ]


def test_colours_keep_their_order():
    entry = {"image": [f"*/{{case}}_{kind}.nii" for kind in ("flair", "t1ce", "t2")], "labels": "*/{case}_seg.nii"}
    names = [f"x/p/p_{kind}.nii" for kind in ("seg", "t2", "t1", "t1ce", "flair")]
    (case,) = match_cases(names, [entry])
    assert case.colours
    assert case.image == ("x/p/p_flair.nii", "x/p/p_t1ce.nii", "x/p/p_t2.nii")
    (case,) = match_cases([name for name in names if "t1ce" not in name], [entry])
    assert case.problem == (
        "missing image: no file matches */{case}_t1ce.nii for the mask x/p/p_seg.nii" + ADD_AN_IMAGE
    )
    (case,) = match_cases([*names, "y/p_t2.nii"], [entry])
    assert case.problem == (
        "several files: x/p/p_t2.nii, y/p_t2.nii are files of one colour; make the pattern in `cases` narrower"
    )


def test_series_reaches_the_case():
    entry = {"image": "{case}/*.dcm", "labels": "{case}.nrrd", "series": "*pre*"}
    (case,) = match_cases(["a/1.dcm", "a/2.dcm", "a.nrrd"], [entry])
    assert (case.series, case.image) == ("*pre*", ("a/1.dcm", "a/2.dcm"))


def test_globs_of_all_files():
    cases = [
        *SPINE,
        *PET,
        {"image": ["{case}_a", "{case}_b", "{case}_c"], "labels": [{"file": "*x/{case}", "value": 1}]},
    ]
    assert case_patterns({"cases": cases}) == [
        "*-image.nii.gz",
        "*-mask-r*.nii.gz",
        "*/*/SUV.nii.gz",
        "*/*/SEG.nii.gz",
        "*_a",
        "*_b",
        "*_c",
        "*x/*",
    ]
    assert as_glob("[ab]?/*.png") == "[ab]?/*.png"


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_in_names_are_sorted_as_numbers(numbers):
    assert sorted((f"i{n}.png" for n in numbers), key=natural) == [f"i{n}.png" for n in sorted(numbers)]


@given(st.text("ab/", min_size=1, max_size=12), st.text("ab", min_size=1, max_size=4))
def test_every_match_takes_whole_parts(folder, name):
    path = f"{folder}/{name}.png".replace("//", "/").lstrip("/")
    (case,) = match_cases([path, f"{name}.txt"], [{"image": "*{case}.png", "labels": "*{case}.txt"}])
    assert case.name == name


def test_case_patterns() -> None:
    cases = [
        {"image": "*/data/{case}_image.nrrd", "labels": "*/data/{case}_label.nrrd", "only": ["brain1"]},
        {"image": "*/{case}/ct.nii.gz", "labels": [{"file": "*/{case}/gm.nii.gz", "value": 1}, {"file": "b"}]},
        {"image": "*/data/{case}_image.nrrd", "labels": "b", "case": "x"},
    ]
    assert case_patterns({"cases": cases}) == [
        "*/data/*_image.nrrd",
        "*/data/*_label.nrrd",
        "*/*/ct.nii.gz",
        "*/*/gm.nii.gz",
        "b",
    ]


def test_patterns():
    names = ["x-1.0/data/brain1_image.nrrd", "x-1.0/data/brain1_label.nrrd", "x-1.0/data/lung1_image.nrrd"]
    entries = [{"image": "*/data/{case}_image.nrrd", "labels": "*/data/{case}_label.nrrd", "only": ["brain1"]}]
    (case,) = match_cases(names, entries)
    assert (case.name, case.patient, case.image, case.problem) == ("brain1", "brain1", (names[0],), None)
    assert case.labels[0].names == (names[1],)


def test_extension_placeholder_takes_nii_gz_in_one_piece():
    names = [
        "images/a.nii.gz",
        "images/b.1.png",
        "images/._c.png",
        "masks/a.nii.gz",
        "masks/b.1.png",
        "masks/.DS_Store",
    ]
    assert [(case.name, case.problem) for case in match_cases(names, FOLDER)] == [("a", None), ("b.1", None)]


def test_masks_beside_images_are_no_images():
    names = ["p/c (1).png", "p/c (1)_mask.png", "p/c (1)_mask_1.png", "p/c (2).png", "p/c (2)_mask.png"]
    entries = [{"image": "*/{case}.png", "labels": [{"file": "*/{case}_mask*.png", "value": 1}]}]
    cases = match_cases(names, entries)
    assert [case.name for case in cases] == ["c (1)", "c (2)"]
    assert cases[0].labels[0].names == ("p/c (1)_mask.png", "p/c (1)_mask_1.png")


def test_placeholder_may_stand_twice():
    names = ["s1/s1_flair.nii", "s1/s1_seg.nii", "s2/s1_flair.nii"]
    (case,) = match_cases(names, [{"image": "{case}/{case}_flair.nii", "labels": "{case}/{case}_seg.nii"}])
    assert case.image == ("s1/s1_flair.nii",)


def test_characters_in_brackets():
    names = ["i/a.png", "i/b.png", "i/c.png", "m/a.png", "m/b.png", "m/c.png"]
    entries = [{"image": "i/[ab].png", "labels": "m/[!bc].png", "case": "x"}]
    (case,) = match_cases(names, entries)
    assert case.names == ["i/a.png", "i/b.png", "m/a.png"]


def test_series_and_fixed_case():
    names = ["d/CT.2", "d/CT.1", "seg.nii.gz"]
    (case,) = match_cases(names, [{"image": "d/*", "labels": "seg.nii.gz", "case": "ct"}])
    assert (case.name, case.image) == ("ct", ("d/CT.1", "d/CT.2"))


def test_cases_are_sorted_over_all_entries():
    names = ["i/b.png", "m/b.png", "j/a.png", "n/a.png"]
    entries = [{"image": f"{i}/{{case}}.png", "labels": f"{m}/{{case}}.png"} for i, m in ("im", "jn")]
    assert [case.name for case in match_cases(names, entries)] == ["a", "b"]


def test_patient():
    names = ["images/sub-1_z1.png", "images/sub-1_z2.png", "masks/sub-1_z1.png", "masks/sub-1_z2.png"]
    assert [case.patient for case in match_cases(names, FOLDER, r"^(sub-\d+)")] == ["sub-1", "sub-1"]
    with pytest.raises(PromptsegError, match=r"case sub-1_z1 does not match `patient: \^\(pat\\d\)`"):
        match_cases(names, FOLDER, r"^(pat\d)")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [{"image": "x/{case}.png", "labels": "y/{case}.png"}],
            r"No file matches x/\{case\}\.png or y/\{case\}\.png\.",
        ),
        ([*FOLDER, {"image": "images/a.png", "labels": "masks/a.png", "case": "a"}], "case a is found by two entries"),
        ([{"image": "images/*", "labels": "masks/*"}], r"needs either the placeholder \{case\} or the key `case`"),
        ([{**FOLDER[0], "only": ["a", "z"]}], "`only` names the cases z, but no file"),
    ],
)
def test_patterns_that_cannot_work(entries, message):
    with pytest.raises(PromptsegError, match=message):
        match_cases(["images/a.png", "masks/a.png"], entries)
