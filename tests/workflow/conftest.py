"""A finished run that several files of tests start from."""

import fcntl
import os
import shutil

import pytest

from support.projects import RUN, SLOW, Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A complete run of RUN, with a slow method of its own. Tests copy it; processes that run side by side share it."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (base / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        project, complete = Project(base / "finished"), base / "finished.complete"
        if not complete.exists():
            shutil.rmtree(project.path, ignore_errors=True)  # what a process left that failed
            Project.create(project.path)
            (project.path / "slow.py").write_text(SLOW)
            project.configure(RUN)
            project.run()
            complete.touch()
    return project


@pytest.fixture
def project(finished, tmp_path):
    """A copy of it that a test may change."""
    return finished.clone(tmp_path / "project")
