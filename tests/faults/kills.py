"""Processes that end before their time."""

import os
import signal
import subprocess
from pathlib import Path

from faults.frame import Fault, ended, start, wait_for
from support.projects import Project

HEADING = "Processes that are killed"


def _predicting(project: Project) -> list[Path]:
    """Folders of predictions that are being written."""
    return list(project.path.glob("results/predictions/slow/.partial-*/*.parquet"))


def _killed(project: Project, number: int, *, group: bool) -> subprocess.CompletedProcess[str]:
    """A run whose main process, or all of whose processes, got a signal in the middle of predictions."""
    output = project.path / "said.txt"
    running = start(project, output=output)
    wait_for(running, lambda: _predicting(project))
    assert list((project.path / ".snakemake" / "locks").iterdir()), "nothing is locked: this shows nothing"
    (os.killpg if group else os.kill)(running.pid, number)
    return ended(running, output)


def all_processes_die(project: Project) -> subprocess.CompletedProcess[str]:
    return _killed(project, signal.SIGKILL, group=True)


FAULTS = (
    Fault(
        "All processes of a run are killed (`kill -9`, a machine that loses power)",
        all_processes_die,
        "",
        "Finished files stay. The next start releases Snakemake's lock and makes again what was not finished.",
        heading=HEADING,
    ),
)
