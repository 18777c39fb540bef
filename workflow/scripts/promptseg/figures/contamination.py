"""Which datasets were in the training set of which method."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from promptseg.analysis.contamination import CONTAMINATION
from promptseg.core.tables import read_csv
from promptseg.figures import style

_CELL = 0.34  # inches at most
_ROW = 0.22  # inches
# Colour of the cell, sign in it, and what it means: the sign alone tells the answers apart.
ANSWERS = {
    "yes": (style.VERMILION, "yes", "in the training set of the method's weights"),
    "no": (style.PALE_BLUE, "no", "not in it, by the source that contamination.csv names"),
    "unknown": ("white", "?", "no source tells"),
}


def draw(
    contamination: str | Path, methods: Mapping[str, Mapping[str, Any]], datasets: Mapping[str, Mapping[str, Any]]
) -> Figure:
    """A matrix with a row for each method, a column for each dataset, and the answer in each cell.

    Args:
        contamination: `contamination.csv`.
        methods: name -> {title}; rows are in this order.
        datasets: name -> {title}; columns are in this order.
    """
    title, rows = "Datasets seen in training, this run", read_csv(contamination, CONTAMINATION)
    if rows.empty:
        return style.message(title, "This run has no method or no dataset.")
    style.use()
    down = [name for name in methods if name in set(rows["method"])]
    across = [name for name in datasets if name in set(rows["dataset"])]
    names = [style.wrap(str(methods[name].get("title") or name), 30) for name in down]
    heads = [style.wrap(str(datasets[name].get("title") or name), 26) for name in across]
    room = 0.075 * max(len(line) for name in names for line in name.split("\n"))
    tall = 0.066 * max(len(line) for head in heads for line in head.split("\n"))
    cell = min(_CELL, (style.page() - room - 0.3) / len(across))
    width = max(style.column(), room + 0.3 + cell * len(across))
    figure = Figure(figsize=(width, tall + 1.15 + _ROW * len(down)), layout="constrained")
    figure.suptitle(title)
    axis = figure.subplots()
    for method, dataset, answer in rows[["method", "dataset", "answer"]].itertuples(index=False):
        x, y = across.index(dataset), down.index(method)
        colour, sign, _ = ANSWERS[answer]
        axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor="white", linewidth=1))
        ink = "white" if answer == "yes" else style.GREY
        axis.text(x, y, sign, ha="center", va="center", fontsize=6.5, fontweight="bold", color=ink)
    axis.set(xlim=(-0.5, len(across) - 0.5), ylim=(len(down) - 0.5, -0.5))
    axis.set_xticks(range(len(across)), heads, rotation=90)
    axis.set_yticks(range(len(down)), names)
    axis.tick_params(length=0, labeltop=True, labelbottom=False)
    for spine in axis.spines.values():
        spine.set(color=style.LINE)
    present = [ANSWERS[answer] for answer in ANSWERS if answer in set(rows["answer"])]
    handles = [
        Rectangle((0, 0), 1, 1, facecolor=colour, edgecolor=style.FRAME, linewidth=0.5) for colour, *_ in present
    ]
    words = [f"{sign}: {meaning}" for _, sign, meaning in present]
    figure.legend(handles, words, loc="outside lower left", ncols=1, handlelength=1.2)
    return figure
