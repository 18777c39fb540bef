"""All objects of an image in one label map."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from promptseg.compose.images import ImageSource, compose_images
from promptseg.compose.rules import RULES, Wanted
from promptseg.compose.tables import COMPOSED_OBJECTS
from promptseg.core.masks import encode
from promptseg.core.settings import Setting
from promptseg.core.tables import read_table, write_table
from promptseg.predict.log_odds import packed
from promptseg.predict.tables import PREDICTIONS, PROBABILITIES
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.objects import stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.score.tables import SCORES

# Two organs side by side, and a tumour inside the first.
LABELS = np.array([[1, 1, 1, 1, 2, 2, 2, 2], [1, 3, 3, 1, 2, 2, 2, 2]], np.uint8)
TASKS = {"liver": [1, 3], "spleen": [2], "tumour": [3]}
MASKS = {
    "liver": [[1, 1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0, 0, 0]],
    "spleen": [[0, 0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1, 1]],
    "tumour": [[0, 0, 0, 0, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0, 0, 0]],
}
SCORE = {"liver": 0.5, "spleen": 0.75, "tumour": 0.25}
BOX, POINT = Setting("mode5", "", "", 0, "first"), Setting("mode1", "", "", 0, "best_score")


@pytest.fixture
def source(tmp_path):
    picture = {"bytes": encode_png(LABELS), "path": None}
    image = {"image_id": "i/1", "case_id": "p", "image": picture, "labels": picture, "status": "ok"}
    rows = [
        {"object_id": f"i:{task}", "image_id": "i/1", "case_id": "p", "task": task, "area": 1}
        for task in sorted(TASKS, reverse=True)  # the order is that of the tasks, not of the table
    ]
    write_table(tmp_path / IMAGES.name, [image], IMAGES)
    write_table(tmp_path / OBJECTS.name, rows, OBJECTS)
    stream = stream_objects(tmp_path / IMAGES.name, tmp_path / OBJECTS.name, TASKS)
    return write_answers(ImageSource(stream, tmp_path / "scores.parquet", tmp_path / "predictions.parquet", [BOX]))


def write_answers(source, scores=SCORE, tasks=TASKS):
    predictions = [
        {"object_id": f"i:{task}", "mode": "mode5", "step": 0, "candidate": 0, "score": scores.get(task)}
        | {"rle": encode(np.array(MASKS[task], bool)), "status": "ok"}
        for task in tasks
    ]
    scored = [
        {"dataset": "d", "method": "m", "object_id": f"i:{task}", "image_id": "i/1", "case_id": "p", "task": task}
        | {"mode": "mode5", "step": 0, "selection": "first", "status": "ok", "iou": 0.5}
        for task in tasks
    ]
    write_table(source.predictions, predictions, PREDICTIONS)
    write_table(source.scores, scored, SCORES, {"candidates": 1})
    return source


def with_probabilities(source, values, masks=MASKS):
    path = source.scores.with_name("probabilities.parquet")
    rows = [
        {"object_id": f"i:{task}", "mode": "mode5", "step": 0, "candidate": 0}
        | {"log_odds": packed(np.array(masks[task], bool), np.full(LABELS.shape, values[task]))}
        for task in sorted(TASKS, reverse=True)
    ]
    write_table(path, rows, PROBABILITIES)
    return replace(source, probabilities=path)


def composed(source, tmp_path, rules=RULES, folder=None):
    compose_images(source, Wanted(rules, folder), tmp_path / "out.parquet", dataset="d", method="m")
    return read_table(tmp_path / "out.parquet", COMPOSED_OBJECTS)


def of(rows, rule, column):
    return rows[rows["rule"] == rule].set_index("task")[column].to_dict()


def test_each_rule_and_what_it_costs(source, tmp_path):
    rows = composed(with_probabilities(source, {"liver": 0.99, "spleen": 0.9, "tumour": 0.6}), tmp_path)
    assert (rows["status"] == "ok").all()
    assert rows.groupby("rule")["task"].agg(list).to_dict() == {rule: list(TASKS) for rule in RULES}
    # Three pixels are held by liver and spleen; the tumour truly lies in the liver and takes nothing.
    for rule in RULES:
        assert of(rows, rule, "shared") == {"liver": 3, "spleen": 3, "tumour": 0}
        assert of(rows, rule, "area") == {"liver": 10, "spleen": 9, "tumour": 2}
    assert of(rows, "last_wins", "lost") == {"liver": 3, "spleen": 0, "tumour": 0}
    assert of(rows, "first_wins", "lost") == {"liver": 0, "spleen": 3, "tumour": 0}
    assert of(rows, "largest_score", "lost") == {"liver": 3, "spleen": 0, "tumour": 0}
    assert of(rows, "largest_probability", "lost") == {"liver": 0, "spleen": 3, "tumour": 0}
    assert of(rows, "last_wins", "iou_alone") == {"liver": 8 / 10, "spleen": 8 / 9, "tumour": 1}
    assert of(rows, "last_wins", "iou_composed") == {"liver": 7 / 8, "spleen": 8 / 9, "tumour": 1}
    assert of(rows, "first_wins", "dice_composed") == {"liver": 16 / 18, "spleen": 12 / 14, "tumour": 1}
    assert set(rows["setting"]) == {"mode5.first"}
    assert set(rows["place_id"]) == {"i/1"}


def test_rules_that_cannot_be_used_say_why_and_give_no_value(source, tmp_path):
    rows = composed(write_answers(source, scores={"liver": 0.5, "tumour": 0.25}), tmp_path)
    for rule, reason in (("largest_probability", "no probabilities"), ("largest_score", "no estimate of the IoU")):
        statuses = set(of(rows, rule, "status").values())
        assert len(statuses) == 1
        assert statuses.pop().startswith("not_applicable: ")
        assert reason in rows[rows["rule"] == rule]["status"].iloc[0]
        assert rows[rows["rule"] == rule]["iou_composed"].isna().all()
    assert set(of(rows, "last_wins", "status").values()) == {"ok"}


def test_probabilities_of_another_mask_fail(source, tmp_path):
    other = {**MASKS, "spleen": [[0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1, 1]]}
    source = with_probabilities(source, dict.fromkeys(TASKS, 0.9), other)
    rows = composed(source, tmp_path)
    assert set(of(rows, "largest_probability", "status").values()) == {
        "failed: the probabilities belong to another mask; delete them and run again"
    }


def test_objects_that_were_not_answered_take_nothing(source, tmp_path):
    rows = composed(write_answers(source, tasks=["liver"]), tmp_path)
    assert of(rows, "last_wins", "lost") == {"liver": 0}
    assert of(rows, "last_wins", "shared") == {"liver": 0}


def test_a_setting_without_answers_has_no_rows(source, tmp_path):
    assert composed(replace(source, settings=[POINT]), tmp_path).empty


def test_label_maps(source, tmp_path):
    composed(source, tmp_path, ["first_wins", "largest_probability"], tmp_path / "maps")
    assert json.loads((tmp_path / "maps" / "tasks.json").read_text()) == {"liver": 1, "spleen": 2, "tumour": 3}
    (path,) = (tmp_path / "maps").rglob("*.png")
    assert path.relative_to(tmp_path / "maps").as_posix() == "mode5.first/first_wins/i_1.png"
    assert np.asarray(Image.open(path)).tolist() == [[1, 1, 1, 1, 1, 1, 2, 2], [1, 3, 3, 1, 2, 2, 2, 2]]
