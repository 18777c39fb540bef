"""Recordings of promptable networks: embeddings, and logits, masks and scores of several calls."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from promptseg.methods import Method
from promptseg.methods.promptable import Decoded
from promptseg.parity.asking import STABLE, ImageCalls, array
from promptseg.parity.calls import Call, read_calls
from promptseg.parity.comparison import statistics
from promptseg.parity.fixtures import Fixture, Name
from promptseg.parity.generated_weights import Changes
from promptseg.parity.scenes import Scene, save

# What is asked, as far as a method takes it, and what is asked of single families.
_CALLS: tuple[Mapping[str, Any], ...] = (
    {"name": "p1", "points": 1},
    {"name": "box", "box": 1},
    {"name": "box_2", "box": "second"},
    {"name": "box_p2", "points": 2, "box": 1},
    {"name": "p3_single", "points": 3, "multimask": False},
    {"name": "boxes2_single", "box": 2, "multimask": False},
    {"name": "p3_maskin", "points": 3, "multimask": False, "mask": "p1"},
    {"name": "mask_only", "multimask": False, "mask": "p1"},
)
_FURTHER: Mapping[str, Mapping[str, Any]] = {
    "sam2": {"name": "p3_single_raw", "points": 3, "multimask": False, "stability": False},
    "sam3": {"name": "p3_single_raw", "points": 3, "multimask": False, "stability": False},
    "hq_sam": {"name": "box_single_hq", "box": 1, "multimask": False, "hq_token_only": True},
    "scribbleprompt_unet": {"name": "box_scribble", "box": 1, "scribble": True},
}
# The last layers of heads for masks, and how much louder they are made, so that prompts make a difference.
_LAST = {
    r"output_hypernetworks_mlps\.\d+\.(layers\.2|fc)\.(weight|bias)$": 6.0,
    r"final_conv\.conv\.0\.(weight|bias)$": 12.0,
}


def asked(family: str, cls: type[Method]) -> list[dict[str, Any]]:
    """The calls that a method can be asked, as entries of the list `calls`."""
    calls = [*_CALLS, *([_FURTHER[family]] if family in _FURTHER else [])]
    if family == "scribbleprompt_unet":  # it draws one prompt into its input
        calls = [call for call in calls if call.get("box") != 2 and call["name"] != "mask_only"]
    if "point" not in cls.prompt_types:
        calls = [call for call in calls if not call.get("points") and not call.get("mask")]
    if not cls.mask_feedback:
        calls = [call for call in calls if not call.get("mask")]
    return [dict(call) for call in calls if call.get("points", 0) <= (cls.max_points or 9)]


def record_prompts(
    path: Path,
    method_of: Callable[[Changes], Any],
    network: nn.Module,
    scenes: Sequence[Scene],
    **texts: str,
) -> None:
    """Write the fixture of a promptable network.

    Args:
        method_of: the method with weights of the rule and the changes.
        network: of the method, for the names of its entries.
        texts: further arrays.
    """
    family = Name.parse(path.stem).family
    last = {name: gain for name in network.state_dict() for end, gain in _LAST.items() if re.search(end, name)}
    gains = {name: gain for name, gain in last.items() if name.endswith("weight")}
    method = method_of(Changes(gains=gains))
    arrays: dict[str, Any] = {**texts, "calls": json.dumps(asked(family, type(method))), "gains": json.dumps(gains)}
    arrays["overrides"] = json.dumps({})
    for key, scene in enumerate(scenes):
        stored = scene.image[..., 0] if family.startswith("scribbleprompt") else scene.image  # it takes grey images
        arrays |= {f"image_{key}": stored, f"object_{key}": np.packbits(scene.truth)}
        arrays |= {f"{name}_{key}": value for name, value in scene.prompts(method.negative_points).items()}
        if family == "scribbleprompt_unet":
            arrays[f"scribbles_{key}"] = scene.scribbles()
    save(path, **arrays)
    biases = [name for name in last if name.endswith("bias")]
    overrides = centred_biases(method, biases, ImageCalls(*_first(path, method)))
    arrays["overrides"] = json.dumps(overrides)
    save(path, **arrays)
    fixture, method = Fixture(path), method_of(Changes.parse(gains, overrides))
    for key in range(len(scenes)):
        arrays |= {f"{name}_{key}": value for name, value in _answers(fixture, method, str(key)).items()}
    save(path, **arrays)


def _first(path: Path, method: Any) -> tuple[Fixture, Any, Any, str, list[Call]]:
    fixture = Fixture(path)
    return fixture, method, method.encode(fixture.pixels("image_0")), "0", read_calls(fixture, "0")


def centred_biases(method: Any, names: Sequence[str], image: ImageCalls) -> dict[str, Any]:
    """Biases of the last layers with which the logits of a mask have a mean of about 0, as overrides.

    With random weights the logits of nearly all pixels have one sign. They are linear in these biases: the mean of the
    map changes by as much as the mean of each channel of what the biases weight.

    Args:
        method: its network is left as it was.
        image: of which the first call that gives each mask counts.
    """
    tensors = {name: tensor for name in names if (tensor := _parameter(method, name)) is not None}
    calls = list(image.calls.values())
    probe = next((call for call in calls if not call.multimask and not call.mask), calls[0])

    def means(call: Call) -> np.ndarray:
        low: Tensor | None = ImageCalls(image.fixture, method, image.embedding, image.key, calls).ask(call)[1][0].low
        return array(low).mean((1, 2))

    before = means(probe)
    directions = []
    with torch.no_grad():
        for channel in range(min(len(tensor) for tensor in tensors.values())):
            for tensor in tensors.values():
                tensor[channel] += 1
            directions.append(float(means(probe)[0] - before[0]))
            for tensor in tensors.values():
                tensor[channel] -= 1
    direction = np.array(directions)
    several = means(calls[0]) if len(names) > 1 else before
    result = {}
    for number, (name, tensor) in enumerate(tensors.items()):
        mean = before[0] if number == 0 else several[min(number - 1, len(several) - 1)]
        moved = array(tensor) - mean * direction / max(float(direction @ direction), 1e-12)
        result[name] = {"shape": list(tensor.shape), "values": [round(float(value), 6) for value in moved]}
    return result


def _parameter(method: Any, name: str) -> Tensor | None:
    """The parameter of a network that a method holds under any name."""
    end = name[name.index("output_hypernetworks_mlps") if "mlps" in name else name.index("final_conv") :]
    for module in vars(method).values():
        for known, parameter in module.named_parameters() if isinstance(module, nn.Module) else ():
            if known.endswith(end):
                return parameter
    return None


def _answers(fixture: Fixture, method: Any, key: str) -> dict[str, Any]:
    """All that is compared of one image, by names without its number."""
    pixels = fixture.pixels(f"image_{key}")
    embedding = method.encode(pixels)
    found: dict[str, Any] = {}
    if hasattr(embedding, "features"):
        features = array(embedding.features)[0]
        across = max(features.shape[-1] // 16, 1)
        found |= {"embedding": features[::8, ::across, ::across], "embedding_stats": statistics(features)}
    for level, values in enumerate(getattr(embedding, "high_res", ())):
        found[f"high_res{level}"] = array(values).reshape(values.shape[-3:])[::8, ::16, ::16]
    if fixture.name.family == "medsam":
        resized = array(method.resized(pixels))
        found |= {"resized": resized[::16, ::16], "resized_sum": resized.astype(np.int64).sum((0, 1))}
    image = ImageCalls(fixture, method, embedding, key, read_calls(fixture, key))
    for call in image.calls.values():
        queries, answers = image.ask(call)
        values = _answer(answers)
        if call.name in image.sources:
            values["source"] = image.sources[call.name]
        if fixture.name.family in STABLE and not call.multimask and not call.switches:
            values["stability"] = [answer.stability for answer in answers]
            values["token"] = np.array(answers[0].token)
        if fixture.name.family == "scribbleprompt_unet":
            values["planes"] = array(method.planes(queries[0])).sum((1, 2))
        found |= {f"{call.name}_{name}": value for name, value in values.items()}
    return found


def _answer(answers: Sequence[Decoded]) -> dict[str, Any]:
    full = np.concatenate([array(answer.logits) for answer in answers])
    low = np.concatenate([array(answer.low) for answer in answers])
    step = max(low.shape[-1] // 16, 1)
    values = {
        "low": low[:, ::step, ::step],
        "low_stats": np.stack([statistics(one) for one in low]),
        "logits": full[:, ::8, ::8],
        "logits_stats": np.stack([statistics(one) for one in full]),
        "mask": np.packbits((full > 0).reshape(len(full), -1), axis=1),
        "area": (full > 0).sum((1, 2)),
    }
    if answers[0].scores is not None:
        values["iou"] = np.concatenate([array(answer.scores) for answer in answers])
    return values
