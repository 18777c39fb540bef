"""Weights for the real server of nnInteractive that need no download, of a network that answers with what it is shown.

In an environment with the package nnInteractive (not part of the development requirements):

    python tests/support/nninteractive_model.py MODEL
    PYTHONPATH=tests/support nninteractive-server --model-dir MODEL --fold 0 --device cpu --port 1527

`--random` makes a small U-Net with random weights instead, whose masks mean nothing.
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn

_UNET = {
    "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
    "arch_kwargs": {
        "n_stages": 3,
        "features_per_stage": [4, 8, 8],
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [[3, 3, 3]] * 3,
        "strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
        "n_conv_per_stage": [1, 1, 1],
        "n_conv_per_stage_decoder": [1, 1],
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    },
    "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
}
_ECHO = {"network_class_name": "nninteractive_model.Echo", "arch_kwargs": {}, "_kw_requires_import": []}


class Echo(nn.Module):
    """All that is positive or in the mask before, less what is negative."""

    def __init__(self, input_channels: int, num_classes: int, **more: object):
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1))  # a file of weights has to hold something

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        shown = inputs[:, 1:].float()  # the mask before; then + and - of boxes and lassos, of points, of scribbles
        found = (shown[:, [0, 1, 3, 5]] > 0).any(1) & ~(shown[:, [2, 4, 6]] > 0).any(1)
        return torch.stack([~found, found], 1).float()


def write(folder: Path, architecture: dict) -> None:
    (folder / "fold_0").mkdir(parents=True)
    configuration = {
        "data_identifier": "none",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 1,
        "patch_size": [64, 64, 64],
        "spacing": [1, 1, 1],
        "normalization_schemes": ["ZScoreNormalization"],
        "use_mask_for_norm": [False],
        "architecture": architecture,
    }
    plans = {
        "dataset_name": "Dataset000_None",
        "plans_name": "nnUNetPlans",
        "image_reader_writer": "SimpleITKIO",
        "label_manager": "LabelManager",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": {"3d_fullres": configuration},
    }
    dataset = {"channel_names": {"0": "image"}, "labels": {"background": 0, "object": 1}, "file_ending": ".nii.gz"}
    session = {"point_radius": 4, "interaction_decay": 0.9}
    files = {"plans.json": plans, "dataset.json": dataset, "inference_session_class.json": session}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    (folder / "LICENSE").write_text("none\n")
    weights = {
        "network_weights": _network(plans).state_dict(),
        "trainer_name": "nnInteractiveTrainer_stub",
        "init_args": {"configuration": "3d_fullres"},
    }
    torch.save(weights, folder / "fold_0" / "checkpoint_final.pth")


def _network(plans: dict) -> nn.Module:
    from nnInteractive.trainer.nnInteractiveTrainer import nnInteractiveTrainer_stub
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    torch.manual_seed(0)
    manager = PlansManager(plans)
    configuration = manager.get_configuration("3d_fullres")
    return nnInteractiveTrainer_stub.build_network_architecture(manager, configuration, 8, 2, False)


if __name__ == "__main__":
    write(Path(sys.argv[1]), _UNET if "--random" in sys.argv else _ECHO)
