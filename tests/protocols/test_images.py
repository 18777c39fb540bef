"""Presets asked about images: what methods are asked, in which batches, and what is written."""

import numpy as np
import pytest

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_provenance, read_table, write_table
from promptseg.methods import Candidates, Method, Settings
from promptseg.methods.controls import BoxFill, ClickDisk, Perfect
from promptseg.predict import engine
from promptseg.predict.plan import Target
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.objects import stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.protocols.images import PresetRunner, Presets, prompts_of, write_answers
from promptseg.protocols.loop import Asking
from promptseg.protocols.showing import Shown
from promptseg.protocols.tables import PROTOCOL_ANSWERS
from support.objects import eleven_images, image

NONE = {"prompt": "none"}
DEEPEST = {"rule": "deepest", "region": "deeper", "sign": "region"}
CLICKS = Asking("clicks", "", NONE, DEEPEST, 2)
BOX = Asking("box", "", {"prompt": "box"}, {"rule": "none"})
BOTH = Asking("both", "", {"prompt": "box"}, DEEPEST, 1)


def asked_of(method, *askings, images=None, **more):
    runner = PresetRunner(method, Presets(askings, **more))
    return [item.rows for item in runner.run(images or list(eleven_images()))]


def test_points_and_boxes_turn_into_those_of_an_image():
    shown = Shown.clicks(np.array([[0, 4, 7], [0, 1, 2]]), np.array([1, 0]))
    (prompt,) = prompts_of(shown)
    assert (prompt.points.tolist(), prompt.labels.tolist(), prompt.box) == ([[7, 4], [2, 1]], [1, 0], None)
    boxes = np.array([[0, 2, 3, 0, 6, 9], [0, 0, 1, 0, 2, 3]], np.int32)
    first, second = prompts_of(Shown(shown.points, shown.labels, boxes))
    assert (first.box.tolist(), second.box.tolist()) == ([3, 2, 9, 6], [1, 0, 3, 2])
    assert second.points.tolist() == [[7, 4], [2, 1]]


def test_a_control_that_is_told_the_truth_is_perfect_after_the_first_prompt():
    (rows,) = asked_of(Perfect(Settings()), CLICKS, BOX, images=list(eleven_images())[:1])
    assert [(row["preset"], row["step"], row["status"]) for row in rows] == [
        ("clicks", 0, "ok"),
        ("clicks", 1, "ok"),
        ("clicks", 2, "ok"),
        ("box", 0, "ok"),
    ]
    _, (target,) = next(iter(eleven_images()))
    assert "rle" not in rows[0]
    assert all((masks.decode(row["rle"]) == target.truth).all() for row in rows[1:])
    assert rows[1]["points"] == [[0, 9, 8]]
    assert rows[3]["boxes"] == [[0, 6, 5, 0, 12, 11]]


def test_each_image_is_encoded_once_and_equal_prompts_are_asked_once():
    encoded, sizes = [], []

    class Counting(ClickDisk):
        def encode(self, pixels):
            encoded.append(id(pixels))
            return super().encode(pixels)

        def predict(self, queries):
            sizes.append(len(queries))
            return super().predict(queries)

    again = Asking("again", "", NONE, DEEPEST, 2)
    few = list(eleven_images())[3:5]
    rows = asked_of(Counting(Settings(options={"radius": 0.05})), CLICKS, again, images=few)
    assert len(encoded) == 2
    assert sizes == [2, 2]  # an object each of two images, the same under both presets
    for one in rows:
        half = len(one) // 2
        first, second = ([{**row, "preset": ""} for row in some] for some in (one[:half], one[half:]))
        assert first == second


def test_answers_depend_neither_on_groups_nor_on_batches(monkeypatch):
    def rows():
        return asked_of(ClickDisk(Settings(options={"radius": 0.2})), CLICKS, BOX)

    expected = rows()
    assert {row["status"] for row in expected[0] if row["preset"] == "box"} == {
        "not_applicable: the method takes no boxes"
    }
    monkeypatch.setattr(engine, "GROUP_PIXELS", 1)
    monkeypatch.setattr(engine, "BATCH_PIXELS", 1)
    assert rows() == expected


class States(Method):
    """Answers two masks with states, and notes what it gets back."""

    prompt_types = frozenset({"point", "box"})
    candidates = 2
    mask_feedback = True

    def __init__(self, settings):
        super().__init__(settings)
        self.got = []

    def predict(self, queries):
        self.got += [(query.previous, query.multimask, len(query.prompt.points)) for query in queries]
        found = []
        for query in queries:
            empty = np.zeros((2, *query.image.shape[:2]), bool)
            empty[1, :3, :3] = True
            found.append(Candidates(empty, np.array([0.1, 0.9], np.float32), ["low", "high"]))
        return found


@pytest.mark.parametrize(
    ("changes", "got"),
    [
        ({}, [(None, "official", 0), ("low", "official", 1)]),
        ({"selection": "best_score"}, [(None, "official", 0), ("high", "official", 1)]),
        ({"feedback": "none", "multimask": "always"}, [(None, "always", 0), (None, "always", 1)]),
    ],
)
def test_selection_feedback_and_multimask(changes, got):
    method = States(Settings())
    both = Asking("both", "", {"prompt": "box"}, DEEPEST, 1, **changes)
    (rows,) = asked_of(method, both, images=list(eleven_images())[:1])
    assert method.got == got
    chosen = changes.get("selection") == "best_score"
    assert [row["score"] for row in rows] == [pytest.approx(0.9 if chosen else 0.1)] * 2
    assert [row["rle"] is None for row in rows] == [not chosen] * 2


def test_masks_of_several_boxes_are_united():
    labels = np.zeros((20, 30), np.uint8)
    labels[2:6, 3:8] = labels[10:15, 20:28] = 1
    truth = labels == 1

    start = {"prompt": "box", "parts": 3}
    (rows,) = asked_of(
        BoxFill(Settings()), Asking("p", "", start, {}), images=[(image(labels), [Target("o", truth, {})])]
    )
    assert rows[0]["boxes"] == [[0, 10, 20, 0, 14, 27], [0, 2, 3, 0, 5, 7]]
    assert (masks.decode(rows[0]["rle"]) == truth).all()


class Unwell(ClickDisk):
    """Cannot encode the third image, and does not answer at the second click."""

    def encode(self, pixels):
        if pixels[0, 0, 0] == 99:
            raise ValueError("no such image, please")
        return pixels

    def predict(self, queries):
        if any(len(query.prompt.points) == 2 for query in queries):
            raise ValueError("no more")
        return super().predict(queries)


def test_failures_are_rows_and_strict_stops():
    rows = asked_of(Unwell(Settings(options={"radius": 0.05})), CLICKS)
    statuses = [[row["status"].partition(": ")[0] for row in one] for one in rows[:3]]
    assert statuses == [["ok", "ok", "method failed"]] * 2 + [["ok", "method failed", "method failed"]]
    with pytest.raises(PromptsegError, match=r"strict: true stops"):
        asked_of(Unwell(Settings(options={"radius": 0.05})), CLICKS, strict=True)


def test_the_answers_of_a_dataset_in_a_file(tmp_path):
    labels = np.zeros((20, 30), np.uint8)
    labels[5:12, 8:20] = 1
    picture = {"bytes": encode_png(labels), "path": None}
    write_table(
        tmp_path / "images.parquet",
        [{"image_id": "a", "case_id": "p", "image": picture, "labels": picture, "status": "ok"}],
        IMAGES,
    )
    one = {"object_id": "a:box", "image_id": "a", "case_id": "p", "task": "box", "area": 84}
    write_table(tmp_path / "objects.parquet", [one], OBJECTS)
    objects = stream_objects(tmp_path / "images.parquet", tmp_path / "objects.parquet", {"box": [1]})
    asked = {"presets": {"both": {"": {"start": {"prompt": "box"}, "clicks": DEEPEST, "prompts": 1}}}, "strict": False}
    runner = PresetRunner(Perfect(Settings()), Presets.of(asked))
    cost = write_answers(objects, runner, tmp_path / "answers.parquet", label="toy", provenance={"asked": asked})
    assert (cost["images"], cost["objects"], cost["prompts"]) == (1, 1, 1)
    found = read_table(tmp_path / "answers.parquet", PROTOCOL_ANSWERS)
    assert found[["object_id", "preset", "variant", "on", "step", "status"]].to_numpy().tolist() == [
        ["a:box", "both", "", "images", 0, "ok"],
        ["a:box", "both", "", "images", 1, "ok"],
    ]
    assert [list(map(list, row)) for row in found["boxes"]] == [[[0, 5, 8, 0, 11, 19]], []]
    assert read_provenance(tmp_path / "answers.parquet")["asked"] == asked
