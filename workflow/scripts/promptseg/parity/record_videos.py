"""Recordings of objects that are tracked over the slices of a volume."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from promptseg.core.errors import PromptsegError
from promptseg.core.masks import tight_box
from promptseg.methods.sam2_video import Sam2Video
from promptseg.parity.asking import array
from promptseg.parity.comparison import statistics
from promptseg.parity.generated_weights import Changes, rule_tensor
from promptseg.parity.scenes import coarse_noise, save
from promptseg.parity.videos import Recorded, Said, Script, follow, memory_map, thinned

DEPTH = 12
_BOX, _UP, _DOWN = {"kind": "box", "frame": "mid"}, {"do": "forward"}, {"do": "reverse"}
_CLICK = {"kind": "point", "frame": "three_quarters", "at": "outside", "label": 0}
STEPS: dict[str, list[dict[str, Any]]] = {
    "box_both": [_BOX, _UP, _DOWN],
    "box_reset": [_BOX, _UP, {"do": "reset"}, _BOX, _DOWN],
    "point_both": [{"kind": "point", "frame": "mid", "at": "point", "label": 1}, _UP, _DOWN],
    "masks3": [{"kind": "mask", "frame": frame} for frame in ("quarter", "mid", "three_quarters")] + [_UP, _DOWN],
    "corrected": [_BOX, _UP, _DOWN, _CLICK, _UP, _DOWN],
    "corrected_lasting": [_BOX, _UP, _DOWN, {**_CLICK, "lasting": True}, _UP, _DOWN],
}
# Louder than by the rule: masks, and what is looked for in memory.
_LOUD = {"output_hypernetworks_mlps.": 6.0, "cross_attn_image.q_proj.": 4.0}
_PRESENCE = "sam_mask_decoder.pred_obj_score_head.layers.2.bias"  # the end of a name
_CLEAR = 0.003  # how far every object score has to be from 0, so that rounding does not decide


def _script(height: int, width: int) -> Script:
    """A ball in coarse noise that ends before the volume does."""
    rng = np.random.default_rng(7)
    slices, rows, columns = np.mgrid[:DEPTH, :height, :width]
    away = ((rows - 0.5 * height) ** 2 + (columns - 0.45 * width) ** 2) / (0.35 * height) ** 2
    truth = away + ((slices - 5.5) / 5.5) ** 2 < 1
    noise = np.stack([coarse_noise(rng, height, width, 120)[..., 0] for _ in range(DEPTH)])
    x, y = round(0.45 * width), height // 2
    prompts = {"mid": 6, "quarter": 3, "three_quarters": 9, "point": [x, y], "outside": [x + 3, y + 2]}
    prompts["box"] = list(tight_box(truth[6]))
    return Script(Recorded((noise + 120 * truth).astype(np.uint8)), truth, prompts, STEPS)


@torch.inference_mode()
def record_video(
    path: Path, method_of: Callable[[Changes], Sam2Video], network: nn.Module, size: tuple[int, int], **texts: str
) -> None:
    """Write the fixture of a tracker.

    Args:
        method_of: the method with weights of the rule and the changes.
        network: of the method, for the names of its entries.
        size: (h, w) of the volume's slices.
        texts: further arrays; `salt` is that of the rule.
    """
    script = _script(*size)
    names = [name for name in network.state_dict() if name.endswith("weight")]
    gains = {name: gain for name in names for part, gain in _LOUD.items() if part in name}
    gains = {name: gain for name, gain in gains.items() if "mlps" not in name or name.endswith("layers.2.weight")}
    (presence,) = [name for name in network.state_dict() if name.endswith(_PRESENCE)]
    bias = float(rule_tensor(presence, (1,), texts["salt"]))
    method, overrides, answers = _mixed(method_of, script, gains, presence, bias)
    found: dict[str, Any] = {**texts, "gains": json.dumps(gains), "overrides": json.dumps(overrides), "calls": "[]"}
    found |= {"volume": script.volume.values, "truth": np.packbits(script.truth)}
    found |= {"prompts": json.dumps(script.prompts), "steps": json.dumps(STEPS)}
    mid = script.prompts["mid"]
    pixels, features = method.tracker.prepare(script.volume.pixels(mid)), method.views(script.volume).get(mid).features
    found |= {"pixels_mid": array(pixels)[0, :, ::16, ::16], "embedding_mid": array(features)[0, ::8]}
    for run, some in answers.items():
        found |= {f"{run}_{name}": value for name, value in _arrays(some).items()}
    save(path, **found)


def _mixed(
    method_of: Callable[[Changes], Sam2Video], script: Script, gains: dict[str, float], presence: str, bias: float
) -> tuple[Sam2Video, dict[str, Any], dict[str, list[Said]]]:
    """A method by which the object is there in some of the slices and not in others, its overrides and its answers.

    Raises:
        PromptsegError: of no method are all object scores clear.
    """

    def method(moved: float) -> tuple[Sam2Video, dict[str, Any]]:
        overrides = {presence: {"shape": [1], "values": [round(bias + moved, 6)]}}
        return method_of(Changes.parse(gains, overrides)), overrides

    always, _ = method(100.0)
    scores = [said.found.presence - 100.0 for said in follow(always, script, "box_both") if not said.prompted]
    for share in np.linspace(0.05, 0.4, 15):
        mixed, overrides = method(-float(np.quantile(scores, share)))
        answers = {run: list(follow(mixed, script, run)) for run in STEPS}
        if min(abs(said.found.presence) for some in answers.values() for said in some) > _CLEAR:
            return mixed, overrides, answers
    raise PromptsegError("With these weights an object score is always close to 0. Choose another salt.")


def _arrays(answers: list[Said]) -> dict[str, Any]:
    """What is stored of a run, by names without the run's."""
    found: dict[str, Any] = {}
    for said in answers:
        if said.prompted:
            found[f"prompt{said.step}_logits"] = said.full[::4, ::4]
            found[f"prompt{said.step}_mask"] = np.packbits(said.full > 0)
    passed = [said for said in answers if not said.prompted]
    low = [array(said.found.logits) for said in passed]
    step = max(low[0].shape[-1] // 32, 2)
    return found | {
        "step": np.array([said.step for said in passed]),
        "frame": np.array([said.z for said in passed]),
        "low": np.stack([one[step // 2 :: step, step // 2 :: step] for one in low]),
        "low_stats": np.stack([statistics(one) for one in low]),
        "mask": np.stack([np.packbits(said.full > 0) for said in passed]),
        "area": np.array([np.count_nonzero(said.full > 0) for said in passed]),
        "score": np.array([said.found.presence for said in passed]),
        "pointer": np.stack([array(said.found.pointer)[::4] for said in passed]),
        "memory": np.stack([thinned(memory_map(said.found)) for said in passed]),
    }
