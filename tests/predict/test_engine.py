"""The batched engine: groups of images, batches, order, and the mode without prompts."""

import random
import re
import time

import numpy as np
import pandas as pd
import pytest

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.reason import METHOD_FAILED
from promptseg.core.tables import read_table
from promptseg.methods import Grid, Method, Proposals, Settings
from promptseg.methods.controls import ClickDisk, Perfect
from promptseg.predict import engine
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan
from promptseg.predict.run import predict
from promptseg.predict.tables import PREDICTIONS, PROPOSALS
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score_object
from support.objects import MODES, disk, eleven_images, image, targets


class Jittery(ClickDisk):
    """Takes its time, and cannot encode the third image."""

    def encode(self, pixels):
        time.sleep(random.uniform(0, 0.01))
        if pixels[0, 0, 0] == 99:
            raise ValueError("no such image, please")
        return pixels

    def predict(self, queries):
        time.sleep(random.uniform(0, 0.01))
        return super().predict(queries)


def test_order_and_rows_depend_neither_on_timing_nor_on_the_size_of_groups_nor_on_threads(monkeypatch):
    plan = Plan(clicks=4, tie_break="first")

    def rows_of(method, threads=1):
        items = list(Runner(method, plan, threads=threads).run(eleven_images()))
        assert [item.image.image_id for item in items] == [f"image{index}" for index in range(11)]
        return [item.rows for item in items]

    expected = rows_of(Jittery(Settings(options={"radius": 0.2})))
    assert expected[2][0]["status"] == METHOD_FAILED.status(f"{__name__}:Jittery raised ValueError at image2")
    assert {row["status"] for row in expected[3]} == {"ok"}
    assert rows_of(Jittery(Settings(options={"radius": 0.2})), threads=5) == expected
    monkeypatch.setattr(engine, "GROUP_PIXELS", 1)  # every image alone
    monkeypatch.setattr(engine, "BATCH_PIXELS", 1)  # every prompt alone
    assert rows_of(Jittery(Settings(options={"radius": 0.2}))) == expected


def test_prompts_of_several_images_share_a_batch():
    sizes = []

    class Counting(ClickDisk):
        def predict(self, queries):
            sizes.append(len({id(query.image) for query in queries}))
            return super().predict(queries)

    list(Runner(Counting(Settings(options={"radius": 0.2})), Plan(clicks=3, tie_break="first")).run(eleven_images()))
    assert sizes[:2] == [4, 4]  # 11 images in groups of 4
    assert max(sizes) == 4


# --- mode everything ------------------------------------------------------------------------------------------------


class Bright(Method):
    """Finds what is as bright as classes 1 and 2, and a corner; nothing in a dark image, and fails on a white one."""

    prompt_types = frozenset({"everything"})

    def everything(self, encoded, pixels, grid):
        if (pixels == 255).all():
            raise ValueError("too bright")
        grey = encoded[..., 0]
        corner = np.zeros(grey.shape, bool)
        corner[:2, :2] = True
        found = [mask for mask in (grey == 60, grey == 100, corner) if (grey > 50).any()]
        codes = [masks.encode(mask) for mask in found]
        return Proposals(codes, np.array([0.9, 0.8, 0.7], np.float32)[: len(codes)], np.ones(len(codes), np.float32))

    def predict(self, queries):
        raise AssertionError("it takes no prompt")


LABELS = disk() + 2 * disk(centre=(10, 24), radius=4)
MODES_AND_ALL = [*MODES, "everything"]


def proposed(labels, plan=None, pixels=None):
    picture = image(labels)
    if pixels is not None:
        picture.pixels[:] = pixels
    (item,) = Runner(Bright(Settings()), plan or Plan()).run([(picture, targets(labels, [1, 2], MODES_AND_ALL))])
    return item


def test_each_object_gets_the_mask_that_overlaps_best():
    item = proposed(LABELS)
    keys = ("object_id", "mode", "step", "selection", "candidate", "status")
    assert [tuple(row[key] for key in keys) for row in item.rows] == [
        ("image:1", "everything", 0, "oracle", 0, "ok"),
        ("image:2", "everything", 0, "oracle", 1, "ok"),
    ]
    np.testing.assert_array_equal(masks.decode(item.rows[1]["rle"]), LABELS == 2)
    assert [(row["candidate"], row["area"]) for row in item.proposals] == [(0, 81), (1, 49), (2, 4)]


def test_an_image_without_masks_scores_0_and_is_no_gap():
    item = proposed(LABELS, pixels=10)
    assert item.proposals == []
    assert {row["status"] for row in item.rows} == {"ok"}
    frame = pd.DataFrame(item.rows, columns=PREDICTIONS.names)
    (row,) = score_object(frame[:1], LABELS == 1, image(LABELS), Tolerance(), {})
    assert (row["mode"], row["selection"], row["iou"], row["status"]) == ("everything", "oracle", 0, "ok")


def test_a_failure_is_a_row_and_what_the_method_said_is_in_the_log(caplog):
    item = proposed(LABELS, pixels=255)
    (status,) = {row["status"] for row in item.rows}
    assert re.match(r"method failed: \S+:\S+ raised ValueError at image everything; what it said is in the log", status)
    assert "too bright" in caplog.text
    assert {row["selection"] for row in item.rows} == {"oracle"}
    with pytest.raises(PromptsegError, match=r"^method failed: .* at image everything; .*strict: true"):
        proposed(LABELS, Plan(strict=True), pixels=255)


def test_a_method_that_needs_prompts_is_not_asked():
    (item,) = Runner(Perfect(Settings()), Plan()).run([(image(LABELS), targets(LABELS, [1], MODES_AND_ALL))])
    assert {row["mode"] for row in item.rows} == set(MODES)


def test_images_without_masks_are_counted_in_the_log(tmp_path, caplog):
    dark = image(LABELS)
    dark.pixels[:] = 10
    pairs = [(picture, targets(LABELS, [1, 2], MODES_AND_ALL)) for picture in (dark, image(LABELS), dark)]
    paths = [tmp_path / name for name in ("predictions.parquet", "everything.parquet")]
    plan = Plan(grid=Grid(pred_iou_thresh=0.7))
    predict(pairs, Runner(Bright(Settings()), plan), paths[0], everything=paths[1], label="bright")
    assert caplog.messages == [
        "bright: The mode everything found no mask in 2 of 3 images. It keeps masks whose predicted IoU is above 0.7 "
        "(`everything: pred_iou_thresh`) and whose stability is at least 0.95 (`everything: stability_score_thresh`). "
        "Lower thresholds in the configuration keep more; 0 keeps all."
    ]
    caplog.clear()
    for method, asked in ((Bright(Settings()), pairs[1:2]), (Perfect(Settings()), pairs)):
        predict(asked, Runner(method, plan), paths[0], everything=paths[1])
    assert caplog.messages == []
    predict(pairs[:1], Runner(Bright(Settings()), plan), paths[0], everything=paths[1])
    assert "found no mask in its only image." in caplog.text


def test_all_masks_are_written(tmp_path):
    images = [(image(LABELS), targets(LABELS, [1, 2], MODES_AND_ALL))]
    paths = [tmp_path / name for name in ("predictions.parquet", "everything.parquet")]
    for method in (Bright(Settings()), Perfect(Settings())):
        predict(images, Runner(method, Plan()), paths[0], everything=paths[1])
        found = read_table(paths[1], PROPOSALS)
        assert found["area"].tolist() == ([81, 49, 4] if isinstance(method, Bright) else [])
