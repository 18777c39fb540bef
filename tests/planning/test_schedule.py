"""How long a set of jobs takes, and the line about it."""

import time

from promptseg.planning.estimates import MEASURED, UNKNOWN, Estimate
from promptseg.planning.jobs import Job
from promptseg.planning.progress_line import Progress
from promptseg.planning.schedule import duration
from promptseg.planning.words import duration_text, number_text, size_text

# Two predictions on two cores each, their scores, and a table.
JOBS = [
    Job(1, "predict", "predict", {"method": "m", "dataset": "a"}, (), threads=2, gpu=1),
    Job(2, "predict", "predict", {"method": "m", "dataset": "b"}, (), threads=2, gpu=1),
    Job(3, "score", "score", {"method": "m", "dataset": "a"}, (), needs=(1,)),
    Job(4, "score", "score", {"method": "m", "dataset": "b"}, (), needs=(2,)),
    Job(5, "aggregate", "analysis", {}, (), needs=(3, 4)),
]
SECONDS = {1: 100.0, 2: 50.0, 3: 10.0, 4: 20.0, 5: 5.0}


def test_jobs_wait_for_cores_gpus_and_each_other():
    assert duration(JOBS, SECONDS, cores=1) == 185
    assert duration(JOBS, SECONDS, cores=2) == 100 + 50 + 20 + 5
    assert duration(JOBS, SECONDS, cores=4, gpus=2) == 100 + 10 + 5
    assert duration(JOBS, SECONDS, cores=4, gpus=1) == 100 + 50 + 20 + 5
    assert duration(JOBS, {}, cores=4) == 0


def test_what_runs_needs_only_what_is_left():
    assert duration(JOBS, SECONDS, cores=2, left={1: 30.0}) == 30 + 50 + 20 + 5
    done = {number: SECONDS[number] for number in (3, 4, 5)}
    assert duration(JOBS, done, cores=2) == 25


def progress(now, sources=MEASURED):
    estimates = {number: Estimate(seconds - 1.7, sources) for number, seconds in SECONDS.items()}
    return Progress(JOBS, estimates, 2, clock=lambda: now[0])


def test_the_line_tells_time_and_stages():
    now = [1000.0]
    run = progress(now)
    run.started([1])
    now[0] += 40
    end = time.strftime("%H:%M", time.localtime(time.time() + 135))
    assert run.text() == f"predictions 0 of 2: about 40 s of 2 min 50 s done, ends about {end}"


def test_estimates_are_corrected_by_what_the_run_takes():
    now = [0.0]
    run = progress(now)
    run.started([1])
    now[0] = 200.0  # twice as long as was estimated
    run.finished(1)
    assert round(run.remaining()) == 100 + 20 + 5
    run.started([2])
    now[0] = 350.0  # longer again: a tenth of what it took is left
    assert round(run.remaining()) == 15 + 20 + 5


def test_what_was_unknown_is_known_once_one_is_done():
    now = [0.0]
    run = Progress(JOBS, {number: Estimate(0, UNKNOWN) for number in SECONDS}, 2, clock=lambda: now[0])
    run.started([1])
    now[0] = 60.0
    run.finished(1)
    assert 60 < run.remaining() < 70


def test_after_an_error_what_needs_it_is_not_waited_for():
    now = [0.0]
    run = progress(now)
    run.started([1])
    run.failed(1)
    assert round(run.remaining()) == 50 + 20
    assert [job.number for job in run.errors] == [1]
    assert run.text().endswith("; 1 failed")
    run.started([1])  # once more, as downloads are
    assert "failed" not in run.text()
    run.finished(1)
    assert run.errors == []


def test_times_sizes_and_numbers_as_people_say_them():
    assert [duration_text(one) for one in (0.4, 59, 61, 250, 3000, 12000, 100000)] == [
        *("0 s", "59 s", "1 min", "4 min 10 s", "50 min", "3 h 20 min", "1 day 3 h"),
    ]
    assert [size_text(one) for one in (2_400_000, 1_250_000_000)] == ["2 MB", "1.2 GB"]
    assert [number_text(one) for one in (950, 12345, 2_834_866)] == ["950", "12 000", "2.8 million"]


def test_jobs_that_shared_one_of_a_cluster_are_done_though_nobody_saw_them_start():
    run = progress([0.0])
    run.failed(3)
    for number in (1, 3):
        run.finished(number)
    assert run.done == 2
    assert run.errors == []
    assert round(run.remaining()) == 50 + 20 + 5


def test_a_job_that_failed_runs_again():
    run = progress([0.0])
    run.failed(1)
    run.started([1])
    assert run.errors == []
    assert round(run.remaining()) == 100 + 50 + 20 + 5
