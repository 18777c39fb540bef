"""Markups of 3D Slicer as prompts of people: coordinates, kinds, and what is left out."""

import json

import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.places import Place
from promptseg.prompts.human import read_file
from promptseg.prompts.slicer import from_slicer, read_markups

# Columns run to the patient's left, rows to the back, slices of 5 mm to the head: an axial picture of 2 mm pixels.
MM = np.array([[-2, 0, 0, 100], [0, -2, 0, 50], [0, 0, 5, -10], [0, 0, 0, 1]], float)
PLACE = Place(np.eye(4), MM)
SLICES = {3: "ct_z003", 4: "ct_z004"}
ABOUT = {"dataset": "ct", "task": "liver", "annotator": "anna"}


def lps(x, y, z):
    """The LPS position of a pixel."""
    right, front, up, _ = MM @ [x, y, z, 1]
    return [-right, -front, up]


def points(*positions, kind="Fiducial", **more):
    return {"type": kind, "controlPoints": [{"position": position} for position in positions], **more}


def prompts_of(*markups):
    content, said = from_slicer(markups, PLACE, SLICES, ABOUT)
    found = {image["image_id"]: image["objects"][0]["prompts"] for image in content["images"]}
    return found, said


def test_points_in_both_systems_and_units():
    x, y, z = lps(7, 9, 3)
    ras = [-x, -y, z]
    markups = [
        points([x, y, z], coordinateSystem="LPS"),
        points(ras, coordinateSystem="RAS"),
        points([1000 * x, 1000 * y, 1000 * z], coordinateUnits=["um", "UCUM", "micrometer"]),
        points(lps(7.4, 9.4, 3.4)),  # LPS unless it says otherwise
    ]
    found, said = prompts_of(*markups)
    assert said == []
    assert found == {"ct_z003": [{"type": "point", "order": n, "label": 1, "points": [[7, 9]]} for n in range(1, 5)]}


def test_the_background_is_named_and_undefined_positions_are_none():
    markup = points(lps(1, 1, 3), lps(2, 2, 3), lps(3, 3, 4))
    markup["controlPoints"][1]["label"] = "negative-2"
    markup["controlPoints"].append({"position": [0, 0, 0], "positionStatus": "undefined"})
    found, _ = prompts_of(markup, points(lps(5, 5, 4), name="Background"))
    labels = {name: [(one["order"], one["label"]) for one in prompts] for name, prompts in found.items()}
    assert labels == {"ct_z003": [(1, 1), (2, 0)], "ct_z004": [(3, 1), (4, 0)]}


@pytest.mark.parametrize("turn", [np.eye(3), np.diag([-1.0, -1, 1]), np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1.0]])])
def test_a_roi_holds_the_pixels_whose_centres_lie_in_it(turn):
    """From the left edge of column 4 to the right edge of 7, and a little beyond the centres of rows 10 and 12."""
    size = np.abs(turn.T @ [2 * 4, 2 * 2.2, 30])
    roi = {"type": "ROI", "center": lps(5.5, 11, 3), "size": size.tolist(), "orientation": turn.ravel().tolist()}
    found, _ = prompts_of(roi)
    assert found == {"ct_z003": [{"type": "box", "order": 1, "label": 1, "points": [[4, 10], [7, 12]]}]}


def test_a_thin_roi_is_the_pixel_of_its_centre():
    found, _ = prompts_of({"type": "ROI", "center": lps(5.3, 11, 3), "size": [0.1, 0.1, 1]})
    assert found["ct_z003"][0]["points"] == [[5, 11], [5, 11]]


def test_curves_are_scribbles_and_closed_ones_lassos():
    corners = [lps(1, 1, 4), lps(6, 1, 4), lps(6, 5, 4)]
    found, _ = prompts_of(points(*corners, kind="Curve"), points(*corners, kind="ClosedCurve"))
    assert [(one["type"], one["points"]) for one in found["ct_z004"]] == [
        ("scribble", [[1, 1], [6, 1], [6, 5]]),
        ("lasso", [[1, 1], [6, 1], [6, 5]]),
    ]


def test_what_is_left_out_is_said():
    _, said = prompts_of(
        points(lps(1, 1, 3), kind="Line", name="L"),
        points(lps(1, 1, 9), name="F"),
        points(lps(1, 1, 3), lps(2, 2, 4), kind="Curve", name="C"),
        points(lps(1, 1, 3), lps(2, 2, 3), kind="ClosedCurve", name="CC"),
    )
    assert said == [
        "L: a Line is no prompt, left out",
        "F: lies in the slices 9, not in one picture of the run, left out",
        "C: lies in the slices 3, 4, not in one picture of the run, left out",
        "CC: has too few points, left out",
    ]


@pytest.mark.parametrize(
    ("markup", "place", "said"),
    [
        (points(lps(1, 1, 3)), Place(np.eye(4), None), "does not say where it lies in the patient"),
        (points(lps(1, 1, 3), coordinateSystem="IJK", name="F"), PLACE, "F: its coordinates are neither LPS nor RAS"),
        (points(lps(1, 1, 3), coordinateUnits="inch", name="F"), PLACE, "or neither in mm nor um"),
        ({"type": "ROI", "name": "R"}, PLACE, "R: a ROI without `center` and `size`"),
    ],
)
def test_what_cannot_be_placed_is_refused(markup, place, said):
    with pytest.raises(PromptsegError, match=said):
        from_slicer([markup], place, SLICES, ABOUT)


def test_files(tmp_path):
    markup = points(lps(1, 1, 3))
    (tmp_path / "a.mrk.json").write_text(json.dumps({"@schema": "x", "markups": [markup]}))
    assert read_markups(tmp_path / "a.mrk.json") == [markup]
    content, _ = from_slicer([markup], PLACE, SLICES, ABOUT)
    (tmp_path / "out.json").write_text(json.dumps(content))
    assert read_file(tmp_path / "out.json") == content
    for text in ("{", "[]", '{"markups": 1}', '{"markups": [{}]}'):
        (tmp_path / "b.json").write_text(text)
        with pytest.raises(PromptsegError, match=r"b.json is no file of markups of 3D Slicer"):
            read_markups(tmp_path / "b.json")


@pytest.mark.parametrize(
    "markup",
    [
        points([1, 2]),
        points(["a", "b", "c"]),
        points(None),
        {"type": "Fiducial", "controlPoints": [3]},
        points(lps(7, 9, 3), coordinateUnits=[]),
        {"type": "ROI", "center": None, "size": [8, 8, 5]},
        {"type": "ROI", "center": lps(7, 9, 3), "size": [8, 8, 5], "orientation": [1, 2]},
    ],
)
def test_markups_that_slicer_does_not_write(markup):
    with pytest.raises(PromptsegError, match=r"is not as 3D Slicer writes it"):
        prompts_of(markup)


@pytest.mark.parametrize("size", [float("nan"), 1e300])
def test_places_that_are_none(size):
    with pytest.raises(PromptsegError, match=r"ROI has a place that is none, or far from every picture"):
        prompts_of({"type": "ROI", "center": lps(7, 9, 3), "size": [size] * 3})
