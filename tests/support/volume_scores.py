"""Small tables of scores of volumes, written out by hand."""

import pandas as pd

from promptseg.core.tables import Table

CONTROL = {"method": "contours", "prompt": "mask"}


def rows_of(table: Table, *rows: dict) -> pd.DataFrame:
    """A frame of a table of scores, from what its rows have beside one object of one patient, carried by a box.

    `object_id` is that of a row's `volume_id`, which is its patient's unless given; numbers that are not given are 0.
    """
    usual = {"dataset": "d", "task": "t", "case_id": "p1", "method": "m", "route": "carry_box", "slices": "largest"}
    usual |= {"prompt": "box", "extents": "given", "step": 0, "status": "ok", "distance_unit": "mm"}
    found = []
    for row in rows:
        row = {**usual, **row}
        row.setdefault("volume_id", row["case_id"])
        row.setdefault("object_id", f"{row['volume_id']}:{row['task']}")
        found.append(
            {column.name: row.get(column.name, "" if column.dtype == "str" else 0) for column in table.columns}
        )
    return pd.DataFrame(found)
