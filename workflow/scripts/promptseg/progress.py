"""Progress of long work: a bar on a terminal, a line in the log every 30 seconds elsewhere."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")
LOG_EVERY = 30.0  # seconds


def progress(items: Iterable[T], total: int, label: str, unit: str) -> Iterator[T]:
    """Pass the items on and show how many of `total` are done and how long the rest will take."""
    if sys.stderr.isatty():
        yield from tqdm(items, total=total, desc=label, unit=unit)
        return
    start = last = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if done and now - last >= LOG_EVERY:
            last = now
            left = (now - start) / done * (total - done)
            logging.info("%s: %d of %d %ss, about %.0f s left", label, done, total, unit, left)
        yield item
