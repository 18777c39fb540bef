"""Scribbles and lassos on their way to methods, to those that take them and to those that do not."""

import numpy as np
import pytest

from promptseg.core.stand_ins import StandIns
from promptseg.core.tables import read_table, write_table
from promptseg.core.vocabulary import LINE_MODES
from promptseg.methods import Candidates, Method, Settings
from promptseg.methods.controls import BoxFill, ClickDisk, LassoFill
from promptseg.predict.abilities import Showing
from promptseg.predict.engine import Runner
from promptseg.predict.kept import prompt_digest
from promptseg.predict.plan import Inputs, Plan
from promptseg.predict.run import predict
from promptseg.preprocess.images import encode_png, pixel_digest
from promptseg.preprocess.objects import stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.modes import PromptSettings, declared, make_prompts, read_prompts, write_prompts
from promptseg.prompts.tables import LINES, PROMPTS
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score
from promptseg.score.tables import SCORES

LABELS = np.zeros((40, 50), np.uint8)
LABELS[8:30, 10:40] = 1
MODES = ("mode1", "mode5", *LINE_MODES)
GIVEN = {"stand_ins": {"scribble_points": 5, "lasso": "box", "lasso_points": 8}}


class Seeing(Method):
    """Answers with what was drawn."""

    prompt_types = frozenset({"scribble", "lasso"})

    def predict(self, queries):
        size = LABELS.shape
        return [Candidates((query.prompt.scribbled(size) | query.prompt.enclosed(size))[None]) for query in queries]


class Counting(ClickDisk):
    """Notes its prompts."""

    seen: list

    def predict(self, queries):
        self.seen = [query.prompt for query in queries]
        return super().predict(queries)


@pytest.fixture
def objects(tmp_path):
    picture = {"bytes": encode_png(LABELS), "path": None}
    image = {"image_id": "a", "case_id": "p", "image": picture, "labels": picture, "height": 40, "width": 50}
    image |= {"sha256": pixel_digest(LABELS), "status": "ok"}
    one = {"object_id": "a:box", "image_id": "a", "case_id": "p", "task": "box", "area": int(LABELS.sum())}
    write_table(tmp_path / "images.parquet", [image], IMAGES)
    write_table(tmp_path / "objects.parquet", [one], OBJECTS)
    return stream_objects(tmp_path / "images.parquet", tmp_path / "objects.parquet", {"box": [1]})


def answered(objects, method, folder, asked):
    """Rows of scores by mode, in a run with lines."""
    inputs = Inputs.of(objects, {"modes": MODES, **asked}, method)
    predict(inputs, Runner(method, Plan(protocols={})), folder / "p.parquet")
    score(objects, folder / "p.parquet", folder / "s.parquet", Tolerance(), dataset="d", method="m", lines=LINE_MODES)
    return read_table(folder / "s.parquet", SCORES).set_index("mode")


def test_a_method_that_takes_lines_gets_them(objects, tmp_path):
    rows = answered(objects, Seeing(Settings()), tmp_path, GIVEN)  # nothing stands in the place of what it takes
    assert (rows.loc[list(LINE_MODES), "status"] == "ok").all()
    assert set(rows.loc[["mode1", "mode5"], "status"]) == {"not_applicable"}
    truth = LABELS > 0
    assert rows.loc["lasso", "iou"] == pytest.approx(truth.sum() / (36 * 28 - 20))  # four round corners of 5 pixels
    assert 0 < rows.loc["scribble_centre", "iou"] < 0.2


def test_a_method_that_takes_none_is_not_asked_unless_something_stands_for_them(objects, tmp_path):
    method = Counting(Settings(options={"radius": 0.1}))
    rows = answered(objects, method, tmp_path, {})
    assert (rows.loc[list(LINE_MODES), "status"] == "not_applicable").all()
    assert len(method.seen) == 1  # mode 1
    rows = answered(objects, method, tmp_path, GIVEN)
    assert (rows.loc[list(LINE_MODES[:3]), "status"] == "ok").all()
    assert rows.loc["lasso", "status"] == "not_applicable"  # it takes no box
    assert sorted(len(prompt.points) for prompt in method.seen) == [1, 5, 5, 5]
    assert all(not prompt.scribbles and prompt.lasso is None for prompt in method.seen)
    assert all((LABELS[prompt.points[:, 1], prompt.points[:, 0]] == 1).all() for prompt in method.seen)


def test_a_lasso_as_its_box(objects, tmp_path):
    rows = answered(objects, BoxFill(Settings()), tmp_path, GIVEN)
    assert rows.loc["lasso", "status"] == "ok"
    assert rows.loc["lasso", "iou"] == pytest.approx(22 * 30 / (28 * 36))  # 3 pixels away: a tenth of the root of 660
    assert set(rows.loc[list(LINE_MODES[:3]), "status"]) == {"not_applicable"}
    filled = answered(objects, LassoFill(Settings()), tmp_path, {})
    assert rows.loc["lasso", "iou"] < filled.loc["lasso", "iou"] < 0.75


def test_off_label_lifts_the_number_of_points(objects):
    class One(ClickDisk):
        max_points = 1

    asked = {"stand_ins": {"scribble_points": 5, "lasso": "points", "lasso_points": 8}}
    assert Showing.of(asked, One(Settings())).kinds == {}
    kinds = dict.fromkeys(LINE_MODES, "points")
    assert Showing.of(asked, One(Settings(off_label=True))).kinds == kinds
    assert Showing.of(asked, ClickDisk(Settings())).kinds == kinds
    assert Showing.of({}, ClickDisk(Settings())).settings == StandIns()


def test_scores_of_a_run_without_lines_have_no_rows_for_them(objects, tmp_path):
    method = BoxFill(Settings())
    predict(
        Inputs.of(objects, {"modes": ["mode5"]}, method), Runner(method, Plan(protocols={})), tmp_path / "p.parquet"
    )
    score(objects, tmp_path / "p.parquet", tmp_path / "s.parquet", Tolerance(), dataset="d", method="m")
    modes = set(read_table(tmp_path / "s.parquet", SCORES)["mode"])
    assert not modes & set(LINE_MODES)
    assert {"mode1", "mode5", "iterative", "everything"} <= modes


def test_the_table_of_prompts_has_lines_where_a_run_asks_for_them(objects, tmp_path):
    for lines, table in ((False, PROMPTS), (True, LINES)):
        write_prompts(objects, tmp_path / "prompts.parquet", PromptSettings(), lines=lines)
        assert declared(tmp_path / "prompts.parquet") == table
        rows = read_prompts(tmp_path / "prompts.parquet", ["a:box"])["a:box"]
        assert set(LINE_MODES) <= set(rows) if lines else not set(LINE_MODES) & set(rows)
    cut = {row["mode"]: row for row in make_prompts("a:box", LABELS > 0, LINE_MODES, PromptSettings())}
    (scribble,) = rows["scribble_walk"]["scribbles"]
    assert [point.tolist() for point in scribble["line"]] == cut["scribble_walk"]["scribbles"][0]["line"]
    assert [point.tolist() for point in rows["lasso"]["lasso"]] == cut["lasso"]["lasso"]


def test_other_lines_are_other_prompts():
    def digest(mode, **settings):
        (row,) = make_prompts("a", LABELS > 0, [mode], PromptSettings(**settings))
        return prompt_digest(row)

    assert digest("scribble_walk", seed=1) == digest("scribble_walk", seed=1)
    digests = {digest(mode, seed=seed) for mode in LINE_MODES for seed in (1, 2)}
    assert len(digests) == 6  # the centre line and the lasso do not depend on the seed
