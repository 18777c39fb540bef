"""How much depends on the exact prompt: the same modes with boxes and points that are a little off, and other seeds.

Kinds of change: `box_jitter` moves each side of a box; `point_offset` moves a point from the deepest pixel towards the
border of the object; `seed` draws anew which of several equally deep pixels is clicked.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask as coco

from promptseg.core import masks
from promptseg.core.progress import progress
from promptseg.core.randomness import generator
from promptseg.core.tables import open_table, read_table
from promptseg.core.vocabulary import BOX_MODES, POINT_MODES
from promptseg.methods import Method
from promptseg.predict.engine import Item, Plan, Runner, Target
from promptseg.predict.tables import ROBUSTNESS
from promptseg.preprocess.images import LabelledImage, object_mask, read_images
from promptseg.preprocess.tables import OBJECTS
from promptseg.prompts.modes import make_prompts, pick

Box = tuple[int, int, int, int]
Point = tuple[int, int]


@dataclass(frozen=True)
class Changes:
    """What is asked besides the exact prompts, which always are; see `robustness:` of the configuration."""

    modes: Sequence[str]
    box_jitter: Sequence[float]
    point_offset: Sequence[float]
    seeds: Sequence[int]


class Change(NamedTuple):
    """One way in which prompts are not exact."""

    kind: str
    amount: float
    seed: int


def jittered_box(box: Box, amount: float, shape: tuple[int, int], rng: np.random.Generator) -> Box:
    """A box whose sides moved, each by itself, by up to a share of the box's width or height.

    Args:
        box: XYXY, inclusive pixels, inside the image.
        amount: largest move as a share; the moves of one state of `rng` grow with it in proportion.
        shape: (h, w) of the image.

    Returns:
        XYXY, inclusive pixels: clipped to the image, and never empty, for two sides that would cross are exchanged.
    """
    sides = np.array(box)
    size = sides[2:] - sides[:2] + 1
    moved = sides + np.rint(rng.uniform(-amount, amount, 4) * np.tile(size, 2)).astype(int)
    corners = np.sort(np.clip(moved.reshape(2, 2), 0, np.array(shape)[::-1] - 1), axis=0)
    x0, y0, x1, y1 = corners.ravel().tolist()
    return x0, y0, x1, y1


def offset_point(point: Point, amount: float, mask: np.ndarray, seed: int, *keys: str | int) -> Point:
    """A point that moved towards the nearest pixel outside the object by a share of the way, and stays on the object.

    Args:
        point: (x, y), on the object.
        amount: share of the way, at least 0 and below 1; fractions of pixels are dropped.
        mask: (h, w) bool object; what lies outside the image counts as outside the object.
        seed, keys: decide which way it goes where several pixels are nearest, see prompts.pick.
    """
    outside = ~np.pad(mask, 1)
    rows, columns = np.ogrid[-1 : mask.shape[0] + 1, -1 : mask.shape[1] + 1]
    squared = np.where(outside, (rows - point[1]) ** 2 + (columns - point[0]) ** 2, np.iinfo(np.int64).max)
    nearest = np.argwhere(squared == squared.min())[:, ::-1] - 1
    # As all outside pixels are at least as far away as the nearest, whatever is closer than it is on the object.
    way = np.array(pick(nearest, "random", seed, *keys, "way")) - point
    x, y = (np.array(point) + np.trunc(amount * way).astype(int)).tolist()
    return x, y


def variants(
    object_id: str, mask: np.ndarray, changes: Changes, *, max_components: int, tie_break: str, seed: int
) -> Iterator[tuple[str, Change, dict[str, Any]]]:
    """All prompts of one object.

    Args:
        mask: (h, w) bool, not empty.
        max_components, tie_break, seed: those of the unchanged prompts, see prompts.make_prompts.

    Yields:
        Mode, change and row of tables.PROMPTS: for each box mode all amounts of `box_jitter`, for each point mode all
        of `point_offset` (0 included), for every seed; and each point mode with every seed as that of its tie break.
    """
    exact = {
        row["mode"]: row
        for row in make_prompts(
            object_id, mask, changes.modes, max_components=max_components, tie_break=tie_break, seed=seed
        )
    }
    parts = [component.mask for component in masks.components(mask, max_components)]
    for mode, row in exact.items():
        if mode in BOX_MODES:
            whole = "object" if mode == "mode5" else "component"  # the box of mode 3 is the first of mode 4
            for own, amount in _product(changes.seeds, changes.box_jitter):
                boxes = [
                    jittered_box(box, amount, mask.shape, generator(own, object_id, "box", whole, index))
                    for index, box in enumerate(row["boxes"])
                ]
                yield mode, Change("box_jitter", amount, own), {**row, "boxes": boxes}
        if mode in POINT_MODES:
            for own, amount in _product(changes.seeds, changes.point_offset):
                points = [
                    offset_point(point, amount, part, own, object_id, "point", index)
                    for index, (point, part) in enumerate(zip(row["points"], parts, strict=False))
                ]
                yield mode, Change("point_offset", amount, own), {**row, "points": points}
            for own in changes.seeds:
                (other,) = make_prompts(
                    object_id, mask, [mode], max_components=max_components, tie_break="random", seed=own
                )
                yield mode, Change("seed", 0.0, own), other


def _product(seeds: Sequence[int], amounts: Sequence[float]) -> Iterator[tuple[int, float]]:
    return ((seed, amount) for seed in seeds for amount in sorted({0.0, *map(float, amounts)}))


def _ious(item: Item, asked: Mapping[str, tuple[Any, Change]]) -> Iterator[dict[str, Any]]:
    """Rows of tables.ROBUSTNESS of one image, of the first candidate of each prompt."""
    truths = {id(target.truth): masks.encode(target.truth) for target in item.targets}
    codes = {target.object_id: truths[id(target.truth)] for target in item.targets}
    for row in item.rows:
        if row["status"] == "ok" and row["candidate"] > 0:
            continue
        about, change = asked[row["object_id"]]
        found = {"object_id": about.object_id, "task": about.task, "case_id": about.case_id, "image_id": about.image_id}
        found |= {"mode": row["mode"], **change._asdict(), "status": row["status"]}
        if row["status"] == "ok":
            found["iou"] = float(coco.iou([row["rle"]], [codes[row["object_id"]]], [False])[0, 0])
        yield found


def write_robustness(
    images: Path,
    objects: Path,
    output: Path,
    tasks: Mapping[str, Sequence[int]],
    model: Method,
    changes: Changes,
    *,
    dataset: str,
    method: str,
    max_components: int,
    tie_break: str,
    seed: int,
    strict: bool,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Prompt all objects of a dataset in all variants and write the IoU (tables.ROBUSTNESS).

    Modes that the method does not take have no rows; a prompt that it could not answer has one with its status.

    Args:
        tasks: task name to the label values that form its object.
        model: the method; `method` is its name.
        strict: stop at the first prompt that the method cannot answer.
    """
    by_image = dict(tuple(read_table(objects, OBJECTS).groupby("image_id", sort=False)))
    asked: dict[str, tuple[Any, Change]] = {}  # what stands behind the names of the objects under way

    def stream() -> Iterator[tuple[LabelledImage, list[Target]]]:
        for image in read_images(images, keep=set(by_image)):
            targets = []
            for about in by_image[image.image_id].itertuples():
                truth = object_mask(image.labels, tasks[about.task])
                found = variants(
                    about.object_id, truth, changes, max_components=max_components, tie_break=tie_break, seed=seed
                )
                by_change: dict[Change, dict[str, dict[str, Any]]] = defaultdict(dict)
                for mode, change, prompt in found:
                    by_change[change][mode] = prompt
                for change, by_mode in by_change.items():
                    name = " ".join(map(str, (about.object_id, *change)))
                    asked[name] = about, change
                    targets.append(Target(name, truth, by_mode))
            yield image, targets

    runner = Runner(model, Plan(tasks, protocols={}, strict=strict))
    with open_table(output, ROBUSTNESS, provenance) as table:
        done = runner.run(stream())
        for item in progress(done, len(by_image), f"robustness {method} {dataset}", "image"):
            table.write({"dataset": dataset, "method": method, **row} for row in _ious(item, asked))
            for target in item.targets:
                del asked[target.object_id]
