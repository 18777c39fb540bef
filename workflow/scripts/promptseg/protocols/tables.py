"""The tables of presets."""

import pyarrow as pa

from promptseg.core.columns import OBJECT, STATUS, STEP
from promptseg.core.tables import STRING, Column, Table
from promptseg.predict.tables import RLE, SCORE

PRESET = Column("preset", STRING, "name of the preset: an entry of `protocols` with `metrics`")
VARIANT = Column("variant", STRING, "name of the variant of the preset; empty for the preset as it stands")
ON = Column("on", STRING, "what was asked about: `images`, each a volume of one slice, or `volumes`")
PRESET_STEP = STEP.but(meaning="prompts so far after the first one; 0: that of the start alone")
# An answer is told apart by these, and by its slice.
ANSWER_KEYS = (OBJECT, PRESET, VARIANT, ON, PRESET_STEP)

PROTOCOL_ANSWERS = Table(
    "answers.parquet",
    "What a method answered under each preset: a row per object and step and, of volumes, one for each slice whose "
    "mask is not empty. Steps at which the user had nothing left to say repeat the mask; after an early stop there are "
    "none.",
    [
        *ANSWER_KEYS,
        Column(
            "route",
            STRING,
            "of volumes, how prompts become masks; null in rows of slices",
        ),
        Column("z", pa.int32(), "number of the slice; null in the row of the step, which of images is the only one"),
        RLE.but(meaning="the mask as COCO run lengths, see masks.encode; null if it is empty, or in the row of a step"),
        Column("points", pa.list_(pa.list_(pa.int32(), 3)), "points (z, y, x) shown at this step; z is 0 in an image"),
        Column("labels", pa.list_(pa.int8()), "of each point: 1 object, 0 background"),
        Column("boxes", pa.list_(pa.list_(pa.int32(), 6)), "boxes (z0, y0, x0, z1, y1, x1) of this step, inclusive"),
        Column("contours", pa.list_(pa.int32()), "slices of which the contour was shown at this step"),
        Column("stopped", pa.bool_(), "whether the preset asks nothing more because this mask is good enough"),
        SCORE,
        STATUS.but(meaning="`ok`, `not_applicable: ` and why, or the reason why there is no mask"),
    ],
)
