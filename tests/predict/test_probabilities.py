"""Probabilities of masks, in the settings that are composed."""

import numpy as np
import pytest
import torch

from promptseg.core.masks import decode
from promptseg.core.settings import Setting
from promptseg.core.tables import read_table, write_table
from promptseg.methods import Candidates, Method, Settings
from promptseg.methods.frames import stretched
from promptseg.methods.promptable import Decoded
from promptseg.predict.engine import Runner
from promptseg.predict.log_odds import unpacked
from promptseg.predict.plan import Inputs, Plan
from promptseg.predict.probabilities import write_probabilities
from promptseg.predict.tables import PREDICTIONS, PROBABILITIES
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.objects import stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.modes import PromptSettings

MODE4, MODE5 = Setting("mode4", "", "", 0, "first"), Setting("mode5", "", "", 0, "best_score")
CLICKS = Setting("iterative", "corrected", "", 2, "first")


class Hills(Method):
    """Around the last point, or the middle of the box, p falls by a tenth for each pixel; the second mask is wider."""

    prompt_types = frozenset({"point", "box"})
    candidates = 2
    knows_probabilities = True

    def predict(self, queries):
        found = []
        for query in queries:
            box, points = query.prompt.box, query.prompt.points
            x, y = points[-1] if box is None else ((box[0] + box[2]) // 2, (box[1] + box[3]) // 2)
            rows, columns = np.indices(query.image.shape[:2])
            p = np.clip(1 - 0.1 * np.maximum(abs(rows - y), abs(columns - x)), 0, 1)
            p = np.stack([p, np.sqrt(p)])
            found.append(Candidates(p > 0.55, [0.5, 0.75], probabilities=p if self.settings.probabilities else None))
        return found


@pytest.fixture
def stream(tmp_path):
    labels = np.zeros((20, 30), np.uint8)
    labels[3:10, 3:10] = labels[12:17, 20:25] = 1
    picture = {"bytes": encode_png(labels), "path": None}
    image = {"image_id": "a", "case_id": "p", "image": picture, "labels": picture, "status": "ok"}
    row = {"object_id": "a:thing", "image_id": "a", "case_id": "p", "task": "thing", "area": 74}
    write_table(tmp_path / "images.parquet", [image], IMAGES)
    write_table(tmp_path / "objects.parquet", [row], OBJECTS)
    return stream_objects(tmp_path / "images.parquet", tmp_path / "objects.parquet", {"thing": [1]})


def asked(stream, path, settings, probabilities=True):
    modes = sorted({one.mode for one in settings})
    runner = Runner(Hills(Settings(probabilities=probabilities)), Plan(clicks=2, selections=["first"]))
    write_probabilities(Inputs(stream, modes, PromptSettings()), runner, settings, path)
    return read_table(path, PROBABILITIES)


def test_rows_of_the_settings_alone_and_the_masks_of_the_run(stream, tmp_path):
    rows = asked(stream, tmp_path / "p.parquet", [MODE4, MODE5, CLICKS])
    kept = [(row.mode, row.step, row.candidate) for row in rows.itertuples()]
    # Of mode 4 the first mask is wanted, of mode 5 any may be the best, of clicks those after the second.
    assert kept == [("mode4", 0, 0), ("mode5", 0, 0), ("mode5", 0, 1), ("iterative", 2, 0)]
    runner = Runner(Hills(Settings()), Plan(clicks=2, selections=["first"]))
    inputs = Inputs(stream, ["mode4", "mode5", "iterative"], PromptSettings())
    answered = [row for item in runner.run(inputs) for row in item.rows]
    assert not any("log_odds" in row for row in answered)
    masks = {(row["mode"], row["step"], row["candidate"]): decode(row["rle"]) for row in answered}
    for key, content in zip(kept, rows["log_odds"], strict=True):
        log_odds = unpacked(masks[key], content)
        assert (log_odds[masks[key]] > np.log(0.55 / 0.45) - 1e-3).all()


def test_two_boxes_have_the_larger_probability(stream, tmp_path):
    (row,) = asked(stream, tmp_path / "p.parquet", [MODE4]).itertuples()
    runner = Runner(Hills(Settings()), Plan())
    (item,) = runner.run(Inputs(stream, ["mode4"], PromptSettings()))
    log_odds = unpacked(decode(item.rows[0]["rle"]), row.log_odds)
    np.testing.assert_allclose(log_odds[[6, 6, 14], [6, 8, 22]], np.log([1e7, 4, 1e7]), rtol=1e-3)


def test_a_method_that_gives_none_has_no_rows(stream, tmp_path):
    assert asked(stream, tmp_path / "p.parquet", [MODE5], probabilities=False).empty


def test_predictions_do_not_hold_them(stream, tmp_path):
    runner = Runner(Hills(Settings(probabilities=True)), Plan())
    (item,) = runner.run(Inputs(stream, ["mode5"], PromptSettings()))
    write_table(tmp_path / "predictions.parquet", item.rows, PREDICTIONS)
    assert "log_odds" not in read_table(tmp_path / "predictions.parquet", PREDICTIONS)


@pytest.mark.parametrize(("values", "expected"), [("logits", 0.880797), ("probabilities", 0.7), ("masks", None)])
def test_what_networks_say_as_probabilities(values, expected):
    maps = torch.tensor([[[2.0 if values == "logits" else 0.7]]])
    found = Decoded(maps, stretched((1, 1), 1, 1), None, None, values=values)
    assert found.candidates(False).probabilities is None
    known = found.candidates(False, True).probabilities
    assert known is None if expected is None else known.item() == pytest.approx(expected, abs=1e-6)
