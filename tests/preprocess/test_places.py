"""Pixels of pictures back in the file and in the patient, whatever the turn."""

from itertools import permutations, product

import numpy as np
import pytest

from promptseg.preprocess.grids import AXES, Volume, reorient
from promptseg.preprocess.places import case_of, place_of

SHAPE = (3, 4, 5)
ARRAY = np.arange(60).reshape(SHAPE)


def volume(affine):
    return Volume(ARRAY, affine, (1.0, 1.0, 1.0), "a.nii")


def affines():
    for order, signs in product(permutations(range(3)), product((1.0, -2.0), repeat=3)):
        affine = np.eye(4)
        affine[:3, :3] = np.diag(signs)[list(order)]
        affine[:3, 3] = (10, -20, 30)
        yield affine


@pytest.mark.parametrize("axis", [*AXES, 0, 1, 2])
def test_index_and_mm_of_every_pixel_are_those_of_the_stored_voxel(axis):
    for affine in affines():
        stored = volume(affine)
        turned, place = reorient(stored, axis), place_of(stored, axis)
        for voxel in product(*map(range, turned.shape)):
            index = (place.index @ [*voxel, 1])[:3]
            assert ARRAY[tuple(index.astype(int))] == turned.array[voxel]
            assert place.mm @ [*voxel, 1] == pytest.approx(affine @ [*index, 1])


@pytest.mark.parametrize("axis", ["axial", 0, 1])
def test_a_file_without_an_affine_has_indices_alone(axis):
    stored = volume(None)
    turned, place = reorient(stored, axis), place_of(stored, axis)
    assert place.mm is None
    for voxel in product(*map(range, turned.shape)):
        assert ARRAY[tuple((place.index @ [*voxel, 1])[:3].astype(int))] == turned.array[voxel]


def test_the_case_of_an_image():
    assert [case_of("lung1_z032", 32), case_of("a_z001_z1234", 1234), case_of("xray", None)] == [
        "lung1",
        "a_z001",
        "xray",
    ]
