"""MedSAM and LiteMedSAM: preparation of images and boxes, and the way from masks to the image, step by step."""

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage.transform import resize

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query
from promptseg.methods.lite_medsam import LiteMedSam
from promptseg.methods.medsam import MedSam, spread
from promptseg.methods.networks.sam_around import sam_around
from promptseg.methods.networks.tiny_vit import TinyViT
from promptseg.parity.generated_weights import rule_state
from support.networks import tiny_sam

NO_POINTS = np.zeros((0, 2), np.int32), np.zeros(0, np.int8)


def box(*corners):
    return Prompt(*NO_POINTS, np.array(corners, np.int32))


def tiny_lite():
    encoder = TinyViT(64, 1, 0, (8, 8, 12, 16), (1, 1, 2, 1), (1, 2, 3, 2), (3, 4, 2, 5), 32)
    return sam_around(encoder, 64, 16, width=32, heads=2, mlp_width=32)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return [rng.integers(20, 200, (90, 150, 3), np.uint8), rng.integers(0, 256, (200, 70, 3), np.uint8)]


def of_network(method, network):
    network.load_state_dict(rule_state(network))
    return method.of_network(network, "cpu")


@pytest.fixture(scope="module")
def medsam():
    return of_network(MedSam, tiny_sam())


@pytest.fixture(scope="module")
def lite():
    return of_network(LiteMedSam, tiny_lite())


def test_values_are_spread_over_all_channels_together():
    pixels = np.array([[[10, 20, 30], [15, 10, 50]]], np.uint8)
    np.testing.assert_allclose(spread(pixels), [[[0, 0.25, 0.5], [0.125, 0, 1]]])
    assert spread(pixels).dtype == np.float32
    np.testing.assert_array_equal(spread(np.full((2, 2, 3), 200, np.uint8)), 0)


def test_medsam_cuts_cubic_splines_off_to_integers(medsam):
    # Enlarging needs no antialiasing, and stays within the range of the image: no value overflows.
    corner = np.zeros((4, 4, 3), np.uint8)
    corner[2:, 2:] = 255
    exact = resize(corner.astype(float), (128, 128), order=3)
    found = medsam.resized(corner)
    np.testing.assert_array_equal(found, np.floor(exact))
    assert np.any(found != np.round(exact))
    assert found[:48, :48].max() < 32
    assert found[80:, 80:].min() > 223
    # Shrinking blurs first: of stripes as thin as a pixel no full contrast is left.
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    assert np.ptp(medsam.resized(stripes)[:, 4:-4]) < 60


def by_the_package(method, features, corners):
    """(mask, predicted IoU) for a box in the network's input."""
    model = method.model
    sparse, dense = model.prompt_encoder(None, torch.tensor(corners).float().view(1, 4), None)
    masks, scores = model.mask_decoder(features, model.prompt_encoder.get_dense_pe(), sparse, dense, False)
    return masks, scores[0]


@torch.inference_mode()
def test_medsam_resizes_probabilities_in_one_step(medsam, images):
    corners = [(20, 10, 90, 71), (3, 50, 66, 180)]
    encoded = [medsam.encode(image) for image in images]
    queries = [Query(image, box(*its)) for image, its in zip(encoded, corners, strict=True)]
    for pixels, image, its, answer in zip(images, encoded, corners, medsam.decode(queries, False), strict=True):
        height, width = pixels.shape[:2]
        small = resize(pixels, (128, 128), order=3, preserve_range=True, anti_aliasing=True).astype(np.uint8)
        x = torch.tensor((small - float(small.min())) / (float(small.max()) - small.min())).permute(2, 0, 1)[None]
        features = medsam.model.image_encoder(x.float())
        torch.testing.assert_close(image.features, features, atol=1e-5, rtol=0)
        scaled = np.array(its) / np.array([width, height, width, height]) * 128
        low, score = by_the_package(medsam, features, scaled)
        full = F.interpolate(low.sigmoid(), (height, width), mode="bilinear", align_corners=False)[0]
        torch.testing.assert_close(answer.logits, full - 0.5, atol=1e-5, rtol=0)
        torch.testing.assert_close(answer.low, low[0], atol=1e-4, rtol=0)
        torch.testing.assert_close(answer.scores, score, atol=1e-5, rtol=0)


@pytest.mark.parametrize("multimask", ["always", "official"])
@pytest.mark.parametrize("name", ["medsam", "lite"])
def test_there_is_one_mask_and_it_is_not_fed_back(name, multimask, images, request):
    method = request.getfixturevalue(name)
    asked = [box(20, 10, 60, 71), Prompt(np.array([[20, 30]], np.int32), np.array([1], np.int8))]
    encoded = method.encode(images[0])
    answers = method.predict([Query(encoded, prompt, multimask=multimask) for prompt in asked])
    for prompt, answer in zip(asked, answers, strict=True):
        np.testing.assert_array_equal(answer.masks, method.answer(encoded, prompt, False).logits > 0)
        assert answer.masks.shape == (1, 90, 150)
        assert (answer.scores is None) == (name == "medsam")  # whose estimate was never trained
    assert (method.prompt_types, method.untrained_types) == ({"box"}, {"point"})
    assert not method.mask_feedback


@torch.inference_mode()
def test_lite_medsam_cuts_masks_before_they_are_resized(lite, images):
    corners = [(20, 10, 90, 71), (3, 50, 66, 180)]
    encoded = [lite.encode(image) for image in images]
    queries = [Query(image, box(*its)) for image, its in zip(encoded, corners, strict=True)]
    # (90, 150) becomes (38, 64), (200, 70) becomes (64, 22); corners are cut off to integers.
    inside = [(38, 64), (64, 22)]
    scaled = [(8, 4, 38, 30), (0, 16, 21, 57)]
    for pixels, query, part, its, answer in zip(
        images, queries, inside, scaled, lite.decode(queries, False), strict=True
    ):
        small = cv2.resize(pixels, part[::-1], interpolation=cv2.INTER_AREA)
        x = torch.zeros(1, 3, 64, 64)
        x[0, :, : part[0], : part[1]] = torch.tensor(spread(small)).permute(2, 0, 1)
        torch.testing.assert_close(lite.prepare(pixels), x, atol=0, rtol=0)
        assert (x.min(), x.max()) == (0, 1)
        assert tuple(query.image.frame.scaled_box(query.prompt.box)) == its
        low, score = by_the_package(lite, lite.model.image_encoder(x), its)
        cut = low[:, :, : part[0], : part[1]]
        full = F.interpolate(cut, pixels.shape[:2], mode="bilinear", align_corners=False)[0]
        torch.testing.assert_close(answer.logits, full, atol=1e-4, rtol=0)
        torch.testing.assert_close(answer.scores, score, atol=1e-5, rtol=0)


def test_a_corner_just_below_an_integer_is_cut_off(lite):
    # In double precision 49 * (64 / 98) is 31.999999999999996, in single precision 32.
    frame = lite.frame((98, 60), 64)
    assert frame.scaled_box(np.array([49, 0, 59, 97], np.int32)).tolist() == [int(49 * (64 / 98)), 0, 38, 63]


def test_networks_of_published_variants():
    with torch.device("meta"):
        networks = [MedSam.architecture("vit_b"), LiteMedSam.architecture("vit_t")]
    assert [sum(value.numel() for value in network.parameters()) for network in networks] == [93_735_472, 9_791_300]
    first = networks[1].state_dict()["image_encoder.patch_embed.seq.0.c.weight"]
    assert tuple(first.shape) == (32, 3, 1, 1)  # it does not shrink the image
    assert not any(".head." in name or ".norm_head." in name for name in networks[1].state_dict())
    assert (MedSam.input_size("vit_b"), LiteMedSam.input_size("vit_t")) == (1024, 256)
    for method in (MedSam, LiteMedSam):
        with pytest.raises(PromptsegError, match="no variant 'vit_h'; `variant:` is one of vit_"):
            method.architecture("vit_h")
