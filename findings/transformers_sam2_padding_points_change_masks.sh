#!/usr/bin/env bash
# Package: transformers 5.24.0, Sam2Processor and Sam2Model, with torch 2.14.1, torchvision 0.29.1
# Expected: two objects of one image in one call get the masks that each gets alone. Where they have different numbers of
#   clicks the processor fills up with points of the label -10, which are, says the documentation, to be ignored.
# Seen: a point of the label -10 becomes a token of zeros that the decoder attends to like any other. The mask of an object
#   with one click changes when the other has three clicks, and not when it has one: with the random weights here by 1 % of
#   the pixels, the logits by a sixth of the largest, the predicted IoU by 0.016.
# Matters: masks and scores of a batch depend on how many clicks its other objects have; a comparison by numbers of clicks
#   that is run in batches is one of padding, too. Objects with equally many clicks are safe (SamModel has the same token).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet torch==2.14.1 torchvision==0.29.1 numpy==2.4.6 transformers==5.24.0
cat > look.py <<'PY'
import numpy as np
import torch
import transformers
from transformers import Sam2Config, Sam2ImageProcessor, Sam2Model, Sam2Processor

trunk = {
    "model_type": "sam2_hiera_det_model", "hidden_size": 8, "num_attention_heads": 1, "image_size": [64, 64],
    "blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [8, 16, 32, 64], "global_attention_blocks": [3],
    "num_attention_heads_per_stage": [1, 2, 4, 8], "window_size_per_stage": [4, 2, 4, 2],
    "window_positional_embedding_background_size": [3, 3],
}
vision = {"model_type": "sam2_vision_model", "backbone_config": trunk, "fpn_hidden_size": 32}
vision |= {"backbone_channel_list": [64, 32, 16, 8], "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]]}
decoder = {"hidden_size": 32, "mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 32}
prompts = {"hidden_size": 32, "image_size": 64, "mask_input_channels": 4}
model = Sam2Model(Sam2Config(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)).eval()
generator = torch.Generator().manual_seed(0)
with torch.no_grad():
    for _, value in sorted(model.state_dict().items()):
        if value.ndim > 1:
            value.copy_(torch.randn(value.shape, generator=generator) * value[0].numel() ** -0.5)
        else:
            value.add_(torch.randn(value.shape, generator=generator) * 0.1)
processor = Sam2Processor(Sam2ImageProcessor(size={"height": 64, "width": 64}))
image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)


@torch.no_grad()
def ask(*others):
    """Masks and scores of one click, in a call with other objects."""
    points = [[[20, 30]], *others]
    labels = [[1] * len(clicks) for clicks in points]
    inputs = processor(images=image, input_points=[points], input_labels=[labels], return_tensors="pt")
    inputs.pop("original_sizes")
    found = model(**inputs)
    return inputs["input_labels"][0, 0].tolist(), found.pred_masks[0, 0], found.iou_scores[0, 0]


_, alone, score = ask()
print("transformers", transformers.__version__)
seen = []
for others in ([[10, 10]], [[10, 10], [40, 50], [5, 60]]):
    labels, masks, scores = ask(others)
    differing = float(((masks > 0) != (alone > 0)).float().mean())
    seen.append((differing, float((masks - alone).abs().max() / alone.abs().max()), float((scores - score).abs().max())))
    print(f"beside an object with {len(others)} click(s), labels {labels}: {differing:.4f} of the mask pixels differ,", end=" ")
    print(f"logits by {seen[-1][1]:.1e} of the largest, predicted IoU by {seen[-1][2]:.1e}")
assert seen[0][0] == 0 and seen[0][1] < 1e-5 and seen[0][2] < 1e-5
assert seen[1][0] > 1e-3 and seen[1][1] > 1e-2
PY
venv/bin/python look.py
