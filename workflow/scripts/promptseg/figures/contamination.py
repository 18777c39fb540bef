"""Which datasets were in the training set of which method."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from promptseg.analysis.contamination import CONTAMINATION
from promptseg.core.tables import read_csv
from promptseg.core.titles import titled
from promptseg.figures import style

_CELL = 0.34  # inches at most
_ROW = 0.22  # inches
# Colour of the cell, sign in it, and what it means: the sign alone tells the answers apart.
ANSWERS = {
    "yes": (style.VERMILION, "yes", "in the training set of the method's weights"),
    "no": (style.PALE_BLUE, "no", "not in it, by the source that contamination.csv names"),
    "unknown": ("white", "?", "no source tells"),
}
# What is said where all cells would hold the same.
ALONE = {
    "yes": "All datasets of this run were in the training sets of all of its methods.",
    "no": "None of the datasets of this run was in the training set of any of its methods, by the sources that "
    "contamination.csv names.",
    "unknown": "No source tells whether the datasets of this run were in the training sets of its methods.",
}


def _room(labels: Iterable[str]) -> float:
    """Inches that the longest line of some labels takes."""
    return 0.07 * max(len(line) for label in labels for line in label.split("\n"))


def _cell(down: Mapping[str, str], across: Mapping[str, str]) -> float:
    """Inches of a cell, as far as the width of a page allows."""
    room = _room(style.wrap(title, 30) for title in down.values())
    return min(_CELL, (style.page() - room - 0.3) / len(across))


def draw(
    contamination: str | Path, methods: Mapping[str, Mapping[str, Any]], datasets: Mapping[str, Mapping[str, Any]]
) -> Figure:
    """A matrix of methods and datasets with the answer in each cell; a sentence where there is one answer.

    Args:
        contamination: `contamination.csv`.
        methods: name -> {title}, in this order.
        datasets: name -> {title}, in this order.
    """
    title, rows = style.words("Datasets seen in training, this run"), read_csv(contamination, CONTAMINATION)
    if rows.empty:
        return style.message(title, style.words("This run has no method or no dataset."))
    if rows["answer"].nunique() == 1:
        return style.message(title, style.words(ALONE[rows["answer"].iloc[0]]))
    style.use()
    down = {name: titled(methods, name) for name in methods if name in set(rows["method"])}
    across = {name: titled(datasets, name) for name in datasets if name in set(rows["dataset"])}
    answers = rows.set_index(["method", "dataset"])["answer"].unstack().reindex(index=list(down), columns=list(across))
    cell = _cell(down, across)
    if cell < _CELL and len(across) > len(down):  # many datasets have more room below one another
        down, across, answers = across, down, answers.T
        cell = _cell(down, across)
    names, heads = ([style.wrap(title, 30) for title in titles.values()] for titles in (down, across))
    width = max(style.column(), _room(names) + 0.3 + cell * len(across))
    small = cell < 0.24
    figure = Figure(
        figsize=(width, _room(heads) + 1.15 + (0.14 if small else _ROW) * len(down)), layout="constrained"
    )  # fmt: skip
    figure.suptitle(style.wrap(title, int(17 * width)))
    axis = figure.subplots()
    for (y, x), answer in np.ndenumerate(answers.to_numpy()):
        if pd.isna(answer):
            continue
        colour, sign, _ = ANSWERS[answer]
        axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor="white", linewidth=1))
        ink, words = "white" if answer == "yes" else style.GREY, style.words(sign)
        axis.text(
            x, y, words[0] if small else words, ha="center", va="center", fontsize=5.2 if small else 6.5,
            fontweight="bold", color=ink,
        )  # fmt: skip
    axis.set(xlim=(-0.5, len(across) - 0.5), ylim=(len(down) - 0.5, -0.5))
    size = 5.4 if small else 6.5
    axis.set_xticks(range(len(across)), heads, rotation=90, fontsize=size, linespacing=0.85)
    axis.set_yticks(range(len(down)), names, fontsize=size, linespacing=0.85)
    axis.tick_params(length=0, labeltop=True, labelbottom=False)
    for spine in axis.spines.values():
        spine.set(color=style.LINE)
    present = [ANSWERS[answer] for answer in ANSWERS if answer in set(rows["answer"])]
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=colour, edgecolor=style.FRAME, linewidth=0.5) for colour, *_ in present
    ]
    meanings = [f"{style.words(sign)}: {style.words(meaning)}" for _, sign, meaning in present]
    figure.legend(handles, meanings, loc="outside lower left", ncols=1, handlelength=1.2)
    return figure
