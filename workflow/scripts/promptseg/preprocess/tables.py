"""The tables of images and of the objects in them.

Images follow the convention of the Hugging Face `datasets` library, a struct {bytes, path} with the features named in
the schema's metadata, so `load_dataset("parquet", data_files=...)` opens them as pictures.
"""

import json

import pyarrow as pa

from promptseg.core.columns import AREA, CASE, IMAGE, OBJECT, STATUS, TASK
from promptseg.core.tables import FLOAT, STRING, Column, Table

_PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])

IMAGES = Table(
    "images.parquet",
    "The images of a dataset, and the cases that could not be read.",
    [
        IMAGE,
        CASE,
        Column("image", _PICTURE, "PNG, 8 bit, grey or RGB; null where status is not ok"),
        Column("labels", _PICTURE, "label map of the same size: PNG, 8 or 16 bit"),
        Column("height", pa.int32(), "height of the image", "pixels"),
        Column("width", pa.int32(), "width of the image", "pixels"),
        Column("spacing_y", FLOAT, "distance of rows; null where unknown", "mm"),
        Column("spacing_x", FLOAT, "distance of columns; null where unknown", "mm"),
        Column("sha256", STRING, "SHA-256 of the pixels, not of the PNG: see images.pixel_digest"),
        Column("source", STRING, "the file it was read from, relative to the raw folder"),
        Column("slice", pa.int32(), "index along the slice axis; null for 2-D files"),
        STATUS.but(meaning="`ok`, or why there is no image"),
    ],
    {"huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}, "labels": {"_type": "Image"}}}})},
)

OBJECTS = Table(
    "objects.parquet",
    "The objects of the images: one row per task present in an image.",
    [
        OBJECT,
        IMAGE,
        CASE,
        TASK.but(meaning="name of the task"),
        AREA,
        Column("n_components", pa.int32(), "8-connected components"),
        Column("bbox_x0", pa.int32(), "left end of the box around the object, inclusive", "pixels"),
        Column("bbox_y0", pa.int32(), "upper end", "pixels"),
        Column("bbox_x1", pa.int32(), "right end, inclusive", "pixels"),
        Column("bbox_y1", pa.int32(), "lower end, inclusive", "pixels"),
    ],
)
