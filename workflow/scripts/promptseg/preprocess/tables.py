"""The tables of images and of the objects in them.

Images follow the convention of the Hugging Face `datasets` library, a struct {bytes, path} with the features named in
the schema's metadata, so `load_dataset("parquet", data_files=...)` opens them as pictures.
"""

import json

import pyarrow as pa

_PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])

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
