"""House style of the figures: one colour and marker for each method and mode, sizes of a paper, reproducible files."""

import logging
import textwrap
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from promptseg.analysis.study.published import TITLES
from promptseg.core.files import atomic
from promptseg.core.titles import MODES as MODE_TITLES
from promptseg.core.titles import SELECTIONS as SELECTION_TITLES
from promptseg.core.titles import plain, titled

COLUMN = 3.5  # inches, one column of a paper
PAGE = 7.2  # inches, both columns
_DPI = 200  # of the PNG files

GREY, FRAME, LINE, BAND = "#5b5b5b", "#bbbbbb", "#dddddd", "#f3f3f3"  # of texts, thin frames, grids, every other row
RHO = "\N{GREEK SMALL LETTER RHO}"

# Okabe and Ito's colours without black, then four of Tol's: told apart by colour-blind readers, and each paired with a
# marker of its own so that no figure rests on colour alone.
BLUE, VERMILION, GREEN, PINK, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
WINE, INDIGO, OLIVE, TEAL = "#882255", "#332288", "#999933", "#44AA99"
YELLOW = "#F0E442"  # too bright for anything but marks on an image
PALE_BLUE, PALE_ORANGE = "#cfe6f5", "#FDE9C4"
_COLOURS = [BLUE, VERMILION, GREEN, PINK, ORANGE, SKY, WINE, INDIGO, OLIVE, TEAL]
_MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<", "h", ">", "p"]
# Controls bound the scores and are no rivals, so they stay in the background.
_CONTROL_COLOURS = ["#222222", "#8a8a8a", "#b5b5b5", "#606060"]
_CONTROL_MARKERS = ["o", "s", "D", "^"]


@dataclass(frozen=True)
class Look:
    """How a method or a mode appears in every figure."""

    title: str
    colour: str
    marker: str


# Points in blue, boxes in warm colours.
MODES = {
    mode: Look(MODE_TITLES[mode], colour, marker)
    for mode, colour, marker in (
        ("mode1", SKY, "o"), ("mode2", BLUE, "s"), ("mode3", ORANGE, "^"), ("mode4", VERMILION, "D"),
        ("mode5", WINE, "v"),
    )
}  # fmt: skip

MODALITIES = {"ct": "CT", "mri": "MRI", "pet": "PET", "xray": "X-ray", "us": "Ultrasound", "other": "Other"}

# What the study calls the result of SAM: the first of its three masks, or the one that fits the truth best.
SELECTIONS = {name: SELECTION_TITLES[name] for name in ("first", "oracle")}


def use() -> None:
    """Set the house style for the figures drawn from here on."""
    sns.set_theme(
        context="paper",
        style="ticks",
        rc={
            "font.family": "DejaVu Sans",
            "font.size": 7,
            "axes.titlesize": 7,
            "axes.labelsize": 7,
            "xtick.labelsize": 6.5,
            "ytick.labelsize": 6.5,
            "legend.fontsize": 6.5,
            "figure.titlesize": 8,
            "axes.linewidth": 0.6,
            "axes.edgecolor": GREY,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "xtick.major.size": 2.5,
            "ytick.major.size": 2.5,
            "grid.linewidth": 0.4,
            "grid.color": LINE,
            "lines.linewidth": 1.0,
            "lines.markersize": 3,
            "legend.frameon": False,
            "legend.title_fontsize": 6.5,
            "legend.handlelength": 2.2,
            "legend.columnspacing": 1.2,
            "pdf.fonttype": 42,
            "svg.fonttype": "none",
        },
    )


def method_looks(methods: Mapping[str, Mapping[str, Any]]) -> dict[str, Look]:
    """The look of each method.

    Args:
        methods: every registered method, in the order of the registry: name -> {title, control}. The looks depend on
            nothing else, so a method looks the same whatever a run covers.
    """
    looks, kinds = {}, [0, 0]
    for name, entry in methods.items():
        control = bool(entry.get("control"))
        index = kinds[control]
        kinds[control] += 1
        colours, markers = (_CONTROL_COLOURS, _CONTROL_MARKERS) if control else (_COLOURS, _MARKERS)
        looks[name] = Look(titled(methods, name), colours[index % len(colours)], markers[index % len(markers)])
    return looks


def study_looks(methods: Mapping[str, Mapping[str, Any]]) -> dict[str, Look]:
    """The look of the study's four methods: that of the first registered method that repeats each."""
    repeats: dict[str, str] = {}
    for name, entry in methods.items():
        repeats.setdefault(entry.get("published") or "", name)
    known = dict(methods) | {study: {"title": title} for study, title in TITLES.items() if study not in repeats}
    looks = method_looks(known)
    return {
        study: Look(title, looks[repeats.get(study, study)].colour, looks[repeats.get(study, study)].marker)
        for study, title in TITLES.items()
    }


def rivals(methods: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The methods that are no controls; of controls alone, all."""
    return [name for name, entry in methods.items() if not entry.get("control")] or list(methods)


def labelled(rows: pd.DataFrame, datasets: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The rows with a column `label`: the dataset's title, with the task where the dataset has several.

    Args:
        rows: columns dataset and task.
        datasets: name -> {title}.
    """
    pairs = list(zip(rows["dataset"], rows["task"], strict=True))
    tasks = Counter(dataset for dataset, _ in set(pairs))
    titles = {name: titled(datasets, name) for name in tasks}
    labels = [f"{titles[dataset]}: {plain(task)}" if tasks[dataset] > 1 else titles[dataset] for dataset, task in pairs]
    return rows.assign(label=labels)


def wrap(text: str, width: int) -> str:
    """The text in lines of at most `width` characters; a label that is too long breaks after its colon."""
    head, colon, tail = text.partition(": ")
    if len(text) > width and colon and max(len(head) + 1, len(tail)) <= width:
        return f"{head}:\n{tail}"
    return "\n".join(textwrap.wrap(text, width, break_long_words=False))


def mark(look: Look, hollow: bool = False) -> dict[str, Any]:
    """How `Axes.plot` draws a look: its colour and marker, filled or hollow."""
    inner = "white" if hollow else look.colour
    return {"color": look.colour, "marker": look.marker, "markerfacecolor": inner, "markeredgecolor": look.colour}


def handle(
    look: Look, hollow: bool = False, line: Literal["none", "-", "--", ":"] = "none", label: str | None = None
) -> Line2D:
    """A legend entry in the house style."""
    use()
    return Line2D([], [], linestyle=line, label=label or look.title, **mark(look, hollow))


def unit_axis(axis: Axes, which: str) -> None:
    """IoU from 0 to 1 along `x` or `y`, with a grid."""
    limits, ticks = (axis.set_xlim, axis.set_xticks) if which == "x" else (axis.set_ylim, axis.set_yticks)
    limits(-0.02, 1.02)
    ticks([0, 0.2, 0.4, 0.6, 0.8, 1], ["0", ".2", ".4", ".6", ".8", "1"])
    axis.grid(axis="both" if which == "y" else "x", zorder=0)
    axis.set_axisbelow(True)
    sns.despine(ax=axis)


def stripes(axis: Axes, count: int) -> None:
    """Shade every other of `count` rows, the first at y = 0 on top."""
    for index in range(0, count, 2):
        axis.axhspan(index - 0.5, index + 0.5, color=BAND, linewidth=0, zorder=0)
    axis.set_ylim(count - 0.5, -0.5)
    axis.tick_params(axis="y", length=0)


def offsets(count: int, spread: float = 0.32) -> list[float]:
    """Places of `count` marks within a row, from its top."""
    return [spread * (2 * index / (count - 1) - 1) for index in range(count)] if count > 1 else [0.0]


def message(title: str, sentence: str) -> Figure:
    """A figure that says why there is nothing to see."""
    use()
    figure = Figure(figsize=(COLUMN, 1.2), layout="constrained")
    figure.suptitle(wrap(title, 60))
    axis = figure.subplots()
    axis.set_axis_off()
    axis.text(0.5, 0.5, wrap(sentence, 60), ha="center", va="center", color=GREY)
    return figure


def save(figure: Figure, pdf: str | Path, png: str | Path) -> None:
    """Write a figure as PDF with embedded fonts and as PNG (200 dpi); equal figures give equal files."""
    # Found once for both files, because it takes most of the time, and at the resolution of the PNG,
    # because the width of a text depends on that.
    figure.set_dpi(_DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine(None)  # even "none" would have each file drawn twice
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # else a line for each table of each font
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        with atomic(pdf) as path:
            figure.savefig(path, metadata={"CreationDate": None})
        with atomic(png) as path:
            figure.savefig(path, dpi=_DPI, metadata={"Software": None})
