"""The short version of `make fault-test`: a run that loses a job, then its main process, and is started again."""

import os
import shutil
import signal
import subprocess

import pytest

from faults.frame import litter
from faults.kills import in_the_middle, writers
from promptseg.planning.starts import SWITCH
from support.projects import Project

SLOW = "results/predictions/slow"
FILES = (f"{SLOW}/blobs.parquet", f"{SLOW}/stripes.parquet")


@pytest.fixture(autouse=True)
def forks(monkeypatch):
    """Every job is a fork, though there are few."""
    monkeypatch.setenv(SWITCH, "always")


def twice_killed(project: Project) -> subprocess.CompletedProcess[str]:
    """A job that writes predictions, and then the main process, which has another one."""

    def kill(main: int) -> None:
        os.kill(min(writers(project)), signal.SIGKILL)
        os.kill(main, signal.SIGKILL)

    return in_the_middle(project, kill, FILES)


def test_a_run_of_which_a_job_and_the_main_process_are_killed_is_completed_by_the_next_start(finished, tmp_path):
    project = finished.clone(tmp_path / "project")
    shutil.rmtree(project.path / SLOW)
    assert twice_killed(project).returncode != 0
    assert litter(project), "SIGKILL leaves something, or this shows nothing"
    project.run(*FILES)
    for name in FILES:
        assert (project.path / name).read_bytes() == (finished.path / name).read_bytes()
    assert litter(project) == []
    assert project.planned(*FILES, "results/scores/slow/blobs.parquet") == {}  # what was made of them stays
