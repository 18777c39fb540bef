#!/usr/bin/env bash
# Package: transformers 5.24.0, Sam2VideoModel and Sam2VideoProcessor, with torch 2.14.1, torchvision 0.29.1
# Expected: clicks on frames 4 and 7 of one object are two prompts. propagate_in_video_iterator allows a pass before
#   forward has seen them, if start_frame_idx is given; "if not provided" it starts at "the earliest frame with input
#   points". A pass from frame 0 thus tracks 0 to 3 and takes 4 and 7 as prompted.
# Seen: that a prompt waits is noted per object, not per frame. Until it comes, every frame is decoded as if prompted,
#   without a click and without memory, and kept as a conditioning frame: a second pass without start_frame_idx begins
#   at frame 0. The first click takes the note away, so the one on frame 7 is never read: all masks are, bit by bit,
#   those of a session without it. No message. Calling the model on each prompted frame first gives [4, 7] as prompted
#   and other masks.
# Matters: the natural call for a volume, prompts on some slices and a pass from slice 0, spreads the network's guesses
#   on unprompted slices as if the user had made them and drops all prompts but one. Call model(session, frame_idx=z)
#   after every prompt.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet torch==2.14.1 torchvision==0.29.1 numpy==2.4.6 pillow==13.0.0 transformers==5.24.0
cat > look.py <<'PY'
import numpy as np
import torch
import transformers
from transformers import Sam2ImageProcessor, Sam2VideoConfig, Sam2VideoModel
from transformers import Sam2VideoProcessor, Sam2VideoVideoProcessor

trunk = {
    "model_type": "sam2_hiera_det_model", "hidden_size": 8, "num_attention_heads": 1, "image_size": [64, 64],
    "blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [8, 16, 32, 64], "global_attention_blocks": [3],
    "num_attention_heads_per_stage": [1, 2, 4, 8], "window_size_per_stage": [4, 2, 4, 2],
    "window_positional_embedding_background_size": [3, 3],
}
vision = {"model_type": "sam2_vision_model", "backbone_config": trunk, "fpn_hidden_size": 128}
vision |= {"backbone_channel_list": [64, 32, 16, 8], "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]]}
decoder = {"hidden_size": 128, "mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 32}
memory = {
    "memory_attention_hidden_size": 128, "memory_attention_num_layers": 1, "memory_attention_rope_feat_sizes": [4, 4],
    "memory_attention_feed_forward_hidden_size": 32, "memory_encoder_hidden_size": 128, "memory_fuser_embed_dim": 128,
    "memory_fuser_intermediate_dim": 32, "mask_downsampler_embed_dim": 128,
}
prompts = {"hidden_size": 128, "image_size": 64}
model = Sam2VideoModel(
    Sam2VideoConfig(
        vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder, image_size=64, **memory
    )
).eval()
generator = torch.Generator().manual_seed(0)
with torch.no_grad():
    for _, value in sorted(model.state_dict().items()):
        if value.ndim > 1:
            value.copy_(torch.randn(value.shape, generator=generator) * value[0].numel() ** -0.5)
        else:
            value.add_(torch.randn(value.shape, generator=generator) * 0.1)
    model.mask_decoder.pred_obj_score_head.proj_out.bias.fill_(20)  # the object is always there
size = {"height": 64, "width": 64}
processor = Sam2VideoProcessor(Sam2ImageProcessor(size=size), Sam2VideoVideoProcessor(size=size))
frames = np.random.default_rng(0).integers(0, 255, (10, 64, 64, 3), np.uint8)


@torch.no_grad()
def masks_of(clicks, called):
    """The masks of a pass from frame 0, the frames that count as prompted, and where a second pass starts.

    Args:
        clicks: frame and (x, y) of each.
        called: whether the model is called after each click.
    """
    session = processor.init_video_session(video=frames, dtype=torch.float32)
    for frame, point in clicks:
        processor.process_new_points_or_boxes_for_video_frame(
            session, frame, [1], input_points=[[[list(point)]]], input_labels=[[[1]]]
        )
        if called:
            model(session, frame_idx=frame)
    masks = {o.frame_idx: o.pred_masks.clone() for o in model.propagate_in_video_iterator(session, start_frame_idx=0)}
    prompted = sorted(session.output_dict_per_obj[0]["cond_frame_outputs"])
    return masks, prompted, next(model.propagate_in_video_iterator(session)).frame_idx


first, second = (4, (40, 30)), (7, (12, 50))
print("transformers", transformers.__version__)
waiting, prompted, start = masks_of((first, second), called=False)
print(f"clicks on 4 and 7, a pass from 0: prompted {prompted}, the next pass starts at {start}")
assert prompted == [0, 1, 2, 3, 4] and start == 0
one, _, _ = masks_of((first,), called=False)
same = [frame for frame in range(10) if torch.equal(waiting[frame], one[frame])]
print("frames with the masks of a session without the second click:", same)
assert same == list(range(10))
right, prompted, start = masks_of((first, second), called=True)
other = [float(((waiting[frame] > 0) != (right[frame] > 0)).float().mean()) for frame in range(10)]
print(f"the model called after each click: prompted {prompted}, the next pass starts at {start};", end=" ")
print("share of mask pixels that differ:", np.round(other, 3).tolist())
assert prompted == [4, 7] and start == 4 and other[4] == 0 and min(other[0], other[7], other[9]) > 0
PY
venv/bin/python look.py
