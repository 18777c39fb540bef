"""The tables of what methods answer."""

from dataclasses import replace

import pyarrow as pa

from promptseg.core.columns import (
    ANNOTATOR,
    AREA,
    IMAGE,
    IOU,
    KEYS,
    MODE,
    OBJECT,
    PROTOCOL,
    SELECTION,
    STATUS,
    STEP,
    SWITCH,
)
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table
from promptseg.core.vocabulary import SINGLE_MODES

CANDIDATE = Column("candidate", pa.int16(), "number of the mask among the method's answers to the prompt")
STABILITY = Column(
    "stability", pa.float32(), "IoU of the mask at a higher and a lower threshold; null where a method has no logits"
)
SOFT_DICE = Column(
    "soft_dice",
    pa.float32(),
    "expected Dice of the mask by the method's own probabilities p: 2 sum(p in mask) / (area + sum(p)); null if none",
)
SCORE = Column("score", pa.float32(), "the method's own estimate of the IoU; null if it has none")
RLE = Column(
    "rle",
    pa.struct([("size", pa.list_(pa.int32(), 2)), ("counts", pa.string())]),
    "the mask as COCO run lengths, see masks.encode; null if the method failed",
)

PREDICTIONS = Table(
    "predictions.parquet",
    "Every mask that a method gave: one row per object, prompt and candidate.",
    [
        OBJECT,
        PROTOCOL.but(meaning="how corrective clicks are found; null for all modes but `iterative`"),
        SWITCH,
        MODE,
        STEP.but(meaning="clicks so far; 0 for all modes but `iterative`"),
        SELECTION.but(meaning="whose masks the clicks follow; null for other modes, where scoring selects"),
        CANDIDATE,
        SCORE,
        STABILITY,
        SOFT_DICE,
        RLE,
        Column("click_x", pa.int32(), "the click that led to this step; null for modes without clicks", "pixels"),
        Column("click_y", pa.int32(), "its row", "pixels"),
        Column("click_label", pa.int8(), "1 on the object, 0 on the background"),
        STATUS,
    ],
)

PREDICTIONS_OF_USER = replace(
    PREDICTIONS,
    about="Every mask that a method gave to the prompts of a user, who may be several annotators.",
    columns=[OBJECT, ANNOTATOR, *PREDICTIONS.columns[1:]],
)

PROBABILITIES = Table(
    "probabilities.parquet",
    "How sure a method is of each pixel of its masks, in the settings that are composed: see `predict.log_odds`.",
    [
        OBJECT,
        *(column for column in PREDICTIONS.columns if column.name in ("protocol", "switch", "mode", "step")),
        *(column for column in PREDICTIONS.columns if column.name in ("selection", "candidate")),
        Column("log_odds", pa.binary(), "of the pixels in the tight box around the mask, row by row, as float16"),
    ],
)

PROPOSALS = Table(
    "everything.parquet",
    "All masks that a method found without a prompt.",
    [
        IMAGE,
        CANDIDATE.but(meaning="number of the mask, as in the predictions of mode `everything`"),
        SCORE,
        STABILITY.but(meaning="IoU of the mask at a higher and a lower threshold"),
        AREA.but(meaning="area of the mask"),
        RLE,
    ],
)

_DIGEST = Column("", STRING, "digest of what it shows; null where it was not asked")

ASKED = Table(
    "asked.parquet",
    "What the predictions of each object were asked with; kept for the next job, see `predict.kept`.",
    [
        OBJECT,
        IMAGE,
        Column("pixels", STRING, "digest of the pixels, or the size where the method does not look at them"),
        Column("labels", STRING, "digest of the label map of the image"),
        Column("truth", STRING, "digest of the mask of the object"),
        *(_DIGEST.but(name=mode) for mode in SINGLE_MODES),
    ],
)

ROBUSTNESS = Table(
    "robustness.parquet",
    "IoU of every object with prompts that are a little off.",
    [
        *KEYS,
        MODE,
        Column("kind", STRING, "`box_jitter`, `point_offset`, `line_shift` or `seed`: what is changed"),
        Column(
            "amount",
            FLOAT,
            "share of the box's sides or the point's depth, or pixels of a line; 0 where the kind is `seed`",
        ),
        Column("seed", INTEGER, "of the random numbers"),
        IOU.but(meaning="IoU of the first candidate, 0 to 1"),
        Column("agreement", FLOAT, "IoU of the first candidate with that of the exact prompt of the mode"),
        STATUS,
    ],
)
