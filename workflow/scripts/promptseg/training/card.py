"""Model cards, written from the record of a training."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptseg.core.provenance import provenance

if TYPE_CHECKING:
    from promptseg.training.settings import Recipe

_TITLES = {"sam": "SAM", "ritm": "RITM", "simpleclick": "SimpleClick", "focalclick": "FocalClick"}
_MASK_LOSS = "Dice + cross entropy (balanced between object and background, and normalised focal)"
_NOT_SCORES = ("step", "images", "hours", "size", "learning_rate", "loss")  # columns of the log
_LOSSES = {
    "sam": f"{_MASK_LOSS}, and the squared error of the estimated IoU; of the three masks mostly the best one is "
    "corrected where the prompt is a point, all of them where it is a box or several clicks, and the first one always",
    "ritm": f"{_MASK_LOSS}, and 0.4 x cross entropy of the auxiliary head",
    "simpleclick": _MASK_LOSS,
    "focalclick": f"{_MASK_LOSS}, of the coarse and of the refined mask, and 0.3 x cross entropy of the refiner's "
    "borders",
}


@dataclass(frozen=True)
class Record:
    """What a training did so far.

    Attributes:
        step, images, seconds: how far it is.
        device: cpu or cuda.
        history: rows of its log.
        parts: see `promptseg.training.loop.Run.parts`.
    """

    step: int
    images: int
    seconds: float
    device: str
    history: Sequence[dict[str, float]]
    parts: Sequence[dict[str, Any]]


def write_card(path: Path, recipe: "Recipe", record: Record) -> None:
    """Write a model card as Markdown."""
    step, history = record.step, record.history
    title = _TITLES[recipe.family]
    facts = provenance(["torch", "monai", "segment-anything-py", "numpy", "opencv-python-headless"])
    stages = "; ".join(
        (f"restart at {one.restart:.0%} of the learning rate; " if one.restart else "")
        + f"to step {one.until}: {one.size} px, {one.batch} images per step, balanced cross entropy {one.balance:.0%}"
        for one in recipe.stages
    )
    code = "; ".join(
        f"from step {part['step']} commit {part['commit']} in {part['precision']}" for part in record.parts
    )
    versions = ", ".join(f"{package} {version}" for package, version in facts["versions"].items())
    finished = "finished" if step >= recipe.steps else f"stopped before its {recipe.steps} steps were done"
    last = {key: value for key, value in history[-1].items() if key not in _NOT_SCORES} if history else {}
    scores = "\n".join(f"| {key} | {value:.3f} |" for key, value in last.items())
    path.write_text(
        f"""# {recipe.name}

A small network of the family {title}, trained by this project. **It is not the published {title}, and its scores say
nothing about {title}.**

| | |
|---|---|
| architecture | family {recipe.family}, variant {recipe.variant} (`promptseg.methods`) |
| training data | generated images only (`promptseg.training.generate`): no photograph, no medical image |
| steps | {step}, {record.images} images ({finished}) |
| time | {record.seconds / 3600:.2f} hours on {record.device} |
| seed | {recipe.seed} |
| stages | {stages} |
| optimiser | AdamW, learning rate {recipe.learning_rate:g}, weight decay {recipe.weight_decay:g}, \
warm-up {recipe.warmup} steps, then half a cosine; averaged weights ({recipe.ema:g}), from which a restart begins |
| losses | {_LOSSES[recipe.family]} |
| weights | float16, safetensors |
| licence | Apache-2.0 |
| code | {code}; {versions} |

**Intended use:** trying this pipeline and its tests without a download, on images of any kind.

**Not to be used** for diagnosis, treatment, measurement, annotation of data, or any other decision about people; nor
to stand for the published method in a comparison. It has never seen a real image, and how it fails on real ones was not
studied.

Mean IoU on held-out generated images when it was last validated (not a measure of quality on real images):

| | IoU |
|---|---|
{scores}
""",
        encoding="utf-8",
    )
