"""Kills at random moments of random processes of a run, which is started again until it is done."""

import contextlib
import os
import random
import shutil
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

from faults.frame import TABLES, assert_undisturbed
from faults.kills import all_gone, jobs_of
from support.projects import Project

_PARTS = ("datasets", "prompts", "predictions", "scores", "tables")


@dataclass
class Killer:
    """Disturbs the runs of a project.

    Attributes:
        seconds: that a run takes when nothing happens; kills come within this time of a start.
        seed: of the draws. Which process a draw meets depends on the machine.
        killed: what was killed how often.
    """

    project: Project
    seconds: float
    seed: int
    killed: Counter[str] = field(default_factory=Counter)
    _orphans: list[psutil.Process] = field(default_factory=list)

    def kill(self, times: int) -> None:
        """Kill this often. A run that is done all the same begins again at a random stage."""
        draw = random.Random(self.seed)
        output = self.project.path.with_name("said.txt")
        done = True
        while self.killed.total() < times:
            if done:
                for part in _PARTS[draw.randrange(len(_PARTS)) :]:
                    shutil.rmtree(self.project.path / "results" / part, ignore_errors=True)
            running = self.project.begin(*TABLES, output=output)
            while self.killed.total() < times:
                running.join(draw.uniform(0, self.seconds))
                if not running.is_alive():
                    break
                self._disturb(running, draw)
            if self.killed.total() < times:
                running.join()
            else:
                self._orphans += jobs_of(running.pid)
                running.kill()
                running.join()
            done = running.exitcode == 0

    def finish(self, finished: Project) -> None:
        """Complete the run, and assert that it is as one that nothing happened to."""
        all_gone(self._orphans)
        completed = self.project.snakemake(*TABLES)
        assert completed.returncode == 0, completed.stdout
        assert_undisturbed(self.project, finished)

    def _disturb(self, running: BaseProcess, draw: random.Random) -> None:
        jobs, number = jobs_of(running.pid), draw.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
        kind = draw.choice(["main process", "everything", "a job", "a job"])
        if kind == "a job":
            if not jobs:
                return
            with contextlib.suppress(psutil.NoSuchProcess):
                draw.choice(jobs).send_signal(number)
        else:
            self._orphans += jobs
            number = signal.SIGKILL  # at another one Snakemake waits for its jobs
            try:
                (os.killpg if kind == "everything" else os.kill)(running.pid, number)
            except ProcessLookupError:  # it has not made a group of its own yet
                running.kill()
            running.join()
        self.killed[f"{kind} by {signal.Signals(number).name}"] += 1


def disturbed(finished: Project, folder: Path, times: int, seed: int) -> Counter[str]:
    """Run again what has to be made of a finished run, kill it that often, complete it; what was killed how often."""
    project = finished.clone(folder)
    shutil.rmtree(project.path / "results" / "predictions")
    begun = time.monotonic()
    project.run(*TABLES)
    killer = Killer(project, time.monotonic() - begun, seed)
    killer.kill(times)
    killer.finish(finished)
    return killer.killed
