"""Trajectories of clicks: edge cases, and what a method may remember from one click to the next."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from promptseg.core import masks
from promptseg.methods import Candidates, Method, Settings
from promptseg.methods.controls import ClickDisk
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan
from promptseg.predict.tables import PREDICTIONS
from promptseg.prompts.clicks import Protocol
from promptseg.score.scoring import Tolerance, score_object
from support.objects import MODES, disk, image, targets

AS_RELEASED = Protocol("joint", "any_class", True, "chamfer5", previous_mask="reset", refinement=False)


def run(method, labels, values, plan=None, modes=MODES):
    plan = plan or Plan(clicks=9, tie_break="first", strict=True)
    (item,) = Runner(method, plan).run([(image(labels), targets(labels, values, modes))])
    return item.rows


FOUR_CLASSES = sum(
    value * disk(centre=centre, radius=radius)
    for value, (centre, radius) in enumerate([((10, 10), 5), ((10, 24), 4), ((2, 20), 2), ((18, 18), 1)], start=1)
)


class Nothing(Method):
    """Three candidates without a single pixel."""

    prompt_types = frozenset({"point", "box"})
    candidates = 3

    def predict(self, queries):
        return [Candidates(np.zeros((3, *q.image.shape[:2]), bool), np.zeros(3, np.float32)) for q in queries]


class Remembering(Method):
    """Three disks around the last click; its states say which click of which object they come from."""

    prompt_types = frozenset({"point"})
    candidates = 3
    refines = True

    def __init__(self):
        super().__init__(Settings())
        self.seen = []

    def predict(self, queries):
        answers = []
        for query in queries:
            self.seen.append((tuple(query.prompt.points[0]), len(query.prompt.points), query.previous, query.refine))
            rows, columns = np.ogrid[: query.image.shape[0], : query.image.shape[1]]
            x, y = query.prompt.points[-1]
            distance = (rows - y) ** 2 + (columns - x) ** 2
            states = [f"{tuple(map(int, query.prompt.points[0]))} {len(query.prompt.points)} {k}" for k in range(3)]
            found = np.stack([distance <= radius**2 for radius in (1, 2, 3)])
            answers.append(Candidates(found, np.array([0.1, 0.9, 0.2], np.float32), states))
        return answers


# --- edge cases -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [Protocol(), AS_RELEASED], ids=["corrected", "as_released"])
@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (disk((16, 16), (8, 8), 4), [1]),
        (disk((16, 16), (0, 0), 5), [1]),  # touches two borders
        (disk((20, 30), (10, 10), 1), [1]),  # 5 pixels
        (np.pad(np.ones((1, 1), np.uint8), ((4, 15), (9, 20))), [1]),  # 1 pixel
        (np.ones((20, 30), np.uint8), [1]),  # the whole image
        (
            disk()
            + 2 * disk(centre=(10, 24), radius=4)
            + 3 * disk(centre=(2, 20), radius=2)
            + 4 * disk((20, 30), (18, 18), 1),
            [1, 2, 3, 4],
        ),
    ],
    ids=["16x16", "border", "5 pixels", "1 pixel", "whole image", "4 classes"],
)
def test_every_object_gets_its_row_for_every_click(labels, values, protocol):
    plan = Plan(clicks=9, protocols={("it", None): protocol}, tie_break="first", strict=True)
    for method in (ClickDisk(Settings(options={"radius": 0.2})), Nothing(Settings())):
        rows = run(method, labels, values, plan)
        clicks = [row for row in rows if row["mode"] == "iterative"]
        selections = {row["selection"] for row in clicks}
        assert len(clicks) == 9 * len(values) * len(selections)
        assert all(row["status"] == "ok" and row["rle"]["size"] == list(labels.shape) for row in rows)
        for row in clicks:
            if row["click_x"] is not None:
                assert 0 <= row["click_x"] < labels.shape[1]
                assert 0 <= row["click_y"] < labels.shape[0]


def test_rows_and_their_scores_name_the_protocol_and_the_switch_that_a_variant_changes():
    variant = replace(AS_RELEASED, error_region="larger")
    protocols = {("it", None): AS_RELEASED, ("it", "error_region"): variant}
    labels = disk()
    rows = run(ClickDisk(Settings()), labels, [1], Plan(clicks=2, protocols=protocols), ["iterative"])
    named = [("it", None, 1), ("it", None, 2), ("it", "error_region", 1), ("it", "error_region", 2)]
    assert [(row["protocol"], row["switch"], row["step"]) for row in rows] == named
    predictions = pa.Table.from_pylist(rows, schema=PREDICTIONS.schema).to_pandas()
    predictions.loc[3, ["status", "rle"]] = "failed: no", None
    scores = score_object(predictions, labels == 1, image(labels), Tolerance(), {})
    found = {(row["protocol"], row["switch"], row["step"]): row["status"] for row in scores}
    assert found == dict.fromkeys(named[:3], "ok") | {named[3]: "failed: no"}


def test_without_a_positive_pixel_all_clicks_are_on_the_object():
    rows = run(Nothing(Settings()), disk(), [1], modes=["iterative"])
    clicks = [row for row in rows if row["selection"] == "first"]
    assert [row["click_label"] for row in clicks] == [1] * 9
    assert len({(row["click_x"], row["click_y"]) for row in clicks}) == 9  # never the same pixel twice
    assert {row["candidate"] for row in rows if row["selection"] == "oracle"} == {2}  # the study's rule: the last one
    repeating = Plan(clicks=9, protocols={("it", None): AS_RELEASED}, tie_break="first", strict=True)
    clicks = run(Nothing(Settings()), disk(), [1], repeating, ["iterative"])
    assert {(row["click_x"], row["click_y"]) for row in clicks} == {(10, 10)}


def test_a_perfect_mask_ends_the_clicks_and_repeats_the_last_row():
    labels = disk((9, 9), (4, 4), 2)

    class Truth(Remembering):
        def predict(self, queries):
            found = super().predict(queries)
            return [Candidates(np.stack([labels == 1] * 3), answer.scores, answer.states) for answer in found]

    method = Truth()
    plan = Plan(clicks=9, protocols={("it", None): AS_RELEASED}, tie_break="first")
    rows = [row for row in run(method, labels, [1], plan, ["iterative"]) if row["selection"] == "first"]
    assert [row["step"] for row in rows] == list(range(1, 10))
    assert [row["click_x"] for row in rows] == [4] + [None] * 8
    assert len({row["rle"]["counts"] for row in rows}) == 1
    assert len(method.seen) == 1


def test_an_image_of_twelve_megapixels():
    labels = disk((3000, 4000), (1500, 2000), 900)
    plan = Plan(clicks=2, tie_break="first", strict=True)
    rows = run(ClickDisk(Settings(options={"radius": 0.3})), labels, [1], plan, ["mode1", "iterative"])
    assert masks.iou(masks.decode(rows[0]["rle"]), labels == 1) == pytest.approx(1, abs=1e-3)
    assert [row["step"] for row in rows] == [0, 1, 2]


# --- what the method may remember -----------------------------------------------------------------------------------


def protocol_of(previous_mask, refinement=True):
    return Plan(
        clicks=3,
        protocols={("it", None): Protocol(previous_mask=previous_mask, refinement=refinement)},
        selections=["best_score"],
        tie_break="first",
    )


def test_the_state_of_the_selected_mask_comes_back_at_the_next_click():
    method = Remembering()
    run(method, disk(), [1], protocol_of("keep"), ["iterative"])
    first = "(10, 10)"
    assert [previous for _, _, previous, _ in method.seen] == [None, f"{first} 1 1", f"{first} 2 1"]
    method = Remembering()
    run(method, disk(), [1], protocol_of("reset", refinement=False), ["iterative"])
    assert [(count, previous, refine) for _, count, previous, refine in method.seen] == [
        (1, None, False),
        (2, None, False),
        (3, None, False),
    ]


def test_a_leaking_state_goes_from_one_object_of_an_image_to_the_next():
    labels = disk() + 2 * disk(centre=(10, 24), radius=4)
    method = Remembering()
    images = [(image(labels, name), targets(labels, [1, 2], ["iterative"], name)) for name in ("a", "b")]
    list(Runner(method, protocol_of("leak")).run(images))
    starts = [(tuple(map(int, point)), previous) for point, count, previous, _ in method.seen if count == 1]
    # Both images advance together; in each the second object waits for the first and finds its last state.
    assert starts == [((10, 10), None)] * 2 + [((24, 10), "(10, 10) 3 1")] * 2
    kept = Remembering()
    list(Runner(kept, protocol_of("keep")).run(images))
    assert [previous for _, count, previous, _ in kept.seen if count == 1] == [None] * 4
