"""Images with their objects: what every stage reads that looks at objects image by image."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.core.tables import read_table
from promptseg.preprocess.images import LabelledImage, object_mask, read_images
from promptseg.preprocess.tables import OBJECTS

Tasks = Mapping[str, Sequence[int]]  # task name to the label values that form its object


@dataclass(frozen=True)
class ImageObject:
    """One object of an image.

    Attributes:
        row: of preprocess.tables.OBJECTS; its columns are attributes.
        mask: (h, w) bool, never empty.
    """

    row: Any
    mask: np.ndarray

    @property
    def keys(self) -> dict[str, str]:
        """The columns that name the object in other tables: task, case_id, image_id, object_id."""
        return {name: getattr(self.row, name) for name in ("task", "case_id", "image_id", "object_id")}


@dataclass(frozen=True)
class ObjectStream:
    """Images that hold objects, each with its objects, in file order. It can be read again and again.

    Attributes:
        images: the file of preprocess.tables.IMAGES.
        objects: rows of preprocess.tables.OBJECTS; only their images are read.
        begins: whether it is the first part of its dataset, or all of it.
        pixels: whether its images have any.
    """

    images: Path
    objects: pd.DataFrame
    tasks: Tasks
    begins: bool = True
    pixels: bool = True

    @cached_property
    def image_ids(self) -> list[str]:
        """The images in file order."""
        return list(dict.fromkeys(self.objects["image_id"]))

    def only(self, image_ids: Collection[str]) -> "ObjectStream":
        """The same for some of the images."""
        return replace(self, objects=self.objects[self.objects["image_id"].isin(image_ids)])

    def __len__(self) -> int:
        return len(self.image_ids)

    def __iter__(self) -> Iterator[tuple[LabelledImage, list[ImageObject]]]:
        by_image = dict(tuple(self.objects.groupby("image_id", sort=False)))
        for image in read_images(self.images, keep=set(by_image), pixels=self.pixels):
            rows = by_image[image.image_id].itertuples()
            yield image, [ImageObject(row, object_mask(image.labels, self.tasks[row.task])) for row in rows]


def shard_of(image_ids: Sequence[str], shard: tuple[int, int]) -> list[str]:
    """The images of shard (i, n), i from 1: the i-th of n runs of equal length, in file order."""
    index, count = shard
    bounds = np.linspace(0, len(image_ids), count + 1).round().astype(int)
    return list(image_ids[bounds[index - 1] : bounds[index]])


def stream_objects(
    images: str | Path, objects: str | Path, tasks: Tasks, shard: tuple[int, int] = (1, 1), *, pixels: bool = True
) -> ObjectStream:
    """Images with their objects.

    Args:
        images, objects: the files of preprocess.tables.IMAGES and preprocess.tables.OBJECTS.
        tasks: task name to the label values that form its object.
        shard: (i, n), only the i-th of n parts of the images.
        pixels: whether to read the pixels of images, too: what looks at masks only is faster without.

    Raises:
        PromptsegError: a file lacks a column.
    """
    stream = ObjectStream(Path(images), read_table(objects, OBJECTS), tasks, begins=shard[0] == 1, pixels=pixels)
    return stream if shard == (1, 1) else stream.only(shard_of(stream.image_ids, shard))
