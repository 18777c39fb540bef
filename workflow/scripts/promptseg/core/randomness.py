"""Random numbers that do not depend on the order of work."""

import hashlib

import numpy as np


def generator(seed: int, *keys: str | int) -> np.random.Generator:
    """A generator that is a function of the seed and the keys alone, the same in every process."""
    text = "\x1f".join(map(str, (seed, *keys)))
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big"))
