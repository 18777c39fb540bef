"""The random numbers of a user: NumPy's legacy generator, which the official programs draw from."""

import numpy as np

from promptseg.core.randomness import generator

RUN = "run"


class Draws:
    """One generator, and its seed, with which it can begin anew.

    The official programs seed once per click, per image, per prompter or per process. Here a generator belongs to one
    object, so that nothing depends on the order of work.

    Args:
        seed: a number as in the official program; `run` for one that follows from the seed of the run and the object.
    """

    def __init__(self, seed: int | str, run_seed: int, object_id: str) -> None:
        if seed == RUN:
            self.seed = int(generator(run_seed, object_id, "preset").integers(2**32))
        else:
            self.seed = int(seed)
        self.random = np.random.RandomState(self.seed)

    def anew(self) -> np.random.RandomState:
        """The generator, from its beginning."""
        self.random.seed(self.seed)
        return self.random
