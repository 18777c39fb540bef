"""The training loop: a run that can be stopped at any time and goes on where it was."""

import copy
import logging
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import cv2
import pandas as pd
import torch
from safetensors.torch import save
from torch import Tensor

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.core.progress import progress
from promptseg.core.provenance import provenance
from promptseg.core.randomness import generator
from promptseg.methods.devices import choose_device, has_bf16, keep_freed_memory
from promptseg.training.card import Record, write_card
from promptseg.training.settings import Recipe
from promptseg.training.tasks.base import Task
from promptseg.training.tasks.focalclick import FocalClickTask
from promptseg.training.tasks.ritm import RitmTask
from promptseg.training.tasks.sam import SamTask
from promptseg.training.tasks.simpleclick import SimpleClickTask

logger = logging.getLogger(__name__)

FAMILIES: dict[str, type[Task]] = {
    "sam": SamTask,
    "ritm": RitmTask,
    "simpleclick": SimpleClickTask,
    "focalclick": FocalClickTask,
}
CHECKPOINT = "checkpoint.pt"
NETWORK, CARD, LOG = "network.safetensors", "card.md", "log.csv"  # what a run leaves
_SAVE_EVERY = 300.0  # seconds
_HELD_OUT = 1_000_000_007  # added to the seed of training for the series of validation images
_LOWEST = 0.03  # of the learning rate, at the end


class Run:
    """The state of a training: everything that a checkpoint holds.

    All randomness of a step is a function of seed and step, so that a run that was interrupted is the same as one that
    was not, on the same device and with the same number of threads.

    Attributes:
        step: steps done.
        seconds: spent in steps, in this process and those before.
        images: generated so far.
        history: rows of the log.
        parts: from which step on which code trained, and in which precision.
    """

    def __init__(self, recipe: Recipe, device: str, precision: str = "fp32"):
        self.recipe, self.device, self.precision = recipe, device, precision
        torch.manual_seed(recipe.seed)
        self.task: Task = FAMILIES[recipe.family](recipe.variant, dict(recipe.options), device)
        self.network = self.task.network
        self.average = copy.deepcopy(self.network).eval()
        self.optimiser = self._optimiser()
        self.step, self.seconds, self.images = 0, 0.0, 0
        self.history: list[dict[str, float]] = []
        self.parts: list[dict[str, Any]] = []

    def _optimiser(self) -> torch.optim.Optimizer:
        # Norms, biases and embeddings are not decayed.
        decayed = [value for value in self.network.parameters() if value.ndim > 1]
        others = [value for value in self.network.parameters() if value.ndim <= 1]
        groups = [
            {"params": decayed, "weight_decay": self.recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=self.recipe.learning_rate, betas=(0.9, 0.98), fused=True)

    def _restart(self) -> None:
        """Go on from the averaged weights, as they are written."""
        self.average.load_state_dict(stored(self.average.state_dict()))
        self.network.load_state_dict(self.average.state_dict())
        self.optimiser = self._optimiser()

    def rate(self) -> float:
        """Learning rate of the next step: linear warm-up, then half a cosine, in each cycle."""
        recipe = self.recipe
        start, end, share = recipe.cycle(self.step)
        warm = min(1.0, (self.step - start + 1) / recipe.warmup)
        done = (self.step - start) / (end - start)
        return share * recipe.learning_rate * warm * (_LOWEST + (1 - _LOWEST) * 0.5 * (1 + math.cos(math.pi * done)))

    def advance(self) -> float:
        """One step; its loss.

        Raises:
            PromptsegError: the loss is not a number.
        """
        start = time.perf_counter()
        recipe, stage = self.recipe, self.recipe.stage(self.step)
        if self.step and self.step == recipe.cycle(self.step)[0]:
            self._restart()
        samples = self.task.images(recipe.seed, self.images, stage.batch, stage.size)
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        low = torch.autocast(self.device, torch.bfloat16) if self.precision == "bf16" else nullcontext()
        with low:
            loss = self.task.loss(samples, generator(recipe.seed, "prompts", self.step), stage.balance)
        if not torch.isfinite(loss):
            raise PromptsegError(
                f"The loss of {recipe.name} is not a number at step {self.step}. Lower its learning_rate and start "
                "again in an empty folder."
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip)
        self.optimiser.step()
        self.step += 1
        self.images += stage.batch
        self._follow()
        self.seconds += time.perf_counter() - start
        return float(loss.detach())

    @torch.no_grad()
    def _follow(self) -> None:
        """Let the average follow the network; at first quickly, so that it forgets the weights it starts from."""
        done = self.step - self.recipe.cycle(self.step - 1)[0]
        keep = min(self.recipe.ema, (1 + done) / (10 + done))
        for old, new in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if old.is_floating_point():
                old.lerp_(new, 1 - keep)
            else:
                old.copy_(new)

    def validate(self) -> dict[str, float]:
        """Mean IoU of the averaged weights on images of a series that training never sees."""
        recipe = self.recipe
        size = round(recipe.validation_size / self.task.detail)
        samples = self.task.images(recipe.seed + _HELD_OUT, 0, recipe.validation_images, size)
        return self.task.validate(self.average, samples)

    def state(self) -> dict[str, Any]:
        """Everything that `restore` needs."""
        return {
            "recipe": self.recipe.origin,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "images": self.images,
            "history": self.history,
            "parts": self.parts,
        }

    def start_part(self) -> None:
        """Note what trains from here on, unless it is what trained before."""
        part = {"commit": provenance([])["commit"] or "unknown", "precision": self.precision}
        if not self.parts or part != {key: self.parts[-1][key] for key in part}:
            self.parts.append({"step": self.step, **part})

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises:
            PromptsegError: it is damaged, or of another recipe.
        """
        try:
            state = torch.load(path, map_location=self.device, weights_only=True)
            if state["recipe"] != self.recipe.origin:
                raise ValueError(f"it was made with {state['recipe']}")
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
        except Exception as error:
            raise PromptsegError(
                f"{path} is no checkpoint of {self.recipe.name} as the configuration describes it now "
                f"({type(error).__name__}: {str(error).splitlines()[0]}). Move the folder away to train anew."
            ) from error
        self.step, self.seconds, self.images = state["step"], state["seconds"], state["images"]
        self.history, self.parts = state["history"], state["parts"]

    def save(self, folder: Path) -> None:
        """Write checkpoint, log, averaged weights and model card into a folder."""
        with atomic(folder / CHECKPOINT) as temporary:
            torch.save(self.state(), temporary)
        with atomic(folder / LOG) as temporary:
            pd.DataFrame(self.history).to_csv(temporary, index=False, float_format="%.6g")
        with atomic(folder / NETWORK) as temporary:
            temporary.write_bytes(save(stored(self.average.state_dict())))
        with atomic(folder / CARD) as temporary:
            record = Record(self.step, self.images, self.seconds, self.device, self.history, self.parts)
            write_card(temporary, self.recipe, record)


def stored(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights as they are written: half precision, which readers turn into float32."""
    return {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous().clone()
        for name, value in state.items()
    }


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM or SIGINT sets, instead of ending the process."""
    event = threading.Event()
    before = {number: signal.signal(number, lambda *_: event.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def train(
    recipe: Recipe,
    folder: Path,
    *,
    hours: float | None = None,
    device: str = "auto",
    precision: str = "fp32",
    threads: int | None = None,
) -> bool:
    """Train a network, or go on with a training that was interrupted.

    Args:
        folder: of checkpoint, log, weights and card; they are written every few minutes and at the end.
        hours: stop after so many hours of this process, finished or not.
        device: auto, cpu or cuda.
        precision: fp32, or bf16 where the device computes in it.
        threads: of PyTorch; None leaves them as they are.

    Returns:
        Whether the training is finished.

    Raises:
        PromptsegError: the folder holds something else, or bf16 is asked of a device without it.
    """
    chosen = choose_device(device)
    if precision == "bf16" and not has_bf16(chosen):
        raise PromptsegError(f"The device {chosen} does not compute in bf16. Use precision fp32.")
    keep_freed_memory()
    cv2.setNumThreads(1)
    if threads:
        torch.set_num_threads(threads)
    run = Run(recipe, chosen, precision)
    if (folder / CHECKPOINT).exists():
        run.restore(folder / CHECKPOINT)
        logger.info("%s goes on at step %d of %d", recipe.name, run.step, recipe.steps)
    run.start_part()
    end = time.monotonic() + 3600 * hours if hours is not None else math.inf
    saved, recent = time.monotonic(), []
    with _asked_to_stop() as stop:
        for _ in progress(range(run.step, recipe.steps), recipe.steps - run.step, f"train {recipe.name}", "step"):
            recent.append(run.advance())
            if run.step % recipe.validate_every == 0 or run.step == recipe.steps:
                row = {
                    "step": run.step,
                    "images": run.images,
                    "hours": run.seconds / 3600,
                    "size": recipe.stage(run.step - 1).size,
                    "learning_rate": run.rate(),
                    "loss": sum(recent) / len(recent),
                    **run.validate(),
                }
                run.history.append(row)
                recent = []
                logger.info("%s: %s", recipe.name, ", ".join(f"{key} {value:.4g}" for key, value in row.items()))
            if time.monotonic() - saved > _SAVE_EVERY:
                run.save(folder)
                saved = time.monotonic()
            if stop.is_set() or time.monotonic() > end:
                break
    run.save(folder)
    return run.step >= recipe.steps
