"""Segment everything: against the generator of SAM's authors, in the engine, and as a table."""

import dataclasses
import inspect

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from segment_anything import SamAutomaticMaskGenerator

from promptseg.analysis.everything import COLUMNS, everything_table
from promptseg.config.check import SCHEMA
from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_table, write_table
from promptseg.core.vocabulary import MODES
from promptseg.methods import Grid, Method, Proposals, Settings
from promptseg.methods.controls import Perfect
from promptseg.methods.sam import Sam
from promptseg.parity.generated_weights import rule_state
from promptseg.predict.engine import Plan, Runner
from promptseg.predict.run import predict
from promptseg.predict.tables import PREDICTIONS, PROPOSALS
from promptseg.score.scoring import Tolerance, score_object
from promptseg.score.tables import SCORES
from support.networks import tiny_sam
from support.objects import disk, image, targets

# --- parity ---------------------------------------------------------------------------------------------------------

# The thresholds suit a network with generated weights: some masks pass, others do not.
GRID = {
    "points_per_side": 6,
    "points_per_batch": 10,
    "pred_iou_thresh": 0.3,
    "stability_score_thresh": 0.2,
    "stability_score_offset": 0.2,
    "box_nms_thresh": 0.8,
    "crop_nms_thresh": 0.8,
}


@pytest.fixture(scope="module")
def network():
    """A tiny SAM that sees spots: its weights make strong logits, of which the highest few percent form the masks."""
    model = tiny_sam()
    model.load_state_dict(rule_state(model))
    with torch.no_grad():
        for head in model.mask_decoder.output_hypernetworks_mlps:
            head.layers[-1].weight *= 30
            head.layers[-1].bias *= 30
        model.mask_decoder.iou_prediction_head.layers[-1].bias += 1
    model.mask_threshold = 14.0
    return model.eval()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pred_iou_thresh": 0.0, "stability_score_thresh": 0.0},
        {"crop_n_layers": 1, "crop_n_points_downscale_factor": 2},
        {"crop_n_layers": 1, "crop_overlap_ratio": 0.2, "min_mask_region_area": 20},
    ],
    ids=["one crop", "all masks", "a layer of crops", "small regions"],
)
def test_masks_are_those_of_the_generator_of_sams_authors(network, changes):
    rng = np.random.default_rng(0)
    pixels = np.full((90, 120, 3), 40, np.uint8)
    for _ in range(6):
        pixels[disk((90, 120), rng.uniform(0, 90, 2), rng.uniform(5, 18)) == 1] = rng.integers(80, 255, 3)
    settings = GRID | changes
    expected = SamAutomaticMaskGenerator(network, **settings).generate(pixels)
    method = Sam.of_network(network, "cpu")
    found = method.everything(method.encode(pixels), pixels, Grid(**settings))
    assert len(found.codes) == len(expected) > 10
    for code, their in zip(found.codes, expected, strict=True):
        np.testing.assert_array_equal(masks.decode(code), their["segmentation"])
    np.testing.assert_allclose(found.scores, [their["predicted_iou"] for their in expected], atol=1e-5)
    np.testing.assert_allclose(found.stability, [their["stability_score"] for their in expected], atol=1e-5)


def test_an_image_without_masks(network):
    method = Sam.of_network(network, "cpu")
    pixels = np.zeros((40, 40, 3), np.uint8)
    found = method.everything(
        method.encode(pixels), pixels, Grid(points_per_side=2, pred_iou_thresh=9.0, crop_n_layers=1)
    )
    assert (found.codes, found.scores.tolist(), found.stability.tolist()) == ([], [], [])


# --- engine ---------------------------------------------------------------------------------------------------------


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
    (item,) = Runner(Bright(Settings()), plan or Plan({})).run([(picture, targets(labels, [1, 2], MODES_AND_ALL))])
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


def test_a_failure_is_a_row():
    item = proposed(LABELS, pixels=255)
    assert [row["status"] for row in item.rows] == ["failed: ValueError: too bright"] * 2
    assert {row["selection"] for row in item.rows} == {"oracle"}
    with pytest.raises(PromptsegError, match="image everything: failed: ValueError: too bright"):
        proposed(LABELS, Plan({}, strict=True), pixels=255)


def test_a_method_that_needs_prompts_is_not_asked():
    (item,) = Runner(Perfect(Settings()), Plan({})).run([(image(LABELS), targets(LABELS, [1], MODES_AND_ALL))])
    assert {row["mode"] for row in item.rows} == set(MODES)


def test_all_masks_are_written(tmp_path):
    class One:
        image_ids = ("image",)

        def stream(self, tasks):
            yield image(LABELS), targets(LABELS, [1, 2], MODES_AND_ALL)

    paths = [tmp_path / name for name in ("predictions.parquet", "cost.json", "everything.parquet")]
    for method in (Bright(Settings()), Perfect(Settings())):
        predict(One(), method, Plan({}), *paths[:2], everything=paths[2])
        found = read_table(paths[2], PROPOSALS)
        assert found["area"].tolist() == ([81, 49, 4] if isinstance(method, Bright) else [])


def test_the_configuration_has_the_defaults_of_the_generator():
    schema = yaml.safe_load(SCHEMA.read_text())["properties"]["everything"]["properties"]
    assert {name: about["default"] for name, about in schema.items()} == pytest.approx(dataclasses.asdict(Grid()))
    generator = inspect.signature(SamAutomaticMaskGenerator).parameters
    assert dataclasses.asdict(Grid()) == {name: generator[name].default for name in schema}


# --- table ----------------------------------------------------------------------------------------------------------


def test_recall_and_gaps(tmp_path):
    """Two patients with one image each, two tasks; one image has three masks and the other none."""
    rows = []
    for patient, task, everything, point, oracle in (
        ("a", "liver", 0.8, 0.5, 0.7),
        ("b", "liver", 0.0, 0.2, 0.2),
        ("a", "spleen", 0.95, 0.9, None),
    ):
        about = {"dataset": "ct", "task": task, "case_id": patient, "image_id": f"{patient}1", "method": "sam"}
        about |= {"object_id": f"{patient}1:{task}", "status": "ok"}
        values = (("everything", "oracle", everything), ("mode1", "first", point), ("mode1", "oracle", oracle))
        rows += [{**about, "mode": m, "selection": s, "iou": iou} for m, s, iou in values if iou is not None]
    write_table(tmp_path / "scores.parquet", rows, SCORES)
    write_table(tmp_path / "all.parquet", [{"image_id": "a1", "candidate": k} for k in range(3)], PROPOSALS)
    write_table(tmp_path / "none.parquet", [], SCORES)
    pairs = [
        (tmp_path / "scores.parquet", tmp_path / "all.parquet"),
        (tmp_path / "none.parquet", tmp_path / "all.parquet"),
    ]
    table = everything_table(pairs, resamples=200, seed=1)
    assert list(table.columns) == COLUMNS
    liver, spleen, total = table.to_dict("records")
    assert (liver["task"], spleen["task"], total["level"]) == ("liver", "spleen", "all")
    names = ("n_objects", "iou", "recall50", "recall75", "recall90", "masks_per_image", "gap_mode1", "gap_mode1_oracle")
    assert [liver[name] for name in names] == pytest.approx([2, 0.4, 0.5, 0.5, 0, 1.5, 0.05, -0.05])
    assert [spleen[name] for name in names[:-1]] == pytest.approx([1, 0.95, 1, 1, 1, 3, 0.05])
    assert np.isnan(spleen["gap_mode1_oracle"])
    assert [total[name] for name in names] == pytest.approx([3, 0.675, 0.75, 0.75, 0.5, 2.25, 0.05, -0.05])
    assert liver["ci_low"] == 0
    assert liver["ci_high"] == pytest.approx(0.8)
    assert np.isnan(spleen["ci_low"])  # one patient
    assert total["n_tasks"] == 2
    assert everything_table([(tmp_path / "none.parquet", tmp_path / "all.parquet")], 200, 1).empty
