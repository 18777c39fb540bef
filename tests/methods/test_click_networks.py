"""The networks of RITM and FocalClick: names and shapes of the official files, and their parts in small cases."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from promptseg.core.errors import PromptsegError
from promptseg.methods.networks import focalclick, hrnet
from promptseg.methods.networks.clickmaps import disk_maps, normalise
from promptseg.methods.networks.config import SHARED
from promptseg.methods.networks.focalclick import FocalClickNet
from promptseg.methods.networks.hrnet import RitmNet
from promptseg.parity.generated_weights import rule_state

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs"
FAMILIES = {"ritm": (RitmNet, hrnet.VARIANTS), "focalclick": (FocalClickNet, focalclick.VARIANTS)}
NETWORKS = [(family, variant) for family, (_, variants) in FAMILIES.items() for variant in variants]
recorded = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded outputs of the reference are not here")


def tiny_segformer(pipeline="s2"):
    backbone = {"widths": (8, 16, 40, 64), "depths": (1, 1, 1, 1), "head_width": 16}
    return with_rule_weights(FocalClickNet(backbone, pipeline))


def with_rule_weights(network):
    network.load_state_dict(rule_state(network))
    return network


def config(name="isegm.model.is_hrnet_model.HRNetModel", **values):
    shared = {**SHARED, "use_leaky_relu": True, "width": 18, "ocr_width": 48, "small": True, "norm_radius": 5}
    return {"class": name, "params": {key: {"type": "builtin", "value": v} for key, v in {**shared, **values}.items()}}


def test_disks_hold_their_rim_and_a_padded_row_draws_nothing():
    points = torch.tensor([[[8.0, 10, 0], [-1, -1, -1], [-3, 4, 1], [-2, -2, 2]]])
    maps = disk_maps(points, (20, 24), 5)
    rows, columns = np.mgrid[:20, :24]
    assert maps.dtype == torch.float32
    np.testing.assert_array_equal(maps[0, 0], (rows - 8) ** 2 + (columns - 10) ** 2 <= 25)
    np.testing.assert_array_equal(maps[0, 1], (rows + 3) ** 2 + (columns - 4) ** 2 <= 25)
    assert maps[0, 1].any()  # partly outside, still drawn


def test_images_are_normalised_by_channel():
    black = normalise(torch.zeros(2, 3, 4, 5))
    assert black.shape == (2, 3, 4, 5)
    torch.testing.assert_close(black[1, :, 0, 0], -torch.tensor([0.485 / 0.229, 0.456 / 0.224, 0.406 / 0.225]))


@recorded
@pytest.mark.parametrize(("family", "variant"), NETWORKS)
def test_parameters_are_those_of_official_checkpoints(family, variant):
    content = json.loads((RECORDED / "state_dicts" / f"{family}_{variant}.json").read_text())["state_dict"]
    with torch.device("meta"):
        own = FAMILIES[family][0].from_variant(variant).state_dict()
    assert list(own) == list(content)
    for name, value in own.items():
        assert list(value.shape) == content[name]["shape"], name
        assert str(value.dtype) == f"torch.{content[name]['dtype']}", name


@recorded
@pytest.mark.parametrize("path", sorted((RECORDED / "checkpoints").glob("*.config.json")), ids=lambda path: path.stem)
def test_the_configuration_of_a_checkpoint_names_its_network(path):
    content = json.loads(path.read_text())
    family, variant = content["variant"].split("_", 1)
    for other, (network, variants) in FAMILIES.items():
        with torch.device("meta"):
            if family == other:
                found, named = network.from_config(content["config"]), network(**variants[variant])
                assert {k: v.shape for k, v in found.state_dict().items()} == {
                    k: v.shape for k, v in named.state_dict().items()
                }
                assert (found.radius, getattr(found, "pipeline", "")) == (named.radius, getattr(named, "pipeline", ""))
            else:
                with pytest.raises(PromptsegError, match=r"is a checkpoint of \w+, not of (RITM|FocalClick)\. Give"):
                    network.from_config(content["config"])


def test_configurations_that_are_not_supported_are_explained():
    with pytest.raises(PromptsegError, match="none of HRNetModel, PlainVitModel, SegFormerModel"):
        RitmNet.from_config(config("isegm.model.is_deeplab_model.DeeplabModel"))
    with pytest.raises(PromptsegError, match="use_rgb_conv = True; only use_rgb_conv = False is supported"):
        RitmNet.from_config(config(use_rgb_conv=True))
    with pytest.raises(PromptsegError, match="pipeline_version = 's3'; use s1 or s2"):
        FocalClickNet.from_config(config(pipeline_version="s3"))
    with pytest.raises(PromptsegError, match="model_version = 'b9'; supported are b0, b3"):
        FocalClickNet.from_config(
            config("isegm.model.is_segformer_model.SegFormerModel", pipeline_version="s1", model_version="b9")
        )


def test_the_radius_of_clicks_depends_on_the_pipeline():
    with torch.device("meta"):
        radii = {name: FocalClickNet.from_variant(name).radius for name in focalclick.VARIANTS}
        assert RitmNet.from_config(config(norm_radius=3)).radius == 3
    assert radii == {
        "segformerB0_S1": 3,
        "segformerB0_S2": 5,
        "segformerB3_S2": 5,
        "hrnet18s_S1": 2,
        "hrnet18s_S2": 5,
        "hrnet32_S2": 5,
    }


@pytest.mark.parametrize("pipeline", ["s1", "s2"])
@pytest.mark.parametrize("backbone", ["segformer", "hrnet"])
def test_items_of_a_batch_do_not_touch_each_other_or_the_input(backbone, pipeline):
    if backbone == "segformer":
        network = tiny_segformer(pipeline)
    else:
        network = with_rule_weights(FocalClickNet({"width": 4, "ocr_width": 8, "small": True}, pipeline))
    images = torch.rand(3, 4, 128, 128, generator=torch.Generator().manual_seed(0))
    points = torch.tensor([[[8.0, 10, 0], [-1, -1, -1]], [[50, 60, 0], [40, 3, 1]], [[-1, -1, -1], [9, 9, 0]]])
    boxes = torch.tensor([[0.0, 10, 20, 90, 70], [1, 0, 0, 128, 128], [2, 5, 5, 60, 120]])
    before = images.clone()
    with torch.inference_mode():
        logits, feature = network.forward_with_feature(images, points)
        refined = network.refine(images[:, :3], points, feature, logits, boxes)
        for index in range(3):
            one, its_feature = network.forward_with_feature(images[index : index + 1], points[index : index + 1])
            torch.testing.assert_close(one[0], logits[index], atol=1e-5, rtol=1e-5)
            assert its_feature.shape[2] == (16 if pipeline == "s1" else 32)
            box = boxes[index : index + 1].clone()
            box[:, 0] = 0
            alone = network.refine(images[index : index + 1, :3], points[index : index + 1], its_feature, one, box)
            torch.testing.assert_close(alone.refined[0], refined.refined[index], atol=1e-5, rtol=1e-5)
    assert logits.shape == refined.refined.shape == (3, 1, 128, 128)
    torch.testing.assert_close(images, before, atol=0, rtol=0)


def test_hrnet_takes_any_size():
    network = with_rule_weights(RitmNet(4, 8, small=True))
    points = torch.tensor([[[8.0, 10, 0], [-1, -1, -1]]])
    with torch.inference_mode():
        for size in ((33, 47), (64, 65), (130, 31)):
            logits, aux = network.forward_with_aux(torch.rand(1, 4, *size), points)
            assert logits.shape == aux.shape == (1, 1, *size)
            assert torch.isfinite(logits).all()
