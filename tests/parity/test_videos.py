"""Fixtures of tracked objects: what is changed in the tracker or in the file shows."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from promptseg.methods.tracks import Track
from promptseg.parity import adapters
from promptseg.parity.adapters import Adapters
from promptseg.parity.comparison import Comparison
from promptseg.parity.fixtures import Fixture, Name
from promptseg.parity.videos import check_video
from support.reduced import FIXTURES

OWN = FIXTURES / "sam2.1_hiera_reduced_video.npz"
REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "specs" / "parity_volume"


def test_names_of_videos():
    assert Name.parse("sam2.1_hiera_tiny_video256") == Name("sam2_video", "sam2.1_hiera_tiny", "video")
    assert Name.parse("medsam2_hiera_t512_video") == Name("sam2_video", "medsam2_hiera_t512", "video")
    assert Name.parse("sam2.1_hiera_tiny") == Name("sam2", "sam2.1_hiera_tiny", "prompts")


def stride_2(monkeypatch, _tracker):
    """Of tracked slices every second one is looked at."""
    known = Track.recalled

    def recalled(track, z, reverse, sizes):
        found = known(track, z, reverse, sizes)
        return replace(found, maps=[one for one in found.maps if one[0] == sizes.memories - 1 or one[0] % 2 == 0])

    monkeypatch.setattr(Track, "recalled", recalled)


def sizes(**changed):
    def change(monkeypatch, tracker):
        monkeypatch.setattr(tracker, "sizes", replace(tracker.sizes, **changed))

    return change


def only_the_nearest(monkeypatch, _tracker):
    """Of tracked slices one is looked at."""
    known = Track.recalled

    def recalled(track, z, reverse, sizes):
        found = known(track, z, reverse, sizes)
        return replace(found, maps=[one for one in found.maps if one[0] in (0, sizes.memories - 1)])

    monkeypatch.setattr(Track, "recalled", recalled)


def one_less(monkeypatch, _tracker):
    known = Track.recalled

    def recalled(track, z, reverse, sizes):
        found = known(track, z, reverse, sizes)
        return replace(found, maps=[one for one in found.maps if one[0] != sizes.memories - 2])

    monkeypatch.setattr(Track, "recalled", recalled)


def times_reversed(monkeypatch, tracker):
    monkeypatch.setattr(tracker.remembering, "places", tracker.remembering.places[::-1])


def in_float32(monkeypatch, tracker):
    class Kept(torch.Tensor):
        """Does not become bfloat16."""

        def to(self, *_, **__):
            return self.as_subclass(torch.Tensor)

    encode = tracker.remembering.encoder.forward
    monkeypatch.setattr(tracker.remembering.encoder, "forward", lambda *args: encode(*args).as_subclass(Kept))


def shaded(monkeypatch, tracker):
    maps = tracker.remembering.maps
    monkeypatch.setattr(tracker.remembering, "maps", lambda *args, sure: maps(*args, sure=False))


def less_spread(monkeypatch, _tracker):
    monkeypatch.setattr("promptseg.methods.networks.sam2_memory._SPREAD", (0.0, 1.0))


def single_mask(monkeypatch, tracker):
    decode = tracker.decoder.decode
    monkeypatch.setattr(
        tracker.decoder,
        "decode",
        lambda images, sparse, masks=None, slots=(0, 1, 2, 3): decode(images, sparse, masks, slots),
    )


def reset(monkeypatch, _tracker):
    known = Track.begin

    def begin(track, reverse):
        track.passed[reverse].clear()
        known(track, reverse)

    monkeypatch.setattr(Track, "begin", begin)


def nothing_fed_back(monkeypatch, tracker):
    decode = tracker.decoder.decode

    def changed(images, sparse, masks=None, slots=(1, 2, 3)):
        return decode(images, sparse, None if slots == (1, 2, 3) else masks, slots)

    monkeypatch.setattr(tracker.decoder, "decode", changed)


def best_pointer(monkeypatch, tracker):
    """As in the port of `transformers`: the pointer of a mask that was shown comes from the best of three tokens."""
    decode = tracker.decoder.decode

    def changed(images, sparse, masks=None, slots=(1, 2, 3)):
        found = decode(images, sparse, masks, (1, 2, 3) if slots == (0,) else slots)
        if slots != (0,):
            return found
        return replace(found, tokens=found.tokens[torch.arange(len(found.tokens)), found.scores.argmax(1)][:, None])

    monkeypatch.setattr(tracker.decoder, "decode", changed)


CHANGES = {  # and a run in which each shows
    "stride 2": (stride_2, "box_both"),
    "one memory": (only_the_nearest, "box_both"),
    "six memories": (one_less, "box_both"),
    "one pointer": (sizes(pointers=2), "box_both"),
    "two prompted slices at most": (sizes(prompted=2), "masks3"),
    "times in the other order": (times_reversed, "box_both"),
    "memories in float32": (in_float32, "box_both"),
    "prompted masks with shades": (shaded, "box_both"),
    "scale 1": (less_spread, "box_both"),
    "single mask while tracking": (single_mask, "box_both"),
    "reset between directions": (reset, "box_both"),
    "previous logits not fed back": (nothing_fed_back, "corrected"),
    "pointer of the best token": (best_pointer, "masks3"),
}


@pytest.fixture(scope="module")
def own():
    """The fixture of our own, and its method."""
    with pytest.MonkeyPatch.context() as patch, Adapters() as made:
        patch.setitem(adapters.ADAPTERS, "sam2_video", "support.reduced:ReducedSam2Video")
        yield made.get(Fixture(OWN))


def failures(path, method, run, folder, **changed):
    """What is said of one run of a fixture, arrays of which may be changed."""
    content = dict(np.load(path))
    content["steps"] = np.array(json.dumps({run: json.loads(str(content["steps"]))[run]}))
    content |= {name: change(content[name]) for name, change in changed.items()}
    np.savez(folder / path.name, **content)
    fixture = Fixture(folder / path.name)
    comparison = Comparison(fixture.name)
    check_video(fixture, method, comparison)
    return comparison.failures


@pytest.mark.parametrize("run", ["box_both", "corrected", "masks3"])
def test_our_tracker_answers_as_when_it_was_recorded(own, tmp_path, run):
    assert failures(OWN, own, run, tmp_path) == []


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_what_is_remembered_shows(own, monkeypatch, tmp_path, name):
    change, run = CHANGES[name]
    change(monkeypatch, own.tracker)
    assert failures(OWN, own, run, tmp_path)


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the recorded outputs of the reference are not here")
@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_what_is_remembered_shows_against_the_reference(monkeypatch, tmp_path, name):
    path = REFERENCE / "sam2.1_hiera_tiny_video256.npz"
    change, run = CHANGES[name]
    with Adapters() as made:
        method = made.get(Fixture(path))
        change(monkeypatch, method.tracker)
        assert failures(path, method, run, tmp_path)


DAMAGE = {
    "box_both_low": (lambda low: low + 0.03 * (low > 0), "low-res logits differ by 3.0e-02 (limit 2e-02)"),
    "point_both_score": (lambda score: -score, "presence "),
    "masks3_pointer": (lambda pointer: pointer * 1.01, "pointers differ by"),
    "masks3_memory": (lambda memory: memory * (1 + 2**-7), "values of memories differ (limit 2%)"),
    "corrected_memory": (lambda memory: memory * 1.1, "a memory is more than one step off"),
    "box_reset_frame": (lambda frame: frame[::-1], "order "),
    "box_both_mask": (lambda mask: mask ^ np.uint8(1), "masks differ in"),
    "corrected_prompt3_logits": (lambda logits: logits + 0.003, "corrected logits differ by 3.0e-03"),
    "point_both_prompt0_logits": (lambda logits: logits + 0.0003, "prompted logits differ by 3.0e-04"),
    "pixels_mid": (lambda pixels: pixels + 1e-5, "pixels differ by 1.0e-05"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_change_of_the_file_shows(own, tmp_path, name):
    change, reason = DAMAGE[name]
    run = "_".join(name.split("_")[: 2 if name.split("_")[1] in ("both", "reset") else 1])
    found = failures(OWN, own, "box_both" if run == "pixels" else run, tmp_path, **{name: change})
    assert any(reason in failure for failure in found)


def test_names_of_videos_of_edgetam_and_sam_3():
    assert Name.parse("edgetam_video512") == Name("sam2_video", "edgetam", "video")
    assert Name.parse("edgetam") == Name("sam2", "edgetam", "prompts")
    assert Name.parse("sam3_tracker_video336") == Name("sam3_video", "sam3", "video")
