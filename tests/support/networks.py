"""Small networks of the methods' own classes, for tests that need one at once."""

from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer


def tiny_sam(checkpoint=None):
    """SAM with a small image encoder for 128 x 128 images."""
    assert checkpoint is None
    encoder = ImageEncoderViT(
        img_size=128,
        embed_dim=32,
        depth=2,
        num_heads=2,
        out_chans=64,
        use_rel_pos=True,
        window_size=3,
        global_attn_indexes=(1,),
    )
    return Sam(
        encoder,
        PromptEncoder(embed_dim=64, image_embedding_size=(8, 8), input_image_size=(128, 128), mask_in_chans=4),
        MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(depth=2, embedding_dim=64, mlp_dim=64, num_heads=2),
            transformer_dim=64,
        ),
    )
