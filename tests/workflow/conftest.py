"""Projects that several files of tests start from."""

import pytest

from support.projects import TINY, VOLUMES, Project, make_volumes


@pytest.fixture
def project(finished, tmp_path):
    """A copy of the finished run that a test may change."""
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
