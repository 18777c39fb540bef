"""Points, boxes and lines of one picture as documents and tables say them: in pixels, as indices, in mm."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from promptseg.exports.located import Located
from promptseg.preprocess.places import case_of


@dataclass(frozen=True)
class Picture:
    """A picture and where it lies.

    Attributes:
        row: of preprocess.tables.IMAGES, without the pixels.
    """

    row: Mapping[str, Any]
    located: Located

    @property
    def number(self) -> int:
        """Of its slice; 0 for 2-D files."""
        return self.row["slice"] or 0

    @property
    def spacing(self) -> tuple[float, float] | None:
        """(y, x) in mm."""
        y, x = self.row["spacing_y"], self.row["spacing_x"]
        return None if y is None or x is None else (y, x)

    @property
    def about(self) -> dict[str, Any]:
        """What the document says of the picture."""
        in_patient = self.located.mm is not None
        return {
            "image_id": self.row["image_id"],
            "patient": self.row["case_id"],
            "source": case_of(self.row["image_id"], self.row["slice"]),
            "slice": self.row["slice"],
            "height": self.row["height"],
            "width": self.row["width"],
            "pixels_sha256": self.row["sha256"],
            "spacing_mm": self.spacing and list(self.spacing),
            "mm_from": "patient" if in_patient else "picture" if self.spacing else None,
            "index_from_pixel": self.located.index_from_pixel(self.number),
        }

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of exports.tables.PROMPTS_EXPORT that are about the picture."""
        names = ("image_id", "case_id", "slice", "height", "width", "spacing_y", "spacing_x")
        first: Mapping[str, Any] = next(iter(self.located.about.get("files", ())), {})
        return {name: self.row[name] for name in names} | {
            "source": self.about["source"],
            "source_file": first.get("name"),
            "source_sha256": first.get("sha256"),
            "pixels_sha256": self.row["sha256"],
        }

    def points(self, points: Sequence[Sequence[int]], labels: Iterable[int]) -> list[dict[str, Any]]:
        """Points (x, y) with their labels, 1 on the object and 0 on the background."""
        index, mm = self._places(points)
        return [
            {"x": int(x), "y": int(y), "label": int(label), "index": index[number], "mm": mm[number]}
            for number, ((x, y), label) in enumerate(zip(points, labels, strict=True))
        ]

    def boxes(self, boxes: Iterable[Sequence[int]]) -> list[dict[str, Any]]:
        """Boxes (x0, y0, x1, y1), inclusive. Their index is the lowest and the highest one along each axis."""
        found = []
        for x0, y0, x1, y1 in boxes:
            index, mm = self._places([(x0, y0), (x1, y1)])
            span = None if index[0] is None else np.sort(index, axis=0).tolist()
            found.append({"x0": x0, "y0": y0, "x1": x1, "y1": y1, "index": span, "mm": mm if mm[0] else None})
        return found

    def line(self, points: Sequence[Sequence[int]]) -> dict[str, Any]:
        """The pixels (x, y) of a line, in order."""
        index, mm = self._places(points)
        known = {"index": None if None in index else index, "mm": None if None in mm else mm}
        return {"line": [list(point) for point in points], **known}

    def _places(self, points: Sequence[Sequence[int]]) -> tuple[list[Any], list[Any]]:
        """Of each point the index in the file, and the place in mm; None where unknown."""
        array = np.array(points, int).reshape(-1, 2)
        unknown = [None] * len(array)
        index = self.located.indices(array, self.number)
        mm = self.located.millimetres(array, self.number, self.spacing)
        return unknown if index is None else index.tolist(), unknown if mm is None else mm.tolist()


def as_columns(prompt: Mapping[str, Any]) -> dict[str, Any]:
    """What a prompt of a document shows as columns of exports.tables.PROMPTS_EXPORT."""
    points, boxes = prompt["points"], prompt.get("boxes", [])

    def known(name: str, places: Sequence[Mapping[str, Any]]) -> list[Any] | None:
        found = [one[name] for one in places]
        return None if None in found else found

    return {
        "points": [[one["x"], one["y"]] for one in points],
        "point_labels": [one["label"] for one in points],
        "boxes": [[one[end] for end in ("x0", "y0", "x1", "y1")] for one in boxes],
        "points_index": known("index", points),
        "points_mm": known("mm", points),
        "boxes_index": known("index", boxes),
        "boxes_mm": known("mm", boxes),
        "scribbles": prompt.get("scribbles"),
        "lasso": prompt.get("lasso"),
    }
