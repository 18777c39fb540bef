"""The language of patterns: what a final `.*` is, and names in other compositions of Unicode."""

import unicodedata

import pytest

from promptseg.config.cases import match_cases
from promptseg.config.patterns import fits, fits_but_for_its_suffix
from promptseg.core.errors import PromptsegError

DEFAULT = [{"image": "images/{case}.*", "labels": "masks/{case}.*"}]
GLOBS = ["images/*.*", "masks/*.*"]


@pytest.mark.parametrize(
    "name",
    ["a.png", "a.PNG", "a.b.png", "a.nii.gz", "a.NII.GZ", "a.seg.nrrd", "a.nhdr", "a.mhd", "a.dcm", "1.2.840.10008.1"],
)
def test_images(name: str) -> None:
    assert fits(f"images/{name}", GLOBS)
    assert not fits_but_for_its_suffix(f"images/{name}", GLOBS)
    case = match_cases([f"images/{name}"], DEFAULT)[0]
    assert case.image == (f"images/{name}",)


SIDECARS = ["a.json", "a.txt", "a.csv", "README.md", "Thumbs.db", "a.bval", "a.png.bak", "a.png~", "a.raw.gz"]


@pytest.mark.parametrize("name", [*SIDECARS, "a.nii.gz.json", "a.png.aux.xml"])
def test_no_images(name: str) -> None:
    assert not fits(f"images/{name}", GLOBS)
    assert fits_but_for_its_suffix(f"images/{name}", GLOBS)
    names = ["images/a.png", "masks/a.png", f"images/{name}", f"masks/{name}"]
    cases = match_cases(names, DEFAULT)
    assert [(case.name, case.names, case.problem) for case in cases] == [("a", names[:2], None)]


def test_an_explicit_pattern_takes_what_it_says() -> None:
    assert fits("images/a.json", ["images/*.json"])
    assert fits("images/a.json", ["images/*"])
    assert not fits_but_for_its_suffix("labels/a.json", GLOBS)
    assert not fits("images/a.png", [])


def test_composed_and_decomposed_names_are_pairs() -> None:
    image, mask = "images/Mu\u0308ller.png", "masks/M\u00fcller.png"
    (case,) = match_cases([image, mask], DEFAULT)
    assert (case.name, case.problem, case.names) == ("M\u00fcller", None, [image, mask])
    for form in ("NFC", "NFD"):
        folder = unicodedata.normalize(form, "Bänder")
        entry = {"image": f"{folder}/{{case}}.*", "labels": "masks/{case}.*", "only": [folder]}
        (case,) = match_cases(["Ba\u0308nder/B\u00e4nder.png", "masks/Ba\u0308nder.png"], [entry])
        assert (case.name, case.problem) == ("B\u00e4nder", None)
        assert fits("B\u00e4nder/1.png", [f"{folder}/*.*"])
    assert match_cases([image, mask], DEFAULT, "(Mu\u0308)")[0].patient == "M\u00fc"


def test_two_files_that_differ_in_their_composition_only() -> None:
    names = ["images/Mu\u0308.png", "images/M\u00fc.png", "masks/M\u00fc.png"]
    with pytest.raises(PromptsegError, match=r"'images/Mu\\u0308\.png' and 'images/M\\xfc\.png' look the same"):
        match_cases(names, DEFAULT)


@pytest.mark.parametrize("case", ["x{y}", "{case}", "{}", "a b", "a'b\"c", "$HOME", "[1]", "#1 100%", "a&b;c", "null"])
def test_characters_of_other_languages_are_characters(case: str) -> None:
    (found,) = match_cases([f"images/{case}.png", f"masks/{case}.png"], DEFAULT)
    assert (found.name, found.problem) == (case, None)
