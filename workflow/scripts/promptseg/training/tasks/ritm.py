"""RITM in training."""

from torch import Tensor, nn
from torch.nn import functional as F

from promptseg.methods.clicking import ClickPredictor
from promptseg.methods.networks.hrnet import RitmNet
from promptseg.methods.ritm import ritm_predictor
from promptseg.training.tasks.clicking import Case, ClickTask


class RitmTask(ClickTask):
    """RITM: the mask, and the auxiliary head."""

    network: RitmNet

    def build(self, variant: str) -> nn.Module:
        """A network with random weights."""
        return RitmNet.from_variant(variant)

    def predictor(self, network: nn.Module) -> ClickPredictor:
        """See `ClickTask.predictor`."""
        assert isinstance(network, RitmNet)
        return ritm_predictor(network, self.options)

    def losses(self, inputs: Tensor, points: Tensor, truth: Tensor, case: Case) -> Tensor:
        """See `ClickTask.losses`."""
        logits, aux = self.network.forward_with_aux(inputs, points)
        return case.mask_loss(logits, truth) + 0.4 * F.binary_cross_entropy_with_logits(aux.float(), truth)
