"""The stage predict: run one method on one dataset, write its predictions and what they cost."""

import json
import logging
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.core.progress import progress
from promptseg.core.tables import open_table, read_table
from promptseg.methods import Method, Settings
from promptseg.methods.devices import choose_device, has_bf16
from promptseg.predict.embeddings import EmbeddingCache
from promptseg.predict.engine import Item, Plan, Runner, Target
from promptseg.predict.tables import PREDICTIONS, PROPOSALS
from promptseg.preprocess.images import LabelledImage, object_mask, read_images, shard_of
from promptseg.preprocess.tables import OBJECTS
from promptseg.prompts.tables import PROMPTS

ROWS = 20_000  # of a row group
PACKAGES = ["numpy", "opencv-python-headless", "scikit-image", "segment-anything-py", "torch"]  # behind the masks
CHECKED_IMAGES = 8  # run in both precisions where the precision is not fp32


@dataclass(frozen=True)
class Inputs:
    """The tables of a dataset, or of one shard of it."""

    images: Path
    objects: pd.DataFrame
    prompts: pd.DataFrame
    image_ids: Sequence[str]

    @classmethod
    def read(cls, images: Path, objects: Path, prompts: Path, shard: tuple[int, int] = (1, 1)) -> "Inputs":
        """Args: shard: (i, n), only the i-th of n parts of the images."""
        object_table = read_table(objects, OBJECTS)
        image_ids = shard_of(list(dict.fromkeys(object_table["image_id"])), shard)
        object_table = object_table[object_table["image_id"].isin(image_ids)]
        prompt_table = read_table(prompts, PROMPTS)
        prompt_table = prompt_table[prompt_table["object_id"].isin(object_table["object_id"])]
        return cls(images, object_table, prompt_table, image_ids)

    def stream(
        self, tasks: Mapping[str, Sequence[int]], keep: Sequence[str] | None = None
    ) -> Iterator[tuple[LabelledImage, list[Target]]]:
        """Images with their objects, in file order.

        Args:
            tasks: task name to the label values that form its object.
            keep: only these images.
        """
        objects = dict(tuple(self.objects.groupby("image_id", sort=False)))
        prompts = dict(tuple(self.prompts.groupby("object_id", sort=False)))
        for image in read_images(self.images, keep=set(self.image_ids if keep is None else keep)):
            yield (
                image,
                [
                    Target(
                        row.object_id,
                        object_mask(image.labels, tasks[row.task]),
                        {prompt["mode"]: prompt for prompt in prompts[row.object_id].to_dict("records")},
                    )
                    for row in objects[image.image_id].itertuples()
                ],
            )


def settings_of(
    method: str,
    entry: Mapping[str, Any],
    weights: Path | None,
    *,
    device: str,
    precision: str,
    compiled: bool,
    threads: int,
) -> Settings:
    """How a method runs in this job; its weights are checked, and PyTorch gets its threads.

    Args:
        entry: of the method in the configuration.
        weights: their file, for a method that has any.
        device: as in the configuration.
        compiled: whether networks are compiled.

    Raises:
        PromptsegError: a GPU is wanted and there is none, or the file does not hold the published weights.
    """
    if weights:
        # Methods without weights start faster without these.
        import torch

        from promptseg.download.transfer import Checksum

        torch.set_num_threads(threads)
        published = Checksum.from_mapping(entry["checkpoint"])
        differs = published.verify(weights) if published else None
        problem = f"{weights} does not hold the published weights of {method}: {differs}."
        if differs and "path" not in entry["checkpoint"]:
            raise PromptsegError(f"{problem} Delete it and run again, or name a file of yours by checkpoint: path.")
        if differs:
            logging.warning(problem)
    settings = Settings(
        variant=entry.get("variant"),
        weights=weights,
        device=choose_device(device, entry["gpu"]),
        precision=precision if weights else "fp32",
        compile=compiled,
        options=entry["options"],
    )
    if settings.precision == "bf16" and not has_bf16(settings.device):
        logging.warning("This processor has no bfloat16 instructions: precision bf16 is far slower on it than fp32.")
    return settings


def _peak_memory_mb(device: str) -> dict[str, float]:
    """Largest resident memory of this process, and largest memory held on the GPU, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    memory = {"peak_memory_mb": peak / (2**20 if sys.platform == "darwin" else 2**10)}
    if device.startswith("cuda"):
        import torch

        memory["peak_gpu_memory_mb"] = torch.cuda.max_memory_allocated() / 2**20
    return memory


def predict(
    inputs: Inputs,
    method: Method,
    plan: Plan,
    output: Path,
    throughput: Path,
    *,
    everything: Path | None = None,
    cache: EmbeddingCache | None = None,
    reference: Callable[[], Method] | None = None,
    label: str = "predict",
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write predictions of one method for one dataset (tables.PREDICTIONS) and what they cost (JSON).

    Args:
        everything: where to write all masks of the mode `everything` (tables.PROPOSALS); without it they are dropped.
        cache: of embeddings, for methods that are `cacheable`.
        reference: makes the method in fp32, where `method` has another precision: some images are run with both.
        label: shown beside the progress.
        provenance: stored in the metadata of `output`, with the prompts that the method takes.
    """
    provenance = {**(provenance or {}), "prompt_types": sorted(method.prompt_types)}
    runner = Runner(method, plan, cache if method.cacheable else None)
    start = time.perf_counter()
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        table = stack.enter_context(open_table(output, PREDICTIONS, provenance))
        proposals = stack.enter_context(open_table(everything, PROPOSALS, provenance)) if everything else None
        done = runner.run(inputs.stream(plan.tasks))
        for item in progress(done, len(inputs.image_ids), label, "image", lambda item: len(item.targets), "object"):
            rows += item.rows
            if proposals:
                proposals.write(item.proposals)
            if len(rows) >= ROWS:
                table.write(rows)
                rows = []
        table.write(rows)
    cost = {
        **vars(runner.cost),
        "wall_seconds": time.perf_counter() - start,
        **_peak_memory_mb(method.settings.device),
        "device": method.settings.device,
        "precision": method.settings.precision,
    }
    if reference is not None:
        cost |= compare_precision(inputs, method, reference(), plan)
    with atomic(throughput) as temporary:
        temporary.write_text(json.dumps(cost, indent=1))


def compare_precision(inputs: Inputs, method: Method, reference: Method, plan: Plan) -> dict[str, Any]:
    """What a reduced precision does to the IoU: both methods on the same few images, evenly spread over the dataset.

    Returns:
        checked_images; iou_difference, mean IoU of `method` minus that of `reference` over all prompts and candidates
        that both answered; largest_iou_difference of a single one.
    """
    chosen = np.linspace(0, len(inputs.image_ids) - 1, min(CHECKED_IMAGES, len(inputs.image_ids))).round().astype(int)
    keep = [inputs.image_ids[index] for index in chosen]
    ious = [_ious(Runner(one, plan).run(inputs.stream(plan.tasks, keep))) for one in (reference, method)]
    difference = (ious[1] - ious[0]).dropna()
    found = {
        "checked_images": len(keep),
        "iou_difference": float(difference.mean()),
        "largest_iou_difference": float(difference.abs().max()),
    }
    logging.info("%s against fp32 on %d images: %s", method.settings.precision, len(keep), found)
    return found


def _ious(items: Iterator[Item]) -> pd.Series:
    keys = ["object_id", "protocol", "mode", "step", "selection", "candidate"]
    values = []
    for item in items:
        truths = {target.object_id: target.truth for target in item.targets}
        for row in item.rows:
            if row["status"] == "ok":
                iou = masks.iou(masks.decode(row["rle"]), truths[row["object_id"]])
                # These are one answer (a trajectory one a step), whichever candidate it is.
                candidate = None if row["mode"] in ("iterative", "everything") else row["candidate"]
                values.append({**{key: row.get(key) for key in keys}, "candidate": candidate, "iou": iou})
    frame = pd.DataFrame(values, columns=[*keys, "iou"]).fillna({"protocol": "", "selection": "", "candidate": -1})
    return frame.set_index(keys)["iou"]
