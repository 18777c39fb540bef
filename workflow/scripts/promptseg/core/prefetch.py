"""Work ahead of the consumer in a thread."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def prefetched(items: Iterable[T], ahead: int = 2) -> Iterator[T]:
    """The items in their order, up to `ahead` of them made in another thread before they are asked for."""
    iterator = iter(items)

    def following() -> list[T]:
        return list(islice(iterator, 1))

    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(following) for _ in range(ahead))
        while item := waiting.popleft().result():
            waiting.append(pool.submit(following))
            yield item[0]
