"""What a method makes of the slices of a volume: each slice once for all objects, routes and directions.

Only the slices used last stay in memory. What a method can pack goes to a temporary file when it leaves, and is read
from there; the rest is made again.
"""

import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

import numpy as np

from promptseg.methods.volume import Slices

Encoded = TypeVar("Encoded")

IN_MEMORY = 16  # slices: of SAM's large networks about 12 MB each


class Kept(Protocol):
    """Bytes by the digest of an image, such as `predict.embeddings.EmbeddingCache`."""

    def get(self, image_sha256: str) -> bytes | None:
        """What is known of an image."""

    def put(self, image_sha256: str, content: bytes) -> None:
        """Keep it."""


class SliceStore(Generic[Encoded]):
    """What a method makes of each slice of one volume. It is used by one thread at a time; `close` it at the end.

    Args:
        volume: whose slices; `pixels` and `digest` are asked.
        encode: of (h, w, 3) uint8 RGB, as `Method.encode`.
        pack, unpack: to bytes, and back with the pixels, as of `Method`; None where a method has none.
        limit: slices in memory at most.
        kept: where packed slices are looked for first, and put; it outlives the store.

    Attributes:
        encodings: how often `encode` was called.
        took: seconds spent in `encode`, `pack` and `unpack`, by slice.
    """

    def __init__(
        self,
        volume: Slices,
        encode: Callable[[np.ndarray], Encoded],
        pack: Callable[[Encoded], bytes] | None = None,
        unpack: Callable[[bytes, np.ndarray], Encoded] | None = None,
        limit: int = IN_MEMORY,
        kept: Kept | None = None,
    ):
        self.volume = volume
        self.encodings = 0
        self.took: dict[int, float] = {}
        self._encode, self._pack, self._unpack = encode, pack, unpack
        self._limit, self._kept = max(limit, 1), kept
        self._recent: OrderedDict[int, Encoded] = OrderedDict()
        self._file = tempfile.TemporaryFile(prefix="promptseg_slices_")  # noqa: SIM115 - `close` closes it
        self._places: dict[int, tuple[int, int]] = {}

    @property
    def seconds(self) -> float:
        """What all of it took."""
        return sum(self.took.values())

    def get(self, z: int) -> Encoded:
        """What the method makes of slice `z`."""
        if z not in self._recent:
            start = time.perf_counter()
            found = self._made(z)
            while len(self._recent) >= self._limit:
                self._drop(*self._recent.popitem(last=False))
            self._recent[z] = found
            self.took[z] = self.took.get(z, 0.0) + time.perf_counter() - start
        self._recent.move_to_end(z)
        return self._recent[z]

    def __iter__(self) -> Iterator[Encoded]:
        return (self.get(z) for z in range(len(self)))

    def __len__(self) -> int:
        return self.volume.shape[0]

    def close(self) -> None:
        """Let all of it go, the temporary file, too."""
        self._recent.clear()
        self._places.clear()
        self._file.close()

    def __enter__(self) -> "SliceStore[Encoded]":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _made(self, z: int) -> Encoded:
        pixels = self.volume.pixels(z)
        if self._unpack is not None and (content := self._packed(z)) is not None:
            return self._unpack(content, pixels)
        self.encodings += 1
        found = self._encode(pixels)
        if self._kept is not None and self._pack is not None:
            self._kept.put(self.volume.digest(z), self._pack(found))
        return found

    def _packed(self, z: int) -> bytes | None:
        if z in self._places:
            start, size = self._places[z]
            self._file.seek(start)
            return self._file.read(size)
        return None if self._kept is None else self._kept.get(self.volume.digest(z))

    def _drop(self, z: int, encoded: Encoded) -> None:
        """A slice leaves the memory: to the file, unless it can be had again from where it is kept."""
        if self._pack is None or self._unpack is None or z in self._places or self._kept is not None:
            return
        content = self._pack(encoded)
        start = self._file.seek(0, 2)
        self._file.write(content)
        self._places[z] = (start, len(content))
