"""Small tables for the tests of the figures, and what these ask of a matplotlib figure."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from promptseg.core.tables import Table, write_csv, write_table
from promptseg.figures import pictures, source, style
from promptseg.preprocess.images import object_mask, read_images
from promptseg.score.tables import SCORES
from support import synthetic

PUBLISHED = Path(__file__).resolve().parents[2] / "resources" / "published" / "mazurowski2023.csv"
METHODS = {
    "fill": {"title": "Fill", "control": True},
    "cut": {"title": "Cut"},
    "sam_x": {"title": "SAM X", "published": "sam"},
}
LOOKS = style.method_looks(METHODS)
DATASETS = {"heart": {"title": "Heart", "modality": "mri"}, "chest": {"title": "Chest", "modality": "xray"}}

# The dataset of `synthetic.write_examples`, as the figures with images are told of it.
SHAPES = {"title": "Shapes", "truth": "drawn by a program", "licence": "CC0-1.0", "tasks": synthetic.EXAMPLE_TASKS}
SHAPES_LOOKS = style.method_looks(synthetic.METHODS)


def table(path: Path, records: list[dict], declared: Table) -> Path:
    """A CSV file of some rows, empty where a row has no value; counts that it lacks are 1."""
    counts = {column.name: 1 for column in declared.columns if column.dtype == "int64"}
    write_csv(path, pd.DataFrame(records).reindex(columns=declared.names).fillna(counts), declared)
    return path


def scored(folder: Path, ious: dict[tuple[str, str, str], list[float]]) -> list[Path]:
    """Score files with the IoUs of (dataset, method, mode), relative areas 0.01, 0.02, ..."""
    files: dict[Path, list[dict]] = {}
    for (dataset, method, mode), values in ious.items():
        files.setdefault(folder / method / f"{dataset}.parquet", []).extend(
            {"dataset": dataset, "task": "t", "method": method, "mode": mode, "step": 0, "selection": "first"}
            | {"object_id": f"o{index}", "iou": iou, "relative_area": (index + 1) / 100, "status": "ok"}
            for index, iou in enumerate(values)
        )
    for path, content in files.items():
        write_table(path, content, SCORES)
    return list(files)


def source_of(tasks: pd.DataFrame) -> source.Source:
    """A source of the small methods with some rows of tasks and no means."""
    return source.Source(tasks, tasks[:0], LOOKS, ["cut", "sam_x"], "this run", "corrected")


def truth_of(shapes: pictures.Files, name: str) -> np.ndarray:
    """The mask of an object of `SHAPES`, (64, 128) bool."""
    case, task = name.split(":")
    (image,) = read_images(shapes.images, {case})
    return object_mask(image.labels, synthetic.EXAMPLE_TASKS[task])


def layers(
    axis: Axes, shape: tuple[int, int] = (64, 128), colours: Sequence[str] = (pictures.MASK,), alpha: float = 0.5
) -> list[np.ndarray]:
    """The masks of these colours over the grey image of a panel, of this shape; those of which it shows something."""
    (picture,) = axis.images
    left, _, _, top = (round(edge + 0.5) for edge in picture.get_extent())
    tints = np.diff(np.asarray(picture.get_array()).astype(float)[..., :3])
    found = []
    for colour in colours:
        part = (np.abs(tints - 255 * alpha * np.diff(to_rgb(colour))) < 2).all(axis=-1)
        mask = np.zeros(shape, bool)
        mask[top : top + part.shape[0], left : left + part.shape[1]] = part
        found += [mask] if mask.any() else []
    return found


def texts(figure: Figure) -> str:
    """All words of the figure, in one line."""
    return " ".join(text.get_text() for text in figure.findobj(match=Text)).replace("\n", " ").replace("\xa0", " ")


def lines(axis: Axes) -> dict[str, np.ndarray]:
    """Points (n, 2) of each named series."""
    return {line.get_label(): line.get_xydata() for line in axis.lines if not line.get_label().startswith("_")}


def visible(figure: Figure) -> list[Axes]:
    return [axis for axis in figure.axes if axis.get_visible()]


def panels(figure: Figure) -> dict[str, Axes]:
    """The panels by their heading on the left."""
    return {axis.get_title(loc="left").replace("\n", " "): axis for axis in visible(figure)}


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for box in figure.legends for text in box.texts]


def rows(axis: Axes) -> list[str]:
    """Labels of the rows, from the top."""
    return [label.get_text().replace("\n", " ").replace("\xa0", " ") for label in axis.get_yticklabels()]


def notes(axis: Axes) -> list[str]:
    return [text.get_text() for text in axis.texts]


def below(axis: Axes) -> list[str]:
    """The lines below a panel."""
    return axis.get_xlabel().split("\n")


def clear(figure: Figure) -> None:
    """Assert that no words of a figure of images lie on an image or leave the figure."""
    figure.set_dpi(200)
    figure.draw_without_rendering()
    shown = [axis for axis in figure.axes if axis.get_visible()]
    images = [axis.get_window_extent() for axis in shown]
    titles = [
        (text, text.get_window_extent()) for text in figure.findobj(Text) if text.get_text() and text.get_visible()
    ]
    titles = [(text, box) for text, box in titles if text.axes is None or text.axes in shown]
    for text, box in titles:
        assert min(box.x0, box.y0) >= -1, text
        assert box.x1 <= figure.bbox.x1 + 1, text
        assert box.y1 <= figure.bbox.y1 + 1, text
        assert not any(box.shrunk(0.98, 0.98).overlaps(image) for image in images), text
        assert not any(
            box.shrunk(0.9, 0.9).overlaps(other.shrunk(0.9, 0.9)) for one, other in titles if one is not text
        ), text
