#!/usr/bin/env bash
# Package: transformers 4.53.0, then 5.24.0 (also 4.56.0, 4.57.1, 5.0.0, 5.10.0), SamHQModel, with torch 2.14.1
# Expected: the same weights, image and click give the same mask in both; as in SAM, what is upscaled to the masks are
#   the image tokens behind the decoder's transformer.
# Seen: since 4.56 the decoder keeps the transformer's prompt tokens and drops its image tokens: the untouched image
#   embedding is upscaled, its rows and columns swapped by a transpose meant for tokens. 39 % of the mask differ here;
#   the predicted IoU comes from the prompt tokens and agrees to 1e-6, so that checks of scores pass.
# Matters: masks of HQ-SAM made with this class in releases since September 2025, and benchmarks that contain them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet torch==2.14.1 numpy==2.4.6 transformers==4.53.0
cat > look.py <<'PY'
import sys

import torch
import transformers
from transformers import SamHQConfig, SamHQModel

size = {"hidden_size": 32, "image_size": 128}
vision = size | {"output_channels": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "window_size": 4}
vision |= {"global_attn_indexes": [1], "num_pos_feats": 16}
decoder = {"hidden_size": 32, "mlp_dim": 64, "num_attention_heads": 4, "iou_head_hidden_dim": 32, "vit_dim": 32}
config = SamHQConfig(vision_config=vision, prompt_encoder_config=size, mask_decoder_config=decoder)
model = SamHQModel(config).eval()
generator = torch.Generator().manual_seed(0)
for _, value in sorted(model.state_dict().items()):  # the same random weights in every release
    if value.ndim > 1:
        value.copy_(torch.randn(value.shape, generator=generator) * value[0].numel() ** -0.5)
seen = {}
behind, before = model.mask_decoder.transformer, model.mask_decoder.upscale_conv1
behind.register_forward_hook(lambda module, given, result: seen.update(tokens=result[1]))
before.register_forward_pre_hook(lambda module, given: seen.update(upscaled=given[0]))
pixels = torch.randn(1, 3, 128, 128, generator=generator)
click = {"input_points": torch.tensor([[[[40.0, 70.0]]]]), "input_labels": torch.tensor([[[1]]])}
with torch.no_grad():
    answer = model(pixel_values=pixels, multimask_output=False, **click)
tokens = seen["tokens"].flatten(0, 1).transpose(1, 2).reshape(seen["upscaled"].shape)
used = torch.equal(tokens, seen["upscaled"])
print("transformers", transformers.__version__, "upscales the image tokens of its transformer:", used)
if sys.argv[1] == "first":
    assert used
    torch.save((answer.pred_masks, answer.iou_scores), "first.pt")
else:
    masks, scores = torch.load("first.pt")
    differing = float(((masks > 0) != (answer.pred_masks > 0)).float().mean())
    apart = float((scores - answer.iou_scores).abs().max())
    print(f"predicted IoU apart by {apart:.1e}, share of mask pixels that differ {differing:.3f}")
    assert not used and apart < 1e-6 and differing > 0.2
PY
venv/bin/python look.py first
venv/bin/pip install --quiet transformers==5.24.0
venv/bin/python look.py second
