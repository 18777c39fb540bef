"""The tables of what routes answer."""

import pyarrow as pa

from promptseg.core.columns import STATUS
from promptseg.core.tables import FLOAT, Column, Table
from promptseg.predict.tables import RLE
from promptseg.volumes.columns import CLICKS, EXTENTS, PROMPT, ROUTE, SLICES, K
from promptseg.volumes.data.tables import VOLUME_OBJECT, Z

_SETTING = (VOLUME_OBJECT, ROUTE, SLICES, PROMPT, EXTENTS, CLICKS)
_SUMMARY = "; null in rows of slices"

VOLUME_PREDICTIONS = Table(
    "volume_predictions.parquet",
    "What a route made of an object: a row that sums it up, without z, and one per slice whose mask is not empty.",
    [
        *_SETTING,
        Z.but(meaning="number of the slice; null in the row that sums up"),
        RLE.but(meaning="mask of the slice as COCO run lengths; null in the row that sums up"),
        Column("score", pa.float32(), "the method's own estimate for the slice; null if it has none"),
        K.but(meaning=K.meaning + _SUMMARY),
        Column("prompted", pa.list_(pa.int32()), "slices that were prompted at first, then those clicked" + _SUMMARY),
        Column("first", pa.int32(), "first slice that was to be answered" + _SUMMARY),
        Column("last", pa.int32(), "last slice that was to be answered" + _SUMMARY),
        Column("n_interactions", pa.int16(), "points count 1, boxes 2, ends that are given 2" + _SUMMARY),
        Column("n_contours", pa.int16(), "contours that the user drew" + _SUMMARY),
        Column("click_z", pa.int32(), "slice of the click that led to this step" + _SUMMARY),
        Column("click_y", pa.int32(), "its row" + _SUMMARY, "pixels"),
        Column("click_x", pa.int32(), "its column" + _SUMMARY, "pixels"),
        Column("click_label", pa.int8(), "1 on the object, 0 on the background" + _SUMMARY),
        Column("dropped", pa.int16(), "clicks so far that the method took no notice of" + _SUMMARY),
        STATUS.but(meaning="`ok`, `not_applicable`, or the reason why there is no mask"),
    ],
)

VOLUME_SECONDS = Table(
    "volume_seconds.parquet",
    "What a setting cost, as if it were run alone: settings of a job that ask the same share the answer and the time. "
    "Apart from the masks, because times differ from run to run.",
    [
        *_SETTING[1:],
        Column("n_objects", pa.int32(), "objects that were answered"),
        Column("n_slices", pa.int32(), "slices that were to be answered, of all these objects"),
        Column("encode_seconds", FLOAT, "encoding of the slices that it uses, once each", "s"),
        Column("seconds", FLOAT, "all else that the method did, as its share of batches", "s"),
        Column("peak_memory_mb", FLOAT, "largest resident memory of the process so far", "MB"),
    ],
)
