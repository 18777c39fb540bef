"""The tables of a comparison of two runs, A and B."""

from promptseg.analysis.columns import CI_HIGH, CI_LOW, DISTANCE_UNIT, LEVEL, NOTE, N
from promptseg.core.columns import CASE, DATASET, IMAGE, IOU, METHOD, OBJECT, SETTING_COLUMNS, STEP, TASK
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table

_SETTING = [METHOD.but(meaning="name of the method; in A, where it has another name in B"), *SETTING_COLUMNS[1:]]
_STATUS_A = Column("status_a", STRING, "status in A; empty where A has no such row")
_STATUS_B = Column("status_b", STRING, "status in B; empty where B has no such row")

DIFFERENCES = Table(
    "differences.csv",
    "B minus A over the objects that both runs scored on the same image with the same truth: means over the objects of "
    "each task, and the mean of the tasks' means.",
    [
        LEVEL.but(meaning="`task`: one task; `all`: mean over the tasks"),
        *(DATASET, TASK),
        Column("group", STRING, "the column by which rows are grouped, and its value: `sex=F`; empty for all objects"),
        *_SETTING,
        Column("metric", STRING, "what is compared"),
        N.but(name="n_objects", meaning="pairs of scores of the same object"),
        N.but(name="n_patients", meaning="patients that they are of"),
        Column("mean_a", FLOAT, "mean in A over these objects"),
        Column("mean_b", FLOAT, "mean in B over these objects"),
        Column("difference", FLOAT, "mean of B - A"),
        CI_LOW.but(
            meaning="lower end of its 95 % interval: percentile bootstrap over patients of the differences of their "
            "objects; empty where there is none"
        ),
        CI_HIGH,
        Column("n_higher", INTEGER, "objects whose value is higher in B"),
        Column("n_lower", INTEGER, "objects whose value is lower in B"),
        Column("n_equal", INTEGER, "objects whose value is the same"),
        DISTANCE_UNIT,
        NOTE,
    ],
)

COVERAGE = Table(
    "coverage.csv",
    "How many objects of each task were compared in each setting of either run, and why the others were not.",
    [
        *(DATASET, TASK),
        *_SETTING,
        Column("scored_a", INTEGER, "objects with a score in A"),
        Column("scored_b", INTEGER, "objects with a score in B"),
        Column("pairs", INTEGER, "objects compared"),
        Column("only_a", INTEGER, "objects that A alone has a row of"),
        Column("only_b", INTEGER, "objects that B alone has a row of"),
        Column("lost", INTEGER, "scored in A, in B not"),
        Column("gained", INTEGER, "scored in B, in A not"),
        Column("neither", INTEGER, "scored in neither, though both have a row"),
        Column("other_pixels", INTEGER, "scored in both, on images that differ"),
        Column("other_truth", INTEGER, "scored in both, against truths of different area"),
        Column("unknown_images", INTEGER, "scored in both, but which of the dataset's images differ is not known"),
    ],
)

UNPAIRED = Table(
    "unpaired.csv",
    "Every object that was not compared although both runs have the setting, and every change of status.",
    [
        *(DATASET, TASK, CASE, IMAGE, OBJECT),
        Column("what", STRING, "what coverage.csv calls it"),
        *(_STATUS_A, _STATUS_B),
        Column("methods", STRING, "methods that it holds for"),
        Column("n_rows", INTEGER, "rows of scores that it holds for"),
    ],
)

CHANGED = Table(
    "changed_objects.csv",
    "The objects whose IoU changed most in each setting, in either direction; those that did not change are left out.",
    [
        *_SETTING[:3],
        STEP,
        _SETTING[4],
        Column("direction", STRING, "`higher` or `lower`: the IoU in B beside that in A"),
        Column("rank", INTEGER, "1 for the largest change"),
        *(DATASET, TASK, CASE, IMAGE, OBJECT),
        IOU.but(name="iou_a", meaning="IoU in A, 0 to 1"),
        IOU.but(name="iou_b", meaning="IoU in B, 0 to 1"),
        Column("difference", FLOAT, "B - A"),
    ],
)

SETTINGS = Table(
    "settings.csv",
    "What is known to differ between the runs: configuration, weights, images, versions, commits.",
    [
        Column("fact", STRING, "what differs"),
        Column("a", STRING, "in A; empty where it is not there"),
        Column("b", STRING, "in B; empty where it is not there"),
        Column("where", STRING, "the methods, or method/dataset, that it holds for; `all` that both runs have"),
    ],
)
TABLES = [DIFFERENCES, COVERAGE, CHANGED, UNPAIRED, SETTINGS]
