"""The study's figure 2: the prompt modes, task by task."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from promptseg.core.vocabulary import LINE_MODES
from promptseg.figures import style, taskrows
from promptseg.figures.source import Source


def task_order(rows: pd.DataFrame, methods: Sequence[str]) -> list[str]:
    """Labels by falling mean of mode 4 (first mask) over the methods, as in the study; then the mean of all tasks."""
    own = rows[rows["method"].isin(methods) & (rows["selection"] == "first") & (rows["mode"] == "mode4")]
    return taskrows.mean_last(rows, own.groupby("label")["iou"].mean())


def draw(source: Source) -> Figure:
    """Dot plots of the IoU, a panel for each mode with a mark for each method; of one method, one with its modes."""
    modes = style.modes()
    tasks, means = (rows[rows["mode"].isin(modes)] for rows in (source.tasks, source.means))
    drawn = set(tasks.loc[tasks["iou"].notna(), "mode"]) & set(LINE_MODES)
    title = style.words("Prompt modes, {source}" if drawn else "Five prompt modes, {source}", source=source.words)
    if not tasks["iou"].notna().any():
        return style.message(title, style.words("No method of this run was prompted in modes 1 to 5."))
    rows = pd.concat([tasks, means.assign(label=taskrows.mean_of_tasks())], ignore_index=True)
    order = task_order(tasks, source.rivals)
    found = rows[rows["iou"].notna()]
    looks = {name: look for name, look in source.looks.items() if name in set(found["method"])}
    if len(looks) == 1:
        (look,) = looks.values()
        words = "{method} in the prompt modes, {source}" if drawn else "{method} in five prompt modes, {source}"
        title = style.words(words, method=look.title, source=source.words)
        own = {mode: look for mode, look in modes.items() if mode in set(found["mode"])}
        return taskrows.draw(title, {"": rows.assign(key=rows["mode"])}, order, own, reference=source.reference)
    rows = rows.assign(key=rows["method"])
    shown = {look.title: rows[rows["mode"] == mode] for mode, look in modes.items() if mode in set(found["mode"])}
    return taskrows.draw(title, shown, order, looks, reference=source.reference)
