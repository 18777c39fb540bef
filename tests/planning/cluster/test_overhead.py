"""What jobs of a cluster cost besides their work."""

import json
import logging
import math
from types import SimpleNamespace

from snakemake_interface_logger_plugins.common import LogEvent

from promptseg.planning.cluster import overhead
from promptseg.planning.cluster.overhead import Clock, Spent, told


def event(kind):
    """A record of Snakemake's log."""
    record = logging.LogRecord("snakemake", logging.INFO, "", 0, "", (), None)
    record.event = kind
    return record


def test_a_job_of_the_cluster_notes_what_it_took(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setattr(overhead, "queue_seconds", lambda: 3.0)
    times = iter([110.0, 140.0])
    monkeypatch.setattr(overhead, "time", SimpleNamespace(time=lambda: next(times)))
    ends = []
    monkeypatch.setattr(overhead.atexit, "register", ends.append)
    clock = Clock(began=100.0)
    for kind in (LogEvent.JOB_INFO, LogEvent.JOB_INFO, LogEvent.JOB_FINISHED, LogEvent.JOB_FINISHED):
        clock.emit(event(kind))
    (end,) = ends
    end()
    noted = json.loads((tmp_path / ".snakemake" / "promptseg.cluster" / "7.json").read_text())
    assert noted == {"jobs": 2, "queue": 3.0, "start": 10.0, "work": 30.0}


def test_what_a_run_cost_is_one_sentence():
    spent = [Spent(jobs=20, queue=30.0, start=10.0, work=80.0), Spent(jobs=1, queue=math.nan, start=10.0, work=0.0)]
    assert told(spent) == (
        "2 jobs of the cluster made 21 of the run. Together they waited 30 s in the queue, took 20 s to start and "
        "worked 80 s: 20 % of the time that the cluster gave was for starting."
    )


def test_a_run_on_one_machine_forgets_and_says_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    overhead.FOLDER.mkdir(parents=True)
    monkeypatch.setattr(overhead.atexit, "register", lambda _: 1 / 0)
    overhead.at_start(cluster=False, dryrun=False)
    overhead.at_start(cluster=True, dryrun=True)
    assert overhead.FOLDER.is_dir()
