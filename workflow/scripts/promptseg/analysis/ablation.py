"""What each peculiarity of a protocol does to the numbers."""

import pandas as pd

from promptseg.analysis.columns import CLICKS, MEAN_IOU, N_TASKS, PROVENANCE, made
from promptseg.config.protocols import WITHOUT
from promptseg.core.columns import METHOD, PROTOCOL, SELECTION
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.core.vocabulary import COMPARED_CLICKS

ABLATION = Table(
    "ablation.csv",
    "What each switch of a click protocol does, over the tasks that were run either way.",
    [
        METHOD,
        SELECTION,
        PROTOCOL.but(meaning="the protocol"),
        Column("switch", STRING, "the switch that was set to what the methods' authors do"),
        CLICKS,
        N_TASKS.but(meaning="tasks that were run either way", optional=False),
        MEAN_IOU.but(meaning="mean IoU over tasks under the protocol"),
        Column("iou_without", FLOAT, "the same with that switch alone changed"),
        Column("difference", FLOAT, "iou_without - iou"),
        PROVENANCE,
    ],
)


def is_variant(protocols: pd.Series) -> pd.Series:
    """Which names are those of a protocol with one switch turned off."""
    return protocols.str.contains(WITHOUT, regex=False)


def ablation(measured: pd.DataFrame) -> pd.DataFrame:
    """Mean IoU over tasks under a protocol, and with each of its switches turned off alone.

    Args:
        measured: see `statistics.statistics`.

    Returns:
        ABLATION; one row for each method, selection, protocol, switch and compared number of clicks. `difference` is
        iou_without - iou, both over the tasks that have both.
    """
    rows = measured[(measured["level"] == "task") & (measured["mode"] == "iterative") & measured["iou"].notna()]
    rows = rows[rows["step"].isin(COMPARED_CLICKS)].rename(columns={"step": "clicks"})
    variants = rows[is_variant(rows["protocol"])].copy()
    if variants.empty:
        return pd.DataFrame(columns=made(ABLATION))
    variants[["protocol", "switch"]] = variants["protocol"].str.split(WITHOUT, n=1, expand=True, regex=False)
    keys = ["method", "selection", "protocol", "clicks"]
    paired = variants.merge(
        rows[[*keys, "dataset", "task", "iou"]], on=[*keys, "dataset", "task"], suffixes=("_without", "")
    )
    grouped = paired.groupby([*keys, "switch"], sort=True)
    table = grouped[["iou", "iou_without"]].mean().assign(n_tasks=grouped.size()).reset_index()
    table["difference"] = table["iou_without"] - table["iou"]
    return table.sort_values(["method", "selection", "protocol", "switch", "clicks"], ignore_index=True)[made(ABLATION)]
