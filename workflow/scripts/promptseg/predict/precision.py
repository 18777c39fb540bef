"""What a reduced precision does to the masks of a method, measured on a few images in both."""

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from promptseg.core import masks
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE
from promptseg.methods import Method
from promptseg.methods.devices import has_bf16
from promptseg.predict.encoding import Computing, device_of, encoding
from promptseg.predict.engine import Runner
from promptseg.predict.method_run import prepare_job
from promptseg.predict.plan import Inputs, Item, Plan
from promptseg.preprocess.objects import stream_objects

logger = logging.getLogger(__name__)

CHECKED_IMAGES = 8
ACCEPTED = 0.002  # mean difference of the IoU, below which `precision: auto` takes bf16


@dataclass(frozen=True)
class Choice:
    """What `precision: auto` comes to.

    Attributes:
        precision: fp32 or bf16.
        because: why, in words.
        measured: what `compare_precision` found; empty where there was nothing to compare.
    """

    precision: str
    because: str
    measured: dict[str, Any]


def choose_precision(job: Any) -> dict[str, Any]:
    """A `Choice` as a mapping, for the method and the dataset of a job of Snakemake.

    Args:
        job: as for `prepare_job`, with `images` and `objects` among its inputs, `tasks` and `asked` its parameters.
    """
    choice = _choice(job)
    about = job.params.method, job.params.dataset
    logger.info("%s on %s runs in %s: %s.", *about, choice.precision, choice.because)
    return asdict(choice)


def _choice(job: Any) -> Choice:
    inputs, params = job.input, job.params
    wanted, entry = Computing(**{**params.computing, "precision": "bf16"}), params.entry
    backend, precision, networks = encoding(entry, wanted)
    if networks:
        return Choice("fp32", "networks of the user compute as they were exported", {})
    if backend == "onnxruntime":
        return Choice("fp32", "ONNX Runtime does not compute in bf16", {})
    if not has_bf16(device_of(entry, wanted.device, backend, precision)):
        return Choice("fp32", "this processor has no bf16 instructions", {})
    run = prepare_job(job, precision="bf16")
    if run.method.settings.precision != "bf16":
        return Choice("fp32", "it has no weights", {})
    objects = stream_objects(inputs.images, inputs.objects, params.tasks)
    questions = Inputs.of(objects, params.asked, run.method)
    return chosen(compare_precision(questions, run.method, run.in_fp32(), Plan.of(params.asked)))


def chosen(found: dict[str, Any]) -> Choice:
    """The choice after what `compare_precision` found: bf16 if the mean difference is below `ACCEPTED`."""
    difference, images = found["iou_difference"], found["checked_images"]
    if np.isnan(difference):
        return Choice("fp32", "no prompt was answered in both precisions", {})
    about = f"the mean IoU by {difference:+.4f} on {images} image{'s' if images != 1 else ''}"
    if abs(difference) < ACCEPTED:
        return Choice("bf16", f"bf16 changes {about}, by less than {ACCEPTED}", found)
    return Choice("fp32", f"bf16 would change {about}, by {ACCEPTED} or more", found)


def compare_precision(inputs: Inputs, method: Method, reference: Method, plan: Plan) -> dict[str, Any]:
    """What a reduced precision does to the IoU: both methods on the same few images, evenly spread over the dataset.

    Returns:
        checked_images; iou_difference, mean IoU of `method` minus that of `reference` over all prompts and candidates
        that both answered; largest_iou_difference of a single one.
    """
    image_ids = inputs.objects.image_ids
    chosen = np.linspace(0, len(image_ids) - 1, min(CHECKED_IMAGES, len(image_ids))).round().astype(int)
    some = inputs.only([image_ids[index] for index in chosen])
    ious = [_ious(Runner(one, plan).run(some)) for one in (reference, method)]
    difference = (ious[1] - ious[0]).dropna()
    found = {
        "checked_images": len(some),
        "iou_difference": float(difference.mean()),
        "largest_iou_difference": float(difference.abs().max()),
    }
    logger.info("%s against fp32 on %d images: %s", method.settings.precision, len(some), found)
    return found


def _ious(items: Iterator[Item]) -> pd.Series:
    keys = ["object_id", "protocol", "switch", "mode", "step", "selection", "candidate"]
    values = []
    for item in items:
        truths = {target.object_id: target.truth for target in item.targets}
        for row in item.rows:
            if row["status"] == "ok":
                iou = masks.iou(masks.decode(row["rle"]), truths[row["object_id"]])
                # These are one answer (a trajectory one per step), whichever candidate it is.
                candidate = None if row["mode"] in (ITERATIVE, EVERYTHING) else row["candidate"]
                values.append({**{key: row.get(key) for key in keys}, "candidate": candidate, "iou": iou})
    frame = pd.DataFrame(values, columns=[*keys, "iou"]).fillna(
        {"protocol": "", "switch": "", "selection": "", "candidate": -1}
    )
    return frame.set_index(keys)["iou"]
