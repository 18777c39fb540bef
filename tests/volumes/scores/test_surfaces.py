"""Surfaces and their distances: areas, and the packages that define NSD and HD95."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from monai.metrics import compute_hausdorff_distance, compute_surface_dice
from scipy.ndimage import gaussian_filter

from promptseg.core.stacks import MaskStack
from promptseg.score.compared import Tolerance
from promptseg.volumes.scores.surfaces import areas_of_cases, edges, elements
from support.bodies import ellipsoid, sphere
from support.scored_bodies import grid_of, values

SPACING = (4.0, 1.3, 0.7)


def monai(prediction, truth, spacing, tolerance=2.0):
    """NSD and HD95 by edges."""
    masks = [torch.from_numpy(mask)[None, None] for mask in (prediction, truth)]
    nsd = compute_surface_dice(*masks, [tolerance], include_background=True, spacing=spacing)
    hd95 = compute_hausdorff_distance(*masks, include_background=True, percentile=95, spacing=spacing)
    return [nsd.item(), hd95.item()]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def by_area(prediction, truth, spacing, tolerance=2.0):
    """NSD, HD95 of the package surface-distance, and the area of the truth."""
    metrics = pytest.importorskip("surface_distance.metrics")
    found = metrics.compute_surface_distances(truth, prediction, spacing)
    nsd = metrics.compute_surface_dice_at_tolerance(found, tolerance)
    return [nsd, metrics.compute_robust_hausdorff(found, 95), found["surfel_areas_gt"].sum()]


@pytest.mark.parametrize("sides", [(1.0, 1.0, 1.0), SPACING, (0.3, 5.0, 2.0)])
def test_areas_of_all_cases_are_those_of_surface_distance(sides):
    tables = pytest.importorskip("surface_distance.lookup_tables")
    expected = tables.create_table_neighbour_code_to_surface_area(sides)
    np.testing.assert_allclose(areas_of_cases(sides), expected, rtol=1e-12, atol=1e-12)


def test_areas_known_by_hand():
    areas = areas_of_cases((1.0, 1.0, 1.0))
    assert areas[[0, 255]].tolist() == [0, 0]
    assert areas[0b00001111] == areas[0b11110000] == 1  # a flat surface through the cell
    corner = np.sqrt(3) / 8  # a triangle whose sides are the diagonals of a quarter of a face
    assert areas[[1, 2, 4, 8, 16, 32, 64, 128, 254]] == pytest.approx(np.full(9, corner))
    assert areas[0b10000001] == pytest.approx(2 * corner)
    assert areas_of_cases((4.0, 1.0, 1.0))[[0b00001111, 0b00110011]] == pytest.approx([1, 4])  # of z, of y


def test_an_edge_is_a_voxel_and_an_element_a_corner():
    one = np.zeros((4, 5, 6), bool)
    one[0, 2, 3] = True  # what lies beyond the volume is outside
    grid = grid_of(one.shape, SPACING)
    edge, element = edges(MaskStack.of(one), grid), elements(MaskStack.of(one), grid)
    assert edge.points.tolist() == [[0, 2, 3]]
    assert sorted(element.points.tolist()) == [[z, y, x] for z in (0, 1) for y in (2, 3) for x in (3, 4)]


def test_area_of_a_sphere():
    body = sphere((60, 60, 60))
    surface = elements(MaskStack.of(body), grid_of(body.shape, (1.0, 1.0, 1.0)))
    assert surface.weights.sum() == pytest.approx(4 * np.pi * 20**2, rel=0.1)  # 9 % too much, as of any such surface
    assert surface.weights.sum() > 4 * np.pi * 20**2


SPHERES = {  # spacing, shape, radius, shift in mm: NSD and HD95 by edges, by area
    "x": ((1.0, 1.0, 1.0), (60, 60, 60), 20, (0, 0, 3), [0.666, 3.0, 0.818, 2.449]),
    "z": ((1.0, 1.0, 1.0), (60, 60, 60), 20, (4, 0, 0), [0.542, 3.742, 0.618, 3.317]),
    "x thick": ((4.0, 1.0, 1.0), (16, 60, 60), 20, (0, 0, 3), [0.835, 3.0, 0.858, 2.828]),
    "z thick": ((4.0, 1.0, 1.0), (16, 60, 60), 20, (4, 0, 0), [0.540, 4.0, 0.738, 4.0]),
    "x thicker": ((5.0, 0.7, 0.7), (13, 86, 86), 20, (0, 0, 3), [0.885, 2.524, 0.840, 2.8]),
    "smaller": ((4.0, 1.0, 1.0), (16, 60, 60), 18.5, (0, 0, 0), [0.862, 4.0, 0.929, 3.162]),
}


@pytest.mark.parametrize("name", SPHERES)
def test_spheres(name):
    """Closed forms of the same pairs: NSD 0.667, 0.5, 0.667, 0.5, 0.667, 1; HD95 2.85, 3.8, 2.85, 3.8, 2.85, 1.5 mm."""
    spacing, shape, radius, shift, expected = SPHERES[name]
    truth = sphere(shape, spacing=spacing)
    centre = tuple((side - 1) / 2 + way / step for side, way, step in zip(shape, shift, spacing, strict=True))
    found = values(sphere(shape, radius=radius, spacing=spacing, centre=centre), truth, spacing)
    assert [found[n] for n in ("nsd", "hd95", "nsd_area", "hd95_area")] == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("name", ["x thick", "smaller"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_packages_say_the_same(name):
    spacing, shape, radius, shift, _ = SPHERES[name]
    truth, centre = sphere(shape, spacing=spacing), tuple((side - 1) / 2 for side in shape)
    body = np.roll(sphere(shape, radius=radius, spacing=spacing, centre=centre), shift[2], axis=2)
    found = values(body, truth, spacing)
    assert [found["nsd"], found["hd95"]] == pytest.approx(monai(body, truth, spacing), abs=1e-6)  # float32 there
    nsd, hd95, area = by_area(body, truth, spacing)
    assert [found["nsd_area"], found["hd95_area"]] == pytest.approx([nsd, hd95], abs=1e-9)
    surface = elements(MaskStack.of(truth), grid_of(shape, spacing))
    assert surface.weights.sum() == pytest.approx(area, rel=1e-12)


def blob(rng):
    """Some of a volume, with holes and more than one part, at its border too."""
    return gaussian_filter(rng.standard_normal((7, 12, 14)), rng.uniform(0.5, 2)) > 0.05


@given(st.integers(0, 10**6), st.sampled_from([(1.0, 1.0, 1.0), SPACING, (0.5, 2.0, 1.0)]))
@settings(max_examples=12, deadline=None)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_any_masks(seed, spacing):
    rng = np.random.default_rng(seed)
    prediction, truth = blob(rng), blob(rng)
    assume(prediction.any() and truth.any())
    found = values(prediction, truth, spacing)
    assert [found["nsd"], found["hd95"]] == pytest.approx(monai(prediction, truth, spacing), rel=1e-5)
    nsd, hd95, _ = by_area(prediction, truth, spacing)
    assert [found["nsd_area"], found["hd95_area"]] == pytest.approx([nsd, hd95], abs=1e-9)


def test_maps_and_trees_find_the_same_distances(monkeypatch):
    body = ellipsoid((21, 60, 100), radii=(24.0, 16.0, 10.0), spacing=(3.0, 0.8, 0.5))
    moved = np.roll(body, (1, 5, -7), axis=(0, 1, 2))
    found = []
    for limit in (0, 10**9):
        monkeypatch.setattr("promptseg.volumes.scores.surfaces._MAPPED", limit)
        found.append(values(moved, body, (3.0, 0.8, 0.5)))
    assert found[0] == pytest.approx(found[1], abs=1e-12)


def test_an_ellipsoid_on_thick_slices():
    """Moved along x by t, two equal ellipsoids share 1 - 3/2 u + u^3/2 of their volume, where u = t / (2 a)."""
    spacing, shape, radii = (3.0, 0.8, 0.5), (21, 60, 100), (24.0, 16.0, 10.0)
    truth = ellipsoid(shape, radii=radii, spacing=spacing)
    moved = np.roll(truth, 8, axis=2)  # 4 mm
    volume = truth.sum() * np.prod(spacing)
    assert volume == pytest.approx(4 / 3 * np.pi * np.prod(radii), rel=0.01)
    u = 4 / (2 * radii[2])
    found = values(moved, truth, spacing)
    assert found["dice"] == pytest.approx(1 - 1.5 * u + u**3 / 2, abs=0.005)
    assert found["hd95"] == pytest.approx(4, abs=0.3)


def test_slices_that_are_not_equally_far_apart_lie_where_they_lie():
    truth = np.zeros((6, 8, 8), bool)
    truth[2, 3:6, 3:6] = True
    above = np.roll(truth, 1, axis=0)
    positions = (0.0, 1.0, 2.0, 9.0, 10.0, 11.0)
    found = values(above, truth, (1.0, 1.0, 1.0), positions)
    assert found["hd95"] == 7  # and not 1, the median distance
    assert found["nsd"] == 0
    assert found["hd95_area"] == 4  # they share the corners in the middle of the gap
    assert values(np.roll(truth, -1, axis=0), truth, (1.0, 1.0, 1.0), positions)["hd95"] == 1
    even = tuple(2.5 * np.arange(6))
    one, other = values(above, truth, (2.5, 1.0, 1.0), even), values(above, truth, (2.5, 1.0, 1.0))
    assert one == pytest.approx(other, abs=1e-12)
    areas = [elements(MaskStack.of(truth), grid_of((6, 8, 8), (2.5, 1.0, 1.0), p)).weights.sum() for p in (even, None)]
    assert areas[0] == pytest.approx(areas[1], rel=1e-12)


def test_distances_at_the_tolerance_count_as_equal():
    """Two steps of 0.1 mm, 0.7 apart by floating point elsewhere: 0.9 - 0.7 is more than 0.2."""
    truth = np.zeros((3, 3, 12), bool)
    truth[1, 1, 7] = True
    found = values(np.roll(truth, 2, axis=2), truth, (0.1, 0.1, 0.1), tolerance=Tolerance(mm=0.2))
    assert (found["nsd"], found["nsd_area"]) == (1, 1)
