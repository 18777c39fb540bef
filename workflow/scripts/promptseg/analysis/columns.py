"""Columns that several tables of the analysis share, beside those of `promptseg.core.columns`."""

from promptseg.core.columns import IOU
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table

LEVEL = Column(
    "level",
    STRING,
    "`task`: one task; `dataset`: one dataset; `all`: everything; `all_unseen`: everything but the datasets that the "
    "method has seen in training",
)
N_TASKS = Column("n_tasks", INTEGER, "tasks with a score", optional=True)
N_IMAGES = Column("n_images", INTEGER, "object masks with a score (an image counts once for each of its tasks)")
N_OBJECTS = Column("n_objects", INTEGER, "objects with a score")
N_PATIENTS = Column("n_patients", INTEGER, "patients with a score")
N_FAILED = Column("n_failed", INTEGER, "rows that should have a score and have none")
N = Column("n", INTEGER, "number of values behind the row")
MEAN_IOU = IOU.but(meaning="mean IoU, 0 to 1")
CI_LOW = Column(
    "ci_low", FLOAT, "lower end of the 95 % interval: percentile bootstrap over patients; empty where there is none"
)
CI_HIGH = Column("ci_high", FLOAT, "upper end of that interval")
BIN_LOW = Column("bin_low", FLOAT, "lower end of the bin, included")
BIN_HIGH = Column("bin_high", FLOAT, "upper end of the bin")
SPEARMAN = Column("spearman", FLOAT, "Spearman's rank correlation")
CLICKS = Column("clicks", INTEGER, "number of clicks")
SEEN = Column(
    "seen",
    STRING,
    "whether the method has seen the dataset in training: `yes`, `no`, `unknown`; empty for pooled rows",
)
NOTE = Column("note", STRING, "what to know about the row")
SOURCE = Column("source", STRING, "where it comes from")
DEVICE = Column("device", STRING, "cpu or cuda")
PRECISION = Column("precision", STRING, "number format of the network")
BACKEND = Column("backend", STRING, "what computed its image encoder; PyTorch the rest")
DISTANCE_UNIT = Column(
    "distance_unit",
    STRING,
    "unit of hd95: `mm`, or `px` where the spacing is unknown; `mixed` where a row pools both",
)
MANIFEST = Column("manifest_sha256", STRING, "SHA-256 of the dataset's manifest.csv")
PROVENANCE = Column("provenance", STRING, "key of provenance.csv")


def ends(column: Column) -> list[Column]:
    """The columns of a value's interval."""
    return [
        Column(f"{column.name}_ci_{end}", FLOAT, f"{word} end of the 95 % interval of {column.name}", column.unit)
        for end, word in (("low", "lower"), ("high", "upper"))
    ]


def made(table: Table) -> list[str]:
    """Names of the columns that the maker of a table fills: all but `provenance`, which writing it adds."""
    return [column.name for column in table.columns if column != PROVENANCE]
