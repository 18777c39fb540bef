"""What the page says of trust: whether masks can be discarded by a method's confidence, without a truth."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.paper import number
from promptseg.analysis.study.claims import CLAIMS
from promptseg.analysis.trust.claims import KEEP
from promptseg.analysis.trust.shown import Prompt, complete, prompts
from promptseg.analysis.trust.tables import TRUST_MEANS, TRUST_THRESHOLDS
from promptseg.core.tables import read_csv
from promptseg.core.titles import CONFIDENCES, Titles, titled
from promptseg.report.grid import Cell, Table, as_table, mark_best, ordered

_SENTENCES = 4
_THRESHOLDS = (0.5, 0.7, 0.8, 0.9)


def trust_parts(files: Mapping[str, Path], methods: Titles, protocol: str) -> dict[str, Any] | None:
    """Sentences and tables; None for a run in which no method has a confidence.

    Args:
        files: tables under claims, and under trust and trust_thresholds if the run has them.
        methods: name -> {title}.
        protocol: whose clicks are shown.

    Returns:
        sentences: what discarding the least confident masks brings, where it brings most. best: for each method and
        prompt the confidence that orders its masks best. confidences: all of them. thresholds: what some thresholds
        leave. All of first masks.
    """
    if "trust" not in files:
        return None
    means = _rows(read_csv(files["trust"], TRUST_MEANS), "all", methods)
    if means.empty:
        return None
    shown = prompts(means, protocol)
    claims = read_csv(files["claims"], CLAIMS)
    gained = claims[(claims["claim"] == KEEP) & (claims["source"] == "ours")]
    gained = gained.sort_values("value", ascending=False, kind="stable").drop_duplicates("method")
    limits = _rows(read_csv(files["trust_thresholds"], TRUST_THRESHOLDS), "pooled", methods)
    return {
        "sentences": gained["statement"].head(_SENTENCES).tolist(),
        "best": _best(means, shown, methods),
        "confidences": _confidences(means, shown, methods),
        "thresholds": _thresholds(limits, shown, methods),
    }


def _rows(rows: pd.DataFrame, level: str, methods: Titles) -> pd.DataFrame:
    return ordered(rows[(rows["level"] == level) & (rows["selection"] == "first")], methods)


def _of(rows: pd.DataFrame, prompt: Prompt) -> pd.DataFrame:
    return rows[prompt.among(rows)]


def _ended(row: Mapping[str, Any], name: str, text: str) -> Cell:
    """A number with its interval below."""
    low, high = row[f"{name}_ci_low"], row[f"{name}_ci_high"]
    return Cell(text, below=f"{low:.3f} to {high:.3f}" if pd.notna(low) else "")


def _best(means: pd.DataFrame, shown: list[Prompt], methods: Titles) -> Table:
    cells = []
    for method, of_method in means.groupby("method", sort=False):
        for prompt in shown:
            own = _of(of_method, prompt)
            for row in complete(own).sort_values("excess", kind="stable").head(1).to_dict("records"):
                left = row["iou"] + row["gain_20"]
                cells.append(
                    [
                        *(titled(methods, method), prompt.title, CONFIDENCES[row["confidence"]]),
                        *(number(row["iou"]), number(left), number(row["iou"] + row["gain_20_ideal"])),
                        _ended(row, "gain_20", number(row["gain_20"], sign="+")),
                        _ended(row, "share", number(row["share"], 2)),
                        _ended(row, "auroc_50", number(row["auroc_50"], 2)),
                    ]
                )
    heads = [
        "method",
        "prompt",
        "best confidence",
        "IoU",
        "IoU of 80 %",
        "ideal 80 %",
        "gain",
        "share",
        "AUROC, IoU < 0.5",
    ]
    return as_table(cells, heads, 3)


def _confidences(means: pd.DataFrame, shown: list[Prompt], methods: Titles) -> Table:
    names = ["gain_10", "gain_20", "gain_30"]
    cells, groups = [], []
    for method, of_method in means.groupby("method", sort=False):
        for prompt in shown:
            for row in _of(of_method, prompt).to_dict("records"):
                groups.append((method, prompt))
                cells.append(
                    [
                        *(titled(methods, method), prompt.title, CONFIDENCES[row["confidence"]]),
                        *(row["n_objects"], row["n_without"] or ""),
                        _ended(row, "aurc", number(row["aurc"])),
                        _ended(row, "excess", number(row["excess"])),
                        _ended(row, "share", number(row["share"], 2)),
                        *(
                            _ended(row, name, number(row[name], 2))
                            for name in ("auroc_50", "ap_50", "auroc_80", "ap_80")
                        ),
                        *(_ended(row, name, number(row[name], sign="+")) for name in names),
                    ]
                )
    heads = ["method", "prompt", "confidence", "masks", "without", "AURC", "excess", "share"]
    heads += ["AUROC, IoU < 0.5", "AP, IoU < 0.5", "AUROC, IoU < 0.8", "AP, IoU < 0.8"]
    heads += ["gain, 10 % less", "gain, 20 % less", "gain, 30 % less"]
    table = as_table(cells, heads, 3)
    return mark_best(table, set(heads[7:]), groups)


def _thresholds(limits: pd.DataFrame, shown: list[Prompt], methods: Titles) -> Table:
    cells = []
    for method, of_method in limits.groupby("method", sort=False):
        for prompt in shown:
            own = _of(of_method, prompt)
            for row in own[own["threshold"].isin(_THRESHOLDS)].to_dict("records"):
                cells.append(
                    [
                        *(titled(methods, method), prompt.title, CONFIDENCES[row["confidence"]]),
                        *(f"{row['threshold']:g}", row["n"]),
                        _ended(row, "coverage", number(row["coverage"], 2)),
                        _ended(row, "iou", number(row["iou"])),
                        _ended(row, "below_50", number(row["below_50"], 2)),
                    ]
                )
    heads = ["method", "prompt", "confidence", "at least", "masks", "share kept", "IoU", "IoU < 0.5"]
    return as_table(cells, heads, 3)
