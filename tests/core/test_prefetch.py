"""Work ahead of the consumer."""

import time

import pytest

from promptseg.core.prefetch import prefetched


def test_prefetched_keeps_order_runs_ahead_and_passes_errors_on():
    made = []

    def items():
        for index in range(6):
            made.append(index)
            if index == 5:
                raise ValueError("the sixth")
            yield index

    stream = prefetched(items(), ahead=2)
    assert next(stream) == 0
    time.sleep(0.1)
    assert made == [0, 1, 2]
    with pytest.raises(ValueError, match="the sixth"):
        list(stream)
    assert list(prefetched([])) == []
