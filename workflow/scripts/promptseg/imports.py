"""Imports that leave out what is not needed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def not_installed(*names: str) -> Iterator[None]:
    """Let modules that are not imported yet look as if they were not installed, to a library that takes any."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how the import system marks what is not there
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
