"""From stored volumes to tables of predictions: rows, prices, what does not apply, determinism."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from promptseg.core import tables
from promptseg.core.errors import PromptsegError
from promptseg.core.routes import CONTROL_ROUTES
from promptseg.core.stacks import MaskStack
from promptseg.core.tables import read_provenance
from promptseg.methods import Settings
from promptseg.methods.controls import BoxFill, Perfect
from promptseg.methods.volume import VolumeAnswer, VolumeMethod
from promptseg.predict.failures import Failures
from promptseg.volumes.routes import course
from promptseg.volumes.routes import run as running
from promptseg.volumes.routes.answers import read_answers
from promptseg.volumes.routes.course import window
from promptseg.volumes.routes.loading import control_parts, parts_of
from promptseg.volumes.routes.run import VolumeRun, predict_volumes
from promptseg.volumes.routes.settings import Setting, VolumeSettings
from support.bodies import cylinder
from support.slice_methods import Bright
from support.stacks import write_volumes

SHAPE = (12, 40, 44)
BODIES = {
    "a": cylinder(SHAPE, radius=8, first=3, last=7, centre=(18, 20)),
    "b": cylinder(SHAPE, radius=4, first=5, last=5, centre=(18, 20)),
}
KEYS = ["object_id", "route", "slices", "prompt", "extents", "step"]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    volumes = {
        name: (np.where(body, 200, 20).astype(np.uint8), body.astype(np.uint8), (2.0, 1.0, 1.0))
        for name, body in BODIES.items()
    }
    return write_volumes(tmp_path_factory.mktemp("stored"), volumes, {"thing": [1]})


def run(stored, folder, method, *, strict=True, **settings):
    """Predictions and seconds as tables; a method is one, or None for the controls."""
    asked, failures = VolumeSettings(**settings), Failures("it", strict)
    parts = control_parts(asked, failures) if method is None else parts_of("it", method, asked, failures)
    paths = folder / "predictions.parquet", folder / "seconds.parquet"
    predict_volumes(stored, VolumeRun(parts, asked), failures, *paths, provenance={"method": "it"})
    return tuple(map(pd.read_parquet, paths))


def summed(table, **values):
    """The row that sums up."""
    rows = table[table["z"].isna()]
    for key, value in values.items():
        rows = rows[rows[key] == value]
    (row,) = rows.to_dict("records")
    return row


def test_a_method_that_nothing_fits_has_no_row(stored, tmp_path, caplog):
    table, seconds = run(stored, tmp_path, BoxFill(Settings()), routes=("carry_box",), prompts=("mask",))
    assert (len(table), len(seconds)) == (0, 0)
    assert "none of `routes` fits its prompts" in caplog.text


def test_rows_of_a_route(stored, tmp_path):
    table, _ = run(stored, tmp_path, Bright(), routes=("carry_box",), slices=("largest", "3"), prompts=("box",))
    assert read_provenance(tmp_path / "predictions.parquet") == {"method": "it"}
    settings = table[table["object_id"] == "a:thing"].drop_duplicates(KEYS)[["slices", "extents"]].values.tolist()
    assert settings == [["largest", "given"], ["largest", "open"], ["3", "given"], ["3", "open"]]
    row = summed(table, object_id="a:thing", slices="3", extents="open")
    assert {key: row[key] for key in ("k", "first", "last", "n_interactions", "n_contours", "dropped", "status")} == {
        "k": 3,
        "first": 0,  # 40 mm reach over both ends
        "last": 11,
        "n_interactions": 6,
        "n_contours": 0,
        "dropped": 0,
        "status": "ok",
    }
    assert row["prompted"].tolist() == [3, 5, 7]
    assert pd.isna(row["click_z"])
    given = summed(table, object_id="a:thing", slices="3", extents="given")
    assert (given["first"], given["last"], given["n_interactions"]) == (3, 7, 8)
    slices = table[table["z"].notna() & (table["object_id"] == "a:thing")]
    assert slices.groupby(["slices", "extents"])["z"].apply(list).tolist() == [[3, 4, 5, 6, 7]] * 4
    assert slices["score"].tolist() == [0.5] * 20
    assert slices[["k", "first", "n_interactions"]].isna().all(axis=None)


def test_slices_that_an_object_does_not_have_do_not_apply(stored, tmp_path):
    table, seconds = run(stored, tmp_path, Bright(), routes=("carry_box", "between"), prompts=("box",), clicks=1)
    rows = table[(table["object_id"] == "b:thing") & (table["slices"] == "3")]
    assert rows["status"].tolist() == ["not_applicable"] * 8  # routes, extents, steps
    assert rows["z"].isna().all()
    assert summed(table, object_id="b:thing", route="carry_box", slices="largest", extents="given", step=0)["k"] == 1
    assert seconds[(seconds["slices"] == "3") & (seconds["step"] == 0)]["n_objects"].tolist() == [1, 1, 1, 1]


def test_clicks_are_rows_and_the_last_step_is_repeated(stored, tmp_path):
    method = BoxFill(Settings())
    table, _ = run(stored, tmp_path, method, routes=("carry_box",), slices=("largest",), extents=("given",), clicks=2)
    steps = table[(table["object_id"] == "a:thing") & table["z"].isna()]["status"].tolist()
    assert steps == ["ok", "not_applicable", "not_applicable"]  # it takes no clicks

    half = BODIES["a"] & (np.arange(44) < 20)
    table, _ = run(stored, tmp_path, Half(), routes=("each",), prompts=("point",), clicks=2)
    rows = [summed(table, object_id="a:thing", step=step) for step in range(3)]
    assert [row["n_interactions"] for row in rows] == [7, 8, 9]
    assert [row["prompted"].tolist() for row in rows] == [[3, 4, 5, 6, 7], [3, 4, 5, 6, 7, 3], [3, 4, 5, 6, 7, 3, 4]]
    assert rows[1]["click_x"] >= 20
    masks = [answer.masks for answer in read_answers(tmp_path / "predictions.parquet", ["a:thing"], SHAPE)]
    for clicked, mask in zip(([], [3], [3, 4]), masks, strict=True):
        expected = half.copy()
        expected[clicked] = BODIES["a"][clicked]
        assert np.array_equal(mask.dense(), expected)

    rows = [summed(table, object_id="b:thing", step=step) for step in range(3)]
    assert (rows[0]["n_interactions"], rows[1]["n_interactions"], rows[1]["click_z"]) == (3, 4, 5)
    assert (rows[2]["n_interactions"], rows[2]["prompted"].tolist()) == (4, [5, 5])
    assert pd.isna(rows[2]["click_z"])
    masks = [answer.masks for answer in read_answers(tmp_path / "predictions.parquet", ["b:thing"], SHAPE)]
    assert masks[1] == masks[2]


class Half(Bright):
    """With a single point it finds nothing right of column 19."""

    def answer(self, query):
        found = super().answer(query)
        if len(query.prompt.points) == 1:
            found.masks[..., 20:] = False
        return found


def test_the_truth_is_told_to_controls_alone(stored, tmp_path):
    table, _ = run(stored, tmp_path, Perfect(Settings()))
    assert set(table["route"]) == {"each", "between", "carry_box", "carry_point"}
    for answer in read_answers(tmp_path / "predictions.parquet", ["a:thing"], SHAPE):
        if answer.setting.given or answer.setting.route.startswith("carry"):
            assert np.array_equal(answer.masks.dense(), BODIES["a"])


def test_the_controls(stored, tmp_path):
    table, seconds = run(stored, tmp_path, None)
    assert set(table["route"]) == set(CONTROL_ROUTES)
    row = summed(table, object_id="a:thing", route="interpolate", slices="3", extents="given")
    assert (row["n_interactions"], row["n_contours"]) == (2, 3)
    open_ended = summed(table, object_id="a:thing", route="extrude", extents="open")
    assert (open_ended["first"], open_ended["last"], open_ended["n_interactions"]) == (0, 11, 0)
    assert (seconds["encode_seconds"] == 0).all()


def test_equal_bytes_however_objects_are_grouped_and_written(stored, tmp_path, monkeypatch):
    contents = []
    for index, (pixels, rows) in enumerate(((2**28, 10_000), (1, 10_000), (2**28, 1))):
        monkeypatch.setattr(running, "GROUP_PIXELS", pixels)
        monkeypatch.setattr(tables, "_GROUP", rows)
        folder = tmp_path / str(index)
        folder.mkdir()
        contents.append(run(stored, folder, Bright(), clicks=1)[0])
        groups = pq.ParquetFile(folder / "predictions.parquet").num_row_groups
        assert groups == (2 if rows == 1 else 1)
    pd.testing.assert_frame_equal(contents[0], contents[1])
    pd.testing.assert_frame_equal(contents[0], contents[2])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"margin_mm": 0.0}, (3, 7)),
        ({"margin_mm": 2.0}, (2, 8)),
        ({"margin_mm": 3.9}, (2, 8)),
        ({"margin_mm": 4.0}, (1, 9)),
        ({"margin_mm": None}, (0, 11)),
    ],
)
def test_how_far_a_route_may_go_beyond_the_ends(stored, settings, expected):
    (volume, _) = stored
    (item,) = volume.objects
    places = Setting("carry_box", "largest", "box", "open"), Setting("carry_box", "largest", "box", "given")
    assert [window(volume, item, place, VolumeSettings(**settings)) for place in places] == [expected, (3, 7)]


def test_in_slices_where_distances_are_not_known(tmp_path):
    body = BODIES["a"].astype(np.uint8)
    (volume,) = write_volumes(tmp_path, {"a": (body, body, None)}, {"thing": [1]})
    (item,) = volume.objects
    found = window(volume, item, Setting("carry_box", "largest", "box", "open"), VolumeSettings(margin_slices=2))
    assert found == (1, 9)


class Whole(VolumeMethod):
    """Everything that is bright on all slices, whatever it is asked; it fails for one object."""

    route = "native"
    prompt_types = frozenset({"point"})
    several_slices = False
    asked = 0

    def answer(self, volume, queries):
        self.asked += 1
        if any(volume.volume_id == "b" for _ in queries):
            raise ValueError("no b")
        bright = np.stack([volume.pixels(z)[..., 0] > 100 for z in range(volume.shape[0])])
        bright[0] = True
        return [VolumeAnswer(MaskStack.of(bright).between(*query.slices), {5: 0.25}) for query in queries]


def test_methods_for_volumes_are_asked_setting_by_setting(stored, tmp_path):
    method = Whole(Settings())
    table, seconds = run(stored, tmp_path, method, strict=False, clicks=1)
    assert table[table["z"].isna()]["slices"].unique().tolist() == ["largest"]
    found = list(read_answers(tmp_path / "predictions.parquet", ["a:thing"], SHAPE))
    assert [(one.setting.extents, one.step, one.masks.slices) for one in found] == [
        ("given", 0, [3, 4, 5, 6, 7]),
        ("given", 1, []),
        ("open", 0, [0, 3, 4, 5, 6, 7]),
        ("open", 1, []),
    ]
    assert [one.facts["status"] for one in found] == ["ok", "not_applicable"] * 2
    assert found[0].scores == {5: 0.25}
    failed = table[table["object_id"] == "b:thing"]["status"].tolist()
    assert failed[0].startswith("method failed: it raised ValueError at b:thing native largest point given")
    assert seconds["n_objects"].tolist() == [2, 2]
    assert method.asked == 4


class Leaving(Bright):
    """It ends the process."""

    def predict(self, queries):
        raise SystemExit(3)


def test_a_method_cannot_end_the_job_without_a_word(stored, tmp_path):
    with pytest.raises(PromptsegError, match=r"it called sys\.exit\(3\), which would end the job without a word"):
        run(stored, tmp_path, Leaving())
    assert not list(tmp_path.iterdir())


TRACKING = """
from promptseg.core.stacks import MaskStack
from promptseg.methods.volume import VolumeAnswer, VolumeMethod

class Tracking(VolumeMethod):
    prompt_types = frozenset({"box"})
    known_options = frozenset({"reset"})

    def answer(self, volume, queries):
        self.encode_seconds += 0.5
        return [VolumeAnswer(MaskStack(volume.shape), {0: self.settings.options["reset"]}) for _ in queries]
"""


def test_what_tracks_with_the_weights_of_a_method_is_asked_beside_it(stored, tmp_path):
    (tmp_path / "tracking.py").write_text(TRACKING)

    class Tracked(Bright):
        tracker = f"{tmp_path}/tracking.py:Tracking"

    asked = {"routes": ("carry_box", "memory"), "slices": ("largest",), "extents": ("given",), "reset": False}
    table, seconds = run(stored, tmp_path, Tracked(), **asked)
    assert table["route"].unique().tolist() == ["carry_box", "memory"]
    tracked = table[table["route"] == "memory"]
    assert (tracked["prompt"].unique().tolist(), tracked["z"].isna().all()) == (["box"], True)  # ok, and empty
    assert set(tracked["status"]) == {"ok"}
    assert seconds[seconds["route"] == "memory"]["encode_seconds"].tolist() == [1.0]  # of both volumes
    parts = parts_of("it", Tracked(), VolumeSettings(**asked), Failures("it", strict=True))
    assert [part.clicks for part in parts] == [0, 0]
    assert parts[1].answering.method.settings.options == {"reset": False}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([], "answer returned a list of 0 for 1 query"),
        ([VolumeAnswer(MaskStack.of(np.ones(SHAPE, bool)))], "there is a mask on slice 0, asked were slices 3 to 7"),
    ],
)
def test_answers_of_methods_for_volumes_are_checked(stored, tmp_path, answers, said):
    class Wrong(Whole):
        def answer(self, volume, queries):
            return answers

    with pytest.raises(PromptsegError, match=said):
        run(stored, tmp_path, Wrong(Settings()))
    assert not list(tmp_path.iterdir())


def test_not_applicable_is_the_word_of_scores():
    assert course.NOT_APPLICABLE == "not_applicable"
