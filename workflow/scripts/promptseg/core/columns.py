"""The columns that tell rows apart, the same in the tables of every room."""

import pyarrow as pa

from promptseg.core.tables import FLOAT, STRING, Column

DATASET = Column("dataset", STRING, "name of the dataset; empty where a row pools several")
TASK = Column("task", STRING, "name of the task; empty where a row pools several")
CASE = Column("case_id", STRING, "the patient")
IMAGE = Column("image_id", STRING, "the image")
OBJECT = Column("object_id", STRING, "the object: one task in one image")
ANNOTATOR = Column("annotator", STRING, "who prompted, of several people; null where nobody did")
METHOD = Column("method", STRING, "name of the method")
PROTOCOL = Column("protocol", STRING, "how corrective clicks are found; empty for all modes but `iterative`")
SWITCH = Column(
    "switch",
    STRING,
    "the one switch of the protocol that is set to its default; null for the protocol as it is",
)
MODE = Column(
    "mode",
    STRING,
    "`mode1` one point, `mode2` a point in each component, `mode3` a box around the largest component, `mode4` a box "
    "around each component, `mode5` one box around the object, `iterative` corrective clicks, `everything` no prompt, "
    "`automatic` no prompt, masks from files",
)
STEP = Column("step", pa.int16(), "number of clicks; 0 for all modes but `iterative`")
SELECTION = Column(
    "selection",
    STRING,
    "which of the method's masks counts: `first`, `best_score` (highest predicted IoU) or `oracle` (highest true IoU)",
)
AREA = Column("area", pa.int32(), "area of the object", "pixels")
IOU = Column("iou", FLOAT, "IoU, 0 to 1")
STATUS = Column("status", STRING, "`ok`, or what is wrong")
KEYS = (DATASET, TASK, CASE, IMAGE, OBJECT, METHOD)

# These name a row of scores for one object. Without the switch they are what is compared: variants of protocols are set
# against their protocol only, in ablation.csv.
VARIANT_COLUMNS = (METHOD, PROTOCOL, SWITCH, MODE, STEP, SELECTION)
VARIANT = [column.name for column in VARIANT_COLUMNS]
SETTING_COLUMNS = (METHOD, PROTOCOL, MODE, STEP, SELECTION)
SETTING = [column.name for column in SETTING_COLUMNS]
