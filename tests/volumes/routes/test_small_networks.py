"""The shipped network of SAM's family over the slices of a volume: as asked slice by slice, whatever the threads."""

import numpy as np
import pytest
import torch

from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.sam import Sam
from promptseg.predict.failures import Failures
from promptseg.volumes.routes.carry import grown
from promptseg.volumes.routes.settings import VolumeSettings
from promptseg.volumes.routes.slice_routes import SliceAnswering
from support.bodies import cone
from support.projects import ROOT
from support.slice_methods import Array, box, job

BODY = cone((8, 64, 64), radius=20, first=1, last=6, tip=8, centre=(30, 34))


@pytest.fixture(scope="module")
def sam():
    return Sam(Settings(variant="small", weights=ROOT / "resources" / "quickstart" / "sam_small.safetensors"))


@pytest.fixture(scope="module")
def volume():
    noise = np.random.default_rng(0).normal(60, 8, BODY.shape)
    return Array(np.clip(noise + 100 * BODY, 0, 255).astype(np.uint8))


def tight(mask):
    rows, columns = np.nonzero(mask)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def test_a_carried_box_equals_asking_slice_by_slice(sam, volume):
    calls = []
    first = tight(BODY[1])
    asker = SliceAnswering(sam, VolumeSettings(grow=0.1), Failures("sam", strict=True))
    original = sam.encode
    sam.encode = lambda pixels: (calls.append(1), original(pixels))[1]
    try:
        jobs = [
            job("carry_box", [box(1, *first)], (1, 6)),
            job("carry_box", [box(1, *first)], (0, 7), given=False),
            job("each", [box(z, *tight(BODY[z])) for z in range(1, 7)], (1, 6)),
        ]
        outcomes = asker.answer(volume, jobs)
    finally:
        del sam.encode
        asker.close()
    assert len(calls) == len(frozenset.union(*(outcome.slices for outcome in outcomes))) >= 6  # each slice once
    carried, ends, each = (outcome.answer for outcome in outcomes)
    corners = first
    for z in range(1, 7):
        prompt = Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), np.array(corners, np.int32))
        (answer,) = sam.predict([Query(sam.encode(volume.pixels(z)), prompt, multimask="official")])
        assert len(answer.masks) == 1
        assert np.array_equal(carried.masks.slice(z), answer.masks[0])
        assert carried.scores[z] == pytest.approx(float(answer.scores[0]), abs=1e-5)
        corners = grown(tight(answer.masks[0]), (64, 64), 0.1)
    found = [z for z in ends.masks.slices if 1 <= z <= 6]  # it may stop before the end, but not go another way
    assert ends.masks.between(1, 6) == carried.masks.between(found[0], found[-1])
    assert each.masks.slices == list(range(1, 7))


def test_equal_masks_whatever_the_threads(sam, volume):
    found = []
    threads = torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            asker = SliceAnswering(sam, VolumeSettings(), Failures("sam", strict=True))
            routes = ("carry_box",)
            outcomes = asker.answer(volume, [job(route, [box(3, *tight(BODY[3]))], (3, 4)) for route in routes])
            found.append([outcome.answer.masks.codes for outcome in outcomes])
            asker.close()
    finally:
        torch.set_num_threads(threads)
    assert found[0] == found[1]
