"""The single objects behind the differences: those that changed most, and those that could not be compared."""

import pandas as pd

from promptseg.analysis.comparable import comparable
from promptseg.analysis.compare.pairing import NEITHER, PAIR
from promptseg.analysis.compare.tables import CHANGED, UNPAIRED
from promptseg.core.columns import SETTING
from promptseg.core.vocabulary import EVERYTHING

SHOWN = 10  # objects of a setting, in either direction


def reported(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of all modes, of clicks those that comparisons are made after."""
    return pd.concat([comparable(rows, ()), rows[(rows["mode"] == EVERYTHING) & (rows["task"] != "")]])


def changed(matched: pd.DataFrame, shown: int = SHOWN) -> pd.DataFrame:
    """CHANGED: of each setting the objects whose IoU rose or fell most, ties by name.

    Args:
        matched: see `pairing.paired`.
        shown: at most so many objects in either direction.
    """
    pairs = reported(matched[matched["state"] == PAIR])
    pairs = pairs.assign(difference=pairs["iou_b"].astype(float) - pairs["iou_a"].astype(float))
    parts = []
    for direction, sign in (("higher", 1), ("lower", -1)):
        own = pairs[pairs["difference"] * sign > 0]
        own = own.assign(size=own["difference"].abs(), direction=direction)
        own = own.sort_values(
            [*SETTING, "size", "dataset", "object_id"],
            ascending=[*[True] * len(SETTING), False, True, True],
            kind="stable",
        )
        own = own.assign(rank=own.groupby(SETTING).cumcount() + 1)
        parts.append(own[own["rank"] <= shown])
    frame = pd.concat(parts, ignore_index=True)
    return frame.sort_values([*SETTING, "direction", "rank"], ignore_index=True)[CHANGED.names]


def unpaired(matched: pd.DataFrame) -> pd.DataFrame:
    """UNPAIRED: what was not compared of the settings that both runs have, and status that changed between failures."""
    alike = (matched["state"] == NEITHER) & (matched["status_a"] == matched["status_b"])
    idle = matched[["status_a", "status_b"]].isin(["", "not_applicable"]).all(axis=1)  # nothing was to be scored
    rows = matched[matched["shared"] & (matched["state"] != PAIR) & ~alike & ~idle]
    keys = ["dataset", "task", "case_id", "image_id", "object_id", "state", "status_a", "status_b"]
    found = rows.groupby(keys, sort=True, as_index=False).agg(
        methods=("method", lambda names: ", ".join(sorted(set(names)))), n_rows=("method", "size")
    )
    return found.rename(columns={"state": "what"})[UNPAIRED.names]
