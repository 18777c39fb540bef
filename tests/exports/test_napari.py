"""Layers of napari: what the script makes of the files, and that napari takes it."""

import subprocess
import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from promptseg.core.settings import Setting
from promptseg.core.tables import write_table
from promptseg.exports.folders import export
from promptseg.prompts.tables import LINES
from support.exported import COLOURED, GREY, OBJECT_IDS, PIXELS, answer, truth, write_source

NAMES = [
    "truth",
    "points of mode 1",
    "boxes of mode 5",
    "A guess: mode 1, first mask",
    "A guess: mode 1, oracle",
    "A guess: 2 clicks, corrected, first mask",
    "clicks of A guess: 2 clicks, corrected, first mask",
    "Box: mode 5, first mask",
]


@pytest.fixture(scope="module")
def folder(source, tmp_path_factory):
    output = tmp_path_factory.mktemp("exports") / "napari" / "bones"
    export(source, "napari", output)
    return output


@pytest.fixture(scope="module")
def show(folder):
    """The script as it lies in the folder."""
    spec = spec_from_file_location("show", folder / "show.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_masks_scores_and_names_come_back(folder, show):
    image, *layers = show.layers(folder, GREY)
    assert np.array_equal(image[0], PIXELS[GREY])
    assert image[1:] == ({"name": GREY, "scale": [2.0, 0.5], "rgb": False}, "image")
    assert [about["name"] for _, about, _ in layers] == NAMES
    assert [about["name"] for _, about, _ in layers if about["visible"]] == ["truth", "A guess: mode 1, first mask"]
    own = OBJECT_IDS[:2]
    for name, kind, score in (
        ("truth", "exact", None),
        ("A guess: mode 1, first mask", "half", 0.75),
        ("A guess: mode 1, oracle", "exact", 0.5),
        ("A guess: 2 clicks, corrected, first mask", "exact", 0.25),
        ("Box: mode 5, first mask", "exact", None),
    ):
        data, about, layer = layers[NAMES.index(name)]
        assert layer == "labels"
        assert about["scale"] == [1.0, 2.0, 0.5]
        for number, one in enumerate(own):
            assert np.array_equal(data[number], answer(one, kind) * (number + 1))
        assert about["features"]["index"].tolist() == [0, 1, 2]
        assert about["features"]["object"] == ["", *own]
        if name != "truth":
            assert about["features"]["score"] == [None, score, score]
            assert about["features"]["iou"] == [None, *([6 / 9, 13 / 15] if kind == "half" else [1, 1])]


def test_prompts_come_back(folder, show):
    layers = {about["name"]: (data, about, layer) for data, about, layer in show.layers(folder, GREY)[1:]}
    points, about, layer = layers["points of mode 1"]
    assert (points.tolist(), about["face_color"], layer) == ([[0, 1, 2], [1, 1, 2]], ["lime", "lime"], "points")
    clicks, about, _ = layers["clicks of A guess: 2 clicks, corrected, first mask"]
    assert clicks.tolist() == [[0, 2, 1], [0, 3, 2], [1, 2, 1], [1, 3, 2]]
    assert about["face_color"] == ["lime", "red"] * 2
    boxes, about, layer = layers["boxes of mode 5"]
    assert (about["shape_type"], layer) == ("rectangle", "shapes")
    assert boxes[1].tolist() == [[1, 0.5, 1.5], [1, 0.5, 6.5], [1, 5.5, 6.5], [1, 5.5, 1.5]]


def test_lines_are_shapes(tmp_path, show):
    lines = {"scribble_walk": {"scribbles": [[(1, 1), (2, 1)], [(5, 5)]]}, "lasso": {"lasso": [(0, 0), (3, 0), (3, 3)]}}
    (tmp_path / "run").mkdir()
    source = write_source(tmp_path / "run")
    settings = [Setting(mode, "", "", 0, "first") for mode in lines]
    rows = [
        {"object_id": name, "mode": mode, "points": [], "point_labels": [], "boxes": [], "lasso": drawn.get("lasso")}
        | {"scribbles": [{"line": line, "label": 1, "width": 3} for line in drawn.get("scribbles", [])] or None}
        for name in OBJECT_IDS
        for mode, drawn in lines.items()
    ]
    write_table(source.prompts, rows, LINES)
    export(replace(source, settings=settings), "napari", tmp_path / "napari" / "bones")
    layers = show.layers(tmp_path / "napari" / "bones", GREY)
    shown = {about["name"]: (data, about) for data, about, kind in layers if kind == "shapes"}
    walks, about = shown["scribble (anywhere)"]
    assert about["shape_type"] == "path"
    assert [one.tolist() for one in walks[:2]] == [[[0, 1, 1], [0, 1, 2]], [[0, 5, 5], [0, 5, 5]]]  # (object, y, x)
    assert len(walks) == 4
    lassos, about = shown["lasso"]
    assert about["shape_type"] == "polygon"
    assert lassos[1].tolist() == [[1, 0, 0], [1, 0, 3], [1, 3, 3]]


def test_colours_failures_and_empty_masks(folder, show):
    image, *layers = show.layers(folder, COLOURED)
    assert np.array_equal(image[0], PIXELS[COLOURED])
    assert (image[1]["scale"], image[1]["rgb"]) == ([1.0, 1.0], True)
    shown = {about["name"]: data for data, about, layer in layers if layer == "labels"}
    assert "A guess: 2 clicks, corrected, first mask" not in shown
    assert not shown["A guess: mode 1, first mask"].any()
    assert np.array_equal(shown["truth"][0], truth(OBJECT_IDS[2]))


def test_the_same_bytes_again(source, folder, tmp_path):
    export(source, "napari", tmp_path / "again")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert [path.name for path in files if path.suffix == ".npz"] == ["case_A_1_2.npz", "case_a_1.npz"]
    assert all((tmp_path / "again" / path.relative_to(folder)).read_bytes() == path.read_bytes() for path in files)


def test_napari_takes_the_layers(folder, show):
    pytest.importorskip("napari", reason="napari is not installed; it is no requirement (docs/exports.md)")
    from napari.components import ViewerModel

    viewer = ViewerModel()
    for image in (COLOURED, GREY):  # the second takes the place of the first
        show.fill(viewer, folder, image)
    assert [layer.name for layer in viewer.layers] == [GREY, *NAMES]
    assert tuple(viewer.dims.nsteps) == (2, 6, 9)
    for expected, layer in zip(show.layers(folder, GREY), viewer.layers, strict=True):
        if expected[2] == "shapes":
            assert [one.tolist() for one in layer.data] == [one.tolist() for one in expected[0]]
        else:
            assert np.array_equal(layer.data, expected[0])
    masks = viewer.layers[NAMES[3]]
    viewer.dims.set_current_step(0, 1)  # what lies below a pointer is that of the object shown
    assert masks.get_value([1, 3 * 2.0, 5 * 0.5], world=True) == 2
    assert masks.features["object"].tolist() == ["", *OBJECT_IDS[:2]]
    assert np.allclose(viewer.layers["points of mode 1"].face_color[0], [0, 1, 0, 1])


def test_an_image_that_is_not_there(folder):
    done = subprocess.run(
        [sys.executable, folder / "show.py", "nowhere"], capture_output=True, text=True, cwd=folder.parent
    )
    assert done.returncode == 1
    assert done.stderr == f"There is no image nowhere. There are: {GREY}, {COLOURED}\n"
