"""The table of exported prompts."""

import pyarrow as pa

from promptseg.core.columns import CASE, IMAGE, METHOD, MODE, OBJECT, PROTOCOL, SELECTION, STEP, SWITCH, TASK
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.prompts.tables import PROMPTS

_INDEX, _MM = pa.list_(pa.int32()), pa.list_(FLOAT)
_LINE = [("line", pa.list_(pa.list_(pa.int32(), 2))), ("index", pa.list_(_INDEX)), ("mm", pa.list_(_MM))]
_SCRIBBLE = pa.struct([("label", pa.int8()), ("width", pa.int16()), *_LINE])
_CLICKED = "; null for prompts that are not the clicks of a method"
_OF_PROMPTS = {column.name: column for column in PROMPTS.columns}

PROMPTS_EXPORT = Table(
    "prompts_export.parquet",
    "All prompts of a run: one row per object and prompt, with all its clicks so far.",
    [
        OBJECT,
        IMAGE,
        CASE,
        TASK,
        Column("source", STRING, "name of the case, whose files hold the picture"),
        Column("source_file", STRING, "the first file of the case, relative to the raw folder"),
        Column("source_sha256", STRING, "SHA-256 of that file; null where unknown"),
        Column("slice", pa.int32(), "number of the slice that the picture is; null for 2-D files"),
        Column("height", pa.int32(), "height of the picture", "pixels"),
        Column("width", pa.int32(), "width of the picture", "pixels"),
        Column("spacing_y", FLOAT, "distance of rows; null where unknown", "mm"),
        Column("spacing_x", FLOAT, "distance of columns; null where unknown", "mm"),
        Column("pixels_sha256", STRING, "SHA-256 of shape, type and pixels of the picture"),
        MODE.but(meaning=MODE.meaning + "; null for presets"),
        METHOD.but(meaning="whose masks the clicks correct" + _CLICKED),
        PROTOCOL.but(meaning="how clicks are found; null for all modes but `iterative`"),
        SWITCH,
        SELECTION.but(meaning="whose masks the clicks follow" + _CLICKED),
        Column("preset", STRING, "whose user showed it; null for prompts of modes"),
        Column("variant", STRING, "variant of the preset; empty for the preset itself"),
        STEP.but(meaning="number of clicks so far, 0 for all modes but `iterative`; of presets the step, 0 the start"),
        _OF_PROMPTS["points"].but(meaning="points (x, y); of clicks all so far, of a preset those of the step"),
        _OF_PROMPTS["point_labels"],
        _OF_PROMPTS["boxes"],
        Column("points_index", pa.list_(_INDEX), "of each point its index in the file; null where unknown"),
        Column("points_mm", pa.list_(_MM), "of each point its place, as in the JSON document; null if unknown", "mm"),
        Column("boxes_index", pa.list_(pa.list_(_INDEX, 2)), "of each box its lowest and highest index, inclusive"),
        Column("boxes_mm", pa.list_(pa.list_(_MM, 2)), "of each box the places of two opposite corner pixels", "mm"),
        Column("scribbles", pa.list_(_SCRIBBLE), "lines drawn with a brush, see the document; null but for scribbles"),
        Column("lasso", pa.struct(_LINE), "a closed curve around the object, see there; null but for `lasso`"),
    ],
)
