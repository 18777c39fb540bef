"""From volumes over routes to scores: what must not change, and changes that must show."""

from dataclasses import replace

import numpy as np
import pytest

from promptseg.core.stacks import MaskStack
from promptseg.core.tables import read_table
from promptseg.methods import Settings
from promptseg.methods.classical import RegionGrowing
from promptseg.methods.controls import BoxEllipse
from promptseg.methods.volume import VolumeAnswer, VolumeMethod
from promptseg.predict.failures import Failures
from promptseg.score.compared import Tolerance
from promptseg.volumes.data.tables import VOLUME_INDEX
from promptseg.volumes.routes.answers import read_answers
from promptseg.volumes.routes.loading import control_parts, parts_of
from promptseg.volumes.routes.run import VolumeRun, predict_volumes
from promptseg.volumes.routes.settings import VolumeSettings
from promptseg.volumes.scores.run import VolumeScores, score_volumes
from promptseg.volumes.scores.tables import VOLUME_SCORES
from support import bodies
from support.stacks import write_volumes

# An egg on the 11 slices 6 to 16, widest in slice 10, brighter than what is around it, with some noise.
SPACING = (3.0, 1.0, 1.0)
BODY = bodies.cylinder((22, 28, 30), radius=0, first=0, last=-1)
for _z in range(6, 17):
    BODY[_z] = bodies.cylinder((1, 28, 30), radius=10 - 0.25 * (_z - 10) ** 2, first=0, last=0, centre=(14.2, 14.7))[0]
PIXELS = np.where(BODY, 170, 60).astype(np.uint8) + np.random.default_rng(0).integers(0, 30, BODY.shape, np.uint8)
ASKED = VolumeSettings(slices=("largest", "3"), tie_break="first", margin_mm=12, clicks=1)
KEYS = ["route", "slices", "prompt", "extents", "step"]


def outcome(folder, parts, body=BODY, pixels=PIXELS, asked=ASKED, spacing=SPACING):
    """Answers by setting and step, and the table of scores, which has the settings as its index."""
    stream = write_volumes(folder, {"a": (pixels, body, spacing)}, {"egg": [1]})
    failures = Failures("a method", strict=True)
    path = folder / "predictions.parquet"
    predict_volumes(stream, VolumeRun(parts(asked, failures), asked), failures, path, folder / "seconds.parquet")
    names = ("scores", "slices", "lesions", "detection")
    outputs = VolumeScores(*(folder / f"{name}.parquet" for name in names))
    index = folder / VOLUME_INDEX.name
    score_volumes(stream, index, path, outputs, Tolerance(), connectivity=26, dataset="d", method="m")
    answers = {(*vars(one.setting).values(), one.step): one for one in read_answers(path, ["a:egg"], body.shape)}
    return answers, read_table(outputs.scores, VOLUME_SCORES).set_index(KEYS)


def of(method):
    return lambda asked, failures: parts_of("m", method(Settings()), asked, failures)


@pytest.mark.parametrize("parts", [control_parts, of(BoxEllipse), of(RegionGrowing)], ids=["contours", "box", "point"])
def test_the_order_of_slices_does_not_matter(tmp_path, parts):
    """All routes go both ways alike: of the reversed volume come the reversed masks, and with them the same scores."""
    ahead, scores = outcome(tmp_path / "ahead", parts)
    back, turned = outcome(tmp_path / "back", parts, BODY[::-1].copy(), PIXELS[::-1].copy())
    assert ahead.keys() == back.keys()
    assert len(ahead) > 5
    for key, one in ahead.items():
        np.testing.assert_array_equal(back[key].masks.dense(), one.masks.dense()[::-1], err_msg=str(key))
    names = ["dice", "nsd", "nsd_area", "hd95", "slice_dice", "overrun_mm", "short_mm", "false_slices", "status"]
    assert turned[names].round(9).equals(scores[names].round(9))
    assert turned["overrun_low_mm"].round(9).equals(scores["overrun_high_mm"].round(9))
    assert (scores["status"] != "method_failed").all()
    assert scores["dice"].max() > 0.7


def test_pixels_in_another_order_than_the_truth_show(tmp_path):
    """The control of the test above: it would not pass if one of the two were left as it was."""
    asked = replace(ASKED, routes=("each",), clicks=0)
    each = "each", "all", "point", "given", 0
    found = []
    for name, body, pixels in (
        ("right", BODY, PIXELS),
        ("reversed", BODY, PIXELS[::-1].copy()),
        ("shifted", np.roll(BODY, 1, axis=0), PIXELS),
    ):
        _, scores = outcome(tmp_path / name, of(RegionGrowing), body, pixels, asked)
        found.append(scores["dice"][each])
    assert max(found[1:]) < found[0] - 0.05


def test_forgotten_spacing_shows(tmp_path):
    """Windows and distances in mm: without the spacing a route goes 10 slices far instead of 4, and a slice is 1."""
    asked = replace(ASKED, routes=("extrude",))
    _, scores = outcome(tmp_path / "known", control_parts, asked=asked)
    answers, unknown = outcome(tmp_path / "unknown", control_parts, asked=asked, spacing=None)
    key = "extrude", "largest", "mask", "open", 0
    assert answers[key].facts["first"] == 0
    assert answers[key].facts["last"] == 21
    assert (scores["overrun_mm"][key], scores["overrun_slices"][key]) == (24.0, 8)
    assert np.isnan(unknown["overrun_mm"][key])
    assert unknown["overrun_slices"][key] == 11
    for table, unit in ((scores, "mm"), (unknown, "voxels")):
        assert set(table["distance_unit"][table["status"] == "ok"]) == {unit}


class Deaf(VolumeMethod):
    """Fills the box on all slices, and takes no notice of clicks, which it says."""

    prompt_types = frozenset({"box"})
    corrects = True

    def answer(self, volume, queries):
        return [self._answer(volume, query) for query in queries]

    def _answer(self, volume, query):
        x0, y0, x1, y1 = query.prompts[0].prompt.box
        masks = np.zeros(volume.shape, bool)
        masks[query.slices[0] : query.slices[1] + 1, y0 : y1 + 1, x0 : x1 + 1] = True
        return VolumeAnswer(MaskStack.of(masks), dropped=len(query.clicks))


@pytest.mark.parametrize("rule", ["slice", "cvpr"])
def test_a_click_that_is_dropped_is_paid_and_told_and_helps_nothing(tmp_path, rule):
    asked = replace(ASKED, clicks=2, click_rule=rule, slices=("largest",), extents=("given",))
    answers, scores = outcome(tmp_path, of(Deaf), asked=asked)
    assert [key[:4] for key in answers] == [("memory", "largest", "box", "given")] * 3
    rows = scores.loc["memory", "largest", "box", "given"]
    assert rows["dropped"].tolist() == [0, 1, 2]
    assert rows["n_interactions"].tolist() == [4, 5, 6]
    assert rows["dice"].nunique() == 1
    places = [
        tuple(answers[("memory", "largest", "box", "given", step)].facts[f"click_{axis}"] for axis in "zyx")
        for step in (1, 2)
    ]
    # The challenge's rule knows nothing of its last click; the other does not click a pixel twice.
    assert (places[0] == places[1]) == (rule == "cvpr")
    assert not BODY[tuple(int(at) for at in places[0])]
    assert answers["memory", "largest", "box", "given", 1].facts["click_label"] == 0


def test_a_click_that_is_taken_helps(tmp_path):
    """The control of the test above: the same price, nothing dropped, and another mask."""
    asked = replace(ASKED, routes=("each", "carry_point"), slices=("largest",))
    answers, scores = outcome(tmp_path, of(RegionGrowing), asked=asked)
    for key in [key for key in answers if key[-1] == 1]:
        before = (*key[:-1], 0)
        assert scores["dropped"][key] == 0
        assert scores["n_interactions"][key] == scores["n_interactions"][before] + 1
        assert answers[key].masks.codes != answers[before].masks.codes
