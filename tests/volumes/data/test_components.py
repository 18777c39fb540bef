"""Components in three dimensions, found slice by slice."""

import numpy as np
import pytest
from scipy import ndimage

from promptseg.core.stacks import MaskStack
from promptseg.volumes.data.components import Components

STRUCTURES = {6: 1, 18: 2, 26: 3}  # as scipy counts them


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_they_are_those_of_scipy(connectivity):
    structure = ndimage.generate_binary_structure(3, STRUCTURES[connectivity])
    for seed, share in enumerate([0.05, 0.1, 0.2, 0.3, 0.5]):
        mask = np.random.default_rng(seed).random((7, 12, 15)) < share
        labels, count = ndimage.label(mask, structure)
        found = Components(MaskStack.of(mask), connectivity)
        assert len(found) == count
        masks = [stack.dense() for stack in found.largest_first()]
        assert [int(part.sum()) for part in masks] == sorted(np.bincount(labels.ravel())[1:], reverse=True)
        for part in masks:
            assert (labels[part] == labels[part][0]).all()
        # Of equal ones the one whose first voxel comes first leads.
        keys = [(-int(part.sum()), int(part.ravel().argmax())) for part in masks]
        assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("second", "counts"),
    [((1, 2, 2), (1, 1, 1)), ((1, 2, 3), (2, 1, 1)), ((1, 3, 3), (2, 2, 1)), ((2, 2, 2), (2, 2, 2))],
)
def test_two_voxels(second, counts):
    mask = np.zeros((3, 5, 5), bool)
    mask[0, 2, 2] = mask[second] = True
    assert tuple(len(Components(MaskStack.of(mask), neighbours)) for neighbours in (6, 18, 26)) == counts


def test_small_ones_can_be_left_out_and_an_empty_mask_has_none():
    mask = np.zeros((4, 6, 6), bool)
    mask[0, 0, 0] = mask[3, 5, 5] = True
    mask[1:3, 2:4, 2:4] = True
    parts = Components(MaskStack.of(mask)).largest_first(least=2)
    assert [(part.slices, part.voxels) for part in parts] == [([1, 2], 8)]
    empty = Components(MaskStack((4, 6, 6)))
    assert (len(empty), empty.largest_first()) == (0, [])
