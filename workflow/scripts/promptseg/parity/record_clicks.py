"""Recordings of click models: a forward pass, a map for each click of a list, and the study's click loop."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from promptseg.core import masks
from promptseg.methods import Method, Prompt, Query
from promptseg.methods.clicking import THRESHOLD
from promptseg.methods.networks.focalclick import FocalClickNet
from promptseg.methods.networks.hrnet import RitmNet
from promptseg.parity.comparison import statistics
from promptseg.parity.networks import REFINED
from promptseg.parity.pipelines import FRESH, OTHER_OBJECT
from promptseg.parity.protocols import as_released
from promptseg.parity.scenes import Scene, coarse_noise, save
from promptseg.prompts.modes import deepest_in

_LAST = ("feature_extractor.cls_head", "feature_extractor.decode_head.linear_pred", "head.conv_seg")
_STRIDE = 7  # of stored maps
_CLICKS = 3  # in the first image; there is one in each further image
_LOOP_CLICKS = 4
_LOOP_SIZE = (80, 100)


def overrides(network: nn.Module) -> dict[str, Any]:
    """Weights of the last layer that make probabilities leave 0.5."""
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    last = next(name for name in _LAST if f"{name}.weight" in shapes)
    shape = shapes[f"{last}.weight"]
    values = np.random.default_rng(5).normal(0, 0.3, shape).ravel().astype(np.float32)
    return {
        f"{last}.weight": {"shape": shape, "values": values.tolist()},
        f"{last}.bias": {"shape": [1], "values": [0.1]},
    }


def record_network(path: Path, method: Any, size: tuple[int, int], **texts: str) -> None:
    """One forward pass, of an image of (h, w) pixels, a previous mask and four clicks, one of them outside."""
    rng, network = np.random.default_rng(6), method.network
    image, previous = Scene.drawn(rng, *size).image, coarse_noise(rng, *size, 255)[..., 0].astype(np.uint8)
    points = np.array([[[20, 30.5, 0], [-1, -1, -1], [7, 9, 1], [-3, 5, 2]]], np.float32)
    stacked = np.concatenate([image, previous[..., None]], 2).astype(np.float32).transpose(2, 0, 1)[None] / 255
    inputs, clicks = torch.from_numpy(stacked), torch.from_numpy(points)
    arrays: dict[str, Any] = {}
    with torch.inference_mode():
        logits = network(inputs, clicks)
        if isinstance(network, RitmNet):
            arrays["aux_0"] = network.forward_with_aux(inputs, clicks)[1][0, 0].numpy()
        if isinstance(network, FocalClickNet):
            _, feature = network.forward_with_feature(inputs, clicks)
            boxes = np.array([[0, 10, 20.5, 200, 220]], np.float32)
            refined = network.refine(inputs[:, :3], clicks, feature, logits, torch.from_numpy(boxes))
            arrays |= {
                f"refine0_{name}": part[0, 0, ::8, ::8].numpy() for name, part in zip(REFINED, refined, strict=True)
            }
            arrays |= {"feature_0": feature[0, ::16, ::4, ::4].numpy(), "refine_boxes": boxes, "refine_points": points}
    full = logits[0, 0].numpy()
    arrays |= {"image_u8_0": image, "prev_u8_0": previous, "points_0": points, "logits_0": full[::_STRIDE, ::_STRIDE]}
    save(path, **texts, **arrays, logits_stride_0=_STRIDE, logits_stats_0=statistics(full))


def _clicks_on(scene: Scene, count: int) -> np.ndarray:
    """(n, 3) int (row, column, positive) on the object and beside it."""
    shown = scene.prompts(negative=True)
    return np.concatenate([shown["point_coords"][:, ::-1], shown["point_labels"][:, None]], axis=1)[:count]


def record_pipeline(path: Path, method: Any, scenes: Sequence[Scene], mode: str, **texts: str) -> None:
    """One map for each click, see `promptseg.parity.pipelines`."""
    arrays: dict[str, Any] = {"mode": mode, "stride": _STRIDE, "n_images": len(scenes)}
    for key, scene in enumerate(scenes):
        clicks, image = _clicks_on(scene, _CLICKS if key == 0 else 1), method.encode(scene.image)
        state, answers = _before(path, method, image, mode, key), []
        for count in range(1, len(clicks) + 1):
            prompt = Prompt(clicks[:count, 1::-1], clicks[:count, 2])
            (answer,) = method.predictor.step([Query(image, prompt, state, refine=mode == "focal")])
            answers.append(answer)
            state = None if mode in FRESH else answer.state
        maps = [answer.state.probability.numpy() for answer in answers]
        values: dict[str, Any] = {
            "image": scene.image,
            "object": scene.truth,
            "clicks": clicks,
            "prob": np.stack([item[::_STRIDE, ::_STRIDE] for item in maps]),
            "mask": np.stack([item > np.float32(THRESHOLD) for item in maps]),
            "prob_stats": np.stack([statistics(item) for item in maps]),
            "zoom_roi": [answer.state.roi or (-1, -1, -1, -1) for answer in answers],
            "net_calls": [answer.calls for answer in answers],
        }
        if mode == "focal":
            values["focus_roi"] = [answer.focus_roi for answer in answers]
        if key == 0:
            values["last_prob_f16"] = maps[-1].astype(np.float16)
        arrays |= {f"{name}_{key}": value for name, value in values.items()}
    save(path, **texts, **arrays)


def _before(path: Path, method: Any, image: Any, mode: str, key: int) -> Any:
    """The state that mode `leak` begins with: that which the first clicks of `seq` leave behind."""
    if mode != "leak":
        return None
    clicks = np.load(path.with_name(path.name.replace("__leak", "__seq")))[f"clicks_{key}"][:OTHER_OBJECT]
    state = None
    for count in range(1, len(clicks) + 1):
        prompt = Prompt(clicks[:count, 1::-1], clicks[:count, 2])
        state = method.predictor.step([Query(image, prompt, state)])[0].state
    return state


def record_protocol(path: Path, method: Method, family: str, *, oracle: bool = False, **texts: str) -> None:
    """The study's click loop on an image with one and on an image with two classes."""
    rng, leaks = np.random.default_rng(3), as_released(family).previous_mask == "leak"
    arrays: dict[str, Any] = {"n_clicks": _LOOP_CLICKS}
    for index, classes in enumerate((1, 2)):
        scene = Scene.drawn(rng, *_LOOP_SIZE)
        labels = scene.truth.astype(np.uint8)
        if classes == 2:
            labels[5:20, 70:95] = 2
        arrays |= {f"image_{index}": scene.image, f"labels_{index}": labels}
        encoded, state = method.encode(scene.image), None
        for number in range(classes):
            truth = labels == number + 1
            prediction, points, signs, ties, predictions = np.zeros_like(truth), [], [], [], []
            for click in range(_LOOP_CLICKS):
                deepest = deepest_in(truth ^ prediction, "chamfer5").pixels
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
    save(path, **texts, **arrays)
