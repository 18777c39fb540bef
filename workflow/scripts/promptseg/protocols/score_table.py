"""The table of scores under presets."""

import pyarrow as pa

from promptseg.core.columns import CASE, DATASET, METHOD, OBJECT, STATUS, TASK
from promptseg.core.tables import STRING, Column, Table
from promptseg.protocols.metrics import METRICS
from promptseg.protocols.tables import ON, PRESET, PRESET_STEP, VARIANT

_COUNT = pa.int32()

PROTOCOL_SCORES = Table(
    "protocol_scores.parquet",
    "What the presets of a run measure of each answer: one row per object, preset, variant and step. A metric that the "
    "preset does not measure is null. Steps at which the user had nothing left to say repeat the row before; after an "
    "early stop there are none.",
    [
        DATASET,
        METHOD,
        PRESET,
        VARIANT,
        ON,
        TASK,
        CASE,
        Column("image_id", STRING, "the image or the volume, which presets call a case"),
        OBJECT,
        PRESET_STEP,
        *(
            block.column.but(
                meaning=f"{block.column.meaning}; {'higher' if block.higher_is_better else 'lower'} is better"
            )
            for block in METRICS.values()
        ),
        Column("entries", _COUNT, "slices that iou or dice is the mean of, as often as the preset counts them"),
        Column("n_lesions", _COUNT, "components of the object that lesion_dice is the mean of"),
        Column("left_out", _COUNT, "slices with a prediction that the preset leaves out, as the object is not in them"),
        Column("stopped", pa.bool_(), "whether the preset asked nothing more because this mask was good enough"),
        Column("failed", STRING, "why the method gave no mask at this step, where the preset counts that; else null"),
        STATUS.but(meaning="`ok`, or why the object does not count under the preset: all of its rows have the reason"),
    ],
)
