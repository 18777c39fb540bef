"""From answers under presets to scores: images and volumes, failures, early stops, variants."""

import numpy as np
import pytest

from promptseg.config.presets import measuring
from promptseg.core.masks import encode
from promptseg.core.stacks import MaskStack
from promptseg.core.tables import read_provenance, read_table, write_table
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.objects import stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.protocols.score_table import PROTOCOL_SCORES
from promptseg.protocols.scoring import ObjectScores, Step, score_answers, steps_of
from promptseg.protocols.subject import Subject, image_grid
from promptseg.protocols.tables import PROTOCOL_ANSWERS
from support.stacks import write_volumes

SHAPE = (8, 10)
TRUTH = np.zeros(SHAPE, bool)
TRUTH[2:6, 2:6] = True
HALF = TRUTH & (np.arange(10) < 4)


def step(number, mask, status="ok", stopped=False, prompted=(0,)):
    stack = None if mask is None else MaskStack.of(np.asarray(mask)[None])
    return Step(number, stack, prompted, stopped, status)


def rows(steps, failed="zero", metrics=None):
    subject = Subject(MaskStack.of(TRUTH[None]), image_grid(SHAPE, (1.0, 1.0)))
    return list(ObjectScores(subject).rows(steps, metrics or {"iou": {}}, failed))


def ious(*args, **kwargs):
    return [row.get("iou") for row in rows(*args, **kwargs)]


FAILING = [step(0, None, "RuntimeError: x"), step(1, HALF), step(2, None, "RuntimeError: x"), step(3, TRUTH)]


def test_a_step_that_failed_counts_as_the_preset_says():
    assert ious(FAILING) == [0, 0.5, 0, 1]
    assert ious(FAILING, failed="repeat") == [0, 0.5, 0.5, 1], "an empty mask at first, then the one before"
    assert ious(FAILING, failed="leave_out") == [None] * 4
    counted = rows(FAILING)
    assert [row["status"] for row in counted] == ["ok"] * 4
    assert [row["failed"] for row in counted] == ["RuntimeError: x", None, "RuntimeError: x", None]
    assert {row["status"] for row in rows(FAILING, failed="leave_out")} == {"RuntimeError: x"}


@pytest.mark.parametrize("failed", ["zero", "repeat", "leave_out"])
def test_an_object_that_a_method_is_not_asked_about_to_the_end_does_not_count(failed):
    steps = [step(0, HALF), step(1, None, "not_applicable: the method takes no points")]
    found = rows(steps, failed)
    assert [row["status"] for row in found] == ["not_applicable: the method takes no points"] * 2
    assert not any("iou" in row for row in found)


def test_an_empty_answer_is_no_failure():
    assert ious([step(0, np.zeros(SHAPE, bool))], failed="leave_out") == [0]


def answer(object_id, number, mask=None, preset="p", variant="", z=None, on="images", **changes):
    shown = {"points": None, "labels": None, "boxes": [[0, 2, 2, 0, 5, 5]] if z is None and number == 0 else None}
    code = None if mask is None or not mask.any() else encode(mask)
    about = {"preset": preset, "variant": variant, "on": on, "step": number, "z": z, "rle": code, "contours": None}
    return {"object_id": object_id, **about, **shown, "stopped": False, "score": None, "status": "ok", **changes}


def test_steps_are_read_with_the_slices_that_were_prompted(tmp_path):
    path = tmp_path / "a.parquet"
    one, two = HALF, TRUTH
    table = [
        answer("v", 1, on="volumes", stopped=True),
        answer("v", 1, two, z=3, on="volumes"),
        answer("v", 0, on="volumes", boxes=[[1, 0, 0, 2, 4, 4]], points=[[4, 1, 1]], contours=[2]),
        answer("v", 0, one, z=2, on="volumes"),
        answer("v", 0, two, z=3, on="volumes"),
    ]
    write_table(path, table, PROTOCOL_ANSWERS)
    first, second = steps_of(read_table(path, PROTOCOL_ANSWERS), (5, *SHAPE))
    assert (first.number, first.prompted, first.stopped, first.mask.slices) == (0, (1, 2, 4), False, [2, 3])
    assert (second.number, second.prompted, second.stopped, second.mask.slices) == (1, (1, 2, 4), True, [3])
    assert np.array_equal(first.mask.slice(2), one)


PRESET = {
    "start": {"prompt": "box"},
    "prompts": 1,
    "metrics": {"dice": {}, "nsd": {}},
    "conditions": {"nsd_zero_unless_dice_above": "none", "failed": "zero", "unknown": "skip"},
    "summaries": [],
    "averaging": ["objects"],
    "variants": {
        "swapped": {"metrics": {"nsd": {"spacing": "reversed"}}},
        "longer": {"prompts": 2},
        "repeated": {"conditions": {"failed": "repeat"}},
    },
}


def scored(tmp_path, answers):
    labels = np.zeros((5, *SHAPE), np.uint8)
    labels[1:4] = TRUTH
    stream = write_volumes(tmp_path, {"v": (np.zeros_like(labels), labels, (4.0, 1.0, 1.0))}, {"organ": [1]})
    path = tmp_path / "answers.parquet"
    write_table(path, answers, PROTOCOL_ANSWERS, {"weights": "w"})
    score_answers(stream, path, tmp_path / "s.parquet", {"p": measuring(PRESET)}, dataset="d", method="m")
    assert read_provenance(tmp_path / "s.parquet") == {"weights": "w"}
    return read_table(tmp_path / "s.parquet", PROTOCOL_SCORES)


def test_images_are_scored_as_volumes_of_one_slice(tmp_path):
    labels = np.pad(TRUTH, ((0, 2), (0, 0))).astype(np.uint8)
    stored = {"bytes": encode_png(labels), "path": "i.png"}
    about = {"image_id": "i", "case_id": "c"}
    spacing = {"spacing_y": 2.0, "spacing_x": 0.5}
    image = {**about, **spacing, "image": stored, "labels": stored, "height": 10, "width": 10, "status": "ok"}
    write_table(tmp_path / "images.parquet", [image], IMAGES)
    write_table(tmp_path / "objects.parquet", [{**about, "object_id": "i:organ", "task": "organ"}], OBJECTS)
    path = tmp_path / "answers.parquet"
    write_table(path, [answer("i:organ", 0, np.pad(HALF, ((0, 2), (0, 0))))], PROTOCOL_ANSWERS)
    stream = stream_objects(tmp_path / "images.parquet", tmp_path / "objects.parquet", {"organ": [1]})
    preset = {**PRESET, "metrics": {"iou": {}, "fn_ml": {}, "fp_ml": {}}, "variants": {}}
    score_answers(stream, path, tmp_path / "s.parquet", {"p": measuring(preset)}, dataset="d", method="m")
    (row,) = read_table(tmp_path / "s.parquet", PROTOCOL_SCORES).to_dict("records")
    assert (row["on"], row["case_id"], row["image_id"], row["iou"], row["fn_ml"]) == ("images", "c", "i", 0.5, 0)


def of_volume(number, slices, **changes):
    return [
        answer("v:organ", number, on="volumes", **changes),
        *(answer("v:organ", number, TRUTH, z=z, on="volumes", **changes) for z in slices),
    ]


def test_volumes_are_scored_with_variants_that_are_measured_from_the_same_answers(tmp_path):
    answers = of_volume(0, [1, 2]) + of_volume(1, [2, 3, 4]) + of_volume(0, [1, 2, 3], variant="longer")
    table = scored(tmp_path, answers)
    assert table[["dataset", "method", "on", "task", "case_id", "image_id"]].drop_duplicates().values.tolist() == [
        ["d", "m", "volumes", "organ", "v", "v"]
    ]
    dice = {name: part["dice"].tolist() for name, part in table.groupby("variant")}
    own = [pytest.approx(0.8), pytest.approx(2 / 3)]
    assert dice == {"": own, "swapped": own, "repeated": own, "longer": [1]}
    nsd = {name: part["nsd"].iloc[0] for name, part in table.groupby("variant")}
    assert nsd[""] == nsd["repeated"] != nsd["swapped"]
    assert nsd["longer"] == 1


def test_a_failed_volume_is_a_row_that_says_so(tmp_path):
    table = scored(tmp_path, [*of_volume(0, [1]), answer("v:organ", 1, on="volumes", status="OutOfMemory")])
    own = table[table["variant"] == ""]
    assert own["dice"].tolist() == [pytest.approx(0.5), 0]
    assert own["failed"].fillna("").tolist() == ["", "OutOfMemory"]
    assert table[table["variant"] == "repeated"]["dice"].tolist() == [pytest.approx(0.5)] * 2
    assert not (table["variant"] == "longer").any(), "it has answers of its own, and they are not there"
