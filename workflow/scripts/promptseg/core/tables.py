"""The columns of every Parquet file that one stage hands to the next, and how they are written and read.

Images follow the convention of the Hugging Face `datasets` library, a struct {bytes, path} with the features named in
the schema's metadata, so `load_dataset("parquet", data_files=...)` opens them as pictures.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic

_PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_RLE = pa.struct([("size", pa.list_(pa.int32(), 2)), ("counts", pa.string())])  # COCO, see masks.encode

IMAGES = pa.schema(
    [
        ("image_id", pa.string()),
        ("case_id", pa.string()),  # the patient
        ("image", _PICTURE),  # PNG, 8 bit, grey or RGB; null where status is not ok
        ("labels", _PICTURE),  # PNG, 8 or 16 bit label map of the same size
        ("height", pa.int32()),
        ("width", pa.int32()),
        ("spacing_y", pa.float64()),  # mm; null where unknown
        ("spacing_x", pa.float64()),
        ("sha256", pa.string()),  # of the pixels, not of the PNG: see images.pixel_digest
        ("source", pa.string()),  # the file it was read from, relative to the raw folder
        ("slice", pa.int32()),  # index along the slice axis; null for 2-D files
        ("status", pa.string()),  # ok, or why there is no image
    ],
    metadata={
        "huggingface": json.dumps({"info": {"features": {"image": {"_type": "Image"}, "labels": {"_type": "Image"}}}})
    },
)

OBJECTS = pa.schema(
    [
        ("object_id", pa.string()),
        ("image_id", pa.string()),
        ("case_id", pa.string()),
        ("task", pa.string()),
        ("area", pa.int32()),  # pixels
        ("n_components", pa.int32()),  # 8-connected
        ("bbox_x0", pa.int32()),  # tight, inclusive
        ("bbox_y0", pa.int32()),
        ("bbox_x1", pa.int32()),
        ("bbox_y1", pa.int32()),
    ]
)

PROMPTS = pa.schema(
    [
        ("object_id", pa.string()),
        ("mode", pa.string()),
        ("points", pa.list_(pa.list_(pa.int32(), 2))),  # (x, y)
        ("point_labels", pa.list_(pa.int8())),  # 1 object, 0 background
        ("boxes", pa.list_(pa.list_(pa.int32(), 4))),  # XYXY, inclusive
    ]
)

PREDICTIONS = pa.schema(
    [
        ("object_id", pa.string()),
        ("protocol", pa.string()),  # null for all modes but iterative
        ("mode", pa.string()),
        ("step", pa.int16()),  # clicks so far; 0 for all modes but iterative
        ("selection", pa.string()),  # null for modes 1 to 5: scoring selects
        ("candidate", pa.int16()),
        ("score", pa.float32()),  # the method's own estimate of the IoU; null if it has none
        ("rle", _RLE),  # null if it failed
        ("click_x", pa.int32()),  # the click that led to this step; null for modes 1 to 5
        ("click_y", pa.int32()),
        ("click_label", pa.int8()),
        ("status", pa.string()),
    ]
)

EVERYTHING = pa.schema(
    [
        ("image_id", pa.string()),
        ("candidate", pa.int16()),  # as in PREDICTIONS, mode everything
        ("score", pa.float32()),
        ("stability", pa.float32()),
        ("area", pa.int32()),  # pixels
        ("rle", _RLE),
    ]
)

AMBIGUITY = pa.schema(
    [
        ("dataset", pa.string()),
        ("task", pa.string()),
        ("case_id", pa.string()),
        ("image_id", pa.string()),
        ("object_id", pa.string()),
        ("method", pa.string()),
        ("mode", pa.string()),
        *((f"iou_{a}{b}", pa.float64()) for a, b in ((0, 1), (0, 2), (1, 2))),  # of two candidates with one another
        *((f"predicted_{k}", pa.float32()) for k in range(3)),  # the method's own estimate of a candidate's IoU
        *((f"true_{k}", pa.float64()) for k in range(3)),
        *((f"grown_{k}", pa.float64()) for k in range(3)),  # IoU with the region grown from the point; mode 1 only
    ]
)

ROBUSTNESS = pa.schema(
    [
        ("dataset", pa.string()),
        ("task", pa.string()),
        ("case_id", pa.string()),
        ("image_id", pa.string()),
        ("object_id", pa.string()),
        ("method", pa.string()),
        ("mode", pa.string()),
        ("kind", pa.string()),  # box_jitter, point_offset, seed
        ("amount", pa.float64()),  # share of the box's sides or of the depth; 0 where the kind is seed
        ("seed", pa.int64()),
        ("iou", pa.float64()),  # of the first candidate
        ("status", pa.string()),
    ]
)

SCORES = pa.schema(
    [
        ("dataset", pa.string()),
        ("task", pa.string()),
        ("case_id", pa.string()),
        ("image_id", pa.string()),
        ("object_id", pa.string()),
        ("method", pa.string()),
        ("protocol", pa.string()),
        ("mode", pa.string()),
        ("step", pa.int16()),
        ("selection", pa.string()),
        ("iou", pa.float64()),
        ("dice", pa.float64()),
        ("nsd", pa.float64()),
        ("hd95", pa.float64()),
        ("distance_unit", pa.string()),  # of hd95 and of the NSD tolerance: mm, or px where the spacing is unknown
        ("area", pa.int32()),
        ("relative_area", pa.float64()),  # area / pixels of the image
        ("status", pa.string()),  # ok, not_applicable, or the reason why there is no score
    ]
)

Rows: TypeAlias = pa.Table | pd.DataFrame | Iterable[Mapping[str, Any]]


def _as_table(rows: Rows, schema: pa.Schema) -> pa.Table:
    if isinstance(rows, pa.Table):
        return rows.select(schema.names).cast(schema)
    if isinstance(rows, pd.DataFrame):
        return pa.Table.from_pandas(rows, schema=schema, preserve_index=False).replace_schema_metadata(schema.metadata)
    return pa.Table.from_pylist(list(rows), schema=schema)


def _with_provenance(schema: pa.Schema, provenance: Mapping[str, Any] | None) -> pa.Schema:
    if not provenance:
        return schema
    metadata = dict(schema.metadata or {})
    metadata[b"promptseg"] = json.dumps(provenance, sort_keys=True).encode()
    return schema.with_metadata(metadata)


class TableWriter:
    """Appends rows to an open Parquet file; every call to `write` becomes one row group."""

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema):
        self._writer = writer
        self._schema = schema

    def write(self, rows: Rows) -> None:
        """Append rows; none is fine."""
        table = _as_table(rows, self._schema)
        if table.num_rows:
            self._writer.write_table(table.replace_schema_metadata(self._schema.metadata))


@contextmanager
def open_table(
    path: str | Path, schema: pa.Schema, provenance: Mapping[str, Any] | None = None
) -> Iterator[TableWriter]:
    """Write a Parquet file (zstd) piece by piece; it appears at `path` only when the block ends well.

    Args:
        provenance: what made the numbers, stored as JSON under the key `promptseg` of the file's metadata.
    """
    schema = _with_provenance(schema, provenance)
    with atomic(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        yield TableWriter(writer, schema)


def write_table(path: str | Path, rows: Rows, schema: pa.Schema, provenance: Mapping[str, Any] | None = None) -> None:
    """Write a whole Parquet file (zstd), atomically."""
    with open_table(path, schema, provenance) as table:
        table.write(rows)


def read_provenance(path: str | Path) -> dict[str, Any]:
    """What `open_table` stored under `provenance`, or an empty dictionary."""
    metadata = pq.read_schema(path).metadata or {}
    return json.loads(metadata.get(b"promptseg", b"{}"))


def read_table(
    path: str | Path, schema: pa.Schema, columns: list[str] | None = None, filters: Any = None
) -> pd.DataFrame:
    """Read a Parquet file of this project as a data frame.

    Args:
        columns: only these.
        filters: which rows, as `pyarrow.parquet.read_table` takes them.

    Raises:
        PromptsegError: a column of `schema` is missing, so the file was made by something else.
    """
    found = pq.read_schema(path).names
    missing = [name for name in schema.names if name not in found]
    if missing:
        raise PromptsegError(f"{path} lacks the columns {', '.join(missing)}: delete it and run again to make it anew.")
    return pq.read_table(path, columns=columns or schema.names, filters=filters).to_pandas()


def batches(path: str | Path, size: int, columns: list[str] | None = None) -> Iterator[list[dict[str, Any]]]:
    """Rows of a Parquet file as lists of dictionaries, `size` at a time, so that memory does not grow with the file."""
    for batch in pq.ParquetFile(path).iter_batches(batch_size=size, columns=columns):
        yield batch.to_pylist()
