"""Work in several processes whose results and messages come in order."""

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

import cv2

from promptseg.core.errors import PromptsegError
from promptseg.core.processes import end_with_parent

T = TypeVar("T")


def run_in_order(work: Sequence[Callable[[], T]], threads: int) -> Generator[T]:
    """Results in the order of `work`; only a few of them wait."""
    if threads <= 1 or len(work) <= 1:
        yield from (one() for one in work)
        return
    with ProcessPoolExecutor(min(threads, len(work)), initializer=end_with_parent) as pool:
        running: deque[Future[T]] = deque()
        try:
            for one in work:
                running.append(pool.submit(one))
                if len(running) > 2 * threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool as error:
            raise PromptsegError(
                "A worker process was ended from outside, most likely because memory ran out: run with fewer threads."
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep OpenCV to one thread, here and in the workers: they share the cores among themselves."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


class _Collector(logging.Handler):
    def __init__(self, messages: list[tuple[int, str]]):
        super().__init__()
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append((record.levelno, record.getMessage()))


@contextmanager
def collected(messages: list[tuple[int, str]]) -> Iterator[None]:
    """Keep what the library logs, so that the messages of worker processes come out in the order of the cases."""
    library = logging.getLogger("promptseg")
    handler = _Collector(messages)
    level, propagate = library.level, library.propagate
    library.addHandler(handler)
    library.setLevel(logging.INFO)
    library.propagate = False
    try:
        yield
    finally:
        library.removeHandler(handler)
        library.setLevel(level)
        library.propagate = propagate
