"""SAM 3's image encoder against a plain computation of the same, and the names of the published file."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from promptseg.methods.networks.sam3_vit import (
    Architecture,
    VisionBackbone,
    Vit,
    into_windows,
    out_of_windows,
    rotary_angles,
    rotate,
)
from promptseg.parity.generated_weights import rule_state

PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "state_dicts" / "sam3_tracker.json"
PREFIX = "detector.backbone.vision_backbone."
TINY = Architecture(image_size=18, patch=3, dim=16, heads=2, hidden=24, depth=4, period=2, window=2, width=8)


def network(kind=Vit, sizes=TINY):
    built = kind(sizes)
    built.load_state_dict(rule_state(built))
    return built.eval()


def test_windows_are_row_major_and_come_back():
    grid = torch.arange(36).view(1, 6, 6, 1)
    windows = into_windows(grid, 2)
    assert windows[0, :12, 0].tolist() == [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]
    assert torch.equal(out_of_windows(windows, 2, 6), grid)


def test_angles_of_a_square_of_four():
    angles = rotary_angles(2, 0.5, 8)
    expected = [[0, 0, 0, 0], [0.5, 0.005, 0, 0], [0, 0, 0.5, 0.005], [0.5, 0.005, 0.5, 0.005]]
    np.testing.assert_allclose(angles, np.array(expected, np.float32), rtol=1e-6)


def test_neighbouring_channels_are_turned_together():
    turn = torch.tensor([[[0.0, -1.0]], [[1.0, 0.0]]])  # by 90 and by 180 degrees
    assert rotate(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), turn).tolist() == [[-2.0, 1.0, -3.0, -4.0]]


def turned(x, row, column, step):
    """One token's channels (heads, d) as complex numbers, turned by its place."""
    x = x.reshape(len(x), -1, 2).astype(np.float64)
    half = x.shape[1] // 2
    frequencies = 10000.0 ** (-np.arange(half) / half)
    angles = step * np.concatenate([column * frequencies, row * frequencies])
    return (x[..., 0] + 1j * x[..., 1]) * np.exp(1j * angles)


def plain(vit, image):
    """The transformer token by token: (c, grid, grid)."""
    sizes, grid = vit.sizes, vit.sizes.grid
    x = F.conv2d(image, vit.patch_embed.proj.weight, stride=sizes.patch)[0].permute(1, 2, 0)
    table = vit.pos_embed[0, 1:].view(sizes.window, sizes.window, -1)
    x = vit.ln_pre(x + table.repeat(grid // sizes.window, grid // sizes.window, 1))
    for index, block in enumerate(vit.blocks):
        side = grid if (index + 1) % sizes.period == 0 else sizes.window
        qkv = block.attn.qkv(block.norm1(x)).view(grid, grid, 3, sizes.heads, -1).numpy()
        mixed = torch.zeros_like(x)
        for top in range(0, grid, side):
            for left in range(0, grid, side):
                inside = [(row, column) for row in range(side) for column in range(side)]
                tokens = [qkv[top + row, left + column] for row, column in inside]
                step = sizes.window / side
                q, k = (
                    np.stack([turned(t[i], *place, step) for t, place in zip(tokens, inside, strict=True)])
                    for i in (0, 1)
                )
                scores = np.einsum("nhd,mhd->hnm", q, k.conj()).real / np.sqrt(sizes.dim / sizes.heads)
                weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
                values = np.einsum("hnm,mhd->nhd", weights, np.stack([t[2] for t in tokens])).reshape(side, side, -1)
                mixed[top : top + side, left : left + side] = torch.as_tensor(values)
        x = x + block.attn.proj(mixed)
        x = x + block.mlp.fc2(F.gelu(block.mlp.fc1(block.norm2(x))))
    return x.permute(2, 0, 1)


def test_the_transformer_is_the_plain_one():
    vit = network()
    images = torch.randn(2, 3, 18, 18, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ours = vit(images)
        assert ours.shape == (2, 16, 6, 6)
        for image, features in zip(images, ours, strict=True):
            torch.testing.assert_close(features, plain(vit, image[None]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("depth", "reached"), [(1, 4), (2, 36)])
def test_how_far_a_pixel_is_seen(depth, reached):
    vit = network(sizes=Architecture(18, 3, 16, 2, 24, depth, 2, 2, 8))
    image = torch.zeros(1, 3, 18, 18)
    changed = image.clone()
    changed[0, 0, 8, 8] = 5  # token (2, 2), the first of the window in the middle
    with torch.inference_mode():
        difference = (vit(image) - vit(changed))[0].abs().amax(0) > 0
    assert int(difference.sum()) == reached
    assert difference[2:4, 2:4].all()


def test_the_pyramid_has_three_levels_and_bfloat16_stays_close():
    backbone = network(VisionBackbone)
    image = torch.randn(1, 3, 18, 18, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        maps = backbone(image)
        assert [tuple(level.shape) for level in maps] == [(1, 8, 24, 24), (1, 8, 12, 12), (1, 8, 6, 6)]
        x = backbone.trunk(image)
        first, last = backbone.sam2_convs[0], backbone.sam2_convs[2]
        four = first.dconv_2x2_1(F.gelu(first.dconv_2x2_0(x)))
        torch.testing.assert_close(maps[0], first.conv_3x3(first.conv_1x1(four)))
        torch.testing.assert_close(maps[2], last.conv_3x3(last.conv_1x1(x)))
        for module in backbone.modules():
            if isinstance(module, torch.nn.Linear | torch.nn.Conv2d | torch.nn.ConvTranspose2d):
                module.bfloat16()
        for rough, level in zip(backbone(image), maps, strict=True):
            assert rough.dtype == torch.float32
            assert 0 < (rough - level).abs().max() < 0.05 * level.abs().max()


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the folder shared with names of published files is absent")
def test_entries_are_those_of_the_published_file():
    published = json.loads(PUBLISHED.read_text())["state_dict"]
    with torch.device("meta"):
        entries = VisionBackbone(Architecture()).state_dict()
    assert {name: published[PREFIX + name]["shape"] for name in entries} == {
        name: list(value.shape) for name, value in entries.items()
    }
    left = {name for name in published if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in entries}
    assert {name.removeprefix(PREFIX).split(".")[0] for name in left if "freqs_cis" not in name} == {
        "convs",  # the detector's pyramid
        "sam2_convs",  # the coarsest level
    }
    assert all(".sam2_convs.3." in name for name in left if ".sam2_convs." in name)
