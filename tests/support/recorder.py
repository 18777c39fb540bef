"""Parity fixtures of every kind, made by our own methods: another salt, other images, clicks, prompts, strides."""

import json

import numpy as np
import torch
from safetensors.torch import save_file

from promptseg.core import masks
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.networks.focalclick import FocalClickNet
from promptseg.methods.networks.hrnet import RitmNet
from promptseg.parity.generated_weights import Changes, rule_state
from promptseg.prompts.modes import deepest_pixels, depth

SALT = "another salt"


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
        save_file(rule_state(empty, SALT, Changes.read(folder / self.file)), folder / "weights.safetensors")
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
                prompt = Prompt(shown[:, 1::-1], shown[:, 2])
                query = Query(self.method.encode(image), prompt, state, refine=mode == "focal")
                answers.append(self.method.predictor.step([query])[0])
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
                query = Query(self.method.encode(image), Prompt(shown[:, 1::-1], shown[:, 2]), state)
                state = self.method.predictor.step([query])[0].state
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

    outputs = {
        "p2": method.answer(embedding, prompt(2)),
        "box_p4": method.answer(embedding, prompt(4, box)),
        "box": method.answer(embedding, Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), box)),
        "p4_single": method.answer(embedding, prompt(4), False),
        "p1_maskin": method.answer(embedding, prompt(1), False, method.answer(embedding, prompt(3)).low[0]),
    }
    for name, answer in outputs.items():
        full, scores, low = (value.numpy() for value in (answer.logits, answer.scores, answer.low))
        arrays |= {
            f"{name}_low_0": low[:, ::8, ::8],
            f"{name}_low_stats_0": [statistics(channel)[:2] for channel in low],
            f"{name}_iou_0": scores,
            f"{name}_logits_0": full[:, ::8, ::8],
            f"{name}_mask_0": full > 0,
        }
    save(path, **arrays)
