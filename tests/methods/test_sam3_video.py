"""What SAM 3's and EdgeTAM's trackers do otherwise than SAM 2's, with tiny networks, and names of published files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from promptseg.methods import Prompt, Settings
from promptseg.methods import sam3_video as module
from promptseg.methods.networks.hiera import HieraSizes
from promptseg.methods.networks.sam2 import VARIANTS, MemorySizes, Sam2Sizes
from promptseg.methods.networks.sam2_memory import Sam2VideoNet
from promptseg.methods.networks.sam3_memory import MEMORY, Sam3VideoNet, video_part
from promptseg.methods.networks.sam3_vit import Architecture
from promptseg.methods.sam2_video import Sam2Video
from promptseg.methods.sam3_video import Sam3Video
from promptseg.methods.tracks import Found, Track
from promptseg.methods.volume import SlicePrompt, VolumeQuery
from promptseg.parity.generated_weights import rule_state

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "state_dicts"
DEPTH, SIDE = 10, 24
TINY3 = Architecture(image_size=32, patch=4, dim=16, heads=2, hidden=24, depth=2, period=2, window=4, width=64)
TINY2 = MemorySizes(
    width=8, depth=1, hidden=16, timed_pointers=False, marked_absence=False, condensed=4, clicked="kept"
)


class Noise:
    volume_id, shape, spacing = "noise", (DEPTH, SIDE, SIDE), None

    def pixels(self, z):
        return np.random.default_rng(z).integers(0, 255, (SIDE, SIDE, 3), np.uint8)

    def digest(self, z):
        return str(z)


def present(state, by):
    (name,) = [name for name in state if name.endswith("sam_mask_decoder.pred_obj_score_head.layers.2.bias")]
    state[name] += by
    return state


@pytest.fixture
def sam3(monkeypatch, tmp_path):
    monkeypatch.setitem(module.VARIANTS, "tiny", TINY3)
    save_file(present(rule_state(Sam3VideoNet(TINY3)), 5.0), tmp_path / "tiny.safetensors")
    return Sam3Video(Settings(variant="tiny", weights=tmp_path / "tiny.safetensors"))


@pytest.fixture
def edgetam(monkeypatch, tmp_path):
    def edgetam(**options):
        sizes = Sam2Sizes(64, HieraSizes(8, 1, (1, 1, 1, 1), (2,), (4, 2, 4, 2), 3), 32, 2, 32, TINY2)
        monkeypatch.setitem(VARIANTS, "tiny", sizes)
        save_file(present(rule_state(Sam2VideoNet(sizes)), 5.0), tmp_path / "tiny.safetensors")
        return Sam2Video(Settings(variant="tiny", weights=tmp_path / "tiny.safetensors", options=options))

    return edgetam


def click(z, x, y, label=1):
    return SlicePrompt(z, Prompt(np.array([[x, y]], np.int32), np.array([label], np.int8)))


def query(*prompts, **more):
    return VolumeQuery(prompts, (0, DEPTH - 1), False, **more)


def same(ours, theirs):
    return dict(ours.masks.codes) == dict(theirs.masks.codes) and ours.scores == theirs.scores


@pytest.mark.skipif(not RECORDED.exists(), reason="names recorded from the reference are not here")
def test_the_networks_have_all_entries_of_the_published_files_but_the_detectors():
    content = json.loads((RECORDED / "edgetam.json").read_text())["state_dict"]
    with torch.device("meta"):
        edgetam, sam3 = Sam2VideoNet(VARIANTS["edgetam"]), Sam3VideoNet(Architecture())
    assert {name: list(value.shape) for name, value in edgetam.state_dict().items()} == {
        name: entry["shape"] for name, entry in content.items()
    }
    content = json.loads((RECORDED / "sam3_tracker.json").read_text())["state_dict"]
    assert {name: list(value.shape) for name, value in sam3.state_dict().items()} == {
        name: content[name]["shape"] for name in video_part(content)
    }


def found(worth):
    return Found(1.0, torch.zeros(4), map=torch.zeros(2, 2), worth=worth)


def test_sam_3_looks_at_the_last_slices_that_are_worth_it():
    track = Track(0, 30, shown={4: found(0)})
    good = (5, 6, 9, 10, 12, 13, 15, 16)
    track.passed[False].update({z: found(0.5 if z in good else 0.01) for z in range(5, 20)})
    recalled = track.recalled(20, False, MEMORY)
    # Slice 19 is no good, and is looked at all the same; of the pointers the one farthest away is left out.
    assert [time for time, _ in recalled.maps] == [6, 5, 4, 3, 2, 1, 0]
    order = [19, 16, 15, 13, 12, 10, 9, 6, 5]
    assert [one for _, one in recalled.maps[1:]] == [track.passed[False][z] for z in order[5::-1]]
    assert [(distance, one) for distance, one in recalled.pointers[1:]] == [
        (distance, track.passed[False][z]) for distance, z in enumerate(order[:-1], 1)
    ]
    assert recalled.pointers[0] == (16, track.shown[4])


def test_memories_that_nothing_will_look_at_are_let_go():
    track = Track(0, 30, shown={4: found(0)})
    for z in range(5, 20):
        track.passed[False][z] = found(0.5 if z % 2 else 0.0)
        track.settle(z, False, MEMORY)
    assert [z for z, one in track.passed[False].items() if one.map is not None] == [9, 11, 13, 15, 17, 19]


def test_sam_3_looks_at_four_prompted_slices_at_most():
    track = Track(0, 30, shown={z: found(0) for z in (1, 4, 7, 10, 20, 25)})
    looked = [one for time, one in track.recalled(8, False, MEMORY).maps if time == MEMORY.memories - 1]
    assert {z for z, one in track.shown.items() if any(one is other for other in looked)} == {4, 7, 10, 1}


def test_a_click_on_a_tracked_slice_of_sam_3_looks_at_no_memory(sam3):
    first, clicked = click(5, 10, 10), click(8, 3, 20)
    before = sam3.answer(Noise(), [query(first)])[0]
    (answer,) = sam3.answer(Noise(), [query(first, clicks=[clicked], previous=before.state)])
    (alone,) = sam3.answer(Noise(), [query(clicked)])
    assert sorted(answer.scores) == list(range(DEPTH))
    assert answer.dropped == 0
    # Within seven slices above the first prompt the authors do not know any more what was found: as if never tracked.
    assert np.array_equal(answer.masks.slice(8), alone.masks.slice(8))
    assert answer.scores[8] == alone.scores[8]
    below = click(3, 3, 20)
    (answer,) = sam3.answer(Noise(), [query(first, clicks=[below], previous=before.state)])
    (alone,) = sam3.answer(Noise(), [query(below)])
    assert answer.scores[3] != alone.scores[3]  # the logits so far are part of the prompt
    (anew,) = sam3.answer(Noise(), [query(first, clicks=[below])])
    assert same(answer, anew)


def test_sam_3_takes_the_first_and_the_last_points_of_a_slice(sam3):
    rng = np.random.default_rng(0)
    points = rng.integers(0, SIDE, (30, 2)).astype(np.int32)
    labels = np.ones(30, np.int8)
    (every,) = sam3.answer(Noise(), [query(SlicePrompt(5, Prompt(points, labels)))])
    kept = np.r_[:8, 22:30]
    (ends,) = sam3.answer(Noise(), [query(SlicePrompt(5, Prompt(points[kept], labels[kept])))])
    assert same(every, ends)


def test_edgetam_keeps_a_clicked_slice_as_an_ordinary_memory(edgetam):
    first, clicked = click(5, 10, 10), click(7, 3, 20)
    method = edgetam(corrections=False, reset=False)
    before = method.answer(Noise(), [query(first)])[0]
    (answer,) = method.answer(Noise(), [query(first, clicks=[clicked], previous=before.state)])
    assert answer.dropped == 0
    assert answer.scores[7] != before.scores[7]
    assert answer.scores[8] != before.scores[8]
    assert answer.scores[5] == before.scores[5]
    (twice,) = method.answer(Noise(), [query(first, clicks=[clicked, click(5, 9, 9)], previous=answer.state)])
    assert twice.dropped == 1
    assert same(twice, answer)
    lasting = edgetam(reset=False).answer(Noise(), [query(first, clicks=[clicked])])[0]
    assert lasting.scores[7] == answer.scores[7]
    assert lasting.scores[9] != answer.scores[9]
