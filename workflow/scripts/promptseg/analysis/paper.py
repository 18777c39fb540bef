"""Tables for a paper: Markdown, and LaTeX for the package booktabs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.core.files import atomic
from promptseg.core.settings import columns_of
from promptseg.core.titles import SELECTIONS, Titles, plain, setting, titled
from promptseg.core.vocabulary import AUTOMATIC, LINE_MODES, SINGLE_MODES
from promptseg.score.metrics import METRICS, Metric

_SHOWN = [*SINGLE_MODES, AUTOMATIC]  # what is not corrected

PAPER_TABLES = ["modes", "clicks", "methods", "metrics", "published"]
_LONG = 40  # rows; more do not fit on a page


@dataclass(frozen=True)
class PaperTable:
    """Cells as text; the first `text` columns are words, the others numbers."""

    name: str
    caption: str
    columns: list[str]
    rows: list[list[str]]
    text: int

    def align(self, word: str, number: str) -> list[str]:
        """How each column is aligned, in the terms of a format."""
        return [word if place < self.text else number for place in range(len(self.columns))]


def markdown(table: PaperTable) -> str:
    """The table as Markdown, with its caption above; numbers right-aligned."""
    cells = pd.DataFrame(table.rows, columns=table.columns).map(lambda cell: cell.replace("|", r"\|"))
    cells.columns = cells.columns.str.replace("|", r"\|", regex=False)
    lines = cells.to_markdown(index=False, disable_numparse=True, colalign=table.align("left", "right"))
    return f"{table.caption}\n\n{lines}\n"


def latex(table: PaperTable) -> str:
    """The table as LaTeX; a longtable where it does not fit on a page."""
    long = len(table.rows) > _LONG
    style = pd.DataFrame(table.rows, columns=table.columns).style.hide(axis="index")
    lines = (
        style.format(escape="latex")
        .format_index(escape="latex", axis=1)
        .to_latex(
            hrules=True,
            environment="longtable" if long else "table*",
            caption=table.caption.replace("%", r"\%"),
            label=f"tab:{table.name}",
            column_format="".join(table.align("l", "r")),
            position_float=None if long else "centering",
        )
    )
    return rf"% needs \usepackage{{booktabs{',longtable' if long else ''}}}" + f"\n{lines}"


def number(value: float, digits: int = 3, sign: str = "") -> str:
    """A value as text, nothing where there is none; `sign` "+" shows that of positive ones too."""
    return "" if pd.isna(value) else f"{value:{sign}.{digits}f}"


def p_text(p: float) -> str:
    """A p value as text that never reads as zero; nothing where there is none."""
    return "< 0.001" if p < 0.001 else number(p)


def _with_interval(row: Mapping[str, Any], metric: str, digits: int = 3) -> str:
    """ "0.654 [0.612, 0.691]", or the mean alone where there is no interval."""
    ends = [row[name] for name in (("ci_low", "ci_high") if metric == "iou" else _ends(metric))]
    text = number(row[metric], digits)
    return text if any(map(pd.isna, ends)) else f"{text} [{number(ends[0], digits)}, {number(ends[1], digits)}]"


def _value(row: Mapping[str, Any], metric: Metric) -> str:
    """The mean of a metric with its interval, and the unit of a distance."""
    text = _with_interval(row, metric.name, metric.decimals)
    return f"{text} {row['distance_unit']}" if text and metric.is_distance else text


def _ends(metric: str) -> tuple[str, str]:
    return f"{metric}_ci_low", f"{metric}_ci_high"


class _Names:
    """Titles and order of methods, datasets and protocols."""

    def __init__(self, datasets: Titles, methods: Titles, protocols: Titles):
        self._titles = {"dataset": datasets, "method": methods, "protocol": protocols}
        self._place = {name: index for index, name in enumerate(methods)}

    def title(self, kind: str, name: str) -> str:
        return titled(self._titles[kind], name)

    def sorted(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows of methods in the order of the registry, and of selections from the first mask to the best."""
        places = rows["method"].map(lambda name: self._place.get(name, len(self._place)))
        order = pd.DataFrame(
            {"method": places, "selection": rows["selection"].map(list(SELECTIONS).index)}, index=rows.index
        )
        return rows.loc[order.sort_values(["method", "selection"], kind="stable").index]


def _in_words(modes: Sequence[str]) -> str:
    lines = " and with drawn lines" if set(modes) & set(LINE_MODES) else ""
    return f"the five prompt modes{lines}{', and of masks from files' if AUTOMATIC in modes else ''}"


def _modes(measured: pd.DataFrame, names: _Names) -> PaperTable:
    rows = measured[(measured["level"] == "task") & measured["mode"].isin(_SHOWN) & measured["iou"].notna()]
    modes = columns_of(rows["mode"])
    rows = names.sorted(rows[["dataset", "task", "method", "selection", "mode", "iou", "n_images"]])
    cells = []
    for (dataset, task), of_task in rows.groupby(["dataset", "task"], sort=True):
        for (method, selection), own in of_task.groupby(["method", "selection"], sort=False):
            values = own.set_index("mode")["iou"].reindex(modes)
            about = [names.title("dataset", dataset), plain(task), names.title("method", method), SELECTIONS[selection]]
            cells.append([*about, str(own["n_images"].max()), *map(number, values)])
    heads = ["dataset", "task", "method", "mask", "images", *map(setting, modes)]
    return PaperTable("modes", f"IoU in {_in_words(modes)}, means over the images of each task.", heads, cells, 4)


def _clicks(measured: pd.DataFrame, names: _Names) -> PaperTable:
    rows = measured[(measured["level"] == "all") & (measured["mode"] == "iterative") & measured["iou"].notna()]
    steps = sorted(rows["step"].unique())
    cells = []
    for protocol, of_protocol in rows.groupby("protocol", sort=True):
        for (method, selection), own in names.sorted(of_protocol).groupby(["method", "selection"], sort=False):
            values = own.set_index("step")["iou"].reindex(steps)
            about = [names.title("protocol", protocol), names.title("method", method), SELECTIONS[selection]]
            cells.append([*about, *map(number, values)])
    heads = ["protocol", "method", "mask", *(str(step) for step in steps)]
    return PaperTable("clicks", "IoU after each number of clicks, means over tasks.", heads, cells, 3)


def _methods(measured: pd.DataFrame, names: _Names) -> PaperTable:
    rows = measured[(measured["level"] == "all") & measured["iou"].notna()]
    modes = columns_of(rows["mode"])
    cells = []
    for (method, selection), own in names.sorted(rows).groupby(["method", "selection"], sort=False):
        by_mode = {row["mode"]: row for row in own.to_dict("records")}
        values = [_with_interval(by_mode[mode], "iou") if mode in by_mode else "" for mode in modes]
        if any(values):
            cells.append([names.title("method", method), SELECTIONS[selection], *values])
    caption = f"IoU of the methods in {_in_words(modes)}, means over tasks with 95 % bootstrap intervals over patients."
    return PaperTable("methods", caption, ["method", "mask", *map(setting, modes)], cells, 2)


def _metrics(measured: pd.DataFrame, names: _Names) -> PaperTable:
    rows = measured[(measured["level"] == "all") & measured["mode"].isin(_SHOWN) & measured["iou"].notna()]
    cells = []
    for row in names.sorted(rows).to_dict("records"):
        about = [names.title("method", row["method"]), SELECTIONS[row["selection"]], setting(row["mode"])]
        cells.append([*about, *(_value(row, metric) for metric in METRICS)])
    heads = ["method", "mask", "mode", *(metric.label for metric in METRICS)]
    *first, last = [metric.title for metric in METRICS]
    caption = f"{', '.join(first)} and {last}, means over tasks with 95 % bootstrap intervals over patients."
    return PaperTable("metrics", caption, heads, cells, 3)


def _published(compared: pd.DataFrame, names: _Names) -> PaperTable:
    cells = []
    for row in compared[compared["ours"].notna()].to_dict("records"):
        prompt = setting(row["mode"], row["step"])
        if row["mode"] not in SINGLE_MODES:
            prompt += f", {names.title('protocol', row['protocol'])}"
        about = [row["task"], names.title("method", row["our_method"]), prompt, SELECTIONS[row["selection"]]]
        ours = _with_interval(row | {"iou": row["ours"]}, "iou")
        numbers = [str(row["n"]), ours, number(row["published"]), number(row["difference"], sign="+")]
        cells.append([*about, *numbers, row["inside"]])
    heads = ["task", "method", "prompts", "mask", "images", "ours", "published", "difference", "inside"]
    caption = "Our IoU (mean over images, 95 % interval) beside the published one, for all that exists on both sides."
    return PaperTable("published", caption, heads, cells, 4)


def paper_tables(
    measured: pd.DataFrame,
    compared: pd.DataFrame,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
    protocols: Titles | None = None,
) -> list[PaperTable]:
    """The tables of PAPER_TABLES, in that order.

    Args:
        measured: see `statistics.statistics`.
        compared: see `comparison.compare`.
        datasets: name -> {title}.
        methods: name -> {title}; methods stand in this order.
        protocols: name -> {title}.
    """
    names = _Names(datasets, methods, protocols or {})
    by_measures = [make(measured, names) for make in (_modes, _clicks, _methods, _metrics)]
    return [*by_measures, _published(compared, names)]


def write_paper(tables: list[PaperTable], folder: str | Path) -> None:
    """Write `<name>.md` and `<name>.tex` of each table."""
    for table in tables:
        for ending, text in (("md", markdown(table)), ("tex", latex(table))):
            with atomic(Path(folder) / f"{table.name}.{ending}") as path:
                path.write_text(text, encoding="utf-8")
