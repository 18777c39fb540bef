"""What tables of trust say as sentences, for claims.csv."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from promptseg.analysis.columns import made
from promptseg.analysis.study.claims import CLAIMS
from promptseg.analysis.trust.shown import Prompt, complete, prompts
from promptseg.core.titles import CONFIDENCES, Titles, titled
from promptseg.core.vocabulary import ITERATIVE

_TOLD = " The prompts whose masks agree are cut from the truth: a box tells more of an object than a click."
KEEP, BEST, FOUND = "trust_keep", "trust_best", "trust_failures"
_NOTES = {
    KEEP: "Ranked within each task; of its confidences the one with the smallest area under the risk-coverage curve, "
    "which is somewhat flattered by being chosen.",
    BEST: "Difference of the areas under the risk-coverage curve, on the masks that have both.",
    FOUND: "Area under the ROC curve, mean over the tasks that have such masks and others; 0.5 is chance.",
}


def trust_claims(trust: pd.DataFrame, pairs: pd.DataFrame, methods: Titles, protocol: str) -> pd.DataFrame:
    """CLAIMS of ours, without provenance: whether masks can be discarded by confidence, first masks, over all tasks.

    Args:
        trust, pairs: rows of TRUST_MEANS and TRUST_PAIRS.
        methods: name -> {title}, in the order of the claims.
        protocol: whose clicks they speak of.
    """
    means, differences = (rows[(rows["level"] == "all") & (rows["selection"] == "first")] for rows in (trust, pairs))
    found: list[dict[str, Any]] = []
    for method in [name for name in methods if name in set(means["method"])]:
        for prompt in prompts(means, protocol):
            own = means[(means["method"] == method) & prompt.among(means)]
            apart = differences[(differences["method"] == method) & prompt.among(differences)]
            about = {"method": method, "protocol": prompt.protocol, "selection": "first", "source": "ours"}
            title = f"{titled(methods, method)} {_where(prompt)}"
            for claim in _claims(own, apart, title):
                told = _TOLD if claim["detail"].startswith("prompts_agree") else ""
                found.append(about | {"note": _NOTES[claim["claim"]] + told, **claim})
    return pd.DataFrame(found, columns=made(CLAIMS)).astype({"value": float, "p": float})


def _where(prompt: Prompt) -> str:
    return f"after {prompt.title}" if prompt.mode == ITERATIVE else f"in {prompt.title}"


def _claims(rows: pd.DataFrame, pairs: pd.DataFrame, title: str) -> Iterator[dict[str, Any]]:
    if rows.empty:
        return
    ranked = complete(rows).sort_values(["excess", "confidence"], kind="stable").to_dict("records")
    yield _keep(ranked[0], title)
    if len(ranked) > 1:
        yield from _best(ranked[0]["confidence"], ranked[1]["confidence"], pairs, title)
    for row in rows[rows["auroc_50"].notna()].to_dict("records")[:1]:
        yield _failures(row, title)


def _keep(row: dict[str, Any], title: str) -> dict[str, Any]:
    gain, iou = row["gain_20"], row["iou"]
    change = "raises" if gain >= 0 else "lowers"
    return {
        "claim": KEEP,
        "value": gain,
        "unit": "IoU",
        "detail": f"{row['confidence']}{_interval(row, 'gain_20', ', ')}",
        "statement": f"Keeping the 80 % of the masks of {title} with the highest {CONFIDENCES[row['confidence']]} "
        f"{change} their mean IoU over tasks from {iou:.4f} to {iou + gain:.4f}; the ideal order would reach "
        f"{iou + row['gain_20_ideal']:.4f}.",
    }


def _best(first: str, second: str, pairs: pd.DataFrame, title: str) -> Iterator[dict[str, Any]]:
    for row in pairs[pairs["a"].isin([first, second]) & pairs["b"].isin([first, second])].to_dict("records"):
        turned = -1 if row["a"] == first else 1
        low, high = sorted(turned * row[f"difference_ci_{end}"] for end in ("low", "high"))
        best, side = CONFIDENCES[first], "below" if turned * row["difference"] >= 0 else "above"
        ends = {"difference_ci_low": low, "difference_ci_high": high}
        yield {
            "claim": BEST,
            "value": turned * row["difference"],
            "unit": "AURC",
            "detail": f"{first} before {second}{_interval(ends, 'difference', ', ')}",
            "statement": f"{best[0].upper()}{best[1:]} orders the masks of {title} best: its area under the "
            f"risk-coverage curve is {abs(row['difference']):.4f} {side} that of {CONFIDENCES[second]}"
            f"{_interval(ends, 'difference', ' (', ')')}.",
        }


def _failures(row: dict[str, Any], title: str) -> dict[str, Any]:
    chance = row["auroc_50_ci_low"] <= 0.5 <= row["auroc_50_ci_high"]
    return {
        "claim": FOUND,
        "value": row["auroc_50"],
        "unit": "AUROC",
        "detail": f"{row['confidence']}{_interval(row, 'auroc_50', ', ')}",
        "statement": f"A mask of {title} with an IoU below 0.5 has a lower {CONFIDENCES[row['confidence']]} than a "
        f"better one with probability {row['auroc_50']:.2f}{_interval(row, 'auroc_50', ' (', ')')}"
        f"{', which may be chance alone' if chance else ''}.",
    }


def _interval(row: dict[str, Any], name: str, before: str, after: str = "") -> str:
    """The interval in words; nothing where there is none."""
    low, high = row[f"{name}_ci_low"], row[f"{name}_ci_high"]
    return f"{before}95 % interval {low:.4f} to {high:.4f}{after}" if pd.notna(low) else ""
