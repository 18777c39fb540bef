"""Patterns of the files of masks."""

import pytest

from promptseg.config.mask_patterns import Names, Pattern

VALUES = {"case": "a_b", "task": "left_kidney", "slice": 7, "image": "a_b_z007"}


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{case}_{task}.nii.gz", "a_b_left_kidney.nii.gz"),
        ("{case}/{slice:03d}.png", "a_b/007.png"),
        ("{slice}-{image}.png", "7-a_b_z007.png"),
        ("x[1]/{case}.png", "x[1]/a_b.png"),
    ],
)
def test_names_are_written_and_not_guessed(pattern, name):
    assert Pattern(pattern).name(VALUES) == name
    assert Names([name, "a_b.png", "b_left_kidney.nii.gz"]).find(Pattern(pattern), VALUES) == [name]
    assert list(Pattern(pattern).problems()) == []


def test_wildcards():
    names = Names(["fold0/a_b.png", "fold1/a.png", "fold1/xa_b.png", "a_b.png", "fold2/deep/a_b.png"])
    assert names.find(Pattern("*/{case}.png"), VALUES) == ["fold0/a_b.png", "fold2/deep/a_b.png"]
    assert names.find(Pattern("fold?/{case}.png"), VALUES) == ["fold0/a_b.png"]


def test_accents_written_either_way_are_one_name():
    assert Names(["e\u0301.png"]).find(Pattern("{case}.png"), {"case": "\u00e9"}) == ["e\u0301.png"]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("{cases}.png", "{cases} is no placeholder. Did you mean 'case'? There are: {case}, {image}"),
        ("{}.png", "{} is no placeholder"),
        ("{case}{.png", "it has a brace that is not closed"),
        ("{case:03d}.png", "{case:03d}: a format such as :03d is for {slice}, {step}, {candidate}"),
        ("{case}-{slice:x}.png", "{slice:x}: a format such as :03d is for {slice}"),
        ("/data/{case}.png", "it has to be relative to `path`, and stay below it"),
        ("../{case}.png", "it has to be relative to `path`, and stay below it"),
        ("all.nii.gz", "it needs {case}, {image} or {object}: a file for each case; only COCO JSON holds many"),
        ("{slice}.png", "it needs {case}, {image} or {object}"),
        ("{case}-{step}.png", "masks that answer prompts need {mode}"),
    ],
)
def test_problems(pattern, problem):
    assert any(one.startswith(problem) for one in Pattern(pattern).problems())


def test_coco_needs_no_placeholder():
    assert list(Pattern("predictions.json").problems()) == []
