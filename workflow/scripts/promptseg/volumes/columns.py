"""The columns that tell rows about volumes apart."""

import pyarrow as pa

from promptseg.core.columns import CASE, DATASET, METHOD, STEP, TASK
from promptseg.core.tables import STRING, Column
from promptseg.volumes.data.tables import VOLUME, VOLUME_OBJECT

ROUTE = Column(
    "route",
    STRING,
    "how prompts on some slices become masks on all: `extrude`, `interpolate` (of true contours), `each`, `between`, "
    "`carry_box`, `carry_point`, `carry_mask`, `memory`, `native`; `files`: nothing was asked, masks from files",
)
SLICES = Column(
    "slices", STRING, "which slices are prompted: `largest`, a number of them, `all`, `none`, or a named rule"
)
PROMPT = Column("prompt", STRING, "what is shown on each of them: `box`, `point`, `mask`, the true contour, or `none`")
EXTENTS = Column("extents", STRING, "`given`: the user tells the object's ends; `open`: the route has to find them")
CLICKS = STEP.but(meaning="corrective clicks in the volume after the first prompts")

VOLUME_SETTING_COLUMNS = (METHOD, ROUTE, SLICES, PROMPT, EXTENTS, CLICKS)
VOLUME_SETTING = [column.name for column in VOLUME_SETTING_COLUMNS]
VOLUME_KEYS = (DATASET, TASK, CASE, VOLUME, VOLUME_OBJECT)

K = Column("k", pa.int16(), "number of slices that were prompted at first; null where none was")
