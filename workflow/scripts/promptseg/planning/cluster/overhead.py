"""What jobs of the cluster cost besides their work: waiting in the queue, and starting."""

import atexit
import json
import logging
import math
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from snakemake_interface_logger_plugins.common import LogEvent

from promptseg.core.files import write_json
from promptseg.core.queue import queue_seconds

# A file for each job of the cluster of the last run.
FOLDER = Path(".snakemake", "promptseg.cluster")


@dataclass(frozen=True)
class Spent:
    """What a job of the cluster took, in seconds.

    Attributes:
        jobs: how many jobs of the run it made.
        queue: waiting; NaN where Slurm does not say.
        start: from its start to that of the first of these jobs.
        work: from there to its end.
    """

    jobs: int
    queue: float
    start: float
    work: float


class Clock(logging.Handler):
    """Listens to Snakemake where the jobs of a job of the cluster run, and notes what that took when it ends."""

    def __init__(self, began: float) -> None:
        """`began`: when the job of the cluster started, in seconds since 1970."""
        super().__init__()
        self._began, self._jobs = began, 0
        self._ready: float | None = None
        atexit.register(self._end)

    def emit(self, record: logging.LogRecord) -> None:
        """Note when the first job starts, and count those that end."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO and self._ready is None:
            self._ready = time.time()
        self._jobs += event == LogEvent.JOB_FINISHED

    def _end(self) -> None:
        now = time.time()
        ready = self._ready or now
        name = os.environ.get("SLURM_JOB_ID", str(os.getpid()))
        FOLDER.mkdir(parents=True, exist_ok=True)
        write_json(
            FOLDER / f"{name}.json", asdict(Spent(self._jobs, queue_seconds(), ready - self._began, now - ready))
        )


def at_start(cluster: bool, dryrun: bool) -> None:
    """At the start of a run on a cluster: forget the last one, and let the end of this one say what its jobs took."""
    if cluster and not dryrun:
        shutil.rmtree(FOLDER, ignore_errors=True)
        atexit.register(_tell)


def _tell() -> None:
    spent = [Spent(**json.loads(file.read_text())) for file in sorted(FOLDER.glob("*.json"))]
    if spent:
        print(told(spent), file=sys.stderr)


def told(spent: Sequence[Spent]) -> str:
    """One sentence about the jobs of a run on a cluster; those that were ended from outside noted nothing."""
    start, work = sum(one.start for one in spent), sum(one.work for one in spent)
    queue = sum(one.queue for one in spent if not math.isnan(one.queue))
    share = 100 * start / max(start + work, 1e-9)
    return (
        f"{len(spent)} job{'s' * (len(spent) > 1)} of the cluster made {sum(one.jobs for one in spent)} of the run. "
        f"Together they waited {queue:.0f} s in the queue, took {start:.0f} s to start and worked {work:.0f} s: "
        f"{share:.0f} % of the time that the cluster gave was for starting."
    )
