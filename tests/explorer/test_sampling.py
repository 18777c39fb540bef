"""What is kept of a run that is too large."""

import numpy as np
import pytest

from promptseg.explorer.sampling import Sample, draws, sample


def chosen(values, limit, failed=(), groups=None, seed=1):
    """A sample of objects named 0, 1, ..., some of which failed."""
    n = len(values)
    bad = np.isin(np.arange(n), list(failed))
    groups = np.arange(n) if groups is None else np.asarray(groups)
    return sample(groups, bad, np.asarray(values, float), draws(seed, map(str, groups)), limit)


def test_what_fits_is_kept():
    found = chosen([0.5, 0.1, 0.9], 3, failed=[1])
    assert found.kept.tolist() == [True] * 3
    assert (found.failed, found.whole) == (1, True)


def test_failures_then_worst_best_and_others():
    values = np.arange(100) / 100
    found = chosen(values, 14, failed=[50, 60])
    kept = set(np.flatnonzero(found.kept))
    assert kept >= {50, 60, 0, 1, 2, 3, 96, 97, 98, 99}
    assert len(kept) == 14
    assert (found.failed, found.worst, found.best, found.drawn) == (2, 4, 4, 4)
    assert found.words("objects") == (
        "14 of 100 objects (all 2 with a failure, the 4 worst and the 4 best by mean IoU, 4 at random)"
    )
    assert not found.whole


def test_the_random_part_follows_the_seed_alone():
    values = [0.5] * 300
    first, again, other = (chosen(values, 30, seed=seed).kept.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_the_order_of_objects_does_not_matter():
    names = [f"d/{k}" for k in range(60)]
    values = np.array([k % 7 / 7 for k in range(60)])  # many equal ones
    failed = np.arange(60) % 9 == 0
    turned = np.random.default_rng(3).permutation(60)
    one = sample(np.arange(60), failed, values, draws(1, names), 20).kept
    two = sample(np.arange(60), failed[turned], values[turned], draws(1, np.array(names)[turned]), 20).kept
    assert set(np.flatnonzero(one)) == set(turned[two])


def test_more_failures_than_room():
    """A random half of the room is theirs, so that the worst and the best are there all the same."""
    found = chosen(np.arange(40) / 40, 10, failed=range(5, 35))
    assert (found.failed, found.all_failed) == (5, 30)
    assert (found.worst, found.best, found.drawn) == (1, 1, 3)
    assert found.kept[[0, 39]].all()
    assert found.words("objects").startswith("10 of 40 objects (5 of 30 with a failure, the 1 worst")


def test_failures_that_just_fit_leave_no_room():
    found = chosen([0.5] * 20, 5, failed=range(5))
    assert np.flatnonzero(found.kept).tolist() == [0, 1, 2, 3, 4]
    assert found.words("images") == "5 of 20 images (all 5 with a failure)"


def test_an_image_is_kept_for_one_of_its_objects():
    """Images 0 to 5 with three objects each; the worst is in 2, the best in 4, a failure in 1."""
    groups = np.repeat(np.arange(6), 3)
    values = np.full(18, 0.5)
    values[[7, 13]] = 0.0, 1.0
    found = chosen(values, 4, failed=[3, 4], groups=groups)
    assert found.kept[[1, 2, 4]].all()
    assert (found.failed, found.worst, found.best, found.drawn) == (1, 1, 1, 1)


def test_objects_without_a_score_are_neither_worst_nor_best():
    found = chosen([np.nan] * 8 + [0.2, 0.4], 6)
    assert found.kept[[8, 9]].all()
    assert (found.worst, found.best, found.drawn) == (2, 0, 4)
    assert int(found.kept.sum()) == 6


@pytest.mark.parametrize("limit", [1, 2])
def test_little_room(limit):
    found = chosen(np.arange(9) / 9, limit, failed=range(8))
    assert int(found.kept.sum()) == limit


def test_nothing_to_choose_from():
    found = sample(np.arange(0), np.zeros(0, bool), np.zeros(0), draws(1, []), 5)
    assert isinstance(found, Sample)
    assert found.whole
