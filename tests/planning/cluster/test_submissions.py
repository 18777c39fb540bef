"""What a cluster is asked for, and how long that takes."""

import pytest

from promptseg.planning import costs
from promptseg.planning.cluster.submissions import Cluster, Submission
from promptseg.planning.jobs import Job

# Two predictions, their scores and a table; each prediction is sent with its score, the table runs on this machine.
JOBS = [
    Job(1, "predict", "predict", {}, (), threads=2, gpu=1),
    Job(2, "predict", "predict", {}, (), threads=2),
    Job(3, "score", "score", {}, (), needs=(1,)),
    Job(4, "score", "score", {}, (), needs=(2,)),
    Job(5, "aggregate", "analysis", {}, (), needs=(3, 4)),
]
SECONDS = {1: 3600.0, 2: 1800.0, 3: 360.0, 4: 360.0, 5: 5.0}
SUBMISSIONS = [Submission((1, 3), cores=2, minutes=180, gpus=1), Submission((2, 4), cores=4, minutes=90)]


@pytest.fixture(autouse=True)
def start(monkeypatch):
    monkeypatch.setattr(costs, "cluster_start", lambda: 10.0)


def test_hours_that_are_asked_for():
    assert Cluster(SUBMISSIONS, 9).asked() == (2 * 3 + 4 * 1.5, 3)


def test_hours_that_are_used_are_those_from_start_to_end_of_each_submission():
    cores, gpus = Cluster(SUBMISSIONS, 9).used(JOBS, SECONDS)
    assert cores == pytest.approx((2 * 3970 + 4 * 2170) / 3600)
    assert gpus == pytest.approx(3970 / 3600)


@pytest.mark.parametrize(("at_once", "seconds"), [(9, 3970 + 5), (1, 3970 + 2170 + 5)])
def test_submissions_wait_for_one_another_and_for_a_place(at_once, seconds):
    assert Cluster(SUBMISSIONS, at_once).seconds(JOBS, SECONDS) == seconds


def test_jobs_of_a_submission_run_side_by_side_where_its_cores_allow():
    both = [Submission((1, 2), cores=4), Submission((3, 4), cores=1)]
    assert Cluster(both, 9).seconds(JOBS, SECONDS) == (10 + 3600) + (10 + 720) + 5


def test_nothing_is_sent():
    assert Cluster([], 9).seconds(JOBS[:1], SECONDS) == 3600
    assert Cluster([], 9).asked() == Cluster([], 9).used([], {}) == (0, 0)
