#!/usr/bin/env bash
# Package: transformers 5.24.0, SamModel and Sam2Model loaded or cast to torch.bfloat16 (torch 2.14.1)
# Expected: bf16 costs digits of weights and activations, not the pixel that the user clicked on: the 1024 positions of a row
#   are 1024 prompts. The processor gives clicks in fp32 for that.
# Seen: the position is cast to bf16, which has 8 binary digits, before its sines and cosines are taken (the cast to float32 in
#   Sam2PositionalEmbedding is not assigned). 642 prompts are left of 1024; clicks at x = 1 and 2 have the same masks, bit by
#   bit. With inputs.to(torch.bfloat16), which casts clicks as well as pixels, 385 are left, and a click looks like one up to 3
#   pixels away. Random weights, but the positions' are random in trained models, too.
# Matters: corrections at the border of small lesions and corners of boxes move by pixels, or a second click is the first one
#   again; it reads as a loss of accuracy by bf16. Rounding after a prompt encoder in fp32 keeps all 1024:
#   model.prompt_encoder.to(torch.float32).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet torch==2.14.1 numpy==2.4.6 transformers==5.24.0
cat > look.py <<'PY'
import torch
from transformers import Sam2Config, Sam2Model, SamConfig, SamModel

torch.manual_seed(0)
vision = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "mlp_dim": 64, "global_attn_indexes": [0]}
sam, sam2 = SamModel(SamConfig(vision_config=vision)).eval(), Sam2Model(Sam2Config()).eval()
clicks = torch.stack([torch.arange(1024.0), torch.full((1024,), 500.0)], -1)[None, :, None]  # one for each x, at y = 500
labels = torch.ones(1, 1024, 1, dtype=torch.int)
pixels = torch.randn(1, 3, 1024, 1024)


@torch.no_grad()
def prompts(model, points):
    return model.get_prompt_embeddings(input_points=points, input_labels=labels)[0][0, :, 0]


@torch.no_grad()
def same_masks(pair):
    """Whether SAM gives two clicks the same masks, bit by bit."""
    kind = sam.dtype
    prompt = {"input_points": clicks[:, pair].to(kind), "input_labels": labels[:, pair]}
    return torch.equal(*sam(pixel_values=pixels.to(kind), **prompt).pred_masks[0])


pair = [1, 2]
same = [same_masks(pair)]
for name, model in (("SamModel", sam), ("Sam2Model", sam2)):
    exact = prompts(model, clicks)
    model.to(torch.bfloat16)
    if model is sam:
        same.append(same_masks(pair))
    found = {
        "fp32": exact,
        "bf16": prompts(model, clicks),
        "bf16, clicks as well": prompts(model, clicks.to(torch.bfloat16)),
    }
    model.prompt_encoder.to(torch.float32)
    found["bf16 after a prompt encoder in fp32"] = prompts(model, clicks).to(torch.bfloat16)
    different = {}
    for what, values in found.items():
        nearest = torch.cdist(values.float(), exact).argmin(1)  # the click that it looks like in fp32
        off = (nearest - torch.arange(1024)).abs().max()
        different[what] = len(torch.unique(values, dim=0))
        print(f"{name}, {what}: {different[what]} different prompts of 1024 clicks, at most {off} pixels off")
    assert different["fp32"] == different["bf16 after a prompt encoder in fp32"] == 1024
    assert different["bf16"] < 700 and different["bf16, clicks as well"] < 400
print("SamModel, same masks of clicks at x =", pair, "in fp32:", same[0], "in bf16:", same[1])
assert same == [False, True]
PY
venv/bin/python look.py
