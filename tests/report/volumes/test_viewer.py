"""The page of one volume."""

import json

import numpy as np

from promptseg.core.masks import decode
from promptseg.core.stacks import MaskStack
from promptseg.core.tables import read_table, write_table
from promptseg.methods.volume import SlicePrompt
from promptseg.report.volumes.collect import Collector
from promptseg.report.volumes.payload import Answer, Shown, payload
from promptseg.report.volumes.viewer import write_viewer
from promptseg.volumes.routes.settings import VolumeSettings
from promptseg.volumes.routes.showing import box_prompt, point_prompt
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS
from promptseg.volumes.scores.tables import VOLUME_SCORES
from support.stacks import write_volumes

TRUTH = np.zeros((9, 6, 8), bool)
TRUTH[3:6, 1:4, 2:7] = True
GREY = np.arange(9 * 6 * 8).reshape(9, 6, 8).astype(np.uint8)
SETTING = {"route": "carry_box", "slices": "largest", "prompt": "box", "extents": "open", "step": 0}


def volume_of(folder, pixels=GREY, truth=TRUTH, spacing=(5.0, 0.5, 0.25)):
    (volume,) = write_volumes(folder, {"a": (pixels, truth.astype(np.uint8), spacing)}, {"lesion": [1]})
    return volume


def read(code, height, width):
    return decode({"size": [height, width], "counts": code})


def test_the_slices_shown_reach_one_beyond_truth_and_masks(tmp_path):
    volume = volume_of(tmp_path)
    longer = np.zeros_like(TRUTH)
    longer[4:7] = TRUTH[4]
    prompts = [SlicePrompt(4, box_prompt((2, 1, 6, 3))), SlicePrompt(5, point_prompt(3, 2, positive=False))]
    answer = Answer("any", MaskStack.of(longer), [4, 5], prompts, 0.5, 10.0)
    found = payload(volume, (0, 5, 10, 15, 20, 25, 30, 35, 40), [Shown("lesion", MaskStack.of(TRUTH), [answer])])
    assert (found["shape"], found["first"], found["factor"]) == ([6, 6, 8], 2, 1)
    assert found["spacing"] == [5.0, 0.5, 0.25]
    assert found["positions"] == [10, 15, 20, 25, 30, 35]
    (shown,) = found["objects"]
    assert (sorted(shown["truth"]), shown["at"]) == ([1, 2, 3], {"z": 1, "y": 2, "x": 4})
    np.testing.assert_array_equal(read(shown["truth"][1], 6, 8), TRUTH[3])
    (told,) = shown["answers"]
    assert (sorted(told["codes"]), told["prompted"], told["dice"], told["beyond"]) == ([2, 3, 4], [2, 3], 0.5, 10.0)
    assert told["prompts"] == [{"z": 2, "box": [2, 1, 6, 3]}, {"z": 3, "point": [3, 2], "label": 0}]


def test_large_slices_are_shown_smaller(tmp_path):
    truth = np.zeros((3, 800, 401), bool)
    truth[1, 300:600, 90:210] = True
    volume = volume_of(tmp_path, np.zeros(truth.shape, np.uint8), truth)
    found = payload(volume, None, [Shown("lesion", MaskStack.of(truth))])
    assert (found["shape"], found["factor"], found["spacing"]) == ([3, 267, 134], 3, [5.0, 1.5, 0.75])
    assert (found["known"], found["positions"]) == (False, [0, 1, 2])
    small = read(found["objects"][0]["truth"][1], 267, 134)
    assert small.sum() == 100 * 40


def test_nothing_that_is_said_can_end_the_script(tmp_path):
    volume = volume_of(tmp_path / "tables")
    write_viewer(tmp_path / "a.html", "t", "", volume, None, [Shown("</script><b>", MaskStack.of(TRUTH))])
    page = (tmp_path / "a.html").read_text()
    content = page.split("const VOLUME = ")[1].split(";</script>")[0]
    assert "<" not in content
    assert json.loads(content)["objects"][0]["title"] == "</script><b>"


def test_answers_have_their_score_and_what_was_shown(tmp_path):
    volume = volume_of(tmp_path / "tables")
    (item,) = volume.objects
    row = {**dict.fromkeys(VOLUME_PREDICTIONS.names), **SETTING, "object_id": item.object_id}
    rows = [
        {**row, "status": "ok", "prompted": [3], "k": 1},
        *({**row, "z": z, "rle": item.truth.codes[z]} for z in (3, 4)),
        {**row, "step": 1, "status": "ok", "prompted": [3, 5], "k": 1}
        | {"click_z": 5, "click_y": 2, "click_x": 4, "click_label": 1},
        {**row, "slices": "5", "status": "not_applicable"},
    ]
    write_table(tmp_path / "p.parquet", rows, VOLUME_PREDICTIONS)
    scores = dict.fromkeys(VOLUME_SCORES.names) | SETTING | {"dataset": "d", "volume_id": "a", "method": "m"}
    write_table(
        tmp_path / "s.parquet",
        [{**scores, "object_id": item.object_id, "dice": 0.8, "overrun_mm": None, "status": "ok"}],
        VOLUME_SCORES,
    )
    frame = read_table(tmp_path / "s.parquet", VOLUME_SCORES)
    (shown,) = Collector(
        {"m": tmp_path / "p.parquet"}, frame, {"m": {"title": "M"}}, VolumeSettings(tie_break="first")
    ).objects(volume)
    first, clicked, unfit = shown.answers
    assert shown.title == "lesion"
    assert (first.title, first.dice, first.beyond) == ("M: box carried, 1 slice, box, ends open", 0.8, None)
    (box,) = first.prompts
    assert (box.z, box.prompt.box.tolist()) == (3, [2, 1, 6, 3])
    assert (clicked.title.endswith("1 click"), clicked.prompted, clicked.dice) == (True, [3, 5], None)
    assert (clicked.prompts[1].z, clicked.prompts[1].prompt.points.tolist()) == (5, [[4, 2]])
    assert (unfit.status, unfit.prompted) == ("This setting does not fit the object, as three slices of two.", [])


def test_without_a_spacing_what_lies_beyond_is_told_in_slices(tmp_path):
    volume = volume_of(tmp_path / "tables", spacing=None)
    (item,) = volume.objects
    row = {**dict.fromkeys(VOLUME_PREDICTIONS.names), **SETTING, "object_id": item.object_id, "status": "ok"}
    write_table(tmp_path / "p.parquet", [{**row, "prompted": [3], "k": 1}], VOLUME_PREDICTIONS)
    scores = dict.fromkeys(VOLUME_SCORES.names) | SETTING | {"volume_id": "a", "method": "m", "dice": 0.8}
    write_table(tmp_path / "s.parquet", [{**scores, "object_id": item.object_id, "overrun_slices": 2}], VOLUME_SCORES)
    frame = read_table(tmp_path / "s.parquet", VOLUME_SCORES)
    (shown,) = Collector({"m": tmp_path / "p.parquet"}, frame, {}, VolumeSettings(tie_break="first")).objects(volume)
    assert shown.answers[0].beyond == 2
