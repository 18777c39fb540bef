"""Slow tests run only where RUN_SLOW=1 is set; tests that run side by side take one thread each.

Property tests try the same examples on every run, so that none fails by chance. `make test-long` takes other and many
more examples at each run, and prints how to repeat a failure; what it finds becomes a test of its own.
"""

import fcntl
import os
import shutil
import signal

import pytest
from hypothesis import HealthCheck, settings

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# Processes inherit that a signal is ignored, as `nohup` and `&` have it, but not a function for it.
for number in (signal.SIGHUP, signal.SIGINT):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, lambda *_: None)

# Times are those of the machine, not of the code: no test is judged by them.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("fixed", max_examples=60, derandomize=True, **_COMMON)
settings.register_profile("long", max_examples=3000, print_blob=True, **_COMMON)
settings.load_profile("fixed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that start Snakemake, the longest, come first; `slow` tests are skipped unless they are asked for."""
    items.sort(key=lambda item: ("workflow" not in item.path.parts, not hasattr(item.module, "Project")))
    if os.environ.get("RUN_SLOW") != "1":
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow: set RUN_SLOW=1"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A complete run of RUN, with a slow method of its own. Tests copy it; processes that run side by side share it."""
    from support.projects import RUN, SLOW, Project  # takes long, and few tests need it

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
