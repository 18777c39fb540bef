"""What a family of networks in training provides."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from promptseg.training.generate import Sample, sample


class Task(ABC):
    """A family of networks in training.

    Args:
        variant: of the family's networks.
        options: of the family's method, as in `config/methods.yaml`.
        device: of the network.
    """

    objects: int  # of an image
    detail: float = 1.0  # size of the generated images, relative to the network's input

    def __init__(self, variant: str, options: dict[str, Any], device: str):
        self.options, self.device = options, device
        self.network = self.build(variant).to(device)

    @abstractmethod
    def build(self, variant: str) -> nn.Module:
        """The network with random weights."""

    @abstractmethod
    def loss(self, samples: Sequence[Sample], rng: np.random.Generator, balance: float) -> Tensor:
        """The loss of a batch, a scalar to be differentiated; `balance` as in `losses.mask`."""

    @abstractmethod
    def validate(self, network: nn.Module, samples: Sequence[Sample]) -> dict[str, float]:
        """Mean IoU over the objects of held-out samples, by what was shown."""

    def images(self, seed: int, first: int, count: int, size: int) -> list[Sample]:
        """Samples number `first` and following of a series, for a network input of that size."""
        side = round(self.detail * size)
        return [sample(seed, index, side, self.objects) for index in range(first, first + count)]


def rgb(pixels: np.ndarray) -> np.ndarray:
    """(s, s, 3) copies of (s, s) grey levels."""
    return np.repeat(pixels[:, :, None], 3, axis=2)
