"""What the page says of groups of patients."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.groups import GROUP_DIFFERENCES, GROUPS
from promptseg.analysis.metadata import METADATA, partner_warnings
from promptseg.analysis.paper import number
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.report.grid import as_table, interval, ordered

_MODES = ("mode1", "mode4")


def group_parts(files: Mapping[str, Path], methods: Titles) -> dict[str, Any] | None:
    """Means of groups, their differences, and what lacks a partner; None for a run without metadata.

    Args:
        files: tables under groups, group_differences and metadata, if the run has them.
        methods: name -> {title}.
    """
    if "groups" not in files:
        return None
    means = _shown(read_csv(files["groups"], GROUPS), methods)
    apart = _shown(read_csv(files["group_differences"], GROUP_DIFFERENCES), methods)
    known = read_csv(files["metadata"], METADATA)
    return {
        "means": as_table(
            [
                [*_about(row, methods), row.group, row.n_patients, row.n_objects, number(row.iou), interval(row)]
                for row in means.itertuples()
            ],
            ["column", "method", "mode", "group", "patients", "objects", "IoU", "95 % interval"],
            4,
        ),
        "differences": as_table(
            [
                [
                    *_about(row, methods),
                    row.a,
                    row.b,
                    f"{row.n_a} and {row.n_b}",
                    f"{row.difference:+.3f}",
                    interval(row),
                ]
                for row in apart.itertuples()
            ],
            ["column", "method", "mode", "a", "b", "patients", "a - b", "95 % interval"],
            5,
        ),
        "warnings": [sentence for row in known.to_dict("records") for sentence in partner_warnings(row)],
    }


def _shown(rows: pd.DataFrame, methods: Titles) -> pd.DataFrame:
    rows = rows[(rows["level"] == "all") & rows["mode"].isin(_MODES) & (rows["selection"] == "first")]
    return ordered(rows, methods).sort_values("column", kind="stable")


def _about(row: Any, methods: Titles) -> list[str]:
    return [row.column, titled(methods, row.method), row.mode[-1]]
