"""SAM 2 over the slices of a volume, with a tiny network: windows, directions, clicks, and what is computed once."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Settings
from promptseg.methods.networks.hiera import HieraSizes
from promptseg.methods.networks.sam2 import VARIANTS, MemorySizes, Sam2Sizes
from promptseg.methods.networks.sam2_memory import Sam2VideoNet
from promptseg.methods.sam2_video import Sam2Video
from promptseg.methods.volume import SlicePrompt, VolumeQuery
from promptseg.parity.generated_weights import rule_state

MEMORY = MemorySizes(width=8, depth=2, hidden=16)
SIZES = Sam2Sizes(64, HieraSizes(8, 1, (1, 1, 1, 1), (2,), (4, 2, 4, 2), 3), 32, 2, 32, MEMORY)
DEPTH, SIDE = 12, 40
PRESENT = "sam_mask_decoder.pred_obj_score_head.layers.2.bias"


class Noise:
    """A volume whose slices differ, with a bright block."""

    volume_id, shape, spacing = "noise", (DEPTH, SIDE, SIDE), None

    def __init__(self):
        rng = np.random.default_rng(1)
        self.values = rng.integers(0, 90, (DEPTH, SIDE // 4, SIDE // 4, 3), np.uint8).repeat(4, 1).repeat(4, 2)
        self.values[3:9, 8:24, 12:30] += 120

    def pixels(self, z):
        return self.values[z]

    def digest(self, z):
        return str(z)


@pytest.fixture(scope="module")
def volume():
    return Noise()


@pytest.fixture
def tracker(monkeypatch, tmp_path):
    """Makes the method; the object is there unless `present` is negative."""

    def tracker(present=5.0, **options):
        monkeypatch.setitem(VARIANTS, "tiny", SIZES)
        state = rule_state(Sam2VideoNet(SIZES))
        state[PRESENT] += present
        save_file(state, tmp_path / "tiny.safetensors")
        return Sam2Video(Settings(variant="tiny", weights=tmp_path / "tiny.safetensors", options=options))

    return tracker


def box(z, *corners):
    return SlicePrompt(z, Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), np.array(corners, np.int32)))


def click(z, x, y, label=1):
    return SlicePrompt(z, Prompt(np.array([[x, y]], np.int32), np.array([label], np.int8)))


def query(*prompts, slices=(0, DEPTH - 1), **more):
    return VolumeQuery(prompts or [box(5, 12, 8, 29, 23)], slices, False, **more)


def same(ours, theirs):
    return dict(ours.masks.codes) == dict(theirs.masks.codes) and ours.scores == theirs.scores


def test_a_window_is_never_left_and_is_a_video_of_its_own(tracker, volume):
    method = tracker()
    (whole,) = method.answer(volume, [query()])
    (part,) = method.answer(volume, [query(slices=(3, 7))])
    assert sorted(whole.scores) == list(range(DEPTH))
    assert sorted(part.scores) == [3, 4, 5, 6, 7]
    assert set(part.masks.slices) <= {3, 4, 5, 6, 7}

    class Cut(Noise):
        shape = (5, SIDE, SIDE)

        def pixels(self, z):
            return self.values[z + 3]

    (cut,) = method.answer(Cut(), [query(box(2, 12, 8, 29, 23), slices=(0, 4))])
    assert {z + 3: code for z, code in cut.masks.codes.items()} == dict(part.masks.codes)


def test_a_slice_outside_the_window_cannot_be_prompted(tracker, volume):
    with pytest.raises(PromptsegError, match="Slice 8 is prompted, but slices 3 to 7 are to be answered"):
        tracker().answer(volume, [query(click(8, 3, 3), slices=(3, 7))])


def test_an_object_that_is_not_there_has_empty_masks_but_where_its_contour_is_shown(tracker, volume):
    shown = np.zeros((SIDE, SIDE), bool)
    shown[8:24, 12:30] = True
    (answer,) = tracker(present=-500.0).answer(volume, [query(SlicePrompt(4, mask=shown))])
    assert answer.masks.slices == [4]
    assert answer.scores[4] > 0.9999
    assert answer.scores[5] < 1e-9
    assert np.count_nonzero(answer.masks.slice(4) != shown) <= 20
    (nothing,) = tracker().answer(volume, [query(SlicePrompt(4, mask=np.zeros((SIDE, SIDE), bool)))])
    assert 4 not in nothing.masks.slices
    assert nothing.scores[4] < 1e-4


def test_objects_are_tracked_together_as_alone_and_each_slice_is_encoded_once(tracker, volume):
    shown = np.zeros((SIDE, SIDE), bool)
    shown[20:30, 2:20] = True
    queries = [
        query(),
        query(click(9, 20, 15), slices=(2, 10)),
        query(SlicePrompt(2, mask=shown), box(7, 0, 20, 25, 35)),
        query(box(5, 12, 8, 29, 23), slices=(5, 5)),
    ]
    together = tracker()
    answers = together.answer(volume, queries)
    assert together.encodings == DEPTH
    for one, answer in zip(queries, answers, strict=True):
        (alone,) = tracker().answer(volume, [one])
        assert same(alone, answer)
    assert sorted(answers[3].scores) == [5]
    batched = tracker()
    batched.tracker.batch = 4  # as on a GPU
    for answer, other in zip(answers, batched.answer(volume, queries), strict=True):
        assert other.scores == pytest.approx(answer.scores, abs=1e-4)
        assert all((other.masks.slice(z) != answer.masks.slice(z)).mean() < 0.01 for z in answer.scores)
    together.answer(volume, queries[:1])
    assert together.encodings == DEPTH
    together.answer(Noise(), queries[3:])
    assert together.encodings == DEPTH + 1


def test_the_second_direction_knows_of_the_first_unless_it_is_reset(tracker, volume):
    (reset,) = tracker().answer(volume, [query()])
    (default,) = tracker(reset=True).answer(volume, [query()])
    (known,) = tracker(reset=False).answer(volume, [query()])
    assert same(reset, default)
    assert {z: reset.scores[z] for z in range(5, DEPTH)} == {z: known.scores[z] for z in range(5, DEPTH)}
    assert all(reset.scores[z] != known.scores[z] for z in range(5))


CLICKS = (click(9, 20, 15, 0), click(2, 3, 4), click(9, 25, 20), click(5, 13, 9, 0))


@pytest.mark.parametrize("reset", [True, False])
def test_clicks_change_slices_and_going_on_from_a_state_equals_beginning_anew(tracker, volume, reset):
    method = tracker(reset=reset)
    (answer,) = method.answer(volume, [query()])
    for number in range(1, len(CLICKS) + 1):
        before = answer
        (answer,) = method.answer(volume, [query(clicks=CLICKS[:number], previous=before.state)])
        (again,) = method.answer(volume, [query(clicks=CLICKS[:number], previous=before.state)])
        (anew,) = method.answer(volume, [query(clicks=CLICKS[:number], final=True)])
        assert same(answer, again)
        assert same(answer, anew)
        assert anew.state is None
        assert answer.dropped == 0
        assert not same(answer, before)


def test_clicks_that_change_nothing_are_counted(tracker, volume):
    method = tracker(corrections=False)
    (first,) = method.answer(volume, [query()])
    (second,) = method.answer(volume, [query(clicks=CLICKS[:1], previous=first.state)])
    (third,) = method.answer(volume, [query(clicks=CLICKS[:2])])
    assert same(first, second)
    assert same(first, third)
    assert [first.dropped, second.dropped, third.dropped] == [0, 1, 2]


def test_what_is_out_of_reach_is_let_go(tracker, volume):
    method = tracker()
    (kept,) = method.answer(volume, [query()])
    held = [part for found in kept.state.passed.values() for one in found.values() for part in (one.low, one.map)]
    assert held
    assert not any(isinstance(part, torch.Tensor) for part in held)


def test_one_way_begins_at_the_first_slice_and_knows_the_prompted_one_ahead(tracker, volume):
    method = tracker()
    (both,) = method.answer(volume, [query()])
    (once,) = method.answer(volume, [query(one_way=True)])
    assert sorted(once.scores) == sorted(both.scores) == list(range(DEPTH))
    assert once.masks.codes[5] == both.masks.codes[5]  # the prompted one
    assert any(once.scores[z] != both.scores[z] for z in range(5))  # on the way up instead of down
    (first,) = method.answer(volume, [query(box(0, 12, 8, 29, 23))])
    (same_way,) = method.answer(volume, [query(box(0, 12, 8, 29, 23), one_way=True)])
    assert same(first, same_way)  # there is nothing before the prompt


def test_clicks_on_one_way(tracker, volume):
    method = tracker()
    (first,) = method.answer(volume, [query(one_way=True)])
    more = {"one_way": True, "clicks": [click(8, 20, 12)]}
    (second,) = method.answer(volume, [query(previous=first.state, final=True, **more)])
    (anew,) = method.answer(volume, [query(**more)])
    assert same(second, anew)
