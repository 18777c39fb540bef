"""Tiny models of the SAM families in the format of transformers, with random weights that make masks of some size."""

import torch
from transformers import Sam2Config, Sam2ImageProcessor, Sam2Model, SamConfig, SamImageProcessor, SamModel

SIDE = 64
_DECODER = {"hidden_size": 32, "mlp_dim": 32, "num_attention_heads": 2, "iou_head_hidden_dim": 32}
_PROMPTS = {"hidden_size": 32, "image_size": SIDE, "patch_size": 16, "mask_input_channels": 4}


def _sam():
    vision = {"hidden_size": 16, "output_channels": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision |= {"image_size": SIDE, "window_size": 2, "global_attn_indexes": [1], "num_pos_feats": 16}
    return SamModel(SamConfig(vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_DECODER))


def sam2_config(config_class=Sam2Config, **further):
    hiera = {"model_type": "sam2_hiera_det_model", "hidden_size": 8, "num_attention_heads": 1}
    hiera |= {"image_size": [SIDE, SIDE]}
    hiera |= {"blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [8, 16, 32, 64], "global_attention_blocks": [3]}
    hiera |= {"num_attention_heads_per_stage": [1, 2, 4, 8], "window_size_per_stage": [4, 2, 4, 2]}
    hiera |= {"window_positional_embedding_background_size": [3, 3]}
    vision = {"model_type": "sam2_vision_model", "backbone_config": hiera, "fpn_hidden_size": 32}
    vision |= {"backbone_channel_list": [64, 32, 16, 8], "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]]}
    parts = {"vision_config": vision, "prompt_encoder_config": _PROMPTS, "mask_decoder_config": _DECODER}
    return config_class(**parts, **further)


def tiny_model(family):
    """A SamModel ("sam") or a Sam2Model ("sam2") for images of 64 x 64 pixels."""
    torch.manual_seed(0)
    if family == "sam":
        return spread_out(_sam()).eval()
    model = spread_out(Sam2Model(sam2_config())).eval()
    for head in model.mask_decoder.output_hypernetworks_mlps:
        head.proj_out.weight.data *= 50  # so that there are logits beyond those that are fed back
    return model


def spread_out(model):
    """The model with random numbers for weights, of which those of its initialization are too small to see anything."""
    with torch.no_grad():
        for value in model.parameters():
            if value.ndim > 1:
                value.normal_(std=value[0].numel() ** -0.5)
            else:
                value.add_(torch.randn_like(value) * 0.1)
    return model


def image_processor(family):
    square = {"height": SIDE, "width": SIDE}
    if family == "sam":
        return SamImageProcessor(size={"longest_edge": SIDE}, pad_size=square)
    return Sam2ImageProcessor(size=square)


def save_tiny(folder, family="sam"):
    """The model and its image processor in a folder."""
    model = tiny_model(family)
    model.save_pretrained(folder)
    image_processor(family).save_pretrained(folder)
    return model
