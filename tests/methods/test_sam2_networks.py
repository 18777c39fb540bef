"""Networks of SAM 2: names of the published files, and forward passes against plain ones."""

import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from segment_anything.modeling import PromptEncoder

from promptseg.methods.networks.hiera import Hiera, HieraSizes, from_windows, windows
from promptseg.methods.networks.repvit import RepVit, merge
from promptseg.methods.networks.sam2 import VARIANTS, VIDEO, Sam2Encoder, Sam2Net, Sam2Sizes, image_part
from promptseg.methods.networks.sam2_decoder import Sam2Decoder, Sam2MaskDecoder, stability, steady
from promptseg.parity.generated_weights import rule_state

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "state_dicts"
# Windows that divide no map, a window of the stage before at the start of a stage, and global attention.
SIZES = HieraSizes(8, 1, (1, 2, 2, 1), (4,), (4, 2, 6, 3), 3)


def ready(network):
    network.load_state_dict(rule_state(network))
    return network.eval().requires_grad_(False)


@pytest.mark.skipif(not RECORDED.exists(), reason="names recorded from the reference are not here")
@pytest.mark.parametrize(
    "variant", [*(name for name in VARIANTS if name.startswith("sam2.1")), "edgetam", "medsam2_hiera_t512"]
)
def test_the_image_part_of_published_files_is_all_that_the_network_has(variant):
    content = json.loads((RECORDED / f"{variant}.json").read_text())["state_dict"]
    with torch.device("meta"):
        network = Sam2Net(VARIANTS[variant])
    own = {name: list(value.shape) for name, value in network.state_dict().items()}
    assert own == {name: entry["shape"] for name, entry in image_part(content).items()}
    unused = {beginning for beginning in VIDEO if not any(name.startswith(beginning) for name in content)}
    of_others = {"no_obj_embed_spatial", "obj_ptr_tpos_proj."} if variant == "edgetam" else {"spatial_perceiver."}
    assert unused == of_others


def test_windows_are_filled_and_put_together_again():
    tokens = torch.arange(2 * 5 * 7).view(2, 5, 7, 1).float()
    cut = windows(tokens, 3, torch.tensor([-1.0]))
    assert cut.shape == (2 * 2 * 3, 9, 1)
    assert cut[0, :, 0].tolist() == [0, 1, 2, 7, 8, 9, 14, 15, 16]
    assert cut[5, :, 0].tolist() == [27, -1, -1, 34, -1, -1, -1, -1, -1]
    assert torch.equal(from_windows(cut, 3, 5, 7), tokens)


def plain_attention(attn, x):
    """Attention among all tokens of (h, w, c), head by head."""
    height, width, _ = x.shape
    q, k, v = attn.qkv(x).chunk(3, -1)
    if attn.pooled:
        q = F.max_pool2d(q.permute(2, 0, 1), 2).permute(1, 2, 0)
        height, width = height // 2, width // 2
    q, k, v = (part.reshape(-1, attn.heads, part.shape[-1] // attn.heads) for part in (q, k, v))
    scores = torch.einsum("qhd,khd->hqk", q, k) / math.sqrt(q.shape[-1])
    return attn.proj(torch.einsum("hqk,khd->qhd", scores.softmax(-1), v).reshape(height, width, -1))


def plain_block(block, x):
    normed = block.norm1(x)
    if block.proj is not None:
        x = F.max_pool2d(block.proj(normed).permute(2, 0, 1), 2).permute(1, 2, 0)
    height, width, _ = x.shape
    size = block.attn.window or len(normed)
    padded = F.pad(normed, (0, 0, 0, -normed.shape[1] % size, 0, -len(normed) % size))
    rows = [
        torch.cat([plain_attention(block.attn, part) for part in row.split(size, 1)], 1) for row in padded.split(size)
    ]
    x = x + torch.cat(rows)[:height, :width]
    first, second = block.mlp.layers
    return x + second(F.gelu(first(block.norm2(x))))


def test_hiera_computes_what_a_plain_forward_pass_does():
    network = ready(Hiera(SIZES))
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    levels = network(images)
    x = network.patch_embed.proj(images[1:])[0].permute(1, 2, 0)
    places = F.interpolate(network.pos_embed, (16, 16), mode="bicubic") + network.pos_embed_window.repeat(1, 1, 4, 4)
    x = x + places[0].permute(1, 2, 0)
    expected = []
    for index, block in enumerate(network.blocks):
        x = plain_block(block, x)
        if index in (0, 2, 4, 5):
            expected.append(x)
    assert [tuple(level.shape[1:]) for level in levels] == [(16, 16, 8), (8, 8, 16), (4, 4, 32), (2, 2, 64)]
    for ours, theirs in zip(levels, expected, strict=True):
        torch.testing.assert_close(ours[1], theirs, atol=2e-5, rtol=1e-5)


def test_positions_follow_the_size_of_the_image():
    network = ready(Hiera(SIZES))
    first = network.positions(16, 16)
    assert network.positions(16, 16) is first
    assert network.positions(8, 8).shape == (1, 8, 8, 8)
    assert torch.equal(network.positions(16, 16), first)


def conv_norm(pair, x):
    return pair.bn(pair.c(x))


def plain_vit_block(block, x):
    mixer = block.token_mixer
    x = conv_norm(mixer.conv, x) + conv_norm(mixer.conv1, x) + x
    if hasattr(block.se, "fc1"):
        weights = block.se.fc2(block.se.fc1(F.adaptive_avg_pool2d(x, 1)).relu())
        x = x * torch.sigmoid(weights)
    return plain_channels(block.channel_mixer, x)


def plain_channels(mixer, x):
    return x + conv_norm(mixer.conv2, F.gelu(conv_norm(mixer.conv1, x)))


def plain_repvit(network, x):
    stem = network.body["stem"]
    x = conv_norm(stem.conv2, F.gelu(conv_norm(stem.conv1, x)))
    levels = []
    for index in range(4):
        stage = network.body[f"stages_{index}"]
        if index:
            down = stage.downsample
            x = conv_norm(down.spatial_downsample, plain_vit_block(down.pre_block, x))
            x = plain_channels(down.ffn, conv_norm(down.channel_downsample, x))
        for block in stage.blocks:
            x = plain_vit_block(block, x)
        levels.append(x.permute(0, 2, 3, 1))
    return levels


def test_repvit_computes_what_a_plain_forward_pass_does_merged_or_not():
    network = ready(RepVit((8, 16, 24, 32), (1, 2, 2, 1)))
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    expected = plain_repvit(network, images)
    for ours, theirs in zip(network(images), expected, strict=True):
        assert torch.equal(ours, theirs)
    merge(network)
    assert not [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for ours, theirs in zip(network(images), expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-5)


def test_the_encoder_gives_the_pyramid_and_the_maps_behind_its_convolutions():
    network = ready(Sam2Net(Sam2Sizes(64, SIZES, width=32, heads=2, hidden=16)))
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    levels = [level.permute(0, 3, 1, 2) for level in network.image_encoder.trunk(images)]
    lateral = [conv.conv(level) for conv, level in zip(network.image_encoder.neck.convs, reversed(levels), strict=True)]
    expected = lateral[1] + lateral[0].repeat_interleave(2, 2).repeat_interleave(2, 3)
    expected = expected + network.no_mem_embed.view(1, -1, 1, 1)
    decoder = network.sam_mask_decoder
    embedding, fine, finest = Sam2Encoder(network)(images)
    torch.testing.assert_close(embedding, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(fine.permute(0, 3, 1, 2), decoder.conv_s1(lateral[2]), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(finest.permute(0, 3, 1, 2), decoder.conv_s0(lateral[3]), atol=1e-5, rtol=1e-5)
    lowered = Sam2Encoder(network, torch.bfloat16)(images)
    for half, full in zip(lowered, (embedding, fine, finest), strict=True):
        assert half.dtype == torch.float32
        assert 0 < (half - full).abs().max() < 0.03 * full.abs().max()


def plain_two_way(transformer, source, positions, points):
    """Tokens and image tokens (n, c) of one prompt, by the package's own attention."""
    tokens, image = points[None], source[None]
    for index, layer in enumerate(transformer.layers):
        placed = tokens if index == 0 else tokens + points
        attended = layer.self_attn(placed, placed, tokens)
        tokens = layer.norm1(attended if index == 0 else tokens + attended)
        attended = layer.cross_attn_token_to_image(tokens + points, image + positions, image)
        tokens = layer.norm2(tokens + attended)
        first, second = layer.mlp.layers
        tokens = layer.norm3(tokens + second(first(tokens).relu()))
        image = layer.norm4(image + layer.cross_attn_image_to_token(image + positions, tokens + points, tokens))
    attended = transformer.final_attn_token_to_image(tokens + points, image + positions, image)
    return transformer.norm_final_attn(tokens + attended)[0], image[0]


def plain_decoder(prompts, decoder, embedding, fine, finest, sparse, mask=None):
    """All four masks and predicted IoU of one prompt; maps are (c, h, w)."""
    dense = (
        prompts.no_mask_embed.weight.view(-1, 1, 1) if mask is None else prompts.mask_downscaling(mask[None, None])[0]
    )
    special = [decoder.obj_score_token.weight, decoder.iou_token.weight, decoder.mask_tokens.weight]
    positions = prompts.get_dense_pe()[0].flatten(1).t()
    source = (embedding + dense).flatten(1).t()
    tokens, image = plain_two_way(decoder.transformer, source, positions, torch.cat([*special, sparse]))
    first, norm, _, second, _ = decoder.output_upscaling
    x = F.gelu(norm(first(image.t().view(1, *embedding.shape)) + fine))
    x = F.gelu(second(x) + finest)[0]
    heads = zip(decoder.output_hypernetworks_mlps, tokens[2:6], strict=True)
    return torch.stack([torch.einsum("c,chw->hw", head(token), x) for head, token in heads]), torch.sigmoid(
        decoder.iou_prediction_head(tokens[1])
    )


@pytest.fixture
def parts():
    prompts = ready(PromptEncoder(32, (5, 5), (80, 80), 16))
    return prompts, ready(Sam2MaskDecoder(32, 2, 16))


def test_the_decoder_computes_what_a_plain_forward_pass_does(parts):
    prompts, decoder = parts
    generator = torch.Generator().manual_seed(0)
    maps = [
        [torch.randn(shape, generator=generator) for shape in ((32, 5, 5), (8, 10, 10), (4, 20, 20))] for _ in range(2)
    ]
    ours = Sam2Decoder(prompts, decoder)
    images = [ours.prepare(e[None], fine.permute(1, 2, 0), finest.permute(1, 2, 0)) for e, fine, finest in maps]
    points = torch.tensor([[[3.0, 70.0], [40.0, 10.0]], [[1.0, 2.0], [60.0, 33.0]], [[9.0, 9.0], [0.0, 79.0]]])
    sparse = ours.embed(points, torch.tensor([[1, 0], [2, 3], [1, 1]]))
    assert sparse.shape == (3, 3, 32)
    fed = torch.randn(3, 20, 20, generator=generator)
    for masks in (None, fed):
        low, scores = ours([images[0], images[1], images[1]], sparse, masks, (0, 1, 2, 3))
        for index, owner in enumerate((0, 1, 1)):
            mask = None if masks is None else masks[index]
            expected, their_scores = plain_decoder(prompts, decoder, *maps[owner], sparse[index], mask)
            torch.testing.assert_close(low[index], expected, atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(scores[index], their_scores, atol=1e-6, rtol=1e-5)
        three, their_scores = ours(images, sparse[:2], None if masks is None else masks[:2])
        torch.testing.assert_close(three, low[:2, 1:])
        torch.testing.assert_close(their_scores, scores[:2, 1:])


def test_points_and_corners_have_codes_of_their_own_and_an_end(parts):
    prompts, decoder = parts
    ours = Sam2Decoder(prompts, decoder)
    kinds = [embedding.weight[0] for embedding in prompts.point_embeddings]
    matrix = prompts.pe_layer.positional_encoding_gaussian_matrix
    tokens = ours.embed(
        torch.tensor([[[0.0, 0.0], [39.5, 79.0], [20.0, 30.0], [20.0, 30.0]]]), torch.tensor([[2, 3, 1, 0]])
    )
    for token, kind, (x, y) in zip(
        tokens[0], (2, 3, 1, 0), [(0.5, 0.5), (40.0, 79.5), (20.5, 30.5), (20.5, 30.5)], strict=False
    ):
        angles = 2 * math.pi * (torch.tensor([2 * x / 80 - 1, 2 * y / 80 - 1]) @ matrix)
        torch.testing.assert_close(token, torch.cat([angles.sin(), angles.cos()]) + kinds[kind], atol=1e-5, rtol=1e-5)
    assert torch.equal(tokens[0, 4], prompts.not_a_point_embed.weight[0])  # in place of a code, not added to one
    assert ours.embed(torch.zeros(2, 0, 2), torch.zeros(2, 0, dtype=torch.int64)).shape == (2, 0, 32)


def test_stability_is_the_overlap_of_a_wider_and_a_narrower_mask():
    low = torch.tensor([[[0.06, 0.05], [-0.05, -0.04]], [[-1.0, -1.0], [-1.0, -1.0]], [[1.0, 1.0], [1.0, -1.0]]])
    assert stability(low).tolist() == pytest.approx([1 / 3, 1, 1])


def test_an_unsteady_mask_gives_way_to_the_best_of_three():
    steady_mask = torch.full((10, 10), 1.0)
    edge = steady_mask.clone()
    edge[0, :2] = 0.01  # 98 of 100 pixels are certain
    doubtful = steady_mask.clone()
    doubtful[0, :3] = 0.01
    low = torch.stack([steady_mask, edge, doubtful])[:, None].repeat(1, 4, 1, 1)
    scores = torch.tensor([[0.1, 0.5, 0.9, 0.8]]).repeat(3, 1)
    tokens, stable = steady(low, scores)
    assert tokens.tolist() == [0, 0, 2]
    assert stable.tolist() == pytest.approx([1, 0.98, 0.97])
