"""The tables of trust: what each confidence of a method is worth."""

from promptseg.analysis.columns import (
    CI_HIGH,
    CI_LOW,
    LEVEL,
    MEAN_IOU,
    N_OBJECTS,
    N_PATIENTS,
    N_TASKS,
    PROVENANCE,
    N,
    ends,
)
from promptseg.analysis.trust.measures import DISCARDED, FAILURES
from promptseg.core.columns import DATASET, METHOD, MODE, PROTOCOL, SELECTION, STEP, TASK
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.score.tables import CONFIDENCES

SETTING_COLUMNS = (PROTOCOL, MODE, STEP, SELECTION)
SETTING = [column.name for column in SETTING_COLUMNS]
RANDOM = "random"  # in the place of a confidence: the mean over all orders
_LEVEL = LEVEL.but(
    meaning="`task`: the objects of one task; `dataset`: all objects of one dataset in one order; `all`: mean over "
    "tasks of their values; `pooled`: all objects of the run in one order"
)
_CONFIDENCE = Column("confidence", STRING, f"what orders the masks: {', '.join(c.name for c in CONFIDENCES)}")
_PLACE = (_LEVEL, DATASET, TASK, METHOD, *SETTING_COLUMNS)
_COUNTS = (N_OBJECTS.but(meaning="objects whose mask was scored and has the confidence"), N_PATIENTS)


def _detected(percent: int) -> list[Column]:
    bound = f"IoU below {FAILURES[percent]}"
    return [
        Column(f"below_{percent}", FLOAT, f"share of the masks with {bound}: what a random order has as ap_{percent}"),
        *_ended(
            f"auroc_{percent}",
            f"chance that a mask with {bound} has less confidence than another one; empty where all are such, or none",
        ),
        *_ended(f"ap_{percent}", f"average precision of low confidence for {bound}; empty where auroc_{percent} is"),
    ]


def _gained(percent: int) -> list[Column]:
    gain = f"gain_{percent}"
    return [
        *_ended(gain, f"rise of the mean IoU if the {percent} % of masks with the least confidence are discarded"),
        Column(f"{gain}_ideal", FLOAT, f"the same if the {percent} % worst masks are; random ones: 0"),
        Column(f"{gain}_share", FLOAT, f"{gain} / {gain}_ideal; empty where nothing can be gained"),
    ]


def _ended(name: str, meaning: str) -> list[Column]:
    column = Column(name, FLOAT, meaning)
    return [column, *ends(column)]


TRUST_MEANS = Table(
    "trust.csv",
    "Whether a method knows its bad masks: what each confidence is worth that needs no truth. Controls are left out.",
    [
        *(*_PLACE, _CONFIDENCE, N_TASKS, *_COUNTS),
        Column("n_without", N.type, "masks that lack this confidence but have another one, which are left out"),
        *_ended("iou", MEAN_IOU.meaning),
        *_ended(
            "aurc",
            "area under the risk-coverage curve: mean error (1 - IoU) of the most confident masks, averaged over how "
            "many are kept; a random order has 1 - iou",
        ),
        Column("aurc_ideal", FLOAT, "the same with the masks in the order of their IoU"),
        *_ended("excess", "aurc - aurc_ideal: 0 is best (E-AURC)"),
        *_ended("share", "(1 - iou - aurc) / (1 - iou - aurc_ideal): 1 ideal, 0 as a random order, less: worse"),
        *(column for percent in FAILURES for column in _detected(percent)),
        *(column for percent in DISCARDED for column in _gained(percent)),
        PROVENANCE,
    ],
)
TRUST_CURVES = Table(
    "trust_curves.csv",
    "Risk-coverage curves: the mean error of what is kept. After 1, 3, 5 and 9 clicks; no single tasks.",
    [
        *(*_PLACE, _CONFIDENCE, _COUNTS[0]),
        Column("coverage", FLOAT, "share of the masks that are kept, the most confident ones"),
        Column("risk", FLOAT, "mean of 1 - IoU of these; with coverage 1 that of a random order at every coverage"),
        CI_LOW,
        CI_HIGH,
        Column("risk_ideal", FLOAT, "the same if the best masks are kept"),
        PROVENANCE,
    ],
)
_DIFFERENCE = Column("difference", FLOAT, "aurc of a - aurc of b: negative where a is better")
TRUST_PAIRS = Table(
    "trust_pairs.csv",
    "Confidences of a method against one another on the masks that have both. After 1, 3, 5 and 9 clicks; no single "
    "tasks.",
    [
        *_PLACE,
        Column("a", STRING, "a confidence"),
        Column("b", STRING, f"another one, or `{RANDOM}`: the mean over all orders"),
        *(N_TASKS, N_OBJECTS.but(meaning="objects whose mask has both"), N_PATIENTS),
        Column("aurc_a", FLOAT, "area under the risk-coverage curve of a"),
        Column("aurc_b", FLOAT, "that of b"),
        *(_DIFFERENCE, *ends(_DIFFERENCE), PROVENANCE),
    ],
)
TRUST_THRESHOLDS = Table(
    "trust_thresholds.csv",
    "Keep a mask where its confidence is at least a threshold: how many are left, and how good they are. After 1, 3, 5 "
    "and 9 clicks; by dataset and over all.",
    [
        *(*_PLACE, _CONFIDENCE),
        Column("threshold", FLOAT, "the least confidence that is kept"),
        N.but(meaning="masks that are kept"),
        Column("n_patients", N.type, "patients of these"),
        *_ended("coverage", "share of the masks that are kept"),
        *_ended("iou", "mean IoU of these"),
        *_ended("below_50", "share of these with an IoU below 0.5"),
        PROVENANCE,
    ],
)
