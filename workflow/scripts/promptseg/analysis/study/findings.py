"""Findings computed from the means of tasks: each with its number, a sentence, and a p value where one is due."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from promptseg.analysis.pairs import signed_rank

# A task counts as one that more clicks make worse if it ends this far below its best click.
LOSS = 0.02

Finding = dict[str, Any]


def _wide(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Tasks in rows, `column` in columns; tasks that lack one of the values are left out, so that means compare."""
    return rows.pivot(index="task", columns=column, values="iou").dropna()


def _p(a: pd.Series, b: pd.Series | float) -> float:
    return float(signed_rank((a - b).to_numpy(float)[:, None])[1][0])


def _tasks(count: int, total: int) -> str:
    return f"in {count} of {total} task{'s' if total != 1 else ''}"


def _mode(name: str) -> str:
    return f"mode {name.removeprefix('mode')}"


def _clicks(number: int) -> str:
    return f"{number} click{'s' if number > 1 else ''}"


def mode_findings(rows: pd.DataFrame, title: str = "the method") -> list[Finding]:
    """Findings on the five modes of one method and one selection.

    Args:
        rows: columns task, mode, iou: the mean over images of each task in modes 1 to 5, as far as there are any.
        title: how statements name the method.

    Returns:
        claim, value, unit, detail, p and statement of each finding that the rows allow.
    """
    found: list[Finding] = []
    point = rows[rows["mode"] == "mode1"].sort_values(["iou", "task"])
    if len(point):
        for claim, row, word in (
            ("single_point_min", point.iloc[0], "lowest"),
            ("single_point_max", point.iloc[-1], "highest"),
        ):
            text = f"With one point, the {word} mean IoU of {title} is {row['iou']:.4f}, on {row['task']}."
            found.append({"claim": claim, "value": row["iou"], "unit": "IoU", "detail": row["task"], "statement": text})
    wide = _wide(rows, "mode")
    if wide.shape[1] > 1 and len(wide):
        means = wide.mean()
        best = means.idxmax()
        second = means.drop(best).idxmax()
        found.append(
            {
                "claim": "best_mode",
                "value": means[best],
                "unit": "IoU",
                "detail": best,
                "p": _p(wide[best], wide[second]),
                "statement": f"{title} is best on average in {_mode(best)}, with a mean IoU over tasks of "
                f"{means[best]:.4f}; the next is {_mode(second)} with {means[second]:.4f}.",
            }
        )
        others = wide.drop(columns=best).max(axis=1)
        wins, tied = int((wide[best] > others).sum()), int((wide[best] == others).sum())
        found.append(
            {
                "claim": "best_mode_tasks",
                "value": wins,
                "unit": f"of {len(wide)} tasks",
                "detail": f"{best} is the best{f', {tied} more tied' if tied else ''}",
                "statement": f"{_mode(best).capitalize()} alone is the best mode of {title} {_tasks(wins, len(wide))}"
                f"{f', and shares the best value in {tied} more' if tied else ''}.",
            }
        )
    pairs = {
        "boxes_minus_points": (["mode3", "mode4", "mode5"], ["mode1", "mode2"]),
        "box_minus_point_largest_component": (["mode3"], ["mode1"]),
        "boxes_minus_points_each_component": (["mode4"], ["mode2"]),
    }
    names = {
        "boxes_minus_points": ("boxes (modes 3 to 5)", "points (modes 1 and 2)"),
        "box_minus_point_largest_component": ("a box around the largest component", "a point in it"),
        "boxes_minus_points_each_component": ("a box around each component", "a point in each"),
    }
    for claim, (boxes, points) in pairs.items():
        if {*boxes, *points} <= set(wide) and len(wide):
            gap = wide[boxes].mean(axis=1) - wide[points].mean(axis=1)
            better = int((gap > 0).sum())
            found.append(
                {
                    "claim": claim,
                    "value": gap.mean(),
                    "unit": "IoU",
                    "detail": f"boxes are better in {better} of {len(gap)} tasks",
                    "p": _p(gap, 0.0),
                    "statement": f"With {names[claim][0]}, the mean IoU of {title} is {abs(gap.mean()):.4f} "
                    f"{'above' if gap.mean() > 0 else 'below'} that with {names[claim][1]}, and higher "
                    f"{_tasks(better, len(gap))}.",
                }
            )
    return found


def _first_findings(rows: pd.DataFrame, click: int, titles: Mapping[str, str]) -> list[Finding]:
    """In how many tasks each method, with its first mask or its best one, beats the first masks of the others."""
    plain = _wide(rows[(rows["selection"] == "first") & (rows["step"] == click)], "method")
    found: list[Finding] = []
    for method in plain.columns if plain.shape[1] > 1 else []:
        for selection in ("first", "oracle"):
            own = rows[(rows["selection"] == selection) & (rows["method"] == method) & (rows["step"] == click)]
            table = plain.assign(**{method: own.set_index("task")["iou"]}).dropna()
            if table.empty:
                continue
            wins = table[method] > table.drop(columns=method).max(axis=1)
            lost = ", ".join(f"{task} ({table.loc[task].idxmax()})" for task in table.index[~wins])
            subject = titles.get(method, method) + (" with the best of its masks" if selection == "oracle" else "")
            found.append(
                {
                    "claim": f"first_at_{click}_click{'s' if click > 1 else ''}",
                    "method": method,
                    "selection": selection,
                    "value": int(wins.sum()),
                    "unit": f"of {len(table)} tasks",
                    "detail": f"not in {lost}" if 0 < (~wins).sum() <= 6 else "",
                    "statement": f"After {_clicks(click)}, {subject} is the first of {table.shape[1]} methods "
                    f"{_tasks(int(wins.sum()), len(table))}.",
                }
            )
    return found


def _trajectory_findings(rows: pd.DataFrame, method: str, selection: str, title: str) -> list[Finding]:
    """Gain, and losses, of one method and selection from the first to the last click."""
    wide = _wide(rows[(rows["method"] == method) & (rows["selection"] == selection)], "step")
    if wide.shape[1] < 2 or wide.empty:
        return []
    labels = {"method": method, "selection": selection}
    start, end = wide.columns[0], wide.columns[-1]
    means = wide.mean()
    gain = means[end] - means[start]
    loss = (wide[end] - wide.max(axis=1)).sort_values(kind="stable")
    worse = loss[loss < -LOSS]
    unit = f"of {len(wide)} tasks"
    change = "rises" if gain >= 0 else "falls"
    found: list[Finding] = [
        {
            "claim": "gain",
            **labels,
            "value": gain,
            "unit": "IoU",
            "detail": f"{means[start]:.4f} at click {start}, {means[end]:.4f} at click {end}",
            "p": _p(wide[end], wide[start]),
            "statement": f"From click {start} to click {end} the mean IoU of {title} {change} by {abs(gain):.4f}, "
            f"from {means[start]:.4f} to {means[end]:.4f}.",
        },
        {
            "claim": "loses_with_clicks",
            **labels,
            "value": len(worse),
            "unit": unit,
            "detail": ", ".join(f"{task} {value:+.3f}" for task, value in worse.items()),
            "statement": f"{title} ends more than {LOSS} below its best click {_tasks(len(worse), len(wide))}"
            + (f", most on {worse.index[0]} ({worse.iloc[0]:+.3f})." if len(worse) else "."),
        },
    ]
    if selection == "oracle":
        plain = _wide(rows[(rows["method"] == method) & (rows["selection"] == "first")], "step")
        common = wide.index.intersection(plain.index)
        below = [task for task in common if wide.loc[task, end] < plain.loc[task, end]]
        found.append(
            {
                "claim": "oracle_below_first",
                **labels,
                "value": len(below),
                "unit": f"of {len(common)} tasks",
                "detail": f"at click {end}: {', '.join(below)}" if below else "",
                "statement": f"After {_clicks(end)}, {title} is below its own first mask "
                f"{_tasks(len(below), len(common))}.",
            }
        )
    return found


def _overtaking_findings(rows: pd.DataFrame, reference: str, method: str, titles: Mapping[str, str]) -> list[Finding]:
    """At which click another method passes the reference on average, and in how many tasks it is ahead at the last."""
    both = rows[(rows["selection"] == "first") & rows["method"].isin([reference, method])]
    pair = both.pivot(index="task", columns=["method", "step"], values="iou").dropna()
    if reference not in pair or method not in pair or pair.empty:
        return []
    labels = {"method": reference, "selection": "first"}
    means = pair.mean()
    clicks = sorted(set(means[method].index) & set(means[reference].index))
    passed = [click for click in clicks if means[method][click] > means[reference][click]]
    us, them = titles.get(reference, reference), titles.get(method, method)
    found: list[Finding] = [
        {
            "claim": "overtaken",
            **labels,
            "value": int(passed[0]) if passed else np.nan,
            "unit": "click",
            "detail": f"{method} passes {reference}" if passed else f"{method} never passes {reference}",
            "statement": f"{them} passes {us} at click {passed[0]}, on average over tasks."
            if passed
            else f"{them} never passes {us}, on average over tasks.",
        }
    ]
    if clicks:
        last = clicks[-1]
        ahead = int((pair[method, last] > pair[reference, last]).sum())
        found.append(
            {
                "claim": "overtaken_tasks",
                **labels,
                "value": ahead,
                "unit": f"of {len(pair)} tasks",
                "detail": f"{method} is above {reference} at click {last}",
                "p": _p(pair[method, last], pair[reference, last]),
                "statement": f"After {_clicks(last)}, {them} is above {us} {_tasks(ahead, len(pair))}, by "
                f"{means[method][last] - means[reference][last]:+.4f} on average.",
            }
        )
    return found


def click_findings(
    rows: pd.DataFrame, references: Sequence[str] = (), titles: Mapping[str, str] | None = None
) -> list[Finding]:
    """Findings on iterative clicks, of all methods of one protocol.

    Args:
        rows: columns task, method, step, selection, iou.
        references: the methods that others may overtake (SAM).
        titles: how statements name the methods.

    Returns:
        claim, method, selection, value, unit, detail, p and statement of each finding that the rows allow.
    """
    titles = titles or {}
    if rows.empty:
        return []
    clicks = sorted(int(step) for step in rows["step"].unique())
    found: list[Finding] = []
    for click in dict.fromkeys((clicks[0], clicks[-1])):
        found += _first_findings(rows, click, titles)
    for method, selection in sorted(set(zip(rows["method"], rows["selection"], strict=True))):
        title = titles.get(method, method) + (" (oracle)" if selection == "oracle" else "")
        found += _trajectory_findings(rows, method, selection, title)
    for reference in references:
        for method in sorted(set(rows["method"]) - {*references}):
            found += _overtaking_findings(rows, reference, method, titles)
    return found
