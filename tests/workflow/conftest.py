"""A finished run that several files of tests start from."""

import fcntl
import os
import shutil

import pytest

from support.projects import RUN, SLOW, TINY, VOLUMES, Project, make_volumes


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


@pytest.fixture(scope="session")
def volumes(tmp_path_factory):
    """A project with a dataset of volumes, asked by a method that is not of the run; nothing is made yet."""
    project = Project.create(tmp_path_factory.mktemp("volumes") / "project")
    make_volumes(project.path / "data" / "bodies")
    run = {"datasets": ["bodies", "blobs"], "methods": ["perfect"]}
    asked = {"methods": ["region_growing"], "slices": ["largest", 3], "clicks": 1}
    project.configure({**TINY, "run": run, "datasets": {**TINY["datasets"], "bodies": VOLUMES}, "volumes": asked})
    return project
