"""What the page says of the prompts of people."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.paper import number
from promptseg.analysis.users import USERS, shown_rows
from promptseg.core.settings import Setting
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.report.findings import Finding, certainty
from promptseg.report.grid import as_table, explored


def user_parts(
    files: Mapping[str, Path], methods: Mapping[str, Mapping[str, Any]], users: Titles, protocol: str
) -> dict[str, Any] | None:
    """The table and the findings of a run with other users than the ideal one; None without.

    Args:
        files: users.csv under users.
        methods: name -> {title, control}.
        users: name -> {title}, the ideal one first.
        protocol: whose clicks are shown.
    """
    if "users" not in files:
        return None
    rivals = {name: entry for name, entry in methods.items() if not entry.get("control")} or methods
    rows = shown_rows(read_csv(files["users"], USERS), rivals, protocol, next(iter(users)))
    cells = [
        [
            *(titled(methods, row.method), _prompt(row), titled(users, row.user)),
            *(row.n_objects, row.n_annotators, number(row.against_iou), number(row.iou)),
            *(number(row.difference, 3, "+"), _interval(row), row.note),
        ]
        for row in rows.itertuples()
    ]
    heads = ["method", "prompt", "user", "objects", "annotators", "IoU, ideal user", "IoU", "ideal - user"]
    return {
        "table": as_table(cells, [*heads, "95 % interval", "note"], 3),
        "findings": [_finding(rows, methods, users)] if len(rows) else [],
    }


def _finding(rows: pd.DataFrame, methods: Titles, users: Titles) -> Finding:
    """What prompts of others than the ideal user change most, of all users, methods and prompts that are shown.

    A difference whose interval leaves out 0 comes before all that do not.
    """
    apart = (rows["difference_ci_low"] * rows["difference_ci_high"]).gt(0)
    row = next(rows.loc[[rows["difference"].abs().where(apart | ~apart.any(), -1).idxmax()]].itertuples())
    certain = bool(apart.any())
    less = "less" if row.difference > 0 else "more"
    sentence = (
        f"With the prompts of {titled(users, row.user)}, {titled(methods, row.method)} reaches "
        f"{abs(row.difference):.3f} {less} mean IoU than with ideal ones "
        f"({_prompt(row)}{'' if certain else '; not certain'})."
    )
    ends = f"95 % interval {_interval(row)}, " if pd.notna(row.difference_ci_low) else ""
    among = f"the largest of {len(rows)} differences" if len(rows) > 1 else "the only difference"
    proof = certainty(f"{ends}{row.n_objects} objects, {row.n_annotators} annotators, {among}", certain)
    href = explored(methods=[row.method])
    return Finding("what people's prompts cost", row.user, sentence, proof, abs(row.difference), certain, href)


def _prompt(row: Any) -> str:
    return Setting(row.mode, row.protocol, "", int(row.step), "first").title({}).partition(",")[0]


def _interval(row: Any) -> str:
    ends = row.difference_ci_low, row.difference_ci_high
    return f"{ends[0]:+.3f} to {ends[1]:+.3f}" if pd.notna(ends[0]) else ""
