"""SimpleClick in training."""

import torch
from torch import Tensor, nn

from promptseg.methods.clicking import ClickPredictor
from promptseg.methods.networks.simpleclick import SimpleClickNet
from promptseg.methods.simpleclick import simpleclick_predictor
from promptseg.training.tasks.clicking import Case, ClickTask


class SimpleClickTask(ClickTask):
    """SimpleClick: the mask."""

    network: SimpleClickNet

    def build(self, variant: str) -> nn.Module:
        """A network with random weights."""
        network = SimpleClickNet.from_variant(variant)
        network.backbone.pos_embed.data[:, 1:] = _waves(*network.backbone.grid, network.architecture.dim)
        return network

    def predictor(self, network: nn.Module) -> ClickPredictor:
        """See `ClickTask.predictor`."""
        assert isinstance(network, SimpleClickNet)
        return simpleclick_predictor(network, self.options)

    def losses(self, inputs: Tensor, points: Tensor, truth: Tensor, case: Case) -> Tensor:
        """See `ClickTask.losses`."""
        return case.mask_loss(self.network(inputs, points), truth)


def _waves(rows: int, columns: int, dim: int) -> Tensor:
    """(1, rows * columns, dim) sines and cosines of both coordinates, as large as usual initial weights."""
    rates = 1 / 10000 ** (torch.arange(dim // 4) / (dim // 4))
    down, across = torch.arange(rows)[:, None] * rates, torch.arange(columns)[:, None] * rates
    down, across = down[:, None].expand(-1, columns, -1), across[None].expand(rows, -1, -1)
    return 0.1 * torch.cat([down.sin(), down.cos(), across.sin(), across.cos()], dim=2).flatten(0, 1)[None]
