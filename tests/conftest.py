"""Slow tests run only where RUN_SLOW=1 is set."""

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked `slow`, with a reason, unless they are asked for."""
    if os.environ.get("RUN_SLOW") != "1":
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow: set RUN_SLOW=1"))
