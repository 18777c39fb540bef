"""When results were made."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path


def newest(files: Iterable[str | Path]) -> str:
    """The time at which the newest of some files was written, "2026-11-29 16:52 UTC"; empty without files.

    The same files give the same text whenever and wherever it is asked for.
    """
    times = [Path(file).stat().st_mtime for file in files]
    return f"{datetime.fromtimestamp(max(times), UTC):%Y-%m-%d %H:%M} UTC" if times else ""
