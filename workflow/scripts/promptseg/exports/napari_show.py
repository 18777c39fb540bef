"""Show the folder that this file lies in with napari, without a plugin: image, truth, masks of methods, prompts.

    pip install "napari[all]"
    python show.py [IMAGE]

The slider goes through the objects of an image, as masks of different objects may overlap. The keys n and p lead to the
next and the previous image. Below the pointer napari names the object with its IoU and predicted IoU.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

Layer = tuple[Any, dict[str, Any], str]  # as napari's Layer.create takes it


def index(folder: Path) -> dict[str, str]:
    """Image -> its two files in the folder, without suffix."""
    return json.loads((folder / "index.json").read_text(encoding="utf-8"))


def layers(folder: Path, image: str) -> list[Layer]:
    """The layers of an image: data, how it is shown, and type.

    Masks are (objects, h, w), with the number of the object, from 1, in its mask. Points and lines are (object, y, x);
    boxes are the outer edges of their pixels: napari's whole numbers are the centres of pixels.
    """
    stem = folder / index(folder)[image]
    about = json.loads(stem.with_name(f"{stem.name}.json").read_text(encoding="utf-8"))
    with np.load(stem.with_name(f"{stem.name}.npz")) as file:
        arrays = dict(file)
    scale = about["spacing_mm"] or [1.0, 1.0]
    numbers = np.arange(len(about["objects"]) + 1)
    objects = ["", *about["objects"]]
    found: list[Layer] = [(arrays["image"], {"name": image, "scale": scale, "rgb": arrays["image"].ndim == 3}, "image")]
    for layer in about["layers"]:
        data = arrays[layer["array"]]
        shown: dict[str, Any] = {"name": layer["name"], "scale": [1.0, *scale], "visible": layer["visible"]}
        if layer["type"] == "labels":
            facts = {name: [None, *layer[name]] for name in ("iou", "score") if name in layer}
            shown["features"] = {"index": numbers, "object": objects, **facts}
            width = arrays["image"].shape[1]
            data = np.unpackbits(data, axis=-1, count=width) * numbers[1:, None, None].astype(np.uint16)
        elif layer["type"] == "points":
            colours = np.where(layer["labels"], "lime", "red")
            shown |= {"face_color": list(colours), "size": 8, "features": {"label": layer["labels"]}}
        else:
            shape = layer.get("shape", "rectangle")
            shown |= {"shape_type": shape, "edge_color": "yellow", "face_color": "transparent", "edge_width": 1}
            data = _lines(data, layer["lengths"]) if "lengths" in layer else [_corners(*box) for box in data]
        found.append((data, shown, layer["type"]))
    return found


def _lines(places: np.ndarray, lengths: list[int]) -> list[np.ndarray]:
    """Lines of (object, y, x); napari draws none through a single place, so that one is there twice."""
    lines = np.split(places, np.cumsum(lengths)[:-1])
    return [np.repeat(line, 2, axis=0) if len(line) == 1 else line for line in lines]


def _corners(number: float, x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    top, bottom, left, right = y0 - 0.5, y1 + 0.5, x0 - 0.5, x1 + 0.5
    return np.array([[number, top, left], [number, top, right], [number, bottom, right], [number, bottom, left]])


def fill(viewer: Any, folder: Path, image: str) -> None:
    """Put the layers of an image into a viewer, in place of what is there."""
    from napari.layers import Layer as Created

    viewer.layers.clear()
    for layer in layers(folder, image):
        viewer.add_layer(Created.create(*layer))
    viewer.dims.axis_labels = ["object", "y", "x"]
    viewer.dims.set_current_step(0, 0)
    viewer.title = image


def main() -> None:
    """Open a window."""
    folder = Path(__file__).resolve().parent
    images = list(index(folder))
    wanted = sys.argv[1] if len(sys.argv) > 1 else images[0]
    if wanted not in images:
        sys.exit(f"There is no image {wanted}. There are: {', '.join(images)}")
    import napari  # after the arguments are looked at, as it takes seconds

    place = [images.index(wanted)]
    viewer = napari.Viewer()

    def turn(step: int) -> None:
        place[0] = (place[0] + step) % len(images)
        fill(viewer, folder, images[place[0]])

    viewer.bind_key("n", lambda _: turn(1))
    viewer.bind_key("p", lambda _: turn(-1))
    turn(0)
    napari.run()


if __name__ == "__main__":
    main()
