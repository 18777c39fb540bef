"""Inexact prompts: how they are made, what the engine makes of them, and the tables."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from promptseg.analysis.robustness import (
    RANKS_COLUMNS,
    ROBUSTNESS_COLUMNS,
    read_robustness,
    robustness_ranks,
    robustness_table,
)
from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_provenance, read_table, write_table
from promptseg.methods import Candidates, Method, Settings
from promptseg.methods.controls import BoxFill
from promptseg.predict.robustness import Changes, jittered_box, offset_point, variants, write_robustness
from promptseg.predict.tables import ROBUSTNESS
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.modes import deepest_pixels, depth

CHANGES = Changes(["mode1", "mode2", "mode3", "mode4", "mode5"], [0.1, 0.2], [0.5], [1, 2])
SETTINGS = {"max_components": 3, "tie_break": "first", "seed": 0}

filled_masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=30)).filter(np.any)
amounts = st.floats(0, 0.5)


@st.composite
def boxes(draw):
    """(height, width) of an image and a box in it."""
    height, width = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    x0, y0 = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return (height, width), (x0, y0, draw(st.integers(x0, width - 1)), draw(st.integers(y0, height - 1)))


@given(boxes(), amounts, st.integers(0, 9))
def test_a_moved_box_is_in_the_image_not_empty_and_near(box_in_image, amount, seed):
    (height, width), box = box_in_image
    x0, y0, x1, y1 = jittered_box(box, amount, (height, width), np.random.default_rng(seed))
    assert 0 <= x0 <= x1 < width
    assert 0 <= y0 <= y1 < height
    reach = [amount * (box[2] - box[0] + 1) + 0.5, amount * (box[3] - box[1] + 1) + 0.5]
    for found, exact, most in zip((x0, y0, x1, y1), box, reach * 2, strict=True):
        assert abs(found - exact) <= most
    assert jittered_box(box, 0, (height, width), np.random.default_rng(seed)) == box


def test_the_moves_of_a_seed_grow_with_the_amount():
    box = (100, 100, 299, 199)
    by_amount = [jittered_box(box, amount, (400, 400), np.random.default_rng(3)) for amount in (0.1, 0.2)]
    small, large = (np.array(moved) - box for moved in by_amount)
    np.testing.assert_allclose(large, 2 * small, atol=1)
    assert np.abs(large).max() > 10


@given(filled_masks, st.floats(0, 0.99), st.integers(0, 3), st.data())
def test_a_moved_point_stays_on_the_object(mask, amount, seed, data):
    pixels = np.argwhere(mask)[:, ::-1].tolist()
    point = tuple(data.draw(st.sampled_from(pixels)))
    x, y = offset_point(point, amount, mask, seed, "object")
    assert mask[y, x]
    assert offset_point(point, 0, mask, seed, "object") == point


def test_a_point_moves_to_the_nearest_border_by_the_share_of_the_way():
    mask = np.zeros((30, 60), bool)
    mask[5:16, 10:50] = True  # 11 rows, so the middle row 10 is 6 away from rows 4 and 16
    centre = (30, 10)
    found = {offset_point(centre, 0.5, mask, seed, "object") for seed in range(20)}
    assert found == {(30, 7), (30, 13)}
    assert offset_point((13, 10), 0.5, mask, 0, "object") == (11, 10)  # four away from column 9
    assert offset_point((3, 0), 0.9, np.ones((1, 7), bool), 0, "object") == (3, 0)  # the image's border is one away
    # The depth is what is left of the way.
    disk = np.hypot(*np.mgrid[-20:21, -20:21]) <= 18
    ((x, y),) = deepest_pixels(depth(disk))
    for amount in (0.25, 0.5, 0.75):
        moved = offset_point((x, y), amount, disk, 1, "object")
        assert depth(disk)[moved[1], moved[0]] == pytest.approx((1 - amount) * depth(disk).max(), abs=1)


def by_change(object_id, mask, changes):
    """(mode, kind, amount, seed) to the prompt."""
    return {(mode, *change): row for mode, change, row in variants(object_id, mask, changes, **SETTINGS)}


def two_parts():
    mask = np.zeros((20, 30), bool)
    mask[2:9, 2:9] = True
    mask[2:7, 15:20] = True
    return mask


def test_variants_of_an_object():
    found = by_change("object", two_parts(), CHANGES)
    kinds = pd.Series([(mode, kind) for mode, kind, _, _ in found]).value_counts().to_dict()
    points = {("mode1", "point_offset"): 4, ("mode1", "seed"): 2, ("mode2", "point_offset"): 4, ("mode2", "seed"): 2}
    assert kinds == points | {(mode, "box_jitter"): 6 for mode in ("mode3", "mode4", "mode5")}
    assert found["mode4", "box_jitter", 0.0, 2]["boxes"] == [(2, 2, 8, 8), (15, 2, 19, 6)]
    assert found["mode2", "point_offset", 0.0, 1]["points"] == [(5, 5), (17, 4)]
    for seed in (1, 2):
        assert found["mode3", "box_jitter", 0.2, seed]["boxes"] == found["mode4", "box_jitter", 0.2, seed]["boxes"][:1]
        assert (
            found["mode1", "point_offset", 0.5, seed]["points"]
            == found["mode2", "point_offset", 0.5, seed]["points"][:1]
        )
    assert found["mode5", "box_jitter", 0.2, 1] != found["mode5", "box_jitter", 0.2, 2]
    assert by_change("object", two_parts(), CHANGES) == found


def test_seeds_choose_among_equally_deep_pixels():
    bar = np.zeros((9, 40), bool)
    bar[4, 3:33] = True
    changes = Changes(["mode1"], [], [], list(range(8)))
    found = by_change("object", bar, changes)
    assert len({found["mode1", "seed", 0.0, seed]["points"][0] for seed in range(8)}) > 3
    assert found["mode1", "point_offset", 0.0, 0]["points"] == [(3, 4)]


# --- a dataset ------------------------------------------------------------------------------------------------------


class Picky(BoxFill):
    """Two masks, of which only the first counts; fails on a box of one column."""

    def predict(self, queries):
        if any(query.prompt.box[0] == query.prompt.box[2] for query in queries):
            raise ValueError("too narrow")
        first = super().predict(queries)
        return [Candidates(np.concatenate([answer.masks, ~answer.masks])) for answer in first]


@pytest.fixture
def tables(tmp_path):
    """An image with a rectangle and a thin line."""
    labels = np.zeros((40, 50), np.uint8)
    labels[5:25, 10:30] = 1
    labels[2:38, 45] = 2
    picture = {"bytes": encode_png(labels), "path": None}
    image = {"image_id": "a", "case_id": "p", "image": picture, "labels": picture, "status": "ok"}
    objects = [
        {"object_id": f"a:{task}", "image_id": "a", "case_id": "p", "task": task, "area": 1} for task in ("box", "line")
    ]
    write_table(tmp_path / "images.parquet", [image], IMAGES)
    write_table(tmp_path / "objects.parquet", objects, OBJECTS)
    return tmp_path


def asked(tables, method, strict=False):
    write_robustness(
        tables / "images.parquet",
        tables / "objects.parquet",
        tables / "out.parquet",
        {"box": [1], "line": [2]},
        method,
        Changes(["mode1", "mode3"], [0.2], [0.5], [1, 2]),
        dataset="toy",
        method="picky",
        strict=strict,
        provenance={"seed": 0},
        **SETTINGS,
    )
    return read_table(tables / "out.parquet", ROBUSTNESS)


def test_every_variant_is_asked_and_scored(tables):
    rows = asked(tables, Picky(Settings()))
    assert set(rows["mode"]) == {"mode3"}  # it takes no points
    box = rows[rows["task"] == "box"]
    assert box[["kind", "amount", "seed", "status"]].to_numpy().tolist() == [
        ["box_jitter", 0.0, 1, "ok"],
        ["box_jitter", 0.2, 1, "ok"],
        ["box_jitter", 0.0, 2, "ok"],
        ["box_jitter", 0.2, 2, "ok"],
    ]
    assert (box.loc[box["amount"] == 0, "iou"] == 1).all()
    truth = np.zeros((40, 50), bool)
    truth[5:25, 10:30] = True
    for row in box[box["amount"] > 0].itertuples():
        prompts = by_change("a:box", truth, Changes(["mode3"], [0.2], [], [row.seed]))
        x0, y0, x1, y1 = prompts["mode3", "box_jitter", 0.2, row.seed]["boxes"][0]
        filled = np.zeros_like(truth)
        filled[y0 : y1 + 1, x0 : x1 + 1] = True
        assert row.iou == pytest.approx(masks.iou(filled, truth))
        assert 0.4 < row.iou < 1
    line = rows[rows["task"] == "line"]
    assert set(line["status"]) == {"failed: ValueError: too narrow"}
    assert line["iou"].isna().all()
    assert read_provenance(tables / "out.parquet") == {"seed": 0}
    with pytest.raises(PromptsegError, match=r"a:line box_jitter 0\.0 1 mode3: failed: ValueError: too narrow"):
        asked(tables, Picky(Settings()), strict=True)


def test_equal_prompts_are_asked_once(tables):
    class Counting(Method):
        prompt_types = frozenset({"point"})
        asked = 0

        def predict(self, queries):
            self.asked += len(queries)
            return [Candidates(np.zeros((1, 40, 50), bool)) for _ in queries]

    method = Counting(Settings())
    rows = asked(tables, method)
    assert len(rows) == 2 * (2 * 2 + 2)
    assert method.asked < len(rows)


# --- tables ---------------------------------------------------------------------------------------------------------


def rows_of(method, patient, values, task="liver", kind="box_jitter", mode="mode3"):
    """Rows of tables.ROBUSTNESS: {(amount, seed): IoU}."""
    about = {"dataset": "ct", "task": task, "case_id": patient, "object_id": f"{patient}:{task}", "method": method}
    about |= {"mode": mode, "kind": kind, "status": "ok"}
    return [{**about, "amount": amount, "seed": seed, "iou": iou} for (amount, seed), iou in values.items()]


def table_of(folder, *rows):
    write_table(folder / "rows.parquet", [row for part in rows for row in part], ROBUSTNESS)
    return read_robustness([folder / "rows.parquet"])


def test_means_and_changes_by_hand(tmp_path):
    rows = table_of(
        tmp_path,
        rows_of("sam", "a", {(0.0, 1): 0.9, (0.0, 2): 0.9, (0.2, 1): 0.8, (0.2, 2): 0.6}),
        rows_of("sam", "b", {(0.0, 1): 0.7, (0.0, 2): 0.7, (0.2, 1): 0.7, (0.2, 2): 0.5}),
        rows_of("sam", "a", {(0.0, 1): 0.4}, kind="point_offset", mode="mode1"),
        rows_of("sam", "a", {(0.0, 1): 0.5, (0.0, 2): 0.3}, kind="seed", mode="mode1"),
        [{**rows_of("sam", "b", {(0.2, 1): None})[0], "status": "failed: no"}],
    )
    table = robustness_table(rows, 200, 0)
    assert list(table.columns) == ROBUSTNESS_COLUMNS
    task = table[table["level"] == "task"]
    found = task[["mode", "kind", "amount", "n", "iou", "change"]].to_numpy().tolist()
    expected = [
        ["mode1", "point_offset", 0.0, 1, 0.4, 0.0],
        ["mode1", "seed", 1.0, 1, 0.5, 0.1],
        ["mode1", "seed", 2.0, 1, 0.3, -0.1],
        ["mode3", "box_jitter", 0.0, 4, 0.8, 0.0],
        ["mode3", "box_jitter", 0.2, 4, 0.65, -0.15],
    ]
    for row, values in zip(found, expected, strict=True):
        assert row[:4] == values[:4]
        assert row[4:] == pytest.approx(values[4:])
    jittered = task.iloc[-1]
    assert (jittered["ci_low"], jittered["ci_high"]) == pytest.approx((0.6, 0.7))
    assert np.isnan(task.iloc[0]["ci_low"])
    assert table[table["level"] == "all"]["iou"].tolist() == pytest.approx(task["iou"].tolist())


def test_how_often_the_ranking_changes(tmp_path):
    """Of two tasks and two seeds, jitter turns two methods round once; the third stays last, the control first."""
    parts = [
        rows_of("perfect", "a", {(a, s): 1.0 for a in (0.0, 0.2) for s in (1, 2)}, task)
        + rows_of("last", "a", {(a, s): 0.1 for a in (0.0, 0.2) for s in (1, 2)}, task)
        + rows_of("sam", "a", {(0.0, 1): 0.9, (0.0, 2): 0.9, (0.2, 1): 0.8, (0.2, 2): worst}, task)
        + rows_of("grabcut", "a", {(0.0, 1): 0.7, (0.0, 2): 0.7, (0.2, 1): 0.7, (0.2, 2): 0.6}, task)
        for task, worst in (("liver", 0.5), ("spleen", 0.65))
    ]
    found = robustness_ranks(table_of(tmp_path, *parts), ["perfect"])
    assert list(found.columns) == RANKS_COLUMNS
    (row,) = found.to_dict("records")
    assert (row["mode"], row["kind"], row["amount"], row["n_methods"], row["n"]) == ("mode3", "box_jitter", 0.2, 3, 4)
    assert (row["changed"], row["best_changed"]) == (0.25, 0.25)
    assert row["kendall_tau"] == pytest.approx((3 * 1 + 1 / 3) / 4)


def test_a_single_method_has_no_ranking(tmp_path):
    rows = table_of(
        tmp_path, rows_of("sam", "a", {(0.0, 1): 0.9, (0.2, 1): 0.8}), rows_of("perfect", "a", {(0.0, 1): 1.0})
    )
    assert robustness_ranks(rows, ["perfect"]).empty
    assert robustness_table(rows[:0], 100, 0).columns.tolist() == ROBUSTNESS_COLUMNS
