"""The engine on a small real table of images, with controls and a method of three candidates."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from promptseg.analysis.sums import merge_scores
from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.files import write_json
from promptseg.core.reason import METHOD_FAILED, reason_in
from promptseg.core.tables import read_provenance, read_table, write_table
from promptseg.core.vocabulary import NOT_RECORDED
from promptseg.methods import Candidates, Method, Settings
from promptseg.methods.controls import BoxFill, ClickDisk, Perfect
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Inputs, Plan
from promptseg.predict.precision import compare_precision
from promptseg.predict.run import predict
from promptseg.predict.shards import gather_tables
from promptseg.predict.tables import PREDICTIONS
from promptseg.preprocess.images import encode_png, pixel_digest
from promptseg.preprocess.objects import stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.clicks import Protocol
from promptseg.prompts.modes import PromptSettings
from promptseg.prompts.noisy import NoisyUser
from promptseg.prompts.recorded import RecordedUser
from promptseg.prompts.users import IDEAL
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score
from promptseg.score.tables import SCORES, SCORES_OF_USER
from support.objects import MODES

TASKS = {"left": [1], "both": [1, 2]}
READ = {"anna": (6, 7), "bert": (3, 4)}
AS_RELEASED = Protocol("joint", "any_class", True, "chamfer5", previous_mask="reset", refinement=False)
PLAN = Plan(clicks=4, tie_break="first")


class ThreeDisks(Method):
    """Disks of three sizes around the clicks; the scores prefer the second, whatever is right."""

    prompt_types = frozenset({"point"})
    candidates = 3
    batches: list[int]

    def predict(self, queries):
        self.batches = [*getattr(self, "batches", []), len(queries)]
        answers = []
        for query in queries:
            disks = [ClickDisk(Settings(options={"radius": r})).predict([query])[0].masks[0] for r in (0.5, 0.25, 0.1)]
            answers.append(Candidates(np.stack(disks), np.array([0.2, 0.9, 0.1], np.float32)))
        return answers


class Fragile(BoxFill):
    """Fails on boxes that start at column 2."""

    def predict(self, queries):
        if any(query.prompt.box[0] == 2 for query in queries):
            raise ValueError("no box at 2, please")
        return super().predict(queries)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Three images with two objects each, and one image that could not be read."""
    folder = tmp_path_factory.mktemp("tables")
    images, objects = [], []
    for index in range(3):
        labels = np.zeros((20, 30), np.uint8)
        labels[3:12, 2 + index : 11 + index] = 1
        labels[8:15, 18:25] = 2
        pixels = (labels * 90 + 20).astype(np.uint8)
        name = f"case{index}"
        images.append(
            {
                "image_id": name,
                "case_id": name,
                "image": {"bytes": encode_png(pixels), "path": f"{name}.png"},
                "labels": {"bytes": encode_png(labels), "path": f"{name}.png"},
                "height": 20,
                "width": 30,
                "spacing_y": 2.0 if index == 0 else None,
                "spacing_x": 0.5 if index == 0 else None,
                "sha256": pixel_digest(pixels),
                "status": "ok",
            }
        )
        for task, values in TASKS.items():
            mask = np.isin(labels, values)
            box = dict(zip(("bbox_x0", "bbox_y0", "bbox_x1", "bbox_y1"), masks.tight_box(mask), strict=True))
            about = {"object_id": f"{name}:{task}", "image_id": name, "case_id": name, "task": task}
            objects.append({**about, "area": mask.sum(), "n_components": len(masks.components(mask)), **box})
    images.append({"image_id": "broken", "case_id": "broken", "status": "unreadable: not a picture"})
    write_table(folder / "images.parquet", images, IMAGES)
    write_table(folder / "objects.parquet", objects, OBJECTS)
    return folder


def objects_of(folder, shard=(1, 1)):
    return stream_objects(folder / "images.parquet", folder / "objects.parquet", TASKS, shard)


def inputs_of(folder, shard=(1, 1)):
    return Inputs(objects_of(folder, shard), MODES, PromptSettings(tie_break="first"))


def score_of(tables, predictions, scores, shard=(1, 1)):
    score(objects_of(tables, shard), predictions, scores, Tolerance(), dataset="toy", method="toy_method")


def run(tables, method, folder, plan=PLAN, shard=(1, 1)):
    predictions, scores = (folder / f"{name}{shard[0]}.parquet" for name in ("predictions", "scores"))
    cost = predict(inputs_of(tables, shard), Runner(method, plan), predictions, provenance={"seed": 0})
    write_json(folder / f"cost{shard[0]}.json", cost)
    score_of(tables, predictions, scores, shard)
    return read_table(predictions, PREDICTIONS), read_table(scores, SCORES)


def test_perfect_control_reaches_the_best_value_of_every_score(tables, tmp_path):
    predictions, scores = run(tables, Perfect(Settings()), tmp_path)
    good = scores[scores["status"] == "ok"]
    assert (good[["iou", "dice", "nsd"]] == 1).all().all()
    assert (good["hd95"] == 0).all()
    assert len(good) == 6 * (5 + 4)  # objects x (modes 1 to 5 + clicks)
    left = good[good["task"] == "left"]
    assert set(left["relative_area"]) == {81 / 600}
    clicks = predictions[(predictions["mode"] == "iterative") & (predictions["object_id"] == "case0:left")]
    assert clicks["step"].tolist() == [1, 2, 3, 4]
    assert clicks["click_x"].notna().tolist() == [True, False, False, False]  # nothing left to correct


def test_each_annotator_is_scored_and_a_draw_without_noise_is_the_ideal_user(tables, tmp_path):
    """All the way to the sums of patients, which every table is made of."""
    keys = {"object_id": "case0:left", "step": 1, "seconds": None, "label": 1}
    given = [{**keys, "annotator": name, "order": 1, "kind": "point", "points": [at]} for name, at in READ.items()]
    given.append({**given[0], "order": 2, "kind": "box", "points": [(2, 3), (10, 11)]})
    sums = {}
    for name, user in {"ideal": IDEAL, "noiseless": NoisyUser(), "readers": RecordedUser(given)}.items():
        predictions, scores = tmp_path / f"{name}.p.parquet", tmp_path / f"{name}.parquet"
        inputs = Inputs(objects_of(tables), MODES, PromptSettings(tie_break="first"), user=user)
        plan = Plan(clicks=3, tie_break="first", user=user)
        predict(inputs, Runner(ClickDisk(Settings(options={"radius": 0.2})), plan), predictions, provenance={"seed": 0})
        about = {"dataset": "toy", "method": "toy", "of_user": user is not IDEAL}
        score(objects_of(tables), predictions, scores, Tolerance(), **about)
        sums[name] = merge_scores([scores], tmp_path / f"{name}.merged.parquet")
    pd.testing.assert_frame_equal(sums["noiseless"], sums["ideal"])
    rows = read_table(tmp_path / "readers.parquet", SCORES_OF_USER)
    assert rows.loc[rows["status"] == "ok", "annotator"].value_counts().to_dict() == {"anna": 3, "bert": 3}
    assert set(rows.loc[rows["status"] == "not_applicable", "mode"]) == {"mode3", "mode4", "mode5", "everything"}
    assert set(rows.loc[rows["status"] == NOT_RECORDED, "step"]) == {2, 3}
    own = sums["readers"]
    first = rows[(rows["mode"] == "mode1") & (rows["status"] == "ok")]
    assert own.loc[(own["mode"] == "mode1") & (own["case_id"] == "case0"), "iou_sum"].tolist() == [first["iou"].mean()]
    assert (own["n"].sum(), own.loc[own["case_id"] == "case0", "n_failed"].sum()) == (3, 0)


def test_rows_say_what_failed_and_what_does_not_apply(tables, tmp_path):
    _, scores = run(tables, BoxFill(Settings()), tmp_path)
    idle = scores[scores["status"] == "not_applicable"]
    assert sorted(set(idle["mode"])) == ["everything", "iterative", "mode1", "mode2"]
    assert len(idle) == 6 * 4  # whether the run has the mode or not
    assert idle["iou"].isna().all()
    broken = scores[scores["image_id"] == "broken"]
    assert broken["status"].tolist() == ["unreadable: not a picture"]
    assert broken["object_id"].isna().all()
    assert set(scores.loc[scores["image_id"] == "case0", "distance_unit"].dropna()) == {"mm"}
    assert set(scores.loc[scores["image_id"] == "case1", "distance_unit"].dropna()) == {"px"}


def test_a_failing_prompt_becomes_a_row_and_spares_the_others(tables, tmp_path):
    predictions, scores = run(tables, Fragile(Settings()), tmp_path)
    failed = predictions[predictions["status"] != "ok"]
    assert set(failed["object_id"]) == {"case0:left", "case0:both"}
    assert set(failed["status"].map(reason_in)) == {METHOD_FAILED.name}
    assert "Fragile raised ValueError at case0:left mode3;" in failed["status"].iloc[0]
    assert failed["rle"].isna().all()
    assert scores["status"].isin(failed["status"]).sum() == 6
    assert (scores["status"] == "ok").sum() == 12
    strict = Plan(clicks=4, strict=True)
    with pytest.raises(PromptsegError, match="Fragile raised ValueError at case0:left mode3;"):
        run(tables, Fragile(Settings()), tmp_path, strict)


def test_selections_of_a_method_with_candidates(tables, tmp_path):
    method = ThreeDisks(Settings())
    predictions, scores = run(tables, method, tmp_path)
    single = scores[scores["mode"] == "mode1"].pivot(index="object_id", columns="selection", values="iou")
    assert list(single.columns) == ["best_score", "first", "oracle"]
    assert (single["oracle"] >= single[["first", "best_score"]].max(axis=1)).all()
    assert (predictions.loc[predictions["mode"] == "mode1", "candidate"].tolist()) == [0, 1, 2] * 6
    clicks = predictions[predictions["mode"] == "iterative"]
    assert set(clicks["protocol"]) == {"corrected"}
    assert (clicks.loc[clicks["selection"] == "first", "candidate"] == 0).all()
    assert (clicks.loc[clicks["selection"] == "best_score", "candidate"] == 1).all()
    assert clicks.groupby(["object_id", "selection"]).size().eq(4).all()
    # One batch a click for all images. Equal prompts are asked once: in each image the objects share the point of
    # mode 1 and of the first click, and one has a second component; later clicks differ by object and selection.
    assert method.batches == [6, 9, 12, 12]


def test_mode_4_unites_the_boxes(tables, tmp_path):
    predictions, _ = run(tables, BoxFill(Settings()), tmp_path)
    row = predictions[(predictions["object_id"] == "case0:both") & (predictions["mode"] == "mode4")].iloc[0]
    expected = np.zeros((20, 30), bool)
    expected[3:12, 2:11] = expected[8:15, 18:25] = True
    np.testing.assert_array_equal(masks.decode(row["rle"]), expected)


def test_predictions_that_do_not_name_their_prompts_are_not_scored(tables, tmp_path):
    run(tables, BoxFill(Settings()), tmp_path)
    path = tmp_path / "predictions1.parquet"
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    with pytest.raises(PromptsegError, match="does not say which prompts toy_method takes"):
        score_of(tables, path, tmp_path / "s.parquet")
    assert not (tmp_path / "s.parquet").exists()


def test_protocols_follow_trajectories_of_their_own(tables, tmp_path):
    plan = Plan(
        clicks=4,
        tie_break="first",
        protocols={("as_released", None): AS_RELEASED, ("corrected", None): Protocol()},
    )
    predictions, _ = run(tables, ClickDisk(Settings(options={"radius": 0.4})), tmp_path, plan)
    left = predictions[(predictions["object_id"] == "case0:left") & (predictions["mode"] == "iterative")]
    assert left.groupby("protocol").size().to_dict() == {"as_released": 4, "corrected": 4}


def test_shards_make_the_same_rows(tables, tmp_path):
    whole = run(tables, ClickDisk(Settings()), tmp_path)
    for part in (1, 2):
        run(tables, ClickDisk(Settings()), tmp_path / "parts", shard=(part, 2))
    for name, schema, expected in zip(("predictions", "scores"), (PREDICTIONS, SCORES), whole, strict=True):
        gathered = tmp_path / f"{name}.parquet"
        gather_tables([tmp_path / "parts" / f"{name}{part}.parquet" for part in (1, 2)], gathered)
        keys = [column for column in expected if column != "rle"]
        left = read_table(gathered, schema)[keys].sort_values(keys, ignore_index=True)
        pd.testing.assert_frame_equal(left, expected[keys].sort_values(keys, ignore_index=True))


def test_repeated_runs_are_byte_identical_and_carry_provenance(tables, tmp_path):
    for folder in ("a", "b"):
        run(tables, ThreeDisks(Settings()), tmp_path / folder)
    for name in ("predictions1.parquet", "scores1.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        facts = {"prompt_types": ["point"], "max_points": None, "max_clicks": None, "candidates": 3}
        assert read_provenance(tmp_path / "a" / name) == {"seed": 0, **facts}
    cost = json.loads((tmp_path / "a" / "cost1.json").read_text())
    assert (cost["images"], cost["objects"], cost["device"]) == (3, 6, "cpu")
    assert cost["peak_memory_mb"] > 0


def test_images_open_with_the_convention_of_the_datasets_library(tables):
    schema = pq.read_schema(tables / "images.parquet")
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert schema.field("image").type.names == ["bytes", "path"]


def test_what_a_precision_does_to_the_iou_is_measured_on_some_images(tables, monkeypatch):
    """The same boxes filled to their last column, and in the reduced precision only up to it."""

    class Rough(BoxFill):
        def predict(self, queries):
            answers = super().predict(queries)
            for query, answer in zip(queries, answers, strict=True):
                answer.masks[:, :, query.prompt.box[2]] = False
            return answers

    monkeypatch.setattr("promptseg.predict.precision.CHECKED_IMAGES", 2)
    rough = Rough(Settings(precision="bf16"))
    # Of two images: modes 3, 4, 5 of `left` lose one of nine columns, modes 3 and 4 of `both` 9 and 16 of 130 pixels,
    # and its box of mode 5 (12 x 23 and 12 x 21) seven pixels of truth.
    both = [[-9 / 130, -16 / 130, 123 / (12 * width - 5) - 130 / (12 * width)] for width in (23, 21)]
    assert compare_precision(inputs_of(tables), rough, BoxFill(Settings()), PLAN) == {
        "checked_images": 2,
        "iou_difference": pytest.approx((6 * -1 / 9 + sum(both[0]) + sum(both[1])) / 12),
        "largest_iou_difference": pytest.approx(16 / 130),
    }
