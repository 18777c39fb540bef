"""The study's protocol, asked as its released scripts do and by the engine: what several benchmarks share."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from promptseg.core import masks
from promptseg.core.vocabulary import ITERATIVE, STUDY_MODES
from promptseg.methods import Method
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan, Target
from promptseg.preprocess.images import LabelledImage
from promptseg.prompts import clicks as user
from promptseg.prompts.clicks import Click, ClickTarget, next_click
from promptseg.prompts.modes import PromptSettings, make_prompts

CLICKS = 9
AS_RELEASED = user.Protocol("joint", "any_class", True, "chamfer5", previous_mask="reset", refinement=False)


def samples(count: int, size: int) -> Iterator[tuple[LabelledImage, list[Target]]]:
    """Noisy images with one object of two parts."""
    rows, columns = np.mgrid[:size, :size] / size
    for index in range(count):
        rng = np.random.default_rng(index)
        labels = np.zeros((size, size), np.uint8)
        for radius in (0.18, 0.08):
            y, x = rng.uniform(0.25, 0.75, 2)
            labels[((rows - y) / radius) ** 2 + ((columns - x) / (1.4 * radius)) ** 2 < 1] = 1
        pixels = np.clip(70 + 60 * labels[..., None] + rng.normal(0, 20, (size, size, 3)), 0, 255).astype(np.uint8)
        name = f"image{index}"
        truth = labels == 1
        prompts = {
            row["mode"]: row
            for row in make_prompts(name, truth, [*STUDY_MODES, ITERATIVE], PromptSettings(tie_break="first"))
        }
        yield LabelledImage(name, name, pixels, labels, None), [Target(name, truth, prompts)]


Pictures = Sequence[tuple[LabelledImage, list[Target]]]


class Predictor(Protocol):
    """What the study's scripts ask of `SamPredictor`."""

    def set_image(self, image: np.ndarray) -> None: ...

    def predict(self, *given: Any, **named: Any) -> tuple[np.ndarray, np.ndarray, Any]: ...


def reference(predictor: Predictor, pictures: Pictures, oracle: bool) -> dict[str, float]:
    """Both of the study's scripts, for one selection: IoU by image, mode and click."""
    found: dict[str, float] = {}

    def select(candidates: np.ndarray, truth: np.ndarray) -> np.ndarray:
        return candidates[masks.best_candidate(candidates, truth) if oracle else 0]

    for image, (target,) in pictures:
        predictor.set_image(image.pixels)
        x, y = target.prompts["iterative"]["points"][0]
        clicks = [Click(x, y, True)]
        for step in range(1, CLICKS + 1):
            points = np.array([(click.x, click.y) for click in clicks])
            logits, _, _ = predictor.predict(points, np.array([int(c.positive) for c in clicks]), return_logits=True)
            mask = select(logits > 0, target.truth)
            found[f"{image.image_id} click {step}"] = masks.iou(mask, target.truth)
            if step < CLICKS:
                seen = ClickTarget(target.object_id, target.truth, image.labels)
                click = next_click(seen, mask, clicks, AS_RELEASED, tie_break="first", seed=0)
                assert click is not None
                clicks.append(click)
    for image, (target,) in pictures:
        predictor.set_image(image.pixels)
        for mode, prompt in target.prompts.items():
            if mode in ("mode1", "mode2"):
                candidates = predictor.predict(np.array(prompt["points"]), np.array(prompt["point_labels"]))[0]
            elif mode != "iterative":
                answers = [predictor.predict(box=np.array(box))[0] for box in prompt["boxes"]]
                candidates = np.logical_or.reduce(answers)
            if mode != "iterative":
                found[f"{image.image_id} {mode}"] = masks.iou(select(candidates, target.truth), target.truth)
    return found


def ours(method: Method, pictures: Iterable[tuple[LabelledImage, list[Target]]]) -> tuple[dict[str, float], Runner]:
    """The engine on the same prompts: IoU by selection, image, mode and click."""
    plan = Plan(CLICKS, {("as_released", None): AS_RELEASED}, ("first", "oracle"), "first", strict=True)
    runner = Runner(method, plan)
    found: dict[str, float] = {}
    for item in runner.run(pictures):
        (target,) = item.targets
        candidates: dict[str, list[float]] = {}
        for row in item.rows:
            iou = masks.iou(masks.decode(row["rle"]), target.truth)
            if row["mode"] == "iterative":
                found[f"{row['selection']} {item.image.image_id} click {row['step']}"] = iou
            else:
                candidates.setdefault(row["mode"], []).append(iou)
        for mode, ious in candidates.items():
            found[f"first {item.image.image_id} {mode}"] = ious[0]
            found[f"oracle {item.image.image_id} {mode}"] = ious[masks.best_overlap(ious)]
    return found, runner


def matrix_product(device: str, dtype: torch.dtype) -> float:
    """FLOP per second of matrix products of the encoder's size, sustained for about as long as the encoder takes."""
    a, b = torch.randn(4096, 768, device=device).to(dtype), torch.randn(768, 3072, device=device).to(dtype)
    out = torch.mm(a, b)
    count = 40
    synchronise(device)
    start = time.perf_counter()
    for _ in range(count):
        torch.mm(a, b, out=out)
    synchronise(device)
    return count * 2 * a.shape[0] * a.shape[1] * b.shape[1] / (time.perf_counter() - start)


def synchronise(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
