"""Progress of long work: a bar on a terminal, a line in the log every 30 seconds elsewhere."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

logger = logging.getLogger(__name__)

T = TypeVar("T")
LOG_EVERY = 30.0  # seconds


def progress(
    items: Iterable[T],
    total: int,
    label: str,
    unit: str,
    parts: Callable[[T], int] | None = None,
    part: str = "",
) -> Iterator[T]:
    """Pass the items on and show how many of `total` are done and how long the rest will take.

    Args:
        unit: name of an item, in the singular.
        parts: how many parts an item has whose rate is shown too, e.g. the objects of an image.
        part: name of a part.
    """
    terminal = sys.stderr.isatty()
    bar = tqdm(total=total, desc=label, unit=unit) if terminal else None
    start = last = time.monotonic()
    handled = 0
    for done, item in enumerate(items, start=1):
        yield item
        handled += parts(item) if parts else 0
        now = time.monotonic()
        rate = f"{handled / max(now - start, 1e-9):.2f} {part}s per second" if parts else ""
        if bar is not None:
            bar.set_postfix_str(rate, refresh=False)
            bar.update()
        elif done < total and now - last >= LOG_EVERY:
            last = now
            left = (now - start) / done * (total - done)
            rest = f"{rate}, about {left:.0f} s left" if parts else f"about {left:.0f} s left"
            logger.info("%s: %d of %d %ss, %s", label, done, total, unit, rest)
    if bar is not None:
        bar.close()
