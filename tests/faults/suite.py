"""All faults, for real: `make fault-test`. Takes long, so that its name keeps it out of `make test`."""

import pytest

from faults.at_random import disturbed
from faults.document import FAULTS
from faults.frame import TABLES, check
from promptseg.planning.starts import SWITCH
from support.projects import RUN, SLOW, Project


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """As the one of other tests, without figures and pages."""
    project = Project.create(tmp_path_factory.mktemp("finished") / "project")
    (project.path / "slow.py").write_text(SLOW)
    project.configure(RUN)
    project.run(*TABLES)
    return project


@pytest.fixture(autouse=True)
def forks(monkeypatch):
    """Every job is a fork, though there are few."""
    monkeypatch.setenv(SWITCH, "always")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_as_declared(fault, finished, tmp_path):
    print(f"\n  said: {check(fault, finished, tmp_path / 'project') or 'nothing'}")


def test_a_hundred_kills_at_random_moments(finished, tmp_path):
    killed = disturbed(finished, tmp_path / "project", times=100, seed=21)
    print("\n  " + ", ".join(f"{count} times {what}" for what, count in sorted(killed.items())))
