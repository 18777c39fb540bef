"""Presets asked about volumes: routes, what a method gets at each step, and what cannot be asked."""

import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.masks import decode
from promptseg.core.stacks import MaskStack
from promptseg.core.tables import read_table
from promptseg.methods import Candidates, Settings
from promptseg.methods.volume import VolumeAnswer, VolumeMethod
from promptseg.predict.failures import Failures
from promptseg.protocols.images import Presets
from promptseg.protocols.loop import Asking
from promptseg.protocols.tables import PROTOCOL_ANSWERS
from promptseg.protocols.volumes import VolumePresets, write_volume_answers
from promptseg.volumes.routes.settings import VolumeSettings
from support.slice_methods import Bright, Points
from support.stacks import write_volumes

# Slices 1 to 4 of six hold a square; on slice 5 something as bright lies beside it.
BODY = np.zeros((6, 12, 14), np.uint8)
BODY[1:5, 3:8, 4:9] = 1
PIXELS = np.where(BODY, 200, 20).astype(np.uint8)
PIXELS[5, 9:11, 1:3] = 200
BOX = {"prompt": "box", "slices": "middle", "extent": True}
POINT = {"prompt": "point", "slices": "middle"}
DEEPEST = {"rule": "deepest", "region": "joint", "component": "largest", "sign": "voxel", "ties": "first"}


class Whole(VolumeMethod):
    """The first slices that it is shown, and from the first click on the truth of slices 1 to 3; keeps all queries."""

    prompt_types = frozenset({"box", "point"})
    corrects = True

    def __init__(self):
        super().__init__(Settings())
        self.queries = []

    def answer(self, volume, queries):
        self.queries += queries
        found = []
        for query in queries:
            masks = np.zeros(volume.shape, bool)
            for prompt in query.prompts if not query.clicks else ():
                masks[prompt.z] = BODY[prompt.z]
            if query.clicks:
                masks[1:4] = BODY[1:4]
            found.append(VolumeAnswer(MaskStack.of(masks), {}, ("after", len(query.clicks))))
        return found


class Single(Whole):
    several_slices = False
    corrects = False


class Contours(Whole):
    prompt_types = frozenset({"box", "point", "mask"})


class Failing(Bright):
    def predict(self, queries):
        raise ValueError("no")


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    return write_volumes(tmp_path_factory.mktemp("v"), {"v": (PIXELS, BODY, (2.0, 1.0, 1.0))}, {"square": [1]})


def asking(name="mine", **more):
    return Asking(name, "", **{"start": BOX, "clicks": {"rule": "none"}, "route": ["carry_mask"], **more})


def runner(method, *askings, tracker=None, strict=False):
    failures = Failures("it", strict)
    return VolumePresets(method, tracker, Presets(askings), VolumeSettings(grow=0.0), failures)


def rows(stream, method, *askings, **more):
    (volume,) = stream
    found = runner(method, *askings, **more)
    return [row for part in found.rows(volume) for row in part]


def steps(found, *keys):
    return [tuple(row.get(key) for key in keys) for row in found if row["z"] is None]


def slices(found, step, preset="mine"):
    return [row["z"] for row in found if row["z"] is not None and (row["step"], row["preset"]) == (step, preset)]


def test_a_box_is_carried_to_the_ends_that_the_user_tells_and_a_click_corrects(stream):
    found = rows(stream, Bright(), asking(clicks=DEEPEST, prompts=1))
    assert steps(found, "step", "route", "points", "boxes", "on", "status") == [
        (0, "carry_mask", [], [[3, 3, 4, 3, 7, 8]], "volumes", "ok"),
        (1, "carry_mask", [], [], "volumes", "ok"),  # nothing is left to say: the mask is repeated
    ]
    assert slices(found, 0) == slices(found, 1) == [1, 2, 3, 4]
    for row in found:
        if row["z"] is not None:
            np.testing.assert_array_equal(decode(row["rle"]), BODY[row["z"]])


def test_without_ends_the_whole_volume_is_to_be_answered(stream):
    method = Whole()
    rows(stream, Bright(), asking(start=POINT, route=["memory"], passes="forward"), tracker=method)
    (query,) = method.queries
    assert (query.slices, query.given, query.final, query.one_way) == ((0, 5), False, True, True)
    assert [(prompt.z, prompt.prompt.points.tolist()) for prompt in query.prompts] == [(3, [[6, 5]])]


def test_the_first_route_that_the_method_has(stream):
    routes = ["native", "memory", "carry_mask"]
    assert steps(rows(stream, Bright(), asking(route=routes)), "route") == [("carry_mask",)]
    assert steps(rows(stream, Bright(), asking(route=routes), tracker=Whole()), "route") == [("memory",)]
    assert steps(rows(stream, Whole(), asking(route=routes)), "route") == [("memory",)]


def test_all_presets_share_the_slices(stream):
    method = Bright()
    found = rows(stream, method, asking("one", clicks=DEEPEST, prompts=2), asking("two", start=POINT), asking("three"))
    assert {row["preset"] for row in found} == {"one", "two", "three"}
    assert method.encoded == 6  # each once; the open ends of `two` are looked for on slices 0 and 5


def test_a_click_goes_to_a_tracker_with_its_state(stream):
    method = Whole()
    found = rows(stream, method, asking(clicks=DEEPEST, prompts=2, route=["memory"]))
    asked = [(len(query.clicks), query.previous, query.given, query.final) for query in method.queries]
    assert asked == [(0, None, True, False), (1, ("after", 0), True, False), (2, ("after", 1), True, True)]
    (first, second) = (query.clicks[-1] for query in method.queries[1:])
    # Missing were slices 1, 2 and 4, of which the former are the larger piece; then slice 4.
    assert (first.z, second.z, second.prompt.labels.tolist()) == (1, 4, [1])
    assert [slices(found, step) for step in range(3)] == [[3], [1, 2, 3], [1, 2, 3]]


def test_the_mask_of_the_prompted_slice_takes_the_place_of_the_prompt(stream):
    method = Contours()
    found = rows(stream, method, asking(clicks=DEEPEST, prompts=1, route=["memory"], begin="mask"))
    draft, first, second = method.queries
    assert (draft.slices, draft.final, draft.prompts[0].prompt.box.tolist()) == ((3, 3), True, [4, 3, 8, 7])
    assert (first.slices, first.previous, first.prompts[0].prompt) == ((1, 4), None, None)
    np.testing.assert_array_equal(first.prompts[0].mask, BODY[3])
    assert (len(second.clicks), second.previous) == (1, ("after", 0))
    assert [slices(found, step) for step in range(2)] == [[3], [1, 2, 3]]
    ((status,), _) = steps(
        rows(stream, Whole(), asking(prompts=1, clicks=DEEPEST, route=["memory"], begin="mask")), "status"
    )
    assert status == "not_applicable: the method takes no contours, with which it is to begin"


def test_the_first_click_begins_where_nothing_was_shown(stream):
    method = Whole()
    found = rows(stream, method, asking(start={"prompt": "none"}, clicks=DEEPEST, prompts=2, route=["memory"]))
    assert steps(found, "step", "route", "status") == [(0, None, "ok"), (1, "memory", "ok"), (2, "memory", "ok")]
    assert [(len(query.prompts), len(query.clicks)) for query in method.queries] == [(1, 0), (1, 1)]


def test_a_point_beside_the_object_follows_the_prompts_on_it(stream):
    """autoPET's pairs: the click on the background of another slice is no prompt to begin with."""
    method = Whole()
    planned = {"foreground": 1, "background": 1, "percentile": 90, "components": "zyx", "voxels": "zyx"}
    clicks = {"rule": "planned", "planned": planned}
    found = rows(stream, method, asking(start={"prompt": "none"}, clicks=clicks, prompts=1, route=["memory"]))
    first, second = method.queries
    assert [(prompt.z, prompt.prompt.labels.tolist()) for prompt in first.prompts] == [(2, [1])]
    assert (first.clicks, first.final) == ((), False)
    assert [(click.z, click.prompt.labels.tolist()) for click in second.clicks] == [(5, [0])]
    assert second.final
    assert steps(found, "step", "labels")[1] == (1, [1, 0])


class Fed(Points):
    """As Points; keeps what it was asked by slice."""

    mask_feedback = True

    def answer(self, query):
        found = super().answer(query)
        return Candidates(found.masks, found.scores, [(query.prompt.points.tolist(), query.previous)])


def test_on_each_slice_new_points_go_with_the_mask_before(stream):
    method = Fed()
    start = {"prompt": "point", "slices": "all", "place": "deepest"}
    clicks = {"rule": "every_slice", "earlier": "dropped", "seed": 1}
    find = Fed.answer

    def half(self, query):  # so that something is left to correct
        found = find(self, query)
        found.masks[:, :5] = False
        return found

    Fed.answer = half
    try:
        found = rows(stream, method, asking(start=start, clicks=clicks, prompts=1, route=["each"]))
    finally:
        Fed.answer = find
    assert slices(found, 0) == slices(found, 1) == [1, 2, 3, 4]
    before, after = method.asked
    assert [query.previous for query in before] == [None] * 4
    assert [len(query.prompt.points) for query in after] == [1] * 4  # without those of the start
    assert [query.previous[0] for query in after] == [query.prompt.points.tolist() for query in before]


@pytest.mark.parametrize(
    ("method", "changes", "reason"),
    [
        (Bright(), {"route": ["native", "memory"]}, "the method has none of the routes native, memory"),
        (Points(), {}, "the method takes no boxes"),
        (Single(), {"route": ["memory"], "start": {**POINT, "slices": "all"}}, "first prompts on one slice"),
        (Bright(), {"route": ["carry_box"], "start": POINT}, "the route carry_box does not begin with a point"),
    ],
)
def test_what_cannot_be_asked_says_why(stream, method, changes, reason):
    ((status,),) = steps(rows(stream, method, asking(**changes)), "status")
    assert status.startswith("not_applicable: ")
    assert reason in status


@pytest.mark.parametrize(
    ("method", "changes", "reason"),
    [
        (Single(), {"route": ["memory"]}, "the method takes no corrective clicks"),
        (Bright(), {"clicks": {**DEEPEST, "earlier": "dropped"}}, "on the route carry_mask earlier prompts stay"),
        (Whole(), {"route": ["memory"], "feedback": "none"}, "a method always goes on from its masks"),
    ],
)
def test_what_cannot_be_corrected_says_why_after_the_first_prompt(stream, method, changes, reason):
    found = rows(stream, method, asking(**{"clicks": DEEPEST, "prompts": 1, **changes}))
    (first,), (second,) = steps(found, "status")
    assert first == "ok"
    assert (second.startswith("not_applicable: "), reason in second) == (True, True)


def test_a_failure_is_a_row_or_ends_the_job_where_it_is_strict(stream):
    ((status,),) = steps(rows(stream, Failing(), asking()), "status")
    assert status.startswith("method failed: it raised ValueError")
    with pytest.raises(PromptsegError, match="strict"):
        rows(stream, Failing(), asking(), strict=True)


def test_answers_are_written_the_same_again(stream, tmp_path):
    for name in "ab":
        one = runner(Bright(), asking(clicks=DEEPEST, prompts=1))
        cost = write_volume_answers(stream, one, tmp_path / name, label="it", provenance={"seed": 1})
        assert cost["asked"] >= 1
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    found = read_table(tmp_path / "a", PROTOCOL_ANSWERS)
    assert found["z"].notna().sum() == 8
    with pytest.raises(PromptsegError, match="answered none"):
        write_volume_answers(stream, runner(Failing(), asking()), tmp_path / "c", label="it", provenance={})
    assert not (tmp_path / "c").exists()
