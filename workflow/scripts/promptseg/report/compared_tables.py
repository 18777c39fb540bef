"""The tables of the page of a comparison, as text."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from promptseg.analysis.compare.objects import reported
from promptseg.analysis.compare.tables import CHANGED, COVERAGE, DIFFERENCES, SETTINGS, UNPAIRED
from promptseg.analysis.paper import number
from promptseg.core.titles import SELECTIONS, STATUSES, Titles, plain, setting, titled
from promptseg.figures.compared import kinds_of, label_of, prompts_of
from promptseg.figures.style import method_looks
from promptseg.report.grid import Table, as_table
from promptseg.score.metrics import METRICS

__all__ = ["Table", "headline", "of_page", "titled"]

_LABELS = {metric.name: metric.label for metric in METRICS}
_DECIMALS = {metric.name: metric.decimals for metric in METRICS}
LONGEST = 40  # rows of the tables of objects on the page; the files hold the others


def _signed(row: Any, digits: int = 3) -> str:
    """ "+0.012 [-0.003, +0.028]", the difference alone where there is no interval, "0" where all objects are equal."""
    if row.n_higher == row.n_lower == 0:
        return "0"
    text = number(row.difference, digits, "+")
    if not text or pd.isna(row.ci_low):
        return text
    return f"{text} [{number(row.ci_low, digits, '+')}, {number(row.ci_high, digits, '+')}]"


def headline(differences: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """Mean differences in IoU over tasks: a row for each method and selection, a column for each prompt."""
    rows = differences[
        (differences["level"] == "all") & (differences["metric"] == "iou") & (differences["group"] == "")
    ]
    rows = reported(rows.assign(task="all"))
    prompts = prompts_of(rows, protocols)
    cells = []
    for method, selection in kinds_of(rows, method_looks(methods)):
        own = rows[(rows["method"] == method) & (rows["selection"] == selection)]
        texts = {(row.mode, row.step, row.protocol): _signed(row) for row in own.itertuples()}
        cells.append([label_of((method, selection), methods), *(texts.get(key, "") for key in prompts)])
    return as_table(cells, ["method", *prompts.values()], 1)


def _prompt(row: Any, protocols: Titles) -> str:
    return setting(row.mode, row.step) + (f", {titled(protocols, row.protocol)}" if row.protocol else "")


def _status(status: str) -> str:
    return STATUSES.get(status, status)


def _by_task(differences: pd.DataFrame, titles: Mapping[str, Titles]) -> Table:
    rows = differences[differences["metric"] == "iou"]
    rows = pd.concat([reported(rows[rows["level"] == "task"]), rows[(rows["level"] == "all") & (rows["group"] != "")]])
    cells = [
        [
            *(titled(titles["dataset"], row.dataset) if row.dataset else "mean over tasks", plain(row.task)),
            *(row.group, titled(titles["method"], row.method), _prompt(row, titles["protocol"])),
            *(SELECTIONS[row.selection], row.n_objects, row.n_patients, number(row.mean_a), number(row.mean_b)),
            *(_signed(row), row.n_higher, row.n_lower, row.n_equal),
        ]
        for row in rows.itertuples()
    ]
    heads = ["dataset", "task", "group", "method", "prompt", "mask", "objects", "patients", "A", "B", "B - A"]
    return as_table(cells, [*heads, "higher", "lower", "equal"], 6)


def _metrics(differences: pd.DataFrame, titles: Mapping[str, Titles]) -> Table:
    rows = differences[(differences["level"] == "all") & (differences["group"] == "")]
    rows = reported(rows.assign(task="all"))
    cells = []
    for key, own in rows.groupby(["method", "protocol", "mode", "step", "selection"], sort=False):
        first = next(own.itertuples())
        values = {row.metric: _signed(row, _DECIMALS[row.metric]) for row in own.itertuples()}
        about = [titled(titles["method"], key[0]), _prompt(first, titles["protocol"]), SELECTIONS[key[4]]]
        cells.append([*about, *(values.get(name, "") for name in _LABELS)])
    return as_table(cells, ["method", "prompt", "mask", *_LABELS.values()], 3)


def _changed(changed: pd.DataFrame, titles: Mapping[str, Titles], direction: str) -> Table:
    sized = changed.assign(size=changed["difference"].abs())
    rows = sized[sized["direction"] == direction]
    rows = rows.sort_values(["size", "dataset", "object_id"], ascending=[False, True, True], kind="stable")
    rows = rows.drop_duplicates(["dataset", "object_id", "method"]).head(LONGEST // 2)
    cells = [
        [
            *(
                titled(titles["dataset"], row.dataset),
                plain(row.task),
                row.image_id,
                titled(titles["method"], row.method),
            ),
            *(_prompt(row, titles["protocol"]), SELECTIONS[row.selection], number(row.iou_a), number(row.iou_b)),
            number(row.difference, sign="+"),
        ]
        for row in rows.itertuples()
    ]
    return as_table(cells, ["dataset", "task", "image", "method", "prompt", "mask", "A", "B", "B - A"], 6)


def _unpaired(unpaired: pd.DataFrame, titles: Mapping[str, Titles]) -> Table:
    cells = [
        [
            *(titled(titles["dataset"], row.dataset), plain(row.task), row.image_id, plain(row.what)),
            *(_status(row.status_a), _status(row.status_b)),
            ", ".join(titled(titles["method"], name) for name in row.methods.split(", ")),
            row.n_rows,
        ]
        for row in unpaired.head(LONGEST).itertuples()
    ]
    heads = ["dataset", "task", "image", "what", "status in A", "status in B", "methods", "rows"]
    return as_table(cells, heads, 7)


def _counts(coverage: pd.DataFrame, titles: Mapping[str, Titles]) -> Table:
    """Objects of each method, over all settings."""
    names = COVERAGE.names[7:]
    rows = coverage[coverage["task"] != ""].groupby("method", sort=False)[names].sum()
    cells = [[titled(titles["method"], name), *own] for name, own in zip(rows.index, rows.to_numpy(), strict=True)]
    return as_table(cells, ["method", *(plain(name).replace(" a", " A").replace(" b", " B") for name in names)], 1)


def of_page(tables: Mapping[str, pd.DataFrame], titles: Mapping[str, Titles]) -> dict[str, Any]:
    """The tables of the page by their names in the template.

    Args:
        tables: what the comparison found, by file name.
        titles: kind (`method`, `dataset`, `protocol`) -> name -> {title}.
    """
    return {
        "tasks": _by_task(tables[DIFFERENCES.name], titles),
        "metrics": _metrics(tables[DIFFERENCES.name], titles),
        "lower": _changed(tables[CHANGED.name], titles, "lower"),
        "higher": _changed(tables[CHANGED.name], titles, "higher"),
        "counts": _counts(tables[COVERAGE.name], titles),
        "unpaired": _unpaired(tables[UNPAIRED.name], titles),
        "all_unpaired": len(tables[UNPAIRED.name]),
        "settings": as_table(tables[SETTINGS.name].to_numpy().tolist(), ["fact", "A", "B", "for"], 4),
    }
