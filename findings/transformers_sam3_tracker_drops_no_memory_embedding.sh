#!/usr/bin/env bash
# Package: transformers 5.24.0 (also 5.0.0, 5.10.0), Sam3TrackerModel, with torch 2.14.1
# Expected: an image by itself has no memory of earlier frames, which SAM 2 and 3 were trained to be told: the learned
#   no_memory_embedding is added to the embedding that clicks are decoded from, as Sam3TrackerVideoModel does.
# Seen: it is added to the coarsest of four maps, which is then dropped; the embedding goes on without it. Set to 100 it
#   changes nothing in Sam3TrackerModel, and the embedding of Sam3TrackerVideoModel by 100.
# Matters: masks and predicted IoU of SAM 3 for points and boxes differ from the authors' code with the same weights.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet torch==2.14.1 numpy==2.4.6 transformers==5.24.0
cat > look.py <<'PY'
import torch
import transformers
from transformers import Sam3TrackerConfig, Sam3TrackerModel, Sam3TrackerVideoConfig, Sam3TrackerVideoModel

trunk = {
    "model_type": "sam3_vit_model", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 2, "image_size": 56, "pretrain_image_size": 28, "window_size": 2, "global_attn_indexes": [1],
}
sizes = [[16, 16], [8, 8], [4, 4]]
vision = {"model_type": "sam3_vision_model", "backbone_config": trunk, "backbone_feature_sizes": sizes}
settings = {"vision_config": vision, "prompt_encoder_config": {"image_size": 56}}
torch.manual_seed(0)
image = Sam3TrackerModel(Sam3TrackerConfig(**settings)).eval()
video = Sam3TrackerVideoModel(Sam3TrackerVideoConfig(image_size=56, **settings)).eval()
video.vision_encoder.load_state_dict(image.vision_encoder.state_dict())
pixels = torch.randn(1, 3, 56, 56)
click = {"input_points": torch.tensor([[[[40.0, 30.0]]]]), "input_labels": torch.tensor([[[1]]])}


@torch.no_grad()
def look(value):
    for model in (image, video):
        model.no_memory_embedding.fill_(value)
    embeddings = [model.get_image_embeddings(pixels)[-1] for model in (image, video)]
    return *embeddings, image(pixel_values=pixels, **click).pred_masks


changes = [float((after - before).abs().max()) for before, after in zip(look(0.0), look(100.0))]
names = ("embedding of Sam3TrackerModel", "embedding of Sam3TrackerVideoModel", "masks of Sam3TrackerModel")
print("transformers", transformers.__version__, "no_memory_embedding set from 0 to 100 changes")
for name, change in zip(names, changes):
    print(f"  {name} by {change:.3f}")
assert changes[0] == changes[2] == 0 and abs(changes[1] - 100) < 1e-3
PY
venv/bin/python look.py
