"""Slow tests run only where RUN_SLOW=1 is set; tests that run side by side take one thread each.

Property tests try the same examples on every run, so that none fails by chance. `make test-long` takes other and many
more examples at each run, and prints how to repeat a failure; what it finds becomes a test of its own.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

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
