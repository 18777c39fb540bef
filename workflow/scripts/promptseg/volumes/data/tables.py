"""The tables of volumes: their slices, where they lie, and the objects in them."""

import pyarrow as pa

from promptseg.core.columns import CASE, STATUS, TASK
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.preprocess.tables import IMAGES

VOLUME = Column("volume_id", STRING, "the volume: a case, or a point in time of one")
VOLUME_OBJECT = Column("object_id", STRING, "the object: a task in a volume, or a part of it (`volume:task:part`)")
Z = Column("z", pa.int32(), "number of the slice, counted from 0 in the direction of the slice axis")

VOLUMES = Table(
    "volumes.parquet",
    "Every slice of the volumes of a dataset, in order, with an object or without.",
    [*IMAGES.columns, VOLUME, Z],
    IMAGES.metadata,
)

VOLUME_INDEX = Table(
    "volume_index.parquet",
    "The volumes of a dataset, and the cases that could not be read as one.",
    [
        VOLUME,
        CASE,
        Column("n_slices", pa.int32(), "slices; null where status is not ok"),
        Column("height", pa.int32(), "rows of a slice", "pixels"),
        Column("width", pa.int32(), "columns of a slice", "pixels"),
        Column("spacing_z", FLOAT, "distance of slices, the median if not uniform; null if unknown", "mm"),
        Column("spacing_y", FLOAT, "distance of rows; null where unknown", "mm"),
        Column("spacing_x", FLOAT, "distance of columns; null where unknown", "mm"),
        Column("positions", pa.list_(FLOAT), "of each slice along the axis, the first at 0; null if unknown", "mm"),
        Column("uniform", pa.bool_(), "whether all slices are equally far apart; null where the distances are unknown"),
        Column(
            "affine",
            pa.list_(FLOAT),
            "16 numbers, row by row: (x, y, z, 1) to RAS, with the mean distance of slices; null where unknown",
            "mm",
        ),
        Column("time", pa.int32(), "index in a series of volumes; null for a single one"),
        Column("source", STRING, "the file it was read from, relative to the raw folder"),
        STATUS.but(meaning="`ok`, or why there is no volume"),
    ],
)

VOLUME_OBJECTS = Table(
    "volume_objects.parquet",
    "The objects of the volumes: one row per task present in a volume, or per part of one.",
    [
        VOLUME_OBJECT,
        VOLUME,
        CASE,
        TASK.but(meaning="name of the task"),
        Column("part", pa.int32(), "number of the component, largest first; null where the task is one object"),
        Column("z0", pa.int32(), "first slice with the object"),
        Column("z1", pa.int32(), "last slice with the object"),
        Column("n_slices", pa.int32(), "slices with the object"),
        Column("n_gaps", pa.int32(), "slices without it between the first and the last"),
        Column("length_mm", FLOAT, "distance of the first and the last slice, plus one slice; null if unknown", "mm"),
        Column("voxels", pa.int64(), "voxels of the object"),
        Column(
            "ml",
            FLOAT,
            "volume of the object, each slice reaching half way to its neighbours; null where a spacing is unknown",
            "ml",
        ),
        Column("n_components", pa.int32(), "components with 26 neighbours"),
        Column("bbox_x0", pa.int32(), "left end of the box around the object, inclusive", "pixels"),
        Column("bbox_y0", pa.int32(), "upper end", "pixels"),
        Column("bbox_x1", pa.int32(), "right end, inclusive", "pixels"),
        Column("bbox_y1", pa.int32(), "lower end, inclusive", "pixels"),
    ],
)
