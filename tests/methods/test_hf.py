"""Models in the format of transformers: the adapter against the package's own processor, and against our SAM."""

import json
import shutil
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, TwoWayTransformer
from segment_anything.modeling import Sam as OfficialSam
from transformers import Sam2Processor, Sam2VideoConfig, Sam2VideoModel, SamProcessor

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings, adapter_class
from promptseg.methods.hf import HuggingFaceSam
from promptseg.methods.sam import Sam
from promptseg.predict.check_method import check_method, in_words
from support.hugging_face import SIDE, image_processor, sam2_config, save_tiny, spread_out

NONE = np.zeros((0, 2), np.int32)
POINTS = Prompt(np.array([[10, 20], [40, 30]], np.int32), np.array([1, 0], np.int8))
BOX = Prompt(NONE, np.zeros(0, np.int8), np.array([5, 6, 40, 45], np.int32))
BOTH = Prompt(POINTS.points[:1], POINTS.labels[:1], BOX.box)
PROMPTS = [POINTS, BOX, BOTH]
# SAM's names by those of transformers, in the order of replacement.
NAMES = (
    ("vision_encoder.patch_embed.projection", "image_encoder.patch_embed.proj"),
    ("vision_encoder.layers", "image_encoder.blocks"),
    ("vision_encoder", "image_encoder"),
    ("neck.conv1", "neck.0"),
    ("neck.layer_norm1", "neck.1"),
    ("neck.conv2", "neck.2"),
    ("neck.layer_norm2", "neck.3"),
    ("shared_image_embedding.positional_embedding", "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"),
    ("mask_embed.conv1", "mask_downscaling.0"),
    ("mask_embed.layer_norm1", "mask_downscaling.1"),
    ("mask_embed.conv2", "mask_downscaling.3"),
    ("mask_embed.layer_norm2", "mask_downscaling.4"),
    ("mask_embed.conv3", "mask_downscaling.6"),
    (".point_embed.", ".point_embeddings."),
    ("upscale_conv1", "output_upscaling.0"),
    ("upscale_layer_norm", "output_upscaling.1"),
    ("upscale_conv2", "output_upscaling.3"),
    (".layers.0.weight", ".layers.1.weight"),
    (".layers.0.bias", ".layers.1.bias"),
    (".proj_in.", ".layers.0."),
    (".proj_out.", ".layers.2."),
    (".layer_norm", ".norm"),
)


def picture(height, width, seed=0):
    rng = np.random.default_rng(seed)
    return np.repeat(rng.integers(0, 255, (height, width, 1), np.uint8), 3, 2)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Family -> folder and model."""
    folders = {family: tmp_path_factory.mktemp(family) for family in ("sam", "sam2")}
    return {family: (folder, save_tiny(folder, family)) for family, folder in folders.items()}


@pytest.fixture(scope="module")
def methods(models):
    return {family: HuggingFaceSam(Settings(weights=folder)) for family, (folder, _) in models.items()}


def asked_of_the_package(family, model, pixels, prompt, previous=None, multimask=True):
    """Logits of the image's size, predicted IoU and low-resolution logits, by the package's processor."""
    given = {}
    if len(prompt.points):
        given = {"input_points": [[prompt.points.tolist()]], "input_labels": [[prompt.labels.tolist()]]}
    if prompt.box is not None:
        given["input_boxes"] = [[prompt.box.tolist()]]
    processor = (SamProcessor if family == "sam" else Sam2Processor)(image_processor(family))
    inputs = processor(pixels, return_tensors="pt", **given)
    sizes = [inputs.pop(name) for name in ("original_sizes", "reshaped_input_sizes") if name in inputs]
    inputs = {name: value.float() if value.is_floating_point() else value for name, value in inputs.items()}
    masks = {} if previous is None else {"input_masks": previous[None, None]}
    with torch.inference_mode():
        found = model(**inputs, **masks, multimask_output=multimask)
    logits = processor.image_processor.post_process_masks(found.pred_masks, *sizes, binarize=False)
    return logits[0][0], found.iou_scores[0, 0], found.pred_masks[0, 0]


def assert_close(found, expected):
    """Equal up to rounding, which grows with the largest logit."""
    torch.testing.assert_close(found, expected, atol=1e-5 * float(expected.abs().max()), rtol=0)


@pytest.mark.parametrize("family", ["sam", "sam2"])
@pytest.mark.parametrize("size", [(50, 80), (90, 47)])
@pytest.mark.parametrize("prompt", PROMPTS, ids=["points", "box", "both"])
def test_masks_are_those_of_the_package(models, methods, family, size, prompt):
    pixels, method = picture(*size), methods[family]
    image = method.encode(pixels)
    for multimask in (True, False):
        logits, scores, low = asked_of_the_package(family, models[family][1], pixels, prompt, multimask=multimask)
        answer = method.answer(image, prompt, multimask)
        assert answer.logits.shape == (3 if multimask else 1, *size)
        assert_close(answer.logits, logits)
        torch.testing.assert_close(answer.scores, scores, atol=1e-6, rtol=1e-5)
    fed = low[0] if family == "sam" else low[0].clamp(-32, 32)
    assert_close(answer.low[0], fed)
    assert (low.abs().max() > 32) == (family == "sam2")
    logits, _, _ = asked_of_the_package(family, models[family][1], pixels, prompt, previous=fed)
    again = method.answer(image, prompt, previous=answer.low[0])
    assert_close(again.logits, logits)
    assert (again.logits[0] - method.answer(image, prompt).logits[0]).abs().max() > 1e-3  # the mask does something


@pytest.mark.parametrize("family", ["sam", "sam2"])
def test_queries_may_be_mixed(methods, family):
    method = methods[family]
    images = [method.encode(picture(*size, seed)) for seed, size in enumerate([(50, 80), (64, 48), (50, 80)])]
    queries = [Query(image, prompt) for image in images for prompt in PROMPTS]
    queries += [Query(queries[0].image, POINTS, method.answer(images[0], POINTS).low[1])]
    for query, answer in zip(queries, method.predict(queries), strict=True):
        alone = method.answer(query.image, query.prompt, previous=query.previous)
        assert np.mean(answer.masks != (alone.logits > 0).numpy()) < 1e-3
        np.testing.assert_allclose(answer.scores, alone.scores, atol=1e-5)
        assert len(answer.states) == 3


@pytest.mark.parametrize("family", ["sam", "sam2"])
def test_every_kind_of_prompt_gets_a_whole_answer(models, family):
    report = check_method("mine", {"adapter": "promptseg.methods.hf:HuggingFaceSam"}, models[family][0], "cpu")
    assert report.good, in_words(report)


@pytest.mark.parametrize("family", ["sam", "sam2"])
def test_an_embedding_comes_back_from_the_cache(methods, family):
    method, pixels = methods[family], picture(50, 80)
    image = method.encode(pixels)
    again = method.unpack(method.pack(image), pixels)
    assert torch.equal(method.answer(again, BOTH).logits, method.answer(image, BOTH).logits)


def test_the_same_weights_in_our_sam(models, methods):
    """Images of the input's size: our SAM resizes with Pillow, as its authors, the package with torchvision."""
    state_dict = {}
    for name, value in models["sam"][1].state_dict().items():
        if name == "prompt_encoder.shared_embedding.positional_embedding":  # is that of the image
            continue
        for theirs, ours in NAMES:
            if ours.startswith(".layers.1.") and "mlps" not in name and "iou" not in name:
                continue  # not of a layer of the transformer
            name = name.replace(theirs, ours)
        state_dict[name] = value
    encoder = ImageEncoderViT(
        img_size=SIDE,
        embed_dim=16,
        depth=2,
        num_heads=2,
        out_chans=32,
        use_rel_pos=True,
        window_size=2,
        global_attn_indexes=(1,),
        norm_layer=lambda width: torch.nn.LayerNorm(width, eps=1e-6),
    )
    transformer = TwoWayTransformer(depth=2, embedding_dim=32, mlp_dim=32, num_heads=2)
    decoder = MaskDecoder(transformer_dim=32, transformer=transformer, iou_head_hidden_dim=32)
    network = OfficialSam(encoder, PromptEncoder(32, (4, 4), (SIDE, SIDE), 4), decoder)
    network.load_state_dict(state_dict)
    ours = Sam.of_network(network, "cpu")
    pixels = picture(SIDE, 48)
    for prompt in PROMPTS:
        theirs, same = (method.answer(method.encode(pixels), prompt) for method in (methods["sam"], ours))
        torch.testing.assert_close(theirs.logits, same.logits, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(theirs.scores, same.scores, atol=1e-4, rtol=1e-4)


def test_a_model_for_videos_holds_one_for_images(tmp_path):
    memory = {"memory_attention_hidden_size": 32, "memory_attention_num_layers": 1, "memory_encoder_hidden_size": 32}
    memory |= {"memory_encoder_output_channels": 8, "mask_downsampler_embed_dim": 32, "memory_fuser_embed_dim": 32}
    memory |= {"memory_attention_rope_feat_sizes": [4, 4], "image_size": SIDE}
    memory |= {"memory_attention_feed_forward_hidden_size": 32, "memory_attention_num_attention_heads": 1}
    video = spread_out(Sam2VideoModel(sam2_config(Sam2VideoConfig, **memory)))
    video.save_pretrained(tmp_path)
    method = HuggingFaceSam(Settings(weights=tmp_path))  # prepares images as without a file for the processor
    own = video.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in method.network.state_dict().items())
    assert method.processor.size["height"] == SIDE
    assert method.answer(method.encode(picture(50, 80)), POINTS).logits.shape == (3, 50, 80)


def _without(name, folder):
    (folder / name).unlink()


def _as(model_type, folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": model_type}))


def _weights(change, folder):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


BREAKING = {
    "no config.json that names a model_type.*save_pretrained": lambda folder: _without("config.json", folder),
    "no weights in the format safetensors": lambda folder: _without("model.safetensors", folder),
    "adapter.*merge_and_unload": lambda folder: (folder / "adapter_config.json").write_text("{}"),
    "is a 'sam_hq'.*transformers_sam_hq_masks_ignore_the_decoder.sh": lambda folder: _as("sam_hq", folder),
    "is a 'sam3_tracker_video'.*sam3_tracker_drops_no_memory": lambda folder: _as("sam3_tracker_video", folder),
    r"is a 'bert'; offered are sam, sam2, sam2_video\.$": lambda folder: _as("bert", folder),
    "1 missing keys, mask_decoder.iou_token.weight": lambda folder: _weights(
        lambda tensors: tensors.pop("mask_decoder.iou_token.weight"), folder
    ),
    "1 unexpected keys, another": lambda folder: _weights(
        lambda tensors: tensors.update(another=torch.ones(1)), folder
    ),
    "NaN or infinite values, in mask_decoder.iou_token.weight": lambda folder: _weights(
        lambda tensors: tensors["mask_decoder.iou_token.weight"].fill_(float("nan")), folder
    ),
    "cannot be loaded as a SamModel": lambda folder: (folder / "model.safetensors").write_bytes(b"<html>"),
}


@pytest.mark.parametrize("message", BREAKING)
def test_what_is_no_such_model_is_refused(models, tmp_path, message):
    folder = tmp_path / "model"
    shutil.copytree(models["sam"][0], folder)
    BREAKING[message](folder)
    with pytest.raises(PromptsegError, match=message):
        HuggingFaceSam(Settings(weights=folder))


def test_without_the_package_one_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "promptseg.methods.hf")
    with pytest.raises(PromptsegError, match=r"not here: pip install 'transformers>=5\.24,<6'\. Install") as caught:
        adapter_class("promptseg.methods.hf:HuggingFaceSam")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)  # it may be there in the method's own environment


def test_images_of_another_size_than_the_networks_are_refused(models, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(models["sam2"][0], folder)
    image_processor("sam2").__class__(size={"height": 32, "width": 32}).save_pretrained(folder)
    method = HuggingFaceSam(Settings(weights=folder))
    with pytest.raises(PromptsegError, match=r"makes images of \(32, 32\) pixels, and its network takes 64 a side"):
        method.encode(picture(50, 80))
