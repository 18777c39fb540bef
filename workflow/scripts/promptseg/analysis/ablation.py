"""What each peculiarity of a protocol does to the numbers."""

import pandas as pd

from promptseg.analysis.columns import CLICKS, MEAN_IOU, N_TASKS, PROVENANCE, made
from promptseg.analysis.means import ratios
from promptseg.core.columns import METHOD, PROTOCOL, SELECTION, SWITCH
from promptseg.core.tables import FLOAT, Column, Table
from promptseg.core.vocabulary import COMPARED_CLICKS, ITERATIVE

ABLATION = Table(
    "ablation.csv",
    "What each switch of a click protocol does, over the tasks that were run either way.",
    [
        METHOD,
        SELECTION,
        PROTOCOL.but(meaning="the protocol"),
        SWITCH.but(meaning="the switch that was set to its default, as in the protocol `corrected`"),
        CLICKS,
        N_TASKS.but(meaning="tasks that were run either way", optional=False),
        MEAN_IOU.but(meaning="mean IoU over tasks under the protocol"),
        Column("iou_without", FLOAT, "the same with that switch alone changed"),
        Column("difference", FLOAT, "iou_without - iou"),
        PROVENANCE,
    ],
)


def ablation(sums: pd.DataFrame) -> pd.DataFrame:
    """Mean IoU over tasks under a protocol, and with each of its switches turned off alone.

    Args:
        sums: see `sums.patient_sums`.

    Returns:
        ABLATION; one row for each method, selection, protocol, switch and compared number of clicks. `difference` is
        iou_without - iou, both over the tasks that have both.
    """
    clicked = (sums["mode"] == ITERATIVE) & (sums["task"] != "") & sums["step"].isin(COMPARED_CLICKS)
    keys = ["dataset", "task", "method", "selection", "protocol", "clicks"]
    means = ratios(sums[clicked].rename(columns={"step": "clicks"}), [*keys, "switch"])["iou"].dropna().reset_index()
    means = means.astype(dict.fromkeys((*keys[:-1], "switch"), str))
    own, variants = means[means["switch"] == ""], means[means["switch"] != ""]
    paired = variants.merge(own.drop(columns="switch"), on=keys, suffixes=("_without", ""))
    rows = ["method", "selection", "protocol", "switch", "clicks"]
    grouped = paired.groupby(rows)
    table = grouped[["iou", "iou_without"]].mean().assign(n_tasks=grouped.size()).reset_index()
    return table.assign(difference=table["iou_without"] - table["iou"])[made(ABLATION)]
