"""One object in the ways in which people save its mask."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from support.builds import run, write

# (rows, columns): 12 pixels of an object without symmetry, 3 of a second one, 2 of a third.
OBJECT = np.zeros((16, 24), bool)
OBJECT[2:6, 3:5] = True
OBJECT[5:7, 5:7] = True
SECOND = np.zeros_like(OBJECT)
SECOND[10, 2:5] = True
THIRD = np.zeros_like(OBJECT)
THIRD[13:15, 20] = True
LABELS = (OBJECT + 2 * SECOND).astype(np.uint8)


def palette(indices: np.ndarray, colours: Sequence[Sequence[int]]) -> Image.Image:
    """A picture with a palette."""
    image = Image.fromarray(indices.astype(np.uint8), mode="P")
    image.putpalette([level for colour in colours for level in colour])
    return image


def rgb(indices: np.ndarray, colours: Sequence[Sequence[int]]) -> np.ndarray:
    """A picture in colours: `colours[k]` where the indices are k."""
    return np.array(colours, np.uint8)[indices.astype(int)]


def dataset(root: Path, masks: Mapping[str, np.ndarray | Image.Image], suffix: str = "png") -> Path:
    """A folder with an image for each mask."""
    for name, mask in masks.items():
        write(root / "images" / f"{name.partition('.')[0]}.png", np.full(OBJECT.shape, 90, np.uint8))
        path = root / "masks" / (name if "." in name else f"{name}.{suffix}")
        if isinstance(mask, Image.Image):
            path.parent.mkdir(parents=True, exist_ok=True)
            mask.save(path)
        else:
            write(path, mask)
    return root


def areas(root: Path, out: Path, workers: int = 2, **changes) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
    """Pixels of each task in each case, and the status of cases that failed; the same with any number of workers."""
    found = []
    for threads in sorted({1, workers}):
        (out / str(threads)).mkdir(parents=True)
        images, objects = run(root, out / str(threads), threads=threads, **changes)
        counts: dict[str, dict[str, int]] = {}
        for row in objects.itertuples():
            counts.setdefault(row.image_id, {})[row.task] = int(row.area)
        failed = images[images["status"] != "ok"]
        found.append((counts, dict(zip(failed["image_id"], failed["status"], strict=True))))
    assert found[0] == found[-1]
    assert (out / "1" / "images.parquet").read_bytes() == (out / str(workers) / "images.parquet").read_bytes()
    return found[0]
