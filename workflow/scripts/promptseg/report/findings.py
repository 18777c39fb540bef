"""The sentences at the top of the page: the findings that matter in this run, ranked by effect and certainty.

The rule. A candidate is a difference in IoU of this run that was tested over tasks, first mask, without controls:

* of claims.csv those of CLAIMED, with p after Holm's correction over all candidates of claims.csv, and what discarding
  masks by a confidence gains, which has an interval over patients in the place of p;
* of pairs.csv, for each mode and for the last click of each protocol, the best method against the next one that it is
  certainly better than, or, if there is none, against the next one; p as in pairs.csv, after Holm's correction within
  the setting.

A candidate is certain if that p is below 0.05, or that interval above 0, and, where tasks share patients and pairs.csv
has the same difference over patients, which are independent, that p (a confirmation, not corrected) as well. Certain
ones come before others, larger differences before smaller ones. Each candidate answers a question; the first one of
each question is taken, then, if these are fewer than MOST, the next ones about other methods.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from promptseg.analysis.pairs import holm
from promptseg.analysis.paper import p_text
from promptseg.analysis.trust.claims import KEEP
from promptseg.core.parquet import read_arrow
from promptseg.core.settings import setting_id
from promptseg.core.titles import Titles, setting, titled
from promptseg.core.vocabulary import ITERATIVE, LASSO, SINGLE_MODES
from promptseg.report.comparisons import SHARED, versus
from promptseg.report.grid import explored

MOST = 5
LEVEL = 0.05
# Claims whose value is a difference in IoU with a test -> the question that they answer.
CLAIMED = {
    "boxes_minus_points": "points or boxes",
    "box_minus_point_largest_component": "points or boxes",
    "boxes_minus_points_each_component": "points or boxes",
    "gain": "what clicks bring",
}
# Of these, what is set against what: two modes; a gain is that of the last click over the first.
_MODES = {
    "box_minus_point_largest_component": ("mode3", "mode1"),
    "boxes_minus_points_each_component": ("mode4", "mode2"),
}
_CLICK = re.compile(r"at click (\d+)")
_KEPT = re.compile(r" (?:in (mode \d)|after (\d+) clicks?) with the highest ")
_ENDS = re.compile(r"95 % interval (-?[.\d]+) to -?[.\d]+")
_WHERE = {
    "mode1": "With one point in the largest component",
    "mode2": "With a point in each component",
    "mode3": "With a box around the largest component",
    "mode4": "With a box around each component",
    "mode5": "With one box around the object",
    "scribble_centre": "With a scribble along the middle",
    "scribble_walk": "With a scribble anywhere on the object",
    "scribble_contour": "With scribbles along the contour",
    LASSO: "With a lasso",
}


@dataclass(frozen=True)
class Finding:
    """A sentence for the top of the page.

    Attributes:
        question: what it answers.
        method: what it is about.
        sentence, proof: the finding, and how certain it is.
        effect: difference in IoU, above 0 as the sentence has it.
        certain: see above.
        href: link to its objects in the explorer.
    """

    question: str
    method: str
    sentence: str
    proof: str
    effect: float
    certain: bool
    href: str


def shared_patients(scores: Path) -> str:
    """A sentence if tasks of a run share patients, so that they are not independent; else nothing.

    Args:
        scores: file of score.tables.SCORES.
    """
    names = ["dataset", "task", "case_id"]
    table = read_arrow(scores, columns=names, filters=pc.field("task") != "")
    pairs = table.group_by(names).aggregate([]).to_pandas()
    tasks, patients = (len(pairs[["dataset", name]].drop_duplicates()) for name in names[1:])
    if len(pairs) == patients:
        return ""
    return (
        f"{SHARED} The {tasks} tasks of this run come from {patients} patients. Tasks that share patients are not "
        "independent, so that a p value over tasks is smaller than it should be."
    )


def findings(
    claims: pd.DataFrame, pairs: pd.DataFrame, methods: Titles, protocols: Titles, shared: bool
) -> list[Finding]:
    """The findings for the top of the page, at most MOST, the strongest first.

    Args:
        claims: see `study.claims.CLAIMS`.
        pairs: see `pairs.PAIRS`.
        methods, protocols: name -> {title}.
        shared: whether tasks share patients.
    """
    return strongest(
        [*_claimed(claims, shared), *_trusted(claims), *_leaders(pairs, methods, protocols, shared)],
    )


def strongest(candidates: Sequence[Finding]) -> list[Finding]:
    """At most MOST candidates by the rule of this module, the strongest first."""
    order = sorted(candidates, key=lambda one: (not one.certain, -one.effect, one.sentence))
    first = {one.question: one for one in reversed(order)}
    others = {(one.question, one.method): one for one in reversed(order)}
    rest = [one for one in order if others[one.question, one.method] is one and first[one.question] is not one]
    chosen = [one for one in order if first[one.question] is one] + rest
    return [one for one in order if any(one is other for other in chosen[:MOST])]


def _claimed(claims: pd.DataFrame, shared: bool) -> list[Finding]:
    rows = claims[(claims["source"] == "ours") & (claims["selection"] == "first") & claims["claim"].isin(CLAIMED)]
    rows = rows[rows["p"].notna() & (rows["value"] > 0)]
    rows = rows.assign(p=holm(rows["p"].to_numpy(float)))
    return [
        Finding(
            question=CLAIMED[row.claim],
            method=row.method,
            sentence=row.statement,
            proof=certainty(f"{p_words(row.p)} over tasks{SHARED if shared else ''}", row.p < LEVEL),
            effect=row.value,
            certain=row.p < LEVEL,
            href=_apart(row),
        )
        for row in rows.itertuples()
    ]


def _apart(row: Any) -> str:
    """The link to the objects of a claim: those first at which what was found holds least."""
    steps = [setting_id(ITERATIVE, "first", int(step), row.protocol) for step in _CLICK.findall(row.detail)]
    ends = steps[::-1] or [setting_id(mode, "first") for mode in _MODES.get(row.claim, ())]
    if len(ends) != 2:
        return explored(methods=[row.method])
    above, below = ends
    state = {"methods": [row.method], "settings": [above], "versus": f"{row.method}@{below}"}
    return explored(**state, sort="diff", direction="asc")


def _trusted(claims: pd.DataFrame) -> list[Finding]:
    found = []
    for row in claims[(claims["claim"] == KEEP) & (claims["value"] > 0)].itertuples():
        ends = _ENDS.search(row.detail)
        certain = ends is not None and float(ends[1]) > 0
        proof = certainty(f"{ends[0]} over patients" if ends else "no interval over patients", certain)
        about = ("what a confidence is worth", row.method, row.statement, proof)
        found.append(Finding(*about, effect=row.value, certain=certain, href=_doubted(row)))
    return found


def _doubted(row: Any) -> str:
    """The link to the objects of what keeping masks gains: those first whose masks are the least confident."""
    prompt = _KEPT.search(row.statement)
    if not prompt:
        return explored(methods=[row.method])
    mode, clicks = prompt.groups()
    where = (
        setting_id(mode.replace(" ", ""), "first")
        if mode
        else setting_id(ITERATIVE, "first", int(clicks), row.protocol)
    )
    state = {"methods": [row.method], "settings": [where], "sort": row.detail.split(",")[0]}
    return explored(**state, direction="asc")


def p_words(p: float) -> str:
    """A p value in words: "p = 0.012", "p < 0.001", "no test"."""
    text = p_text(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}" if text else "no test"


def certainty(proof: str, certain: bool) -> str:
    """What stands below a finding."""
    return proof if certain else f"{proof}: not certain"


def _leaders(pairs: pd.DataFrame, methods: Titles, protocols: Titles, shared: bool) -> list[Finding]:
    rows = pairs[(pairs["kind"] == "methods") & (pairs["selection"] == "first") & (pairs["dataset"] == "")]
    clicked = rows["mode"] == ITERATIVE
    last = rows[clicked].groupby("protocol")["step"].transform("max").reindex(rows.index)
    rows = rows[rows["mode"].isin(SINGLE_MODES) | (clicked & (rows["step"] == last))]
    found = []
    for (mode, protocol, step), own in rows.groupby(["mode", "protocol", "step"], sort=False):
        where = _WHERE.get(mode) or f"After {setting(mode, int(step))} ({titled(protocols, protocol)})"
        over_tasks, over_patients = (_both_ways(own[own["unit"] == unit]) for unit in ("tasks", "patients"))
        question = "the best method with clicks" if mode == ITERATIVE else "the best method without clicks"
        if len(over_tasks):
            found.append(_leader(over_tasks, over_patients if shared else None, (question, where), methods))
    return found


def _both_ways(rows: pd.DataFrame) -> pd.DataFrame:
    """Each pair twice, so that every method is `a` of all its pairs."""
    ends = {"a": "b", "b": "a", "ci_low": "ci_high", "ci_high": "ci_low"}
    turned = rows.rename(columns=ends)
    turned[["mean_difference", "ci_low", "ci_high"]] *= -1
    return pd.concat([rows, turned[rows.columns]], ignore_index=True)


def _leader(tasks: pd.DataFrame, patients: pd.DataFrame | None, asked: tuple[str, str], methods: Titles) -> Finding:
    """The best method against the next one that it is certainly better than, or against the next one.

    Args:
        tasks, patients: pairs of one setting over each, see `_both_ways`; without patients where tasks share none.
        asked: the question, and the beginning of the sentence.
        methods: name -> {title}.
    """
    best = tasks.groupby("a")["mean_difference"].mean().idxmax()
    own = tasks[tasks["a"] == best].sort_values("mean_difference", kind="stable").set_index("b")
    clear = (own["mean_difference"] > 0) & (own["p_holm"] < LEVEL)
    again = pd.DataFrame(columns=own.columns) if patients is None else patients[patients["a"] == best].set_index("b")
    again = again.reindex(own.index)
    clear &= again["p"].isna() | (again["p"] < LEVEL)
    name = clear.idxmax()  # the first that is true, or the first
    row, other, certain = own.loc[name], again.loc[name], bool(clear[name])
    leader, against = titled(methods, best), titled(methods, name)
    between = [titled(methods, one) for one in own.index[: own.index.get_loc(name)]]
    if not certain:
        text = f"no method is certainly the best; {leader} and {against} differ by {abs(row['mean_difference']):.3f}"
    else:
        text = f"the mean IoU of {leader} is {row['mean_difference']:.3f} above that of {against}"
        text += f", and not certainly above that of {' and '.join(between)}" if between else ", the next best"
    proof = f"95 % interval {row['ci_low']:.3f} to {row['ci_high']:.3f}, {p_words(row['p_holm'])} over {row['n']} tasks"
    proof += SHARED if patients is not None else ""
    proof += f"; {p_words(other['p'])} over {other['n']} patients" if pd.notna(other["p"]) else ""
    question, where = asked
    return Finding(
        question=question,
        method=best,
        sentence=f"{where}, {text}.",
        proof=certainty(proof, certain),
        effect=abs(row["mean_difference"]),
        certain=certain,
        href=versus(row.to_dict() | {"b": name}),
    )
