"""FocalClick in training."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from promptseg.methods.click_tensors import click_tensor, resize
from promptseg.methods.clicking import THRESHOLD, ClickPredictor
from promptseg.methods.focalclick import FocalPredictor, focus_box
from promptseg.methods.networks.focalclick import FocalClickNet
from promptseg.training.tasks.clicking import Case, ClickTask


class FocalClickTask(ClickTask):
    """FocalClick: the coarse mask, and the refiner in the focus crop of an image of more pixels."""

    fine = 1.5
    network: FocalClickNet

    def build(self, variant: str) -> nn.Module:
        """A network with random weights."""
        return FocalClickNet.from_variant(variant)

    def predictor(self, network: nn.Module) -> ClickPredictor:
        """See `ClickTask.predictor`."""
        assert isinstance(network, FocalClickNet)
        return FocalPredictor(network, infer_size=self.options["infer_size"])

    def losses(self, inputs: Tensor, points: Tensor, truth: Tensor, case: Case) -> Tensor:
        """See `ClickTask.losses`."""
        logits, feature = self.network.forward_with_feature(inputs, points)
        size = inputs.shape[-1]
        masks = (logits.detach() > THRESHOLD)[:, 0].cpu().numpy()  # logits: as in the evaluation
        before = (case.previous > THRESHOLD)[:, 0].cpu().numpy()
        boxes, crops, targets, clicks = [], [], [], []
        for index, given in enumerate(case.clicks):
            box = focus_box(masks[index], before[index], (given[-1].y, given[-1].x), (0, size, 0, size))
            y1, y2, x1, x2 = box if box[0] < box[1] and box[2] < box[3] else (0, size, 0, size)
            boxes.append((float(index), float(x1), float(y1), float(x2), float(y2)))
            top, bottom, left, right = (round(self.fine * side) for side in (y1, y2, x1, x2))
            crops.append(resize(case.fine[index, :, top:bottom, left:right], (size, size)))
            targets.append(resize(case.fine_truth[index, :, top:bottom, left:right], (size, size)))
            rows_columns = np.array([(click.y, click.x) for click in given], np.float64)
            clicks.append((rows_columns - (y1, x1)) * size / (y2 - y1, x2 - x1))
        labels = [np.array([int(click.positive) for click in given]) for given in case.clicks]
        target = torch.stack(targets)
        refined = self.network.refine(
            torch.stack(crops),
            click_tensor(clicks, labels).to(self.device),
            feature.detach(),  # the way back through RoIAlign would take a quarter of the time
            logits.detach(),
            torch.tensor(boxes, device=self.device),
        )
        border = F.max_pool2d(target, 7, 1, 3) + F.max_pool2d(-target, 7, 1, 3)  # where a 7 x 7 square sees both
        return (
            case.mask_loss(logits, truth)
            + case.mask_loss(refined.refined, target)
            + 0.3 * F.binary_cross_entropy_with_logits(refined.trimap.float(), (border > 0.5).float())
        )
