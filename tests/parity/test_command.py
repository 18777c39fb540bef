"""The comparison with recorded outputs: it accepts what is right, and says what is wrong with everything else."""

import json
import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from segment_anything import sam_model_registry
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from torch import nn

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.clicking import Request
from promptseg.methods.focalclick import FocalClick
from promptseg.methods.networks.focalclick import FocalClickNet
from promptseg.methods.networks.hrnet import RitmNet
from promptseg.methods.networks.simpleclick import SimpleClickNet
from promptseg.methods.ritm import Ritm
from promptseg.methods.sam import Sam as SamMethod
from promptseg.methods.sam import empty_sam
from promptseg.methods.simpleclick import SimpleClick
from promptseg.parity.command import main
from promptseg.parity.comparison import Comparison
from promptseg.parity.fixtures import FixtureError, Name
from promptseg.parity.generated_weights import read_overrides, rule_state, rule_tensor
from promptseg.prompts.modes import deepest_pixels, depth

RECORDED = Path(__file__).resolve().parents[3] / "shared" / "specs" / "parity"
SMALL = (
    "*ritm_hrnet18s*",
    "*simpleclick_vit_xtiny*",
    "*focalclick_segformerB0_S1*",
    "*focalclick_segformerB0_S2*",
    "*focalclick_hrnet18s_S2*",
    "sam_vit_b*",
)
LARGE = (
    "protocol_sam_vit_b*",
    "*ritm_hrnet32*",
    "*simpleclick_vit_base*",
    "*focalclick_segformerB3*",
    "*focalclick_hrnet32*",
    "*vit_huge*",
)
recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded outputs of the reference are not here")


# --- weights


def test_every_kind_of_weight_is_drawn_as_the_rule_says():
    """First three numbers of one tensor of each kind, computed with nothing but NumPy."""
    literal = {
        ("a.running_mean", (3,)): (-0.017110988, -0.078758852, 0.043926601),
        ("a.running_var", (3,)): (1.026038801, 1.018274485, 1.059669161),
        ("backbone.cls_token", (1, 1, 3)): (-0.017330831, 0.027917697, -0.006716895),
        ("prompt_encoder.no_mask_embed.weight", (1, 3)): (1.359337941, -0.443073221, 0.843484626),
        ("maps_transform.3.scale", (3,)): (0.912875786, 0.980516146, 1.027989817),
        ("conv.weight", (3, 2, 1, 1)): (-0.468472894, -1.080065307, -0.701430711),
        ("patch_embed_coords.proj.weight", (3, 2, 1, 1)): (0.056480139, 0.723811760, 0.541596504),
        ("norm.weight", (3,)): (0.969388136, 1.008831768, 1.052897322),
        ("norm.bias", (3,)): (0.007860674, 0.008264657, -0.019243526),
    }
    for (name, shape), values in literal.items():
        tensor = rule_tensor(name, shape, "dev")
        assert tensor.dtype == torch.float32, name
        assert tensor.shape == shape, name
        np.testing.assert_allclose(tensor.flatten()[:3].numpy(), values, rtol=1e-6, err_msg=name)
    counter = rule_tensor("bn.num_batches_tracked", ())
    assert counter.dtype == torch.int64
    assert counter.item() == 0
    assert not torch.equal(rule_tensor("norm.bias", (3,), "dev"), rule_tensor("norm.bias", (3,), "other"))


def test_overrides_replace_entries_and_have_to_fit(tmp_path):
    path = tmp_path / "x.overrides.json"
    path.write_text(json.dumps({"overrides": {"bias": {"shape": [2], "values": [1, 2.5]}}}))
    with torch.device("meta"):
        network = nn.Linear(3, 2)
    state = rule_state(network, "dev", read_overrides(path))
    assert state["bias"].tolist() == [1, 2.5]
    assert torch.equal(state["weight"], rule_tensor("weight", (2, 3), "dev"))
    with pytest.raises(PromptsegError, match=r"bias the shape \(3,\); Linear has \(2,\)"):
        rule_state(network, "dev", {"bias": torch.zeros(3)})
    with pytest.raises(PromptsegError, match="name scale, which Linear does not have"):
        rule_state(network, "dev", {"scale": torch.zeros(3)})
    path.write_text('{"overrides": {"bias": {"shape": [3], "values": [1, 2]}}}')
    with pytest.raises(PromptsegError, match=r"x.overrides.json is no file of overrides \(ValueError"):
        read_overrides(path)
    with pytest.raises(PromptsegError, match=r"gone.overrides.json is missing"):
        read_overrides(tmp_path / "gone.overrides.json")


# --- names and numbers


def test_names_say_what_a_fixture_is():
    assert Name.parse("focalclick_segformerB0_S2__net") == Name("focalclick", "segformerB0_S2", "net")
    assert Name.parse("ritm_hrnet18s__leak") == Name("ritm", "hrnet18s", "leak")
    assert Name.parse("sam_vit_b") == Name("sam", "vit_b", "prompts")
    assert Name.parse("protocol_sam_vit_b") == Name("sam", "vit_b", "protocol")
    assert Name.parse("protocol_sam_vit_b_oracle") == Name("sam", "vit_b", "protocol_oracle")
    assert Name.parse("protocol_simpleclick_vit_xtiny") == Name("simpleclick", "vit_xtiny", "protocol")
    for name in ("ritm_hrnet18s", "ritm_hrnet18s__paper", "ritm__seq", "yolo_v8__net", "protocol_", "sam_", "protocol"):
        with pytest.raises(FixtureError, match="the name is not understood; known are ritm_VARIANT__"):
            Name.parse(name)


def test_numbers_that_are_none_never_pass():
    comparison = Comparison()
    assert not comparison.passed  # nothing was compared
    comparison.numbers("logits", "here", [1, np.inf], [1, np.inf], 0.1)
    assert comparison.passed
    comparison.numbers("logits", "there", [1, np.nan], [1, 2], 0.1)
    assert not comparison.passed
    assert comparison.summary().startswith("first difference: there: logits differ by inf (limit 1e-01)")
    with pytest.raises(FixtureError, match=r"there: logits have the shape \(3,\), ours have \(2,\)"):
        comparison.numbers("logits", "there", [1, 2], [1, 2, 3], 0.1)


# --- fixtures of our own: another salt, images, clicks, prompts, strides

SALT = "another salt"


def tiny_sam(checkpoint=None):
    """SAM with a small image encoder for 128 x 128 images."""
    return Sam(
        ImageEncoderViT(
            img_size=128, embed_dim=32, depth=1, num_heads=2, out_chans=64, use_rel_pos=True, window_size=4
        ),
        PromptEncoder(embed_dim=64, image_embedding_size=(8, 8), input_image_size=(128, 128), mask_in_chans=4),
        MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(depth=2, embedding_dim=64, mlp_dim=64, num_heads=2),
            transformer_dim=64,
        ),
    )


def image_of(rng, height, width):
    """(h, w, 3) uint8 with a disk in it, and the disk."""
    rows, columns = np.mgrid[:height, :width]
    disk = (rows - 0.5 * height) ** 2 + (columns - 0.4 * width) ** 2 < (0.3 * height) ** 2
    noise = rng.integers(0, 120, (height, width, 3))
    return (noise + 120 * disk[..., None]).astype(np.uint8), disk


def clicks_of(rng, height, width, count):
    """(n, 3) (row, column, positive)."""
    return np.stack([rng.integers(0, height, count), rng.integers(0, width, count), np.arange(count) % 3 != 1], axis=1)


def statistics(values):
    values = values.astype(np.float64)
    return np.array([values.mean(), values.std(), values.min(), values.max()])


def save(path, **arrays):
    np.savez_compressed(path, **{name: np.asarray(value) for name, value in arrays.items()})


class Recorder:
    """Writes fixtures of one click network into a folder."""

    def __init__(self, folder, method, network, variant, last, **options):
        self.folder, self.rng = folder, np.random.default_rng(5)
        self.name = f"{method.__name__.lower()}_{variant}"
        with torch.device("meta"):
            empty = network.from_variant(variant)
        shape = tuple(empty.state_dict()[f"{last}.weight"].shape)
        values = self.rng.normal(0, 0.3, shape[1]).astype(np.float32)
        overrides = {
            f"{last}.weight": {"shape": shape, "values": values.tolist()},
            f"{last}.bias": {"shape": [1], "values": [0.1]},
        }
        self.file = f"{self.name}.overrides.json"
        (folder / self.file).write_text(json.dumps({"salt": SALT, "overrides": overrides}))
        save_file(rule_state(empty, SALT, read_overrides(folder / self.file)), folder / "weights.safetensors")
        settings = Settings(variant=variant, weights=folder / "weights.safetensors", options=options)
        self.method = method(settings)

    def save(self, name, **arrays):
        save(self.folder / f"{name}.npz", salt=SALT, **arrays)

    def net(self, height, width):
        image, _ = image_of(self.rng, height, width)
        previous = self.rng.integers(0, 255, (height, width), np.uint8)
        points = np.array([[[20, 30.5, 0], [-1, -1, -1], [7, 9, 1], [-3, 5, 2]]], np.float32)
        inputs = np.concatenate([image, previous[..., None]], 2).astype(np.float32).transpose(2, 0, 1)[None] / 255
        network, inputs, clicks = self.method.network, torch.from_numpy(inputs), torch.from_numpy(points)
        with torch.inference_mode():
            arrays = {}
            logits = network(inputs, clicks)
            if isinstance(network, RitmNet):
                arrays["aux_0"] = network.forward_with_aux(inputs, clicks)[1][0, 0].numpy()
            if isinstance(network, FocalClickNet):
                _, feature = network.forward_with_feature(inputs, clicks)
                boxes = np.array([[0, 10, 20.5, 200, 220]], np.float32)
                refined = network.refine(inputs[:, :3], clicks, feature, logits, torch.from_numpy(boxes))
                names = ("instances_refined", "instances_coarse", "trimap")
                arrays |= {
                    f"refine0_{name}": part[0, 0, ::2, ::2].numpy() for name, part in zip(names, refined, strict=True)
                }
                arrays |= {"feature_0": feature[0, ::16, ::2, ::2].numpy(), "refine_boxes": boxes}
                arrays["refine_points"] = points
        full = logits[0, 0].numpy()
        self.save(
            f"{self.name}__net",
            overrides_file=self.file,
            image_u8_0=image,
            prev_u8_0=previous,
            points_0=points,
            logits_0=full[::3, ::3],
            logits_stride_0=3,
            logits_stats_0=statistics(full),
            **arrays,
        )

    def pipeline(self, mode, sizes, fresh=False):
        """One image of each size and number of clicks."""
        arrays = {"overrides_file": self.file, "mode": mode, "stride": 7, "n_images": len(sizes)}
        for index, (height, width, count) in enumerate(sizes):
            image, disk = image_of(self.rng, height, width)
            clicks = clicks_of(self.rng, height, width, count)
            answers, state = [], self.before(mode, image, index)
            for number in range(1, count + 1):
                shown = clicks[:number]
                request = Request(
                    self.method.encode(image), shown[:, 1::-1], shown[:, 2], state, refine=mode == "focal"
                )
                answers.append(self.method.predictor.step([request])[0])
                state = None if fresh else answers[-1].state
            maps = [answer.state.probability.numpy() for answer in answers]
            values = {
                "image": image,
                "object": disk,
                "clicks": clicks,
                "prob": np.stack([item[::7, ::7] for item in maps]),
                "mask": np.stack([item > np.float32(0.49) for item in maps]),
                "prob_stats": np.stack([statistics(item) for item in maps]),
                "zoom_roi": [answer.state.roi or (-1, -1, -1, -1) for answer in answers],
                "net_calls": [answer.calls for answer in answers],
            }
            if mode == "focal":
                values["focus_roi"] = [answer.focus_roi for answer in answers]
            if index == 0:
                values["last_prob_f16"] = maps[-1].astype(np.float16)
            arrays |= {f"{name}_{index}": value for name, value in values.items()}
        self.save(f"{self.name}__{mode}", **arrays)

    def before(self, mode, image, index):
        """The state that mode `leak` begins with."""
        state = None
        if mode == "leak":
            clicks = np.load(self.folder / f"{self.name}__seq.npz")[f"clicks_{index}"][:3]
            for number in range(1, len(clicks) + 1):
                shown = clicks[:number]
                request = Request(self.method.encode(image), shown[:, 1::-1], shown[:, 2], state)
                state = self.method.predictor.step([request])[0].state
        return state


def record_protocol(name, method, count, *, leaks=False, oracle=False):
    """Arrays of the study's click loop on an image with one and on an image with two classes."""
    rng = np.random.default_rng(3)
    arrays = {"salt": SALT, "n_clicks": count}
    for index, classes in enumerate((1, 2)):
        image, disk = image_of(rng, 80, 100)
        labels = disk.astype(np.uint8)
        if classes == 2:
            labels[5:20, 70:95] = 2
        arrays |= {f"image_{index}": image, f"labels_{index}": labels}
        encoded, state = method.encode(image), None
        for number in range(classes):
            truth = labels == number + 1
            prediction, points, signs, ties, predictions = np.zeros_like(truth), [], [], [], []
            for click in range(count):
                deepest = deepest_pixels(depth(truth ^ prediction))
                ties.append(len(deepest))
                points.append(deepest[rng.integers(len(deepest))])
                signs.append(1 if click == 0 else int(labels[points[-1][1], points[-1][0]] != 0))
                prompt = Prompt(np.array(points, np.int32), np.array(signs, np.int8))
                answer = method.predict([Query(encoded, prompt, state if leaks else None, refine=False)])[0]
                state = answer.states[0] if answer.states else None
                prediction = answer.masks[masks.best_candidate(answer.masks, truth) if oracle else 0]
                predictions.append(prediction)
            key = f"{index}_{number}"
            arrays |= {
                f"points_xy_{key}": points,
                f"point_labels_{key}": signs,
                f"should_be_{key}": [int(truth[y, x]) for x, y in points],
                f"n_ties_{key}": ties,
                f"masks_{key}": predictions,
                f"iou_{key}": [masks.iou(item, truth) for item in predictions],
            }
    save(name, **arrays)


def record_sam(path, method):
    """Two prompts and a mask that is fed in, in one image."""
    image, _ = image_of(np.random.default_rng(8), 70, 110)
    points, labels = np.array([(30, 40), (80, 20), (60, 60), (10, 5)]), np.array([1, 0, 1, 0])
    box = np.array([20, 10, 90, 60], np.int32)
    embedding = method.encode(image)
    features = embedding.features[0].numpy()
    arrays = {
        "salt": SALT,
        "image_0": image,
        "point_coords_0": points,
        "point_labels_0": labels,
        "box_0": box,
        "embedding_0": features[::8, ::2, ::2],
        "embedding_stats_0": statistics(features),
    }

    def prompt(count, corners=None):
        return Prompt(points[:count].astype(np.int32), labels[:count].astype(np.int8), corners)

    fed = method.logits(embedding, prompt(3))[2][0]
    outputs = {
        "p2": method.logits(embedding, prompt(2)),
        "box_p4": method.logits(embedding, prompt(4, box)),
        "box": method.logits(embedding, Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), box)),
        "p4_single": method.logits(embedding, prompt(4), multimask=False),
        "p1_maskin": method.logits(embedding, prompt(1), multimask=False, mask_input=fed),
    }
    for name, (full, scores, low) in outputs.items():
        arrays |= {
            f"{name}_low_0": low[:, ::8, ::8],
            f"{name}_low_stats_0": [statistics(channel)[:2] for channel in low],
            f"{name}_iou_0": scores,
            f"{name}_logits_0": full[:, ::8, ::8],
            f"{name}_mask_0": full > 0,
        }
    save(path, **arrays)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder of fixtures of every kind, made by our own methods with another salt."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sam_model_registry, "tiny", tiny_sam)
        focal = Recorder(
            folder, FocalClick, FocalClickNet, "segformerB0_S2", "feature_extractor.decode_head.linear_pred"
        )
        focal.net(256, 256)
        focal.pipeline("seq", [(60, 90, 3), (120, 70, 1)])
        focal.pipeline("paper", [(60, 90, 2)], fresh=True)
        focal.pipeline("focal", [(90, 60, 4)])
        record_protocol(folder / "protocol_focalclick_segformerB0_S2.npz", focal.method, 4)
        ritm = Recorder(folder, Ritm, RitmNet, "hrnet18s", "feature_extractor.cls_head")
        ritm.net(48, 64)
        for mode in ("seq", "oneshot"):
            ritm.pipeline(mode, [(64, 48, 2)], fresh=mode == "oneshot")
        seq = np.load(folder / "ritm_hrnet18s__seq.npz")
        ritm.pipeline("leak", [(64, 48, 2)])
        assert len(seq["clicks_0"]) == 2
        record_protocol(folder / "protocol_ritm_hrnet18s.npz", ritm.method, 2, leaks=True)
        simple = Recorder(folder, SimpleClick, SimpleClickNet, "vit_xtiny", "head.conv_seg")
        simple.net(448, 448)
        simple.pipeline("plain", [(50, 70, 2)])
        simple = Recorder(folder, SimpleClick, SimpleClickNet, "vit_xtiny", "head.conv_seg", cascade_steps=5)
        simple.pipeline("seq", [(50, 70, 2)])
        simple.pipeline("paper", [(50, 70, 2)], fresh=True)
        save_file(rule_state(tiny_sam(), SALT), folder / "weights.safetensors")
        sam = SamMethod(Settings(variant="tiny", weights=folder / "weights.safetensors"))
        record_sam(folder / "sam_tiny.npz", sam)
        record_protocol(folder / "protocol_sam_tiny.npz", sam, 5)
        record_protocol(folder / "protocol_sam_tiny_oracle.npz", sam, 5, oracle=True)
        save_file(rule_state(empty_sam("small"), SALT), folder / "small.safetensors")
        small = SamMethod(Settings(variant="small", weights=folder / "small.safetensors"))
        record_sam(folder / "sam_small.npz", small)
        record_protocol(folder / "protocol_sam_small.npz", small, 3)
        yield folder


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs the command; gives its exit status and its lines by the name of the fixture."""

    monkeypatch.setitem(sam_model_registry, "tiny", tiny_sam)

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        lines = capsys.readouterr().out.splitlines()
        return SimpleNamespace(status=status, last=lines[-1], lines={line.split()[1]: line for line in lines[:-1]})

    return run


def test_fixtures_with_another_salt_and_other_images_pass(own, run):
    result = run(own, "--threads", torch.get_num_threads())
    assert [line for line in result.lines.values() if not line.startswith("pass  ")] == []
    assert result.status == 0
    assert result.last.startswith("19 fixtures: 19 passed, 0 failed, in ")
    seq = result.lines["focalclick_segformerB0_S2__seq.npz"]
    assert "2 images, 4 clicks; probabilities max " in seq
    assert "exactly: zoom-in ROI (4), network passes (4)" in seq
    assert "1 inputs; " not in seq


def changed(source, target, remove=(), **arrays):
    """A copy of a fixture with other arrays; a function changes what is there."""
    content = dict(np.load(source))
    for name, value in arrays.items():
        if callable(value):
            content[name] = content[name].copy()
            content[name] = value(content[name])
        else:
            content[name] = value
    np.savez_compressed(target, **{name: value for name, value in content.items() if name not in remove})


def flipped(pixels):
    """Changes a mask of many."""

    def flip(value):
        value.reshape(-1)[:pixels] ^= True
        return value

    return flip


def moved(by):
    """Changes the last number."""

    def move(value):
        value.reshape(-1)[-1] += by
        return value

    return move


DAMAGE = {
    # name of a fixture: {what is changed: (how, the reason that is given)}
    "focalclick_segformerB0_S2__net": {
        "logits_0": (moved(3e-4), "first difference: input 0: logits differ by 3.0e-04 (limit 2e-04)"),
        "logits_stats_0": (moved(3e-4), "input 0: statistics of logits differ by"),
        "feature_0": (moved(3e-4), "input 0: feature differ by"),
        "refine0_trimap": (moved(3e-4), "box 0 trimap: refinement differ by"),
        "points_0": (lambda points: points[:, :3], "points_0 holds 3 clicks, which is no even number"),
        "prev_u8_0": (lambda mask: mask[1:], "the array prev_u8_0 has the shape (255, 256) instead of (256, 256)"),
        "logits_stride_0": (np.array("two"), "the array logits_stride_0 holds no numbers (<U3)"),
        "salt": (np.array("dev"), "first difference: input 0: logits differ by"),
        "overrides_file": (np.array("gone.json"), "the file of overrides gone.json is missing"),
    },
    "focalclick_segformerB0_S2__seq": {
        "prob_0": (moved(1e-4), "first difference: image 0 click 3: probabilities differ by 1.0e-04 (limit 5e-05)"),
        "prob_stats_1": (moved(1e-4), "image 1 click 1: statistics of probabilities differ by"),
        "mask_0": (flipped(3), "image 0 click 1: masks differ in 3 of 5400 pixels (limit 1e-04)"),
        "zoom_roi_0": (moved(1), "image 0 click 3: zoom-in ROI ["),
        "net_calls_1": (moved(1), "image 1 click 1: network passes 1 instead of 2"),
        "last_prob_f16_0": (moved(np.float16(0.01)), "image 0 click 3: last map differ by"),
        "stride": (np.array(5), "the array prob_"),
        "n_images": (np.array(3), "2 images instead of 3"),
        "mode": (np.array("paper"), "the file says that its mode is paper"),
        "image_1": (lambda image: image[..., 0], "the array image_1 has the shape (120, 70) instead of (any, any, 3)"),
        "clicks_0": (lambda clicks: clicks[::-1], "first difference: image 0 click 1: probabilities differ by"),
    },
    "focalclick_segformerB0_S2__focal": {
        "focus_roi_0": (moved(1), "image 0 click 4: focus ROI ["),
    },
    "ritm_hrnet18s__net": {"aux_0": (moved(3e-4), "input 0: auxiliary logits differ by")},
    "sam_tiny": {
        "embedding_0": (moved(2e-4), "image 0: embedding differ by"),
        "p2_low_0": (moved(3e-4), "image 0 p2: low-res logits differ by"),
        "box_logits_0": (moved(3e-4), "image 0 box: logits differ by"),
        "box_p4_iou_0": (moved(2e-4), "image 0 box_p4: predicted IoU differ by"),
        "p1_maskin_mask_0": (
            flipped(1),
            "image 0 p1_maskin: masks differ in 1 pixels where the logit is 1e-03 or more",
        ),
        "point_coords_0": (lambda points: points[:3], "a prompt of image 0 has 4 points, the file 3"),
        "p4_twice_low_0": (np.zeros((1, 4, 4)), "the prompt p4_twice is not understood"),
    },
    "protocol_sam_tiny": {
        "points_xy_0_0": (moved(3), "object 0_0 click 5: the click ("),
        "n_ties_1_0": (moved(1), "first difference: object 1_0 click 5: "),
        "point_labels_1_1": (lambda labels: 1 - labels, "first difference: object 1_1 click 1: labels 1 instead of 0"),
        "should_be_0_0": (moved(1), "object 0_0 click 5: sides "),
        "masks_0_0": (flipped(3), "first difference: object 0_0 click 1: masks differ in 3 of 8000 pixels"),
        "iou_1_1": (moved(1e-3), "object 1_1 click 5: IoU of the recorded masks differ by 1.0e-03 (limit 1e-06)"),
        "labels_0": (lambda labels: 0 * labels, "labels_0 holds no pixel of object 0_0"),
    },
}


@pytest.mark.parametrize("name", DAMAGE)
def test_each_change_of_a_fixture_is_found_and_explained(own, run, tmp_path, name):
    for path in own.glob("*.json"):
        shutil.copy(path, tmp_path)
    for array, (how, reason) in DAMAGE[name].items():
        changed(own / f"{name}.npz", tmp_path / f"{name}.npz", **{array: how})
        result = run(tmp_path)
        line = result.lines[f"{name}.npz"]
        assert line.startswith("FAIL  "), f"{array}: {line}"
        assert reason in line, array
        assert result.status == 1
        assert result.last.startswith("1 fixtures: 0 passed, 1 failed, in ")


def test_files_that_are_no_whole_fixtures_fail_and_the_others_pass(own, run, tmp_path):
    name = "focalclick_segformerB0_S2__paper.npz"
    shutil.copy(own / name, tmp_path)
    shutil.copy(own / "focalclick_segformerB0_S2.overrides.json", tmp_path)
    whole = (own / "focalclick_segformerB0_S2__seq.npz").read_bytes()
    (tmp_path / "focalclick_segformerB0_S2__seq.npz").write_bytes(whole[: len(whole) // 2])
    changed(own / "focalclick_segformerB0_S2__focal.npz", tmp_path / "focalclick_segformerB0_S2__focal.npz", ["mask_0"])
    shutil.copy(own / name, tmp_path / "segnet_small__paper.npz")
    shutil.copy(own / name, tmp_path / "focalclick_segformerB9_S2__paper.npz")
    shutil.copy(own / "focalclick_segformerB0_S2.overrides.json", tmp_path / "focalclick_segformerB9_S2.overrides.json")
    shutil.copy(own / "ritm_hrnet18s__leak.npz", tmp_path)
    shutil.copy(own / "ritm_hrnet18s.overrides.json", tmp_path)
    (tmp_path / "sam_tiny.npz").write_text("no archive")
    (tmp_path / "notes.txt").write_text("not a fixture")
    result = run(tmp_path)
    assert result.status == 1
    assert result.last.startswith("7 fixtures: 1 passed, 6 failed, in ")
    assert result.lines[name].startswith("pass  ")
    assert "the file is damaged or no .npz (BadZipFile" in result.lines["focalclick_segformerB0_S2__seq.npz"]
    assert "the array mask_0 is missing" in result.lines["focalclick_segformerB0_S2__focal.npz"]
    assert "the name is not understood; known are " in result.lines["segnet_small__paper.npz"]
    unknown = result.lines["focalclick_segformerB9_S2__paper.npz"]
    assert "the variant segformerB9_S2 of focalclick is not known; known are segformerB0_S1" in unknown
    leak = result.lines["ritm_hrnet18s__leak.npz"]
    assert "ritm_hrnet18s__seq.npz, whose first clicks it starts from, is missing" in leak
    assert "the file is damaged or no .npz (" in result.lines["sam_tiny.npz"]
    assert run(tmp_path, "--only", "focal*B0*paper").status == 0


def test_overrides_of_another_network_fail(own, run, tmp_path):
    shutil.copy(own / "ritm_hrnet18s__net.npz", tmp_path)
    target = tmp_path / "ritm_hrnet18s.overrides.json"
    shutil.copy(own / "simpleclick_vit_xtiny.overrides.json", target)
    result = run(tmp_path)
    assert result.status == 1
    assert "name head.conv_seg.weight, which RitmNet does not have" in result.lines["ritm_hrnet18s__net.npz"]
    content = json.loads((own / "ritm_hrnet18s.overrides.json").read_text())
    content["overrides"]["feature_extractor.cls_head.bias"]["values"] = [0.2]
    target.write_text(json.dumps(content))
    assert "input 0: logits differ by 1.0e-01" in run(tmp_path).lines["ritm_hrnet18s__net.npz"]


def test_a_folder_without_fixtures_fails(run, tmp_path):
    assert run(tmp_path).status == 1
    result = run(tmp_path / "gone")
    assert result.status == 1
    assert result.last == f"No fixture (*.npz) was found in {tmp_path / 'gone'}."
    np.savez(tmp_path / "sam_vit_b.npz", salt="dev")
    assert (
        run(tmp_path, "--only", "ritm*").last == f"No fixture (*.npz) with a name like ritm* was found in {tmp_path}."
    )


# --- recorded outputs of the reference


@recorded
@pytest.mark.parametrize("names", SMALL)
def test_our_methods_answer_as_the_reference_did(run, names):
    result = run(RECORDED, "--only", names)
    assert [line for line in result.lines.values() if not line.startswith("pass  ")] == []
    assert result.status == 0
    assert "not compared" not in "".join(result.lines.values())


@recorded
@pytest.mark.slow
@pytest.mark.parametrize("names", LARGE)
def test_our_large_networks_answer_as_the_reference_did(run, names):
    result = run(RECORDED, "--only", names)
    assert [line for line in result.lines.values() if not line.startswith("pass  ")] == []
    assert result.status == 0


@recorded
def test_no_recorded_fixture_is_forgotten():
    names = [path.name for path in RECORDED.glob("*.npz")]
    assert names
    assert [name for name in names if sum(fnmatchcase(name, glob) for glob in (*SMALL, *LARGE)) != 1] == []
