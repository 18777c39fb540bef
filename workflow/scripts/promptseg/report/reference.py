"""The line to beat on the page: how every method stands to it, patient by patient."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from promptseg.analysis.pairs import holm
from promptseg.analysis.paper import number, p_text
from promptseg.core.settings import setting_id
from promptseg.core.titles import SELECTIONS, Titles, setting, titled
from promptseg.core.vocabulary import AUTOMATIC
from promptseg.report.findings import LEVEL, Finding, certainty, p_words
from promptseg.report.grid import Cell, Table, as_table, explored, interval


def answers_unasked(summary: pd.DataFrame, methods: Titles) -> bool:
    """Whether the masks of the reference of a run answer no prompt.

    Args:
        summary: see `summary.summary`.
        methods: name -> {reference}.
    """
    rows = summary[(summary["mode"] == AUTOMATIC) & (summary["n_images"] > 0)]
    return any(methods.get(name, {}).get("reference") for name in set(rows["method"]))


def _rows(pairs: pd.DataFrame) -> pd.DataFrame:
    """Of PAIRS those of each method against the reference, over patients and all tasks."""
    return pairs[(pairs["kind"] == "reference") & (pairs["unit"] == "patients") & (pairs["dataset"] == "")]


def _prompt(row: Mapping[str, Any], protocols: Titles) -> str:
    """How a method was prompted: "5 clicks, corrected"."""
    protocol = titled(protocols, row["protocol"]) if row["protocol"] else ""
    return ", ".join(filter(None, [setting(row["mode"], int(row["step"])), protocol]))


def _href(row: Mapping[str, Any], unasked: bool) -> str:
    """The link to the objects of a row, those first at which the reference is best against the method."""
    own = setting_id(row["mode"], row["selection"], int(row["step"]), row["protocol"])
    line = setting_id(AUTOMATIC, "first") if unasked else own
    state = {"methods": [row["a"]], "settings": [own], "versus": f"{row['b']}@{line}"}
    return explored(**state, sort="diff", direction="asc")


def against_reference(pairs: pd.DataFrame, methods: Titles, protocols: Titles, unasked: bool) -> list[Finding]:
    """Whether a method beats the reference with its first mask: one finding, or none without a reference.

    Of all methods and prompts the one whose mean over patients lies highest; its p value is corrected for all of them.

    Args:
        pairs: see `pairs.PAIRS`.
        methods, protocols: name -> {title}.
        unasked: whether the masks of the reference answer no prompt.
    """
    rows = _rows(pairs)
    rows = rows[rows["selection"] == "first"]
    if rows.empty:
        return []
    rows = rows.assign(p_all=holm(rows["p"].to_numpy(float)))
    row = rows.loc[rows["mean_difference"].idxmax()].to_dict()
    effect, line = row["mean_difference"], titled(methods, row["b"])
    best = f"{titled(methods, row['a'])} ({_prompt(row, protocols)})"
    certain = bool(row["p_all"] < LEVEL)
    if effect > 0:
        text = f"The mean IoU of {best} over patients is {effect:.3f} above that of the reference {line}"
    else:
        text = f"No method reaches the reference {line}: {best} comes closest, {-effect:.3f} below"
        text += " in mean IoU over patients"
    ends = f"95 % interval {row['ci_low']:.3f} to {row['ci_high']:.3f}, " if pd.notna(row["ci_low"]) else ""
    proof = certainty(f"{ends}{p_words(row['p_all'])} over {row['n']} patients", certain)
    sentence = text + ("." if certain else ", which is not certain.")
    return [Finding("the line to beat", row["a"], sentence, proof, abs(effect), certain, _href(row, unasked))]


def reference_table(pairs: pd.DataFrame, methods: Titles, protocols: Titles, unasked: bool) -> Table:
    """Every method with every prompt minus the reference, over patients; no rows without a reference.

    Args: see `against_reference`.
    """
    cells = [
        [
            Cell(titled(methods, row["a"]), _href(row, unasked)),
            *(_prompt(row, protocols), SELECTIONS[row["selection"]], row["n"], number(row["mean_difference"], 3, "+")),
            *(interval(pd.Series(row)), p_text(row["p_holm"]), number(row["effect"], 2, "+"), row["note"]),
        ]
        for row in _rows(pairs).to_dict("records")
    ]
    heads = ["method", "prompt", "mask", "patients", "difference", "95 % interval", "p (Holm)", "effect", "note"]
    return as_table(cells, heads, 3)


def reference_title(pairs: pd.DataFrame, methods: Titles) -> str:
    """The title of the reference; empty without one."""
    names = pairs.loc[pairs["kind"] == "reference", "b"]
    return titled(methods, names.iloc[0]) if len(names) else ""
