"""Slices of a volume are encoded once, whatever leaves the memory in between."""

import gc
import weakref

import numpy as np
import pytest

from promptseg.methods.slice_store import SliceStore
from promptseg.predict.embeddings import EmbeddingCache


class Numbered:
    """A volume whose slice z holds the number z everywhere."""

    volume_id, spacing = "numbered", None

    def __init__(self, count):
        self.shape = (count, 2, 3)

    def pixels(self, z):
        return np.full((2, 3, 3), z, np.uint8)

    def digest(self, z):
        return f"slice {z}"


ALIVE = weakref.WeakSet()


class Code:
    """What `encode` makes of a slice; it counts how many are alive."""

    def __init__(self, number):
        self.number = number
        ALIVE.add(self)


def encode(pixels):
    return Code(int(pixels[0, 0, 0]))


def pack(code):
    return b"x" * code.number + bytes([code.number])


def unpack(content, pixels):
    assert pixels.shape == (2, 3, 3)
    return Code(content[-1])


@pytest.fixture
def counted():
    gc.collect()
    assert not ALIVE
    return ALIVE


def test_each_slice_is_encoded_once_and_comes_back_equal(counted):
    with SliceStore(Numbered(7), encode, pack, unpack, limit=3) as store:
        for order in ([0, 6, 3, 1, 2, 5, 4], [4, 0, 6, 6, 2, 3, 5, 1]):
            assert [store.get(z).number for z in order] == order
        assert [code.number for code in store] == [0, 1, 2, 3, 4, 5, 6]
        assert (store.encodings, len(store)) == (7, 7)
        assert len(counted) == 3
    assert not counted


def test_what_was_used_last_stays():
    with SliceStore(Numbered(4), encode, pack, unpack, limit=2) as store:
        first = store.get(0)
        store.get(1)
        assert store.get(0) is first
        store.get(2)  # 1 leaves
        assert store.get(0) is first


def test_what_cannot_be_packed_is_made_again():
    with SliceStore(Numbered(3), encode, limit=2) as store:
        for z in (0, 1, 2, 1, 0):
            assert store.get(z).number == z
        assert store.encodings == 4


def test_a_cache_spares_the_encoding_in_the_next_run(tmp_path):
    made = []
    for _ in range(2):
        cache = EmbeddingCache(tmp_path / "slices.sqlite", {})
        with SliceStore(Numbered(4), encode, pack, unpack, limit=1, kept=cache) as store:
            assert [store.get(z).number for z in (0, 1, 2, 3, 0)] == [0, 1, 2, 3, 0]
            made.append(store.encodings)
        cache.close()
    assert made == [4, 0]


def test_seconds_are_those_of_the_method():
    seconds = iter([0.0, 2.5])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("promptseg.methods.slice_store.time.perf_counter", lambda: next(seconds))
        with SliceStore(Numbered(1), encode) as store:
            store.get(0)
            store.get(0)
            assert store.seconds == 2.5


def test_the_file_is_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with SliceStore(Numbered(3), encode, pack, unpack, limit=1) as store:
        assert [code.number for code in store] == [0, 1, 2]
    assert not list(tmp_path.iterdir())


def test_a_failure_keeps_nothing():
    failing = {1}

    def sometimes(pixels):
        if failing & {int(pixels[0, 0, 0])}:
            raise ValueError("no")
        return encode(pixels)

    with SliceStore(Numbered(2), sometimes, pack, unpack) as store:
        with pytest.raises(ValueError, match="no"):
            store.get(1)
        failing.clear()
        assert store.get(1).number == 1
