"""Figures with images: which objects, masks, prompts and numbers are in which panel."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.core.masks import encode, iou
from promptseg.core.tables import read_table, write_table
from promptseg.figures import ambiguity, everything, examples, pictures, style, trajectories
from promptseg.predict.tables import PREDICTIONS, PROPOSALS
from promptseg.preprocess.images import object_mask, read_images
from promptseg.preprocess.tables import OBJECTS
from promptseg.score.tables import AMBIGUITY, SCORES
from support import synthetic
from support.figures import notes, texts

METHODS = synthetic.METHODS
LOOKS = style.method_looks(METHODS)
ABOUT = {"title": "Shapes", "truth": "drawn by a program", "licence": "CC0-1.0"}


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Three images with four kinds of objects, and results of three methods (never changed)."""
    return synthetic.write_examples(tmp_path_factory.mktemp("examples"))


def without(paths, *names: str):
    return {key: value for key, value in paths.items() if key not in names}


def truth_of(paths, name: str) -> np.ndarray:
    """The mask of an object, (64, 128) bool."""
    case, task = name.split(":")
    (image,) = read_images(paths["images"], {case})
    return object_mask(image.labels, paths["tasks"][task])


def layers(axis: Axes) -> list[np.ndarray]:
    """The masks drawn over the image of a panel."""
    return [np.asarray(picture.get_array())[..., 3] > 0 for picture in axis.images[1:]]


# --- examples ---


def draw(paths) -> Figure:
    return examples.examples_figure(looks=LOOKS, dataset=ABOUT, **paths)


def test_examples(paths):
    paths = dict(paths)
    figure = draw(paths)
    grid = np.array(figure.axes).reshape(4, 4)  # four of five tasks; image, three methods
    assert [axis.get_ylabel() for axis in grid[:, 0]] == [
        "left disk\ncase1", "right bar\ncase1", "both\ncase1", "small dot\ncase1"
    ]  # fmt: skip
    assert [axis.get_title() for axis in grid[0, 1:]] == [
        "Filled box\n(one box)", "Region\ngrowing\n(one point)", "SAM ViT-B\n(one box)"
    ]  # fmt: skip
    assert [axis.texts[0].get_text() for axis in grid[1, 1:]] == ["1.00", "0.50", "0.87"]
    assert figure.get_suptitle() == "Shapes. Truth: drawn by a program. Licence: CC0-1.0"
    for axis in figure.axes:
        assert axis.get_aspect() == 2.0  # pixels are twice as tall as wide


def test_shown_number_is_the_scored_one_and_gaps_are_not_zero(paths):
    paths = dict(paths)
    paths["scores"] = [path for path in paths["scores"] if path.parent.name != "sam_vit_b"]
    grid = np.array(draw(paths).axes).reshape(4, 4)
    assert [axis.texts[0].get_text() for axis in grid[:, 3]] == ["n/a"] * 4


def test_choice_of_objects(paths):
    table = read_table(paths["objects"], OBJECTS)
    assert pictures.choose(table, ["small dot", "both"]) == ["case1:small dot", "case1:both"]
    assert pictures.choose(table, ["left disk"]) == ["case0:left disk", "case1:left disk"]
    assert pictures.choose(table, ["absent"]) == []


def test_dataset_without_objects(paths):
    paths = dict(paths)
    assert "No image of this dataset" in texts(draw(paths | {"tasks": {"absent": [9]}}))


def test_window_is_square_in_millimetres_and_holds_the_object():
    left, right, bottom, top = pictures.window((60, 40, 69, 49), (100, 200), (2.0, 1.0))
    assert (bottom - top) * 2.0 == pytest.approx(right - left)
    assert left < 60
    assert right > 69
    assert top < 40
    assert bottom > 49
    assert left >= -0.5
    assert right <= 199.5
    assert top >= -0.5
    assert bottom <= 99.5


@given(
    st.integers(0, 90), st.integers(0, 90), st.integers(1, 60), st.integers(1, 60),
    st.floats(0.3, 3), st.floats(0.3, 3),
)  # fmt: skip
def test_window_always_holds_the_object(x0, y0, across, down, sy, sx):
    shape = (150, 150)
    x1, y1 = min(x0 + across, 149), min(y0 + down, 149)
    left, right, bottom, top = pictures.window((x0, y0, x1, y1), shape, (sy, sx))
    assert (bottom - top) * sy == pytest.approx((right - left) * sx)
    slack = 1e-6
    assert left - slack <= x0 - 0.5 < x1 + 0.5 <= right + slack
    assert top - slack <= y0 - 0.5 < y1 + 0.5 <= bottom + slack


def test_whole_image_in_the_middle_of_a_square():
    assert pictures.whole((100, 50), (1.0, 1.0)) == (-25.5, 74.5, 99.5, -0.5)
    assert pictures.whole((100, 50), (1.0, 2.0)) == (-0.5, 49.5, 99.5, -0.5)


# --- worst, median, best ---


def test_extremes(paths):
    found = examples.extremes(paths["scores"])
    assert set(found) == {
        (method, mode, word)
        for method, mode in (("sam_vit_b", "mode5"), ("region_growing", "mode1"), ("box_fill", "mode5"))
        for word in ("worst", "median", "best")
    }
    rows = read_table(paths["scores"][0].parents[1] / "sam_vit_b" / "shapes.parquet", SCORES)
    ious = rows.loc[rows["status"] == "ok", "iou"].sort_values()
    assert found["sam_vit_b", "mode5", "worst"][1] == ious.iloc[0]
    assert found["sam_vit_b", "mode5", "median"][1] == ious.iloc[(len(ious) - 1) // 2]
    assert found["sam_vit_b", "mode5", "best"][1] == ious.iloc[-1]


def test_extremes_figure(paths):
    looks = {name: LOOKS[name] for name in ("region_growing", "sam_vit_b")}
    figure = examples.extremes_figure(looks=looks, dataset=ABOUT, **paths)
    grid = np.array(figure.axes).reshape(2, 6)
    assert [axis.get_title() for axis in grid[0]] == [
        f"{prompt}:\n{word}" for prompt in ("one point", "one box") for word in ("worst", "median", "best")
    ]
    assert [axis.get_ylabel() for axis in grid[:, 0]] == ["Region growing", "SAM ViT-B"]
    found = examples.extremes(paths["scores"])
    for (method, mode), axes in {
        ("region_growing", "mode1"): grid[0, :3], ("sam_vit_b", "mode5"): grid[1, 3:]
    }.items():  # fmt: skip
        for word, axis in zip(("worst", "median", "best"), axes, strict=True):
            name, value = found[method, mode, word]
            assert notes(axis) == [f"{value:.2f}", name.split(":")[1]]
            (mask,) = layers(axis)
            assert iou(mask, truth_of(paths, name)) == pytest.approx(value)
    assert [notes(axis) for axis in (*grid[0, 3:], *grid[1, :3])] == [["n/a"]] * 6


# --- clicks ---


@pytest.fixture(scope="module")
def clicked(paths, tmp_path_factory):
    """Two methods after 1, 2 and 3 clicks on the object of median area; the second fails at the third."""
    folder = tmp_path_factory.mktemp("clicks")
    truth = truth_of(paths, "case1:left disk")
    files: dict[str, list[Path]] = {"predictions": [], "scores": []}
    for method in ("sam_vit_b", "region_growing"):
        rows, scores = [], []
        for step in (1, 2, 3):
            mask = truth & (np.arange(128) < 20 + 10 * step)
            key = {"object_id": "case1:left disk", "mode": "iterative", "protocol": "corrected", "step": step}
            key |= {"selection": "first", "status": "no_mask" if (method, step) == ("region_growing", 3) else "ok"}
            ok = key["status"] == "ok"
            click = {"click_x": 30 + step, "click_y": 25, "click_label": step % 2}
            rows.append(key | click | {"candidate": 0, "rle": encode(mask) if ok else None})
            scores.append(key | {"iou": iou(mask, truth) if ok else None})
            rows.append(rows[-1] | {"protocol": "as_released", "click_x": 1})
            rows.append(rows[-2] | {"selection": "oracle", "click_x": 2})
        for kind, content, schema in (("predictions", rows, PREDICTIONS), ("scores", scores, SCORES)):
            files[kind].append(folder / kind / method / "shapes.parquet")
            write_table(files[kind][-1], content, schema)
    return {**without(paths, "prompts"), **files}


def test_trajectories(paths, clicked):
    figure = trajectories.trajectories_figure(looks=LOOKS, dataset=ABOUT, protocol="corrected", **clicked)
    grid = np.array(figure.axes).reshape(2, 3)  # never 5 and 9 clicks
    assert [axis.get_title() for axis in grid[0]] == ["1 click", "2 clicks", "3 clicks"]
    assert [axis.get_ylabel() for axis in grid[:, 0]] == ["Region growing", "SAM ViT-B"]
    truth = truth_of(paths, "case1:left disk")
    for step, axis in enumerate(grid[1], start=1):
        (mask,) = layers(axis)
        assert notes(axis) == [f"{iou(mask, truth):.2f}"]
        assert [tuple(line.get_xydata()[0]) for line in axis.lines] == [(30 + k, 25) for k in range(1, step + 1)]
        assert [line.get_marker() for line in axis.lines] == ["*", "X", "*"][:step]
    sizes = [line.get_markersize() for line in grid[1, 2].lines]
    assert sizes[2] > sizes[0]
    assert notes(grid[0, 2]) == ["n/a"]
    assert "Object: left disk, case1" in figure.get_suptitle().replace("\n", " ")


def test_trajectories_of_a_protocol_that_was_not_run(clicked):
    figure = trajectories.trajectories_figure(looks=LOOKS, dataset=ABOUT, protocol="other", **clicked)
    assert "under the protocol other" in texts(figure)


# --- three candidates ---


@pytest.fixture(scope="module")
def candidates(paths, tmp_path_factory):
    """SAM's three candidates of three objects, which agree by 0.2, 0.5 and 0.8."""
    folder = tmp_path_factory.mktemp("candidates")
    rows, facts = [], []
    for agreement, name in ((0.5, "case0:both"), (0.2, "case1:left disk"), (0.8, "case2:right bar")):
        truth = truth_of(paths, name)
        for index in range(3):
            mask = truth & (np.arange(128) % (index + 2) > 0)
            rows.append({"object_id": name, "mode": "mode1", "candidate": index, "rle": encode(mask), "status": "ok"})
        fact = {"object_id": name, "mode": "mode1", "iou_01": agreement, "iou_02": agreement, "iou_12": agreement}
        fact |= {f"predicted_{k}": 0.9 - k / 10 for k in range(3)} | {f"true_{k}": 0.1 * k for k in range(3)}
        facts += [fact | {"grown_0": 0.4}, fact | {"mode": "mode3", "iou_01": 0.0}]
    files = {"predictions": (rows, PREDICTIONS), "ambiguity": (facts, AMBIGUITY)}
    found = {}
    for kind, (content, schema) in files.items():
        found[kind] = [folder / kind / "sam_vit_b" / "shapes.parquet"]
        write_table(found[kind][0], content, schema)
    return {**without(paths, "scores"), **found}


def test_ambiguity(paths, candidates):
    figure = ambiguity.ambiguity_figure(looks=LOOKS, dataset=ABOUT, **candidates)
    grid = np.array(figure.axes).reshape(3, 5)
    assert [axis.get_ylabel() for axis in grid[:, 0]] == [
        f"SAM ViT-B\n{word} agreement" for word in ("least", "median", "most")
    ]
    assert [notes(axis) for axis in grid[:, 0]] == [["left disk"], ["both"], ["right bar"]]
    assert [notes(axis) for axis in grid[:, 4]] == [["agreement 0.20"], ["agreement 0.50"], ["agreement 0.80"]]
    assert notes(grid[0, 1]) == ["predicted 0.90\nIoU 0.00", "region growing 0.40"]
    assert notes(grid[0, 3]) == ["predicted 0.70\nIoU 0.20"]
    masks = [truth_of(paths, "case1:left disk") & (np.arange(128) % (index + 2) > 0) for index in range(3)]
    for mask, axis in zip(masks, grid[0, 1:4], strict=True):
        assert (layers(axis)[0] == mask).all()
    counts = [(np.sum(masks, axis=0) == number) for number in (1, 2, 3)]
    assert all((drawn == count).all() for drawn, count in zip(layers(grid[0, 4]), counts, strict=True))
    assert [line.get_marker() for line in grid[0, 0].lines] == ["*"]  # the point


def test_ambiguity_without_candidates(candidates):
    figure = ambiguity.ambiguity_figure(looks=LOOKS, dataset=ABOUT, **{**candidates, "ambiguity": []})
    assert ambiguity.NOTHING in texts(figure)


# --- segment everything ---


def test_masks_over_one_another():
    small, large = np.zeros((2, 9, 9), bool)
    small[3:6, 3:6] = large[:, :8] = True
    image = everything.layer([small, large], (9, 9))
    assert (image[..., 3] > 0).tolist() == large.tolist()
    assert not np.array_equal(image[4, 4, :3], image[0, 0, :3])  # the small one is on top
    assert image[4, 4, 3] < image[3, 3, 3] == image[0, 7, 3]  # edges are firm
    assert everything.layer([], (9, 9)).sum() == 0


def test_everything(paths, tmp_path):
    truth = truth_of(paths, "case1:left disk")
    match = truth & (np.arange(128) > 30)
    key = {"object_id": "case1:left disk", "mode": "everything", "step": 0, "selection": "oracle", "status": "ok"}
    contents = {
        "predictions": ([key | {"candidate": 1, "rle": encode(match)}], PREDICTIONS),
        "scores": ([key | {"iou": iou(match, truth)}], SCORES),
        "everything": (
            [{"image_id": case, "candidate": k, "rle": encode(mask)} for case in ("case0", "case1") for k, mask in
             enumerate((truth, match))],
            PROPOSALS,
        ),
    }  # fmt: skip
    files = {}
    for kind, (content, schema) in contents.items():
        files[kind] = [tmp_path / kind / "sam_vit_b" / "shapes.parquet"]
        write_table(files[kind][0], content, schema)
    common = without(paths, "prompts") | {"looks": LOOKS, "dataset": ABOUT}
    grid = np.array(everything.everything_figure(**(common | files)).axes).reshape(4, 3)
    assert [axis.get_title() for axis in grid[0]] == ["truth", "SAM ViT-B\nall masks", "best match"]
    assert notes(grid[0, 1]) == ["2 masks"]
    assert notes(grid[0, 2]) == [f"{iou(match, truth):.2f}"]
    assert (layers(grid[0, 2])[0] == match).all()
    assert notes(grid[3, 2]) == ["n/a"]  # an object that was not scored
    left, right = grid[0, 1].get_xlim()
    assert (left, right) == (-0.5, 127.5)  # the whole image, which is 128 mm each way
    nothing = everything.everything_figure(**(common | files | {"scores": []}))
    assert everything.NOTHING in texts(nothing)
