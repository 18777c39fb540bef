"""composed.csv: what its columns mean; `promptseg.compose` fills it."""

from promptseg.analysis.columns import N_OBJECTS, N_PATIENTS, ends
from promptseg.core.columns import DATASET, IOU, METHOD
from promptseg.core.tables import FLOAT, STRING, Column, Table

ON = Column("on", STRING, "`images` or `volumes`")
SETTING = Column(
    "setting",
    STRING,
    "of images `mode5.first` or `iterative.corrected.9.first`, as `export_settings` names them; of volumes route, "
    "slices, prompt, extents and clicks, as `carry_box.3.box.open.0`",
)
RULE = Column(
    "rule",
    STRING,
    "who has a pixel that several masks hold: `largest_probability`, the mask that the method is surest of there; "
    "`largest_score`, the mask (of volumes: of the slice) with the highest predicted IoU; `first_wins` and `last_wins` "
    "in the order of the tasks in the dataset's entry",
)
DICE = Column("dice", FLOAT, "Dice coefficient, 0 to 1")

_CHANGES = [
    Column(f"{name}_change", FLOAT, f"mean of composed minus alone over the same objects, {title}")
    for name, title in (("iou", "IoU"), ("dice", "Dice"))
]
COMPOSED = Table(
    "composed.csv",
    "What it costs to put all objects of an image or a volume into one label map (`compose:` in the configuration).",
    [
        DATASET.but(meaning="name of the dataset; empty: mean of the datasets' means"),
        *(METHOD, ON, SETTING, RULE),
        *(N_OBJECTS.but(meaning="objects with a mask"), N_PATIENTS.but(meaning="patients with such an object")),
        *(IOU.but(name=f"iou_{kind}", meaning=f"mean IoU of objects {kind}") for kind in ("alone", "composed")),
        _CHANGES[0],
        *ends(_CHANGES[0]),
        *(DICE.but(name=f"dice_{kind}", meaning=f"mean Dice of objects {kind}") for kind in ("alone", "composed")),
        _CHANGES[1],
        *ends(_CHANGES[1]),
        Column("overlapping", FLOAT, "share of objects whose mask shares a pixel with that of one that excludes it"),
        Column("lost", FLOAT, "mean share of an object's mask that went to others"),
        Column("note", STRING, "why there is no value, of a rule that cannot be used"),
    ],
)
