"""House style of the figures: one colour and marker for each method and mode, sizes of a paper, reproducible files."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from promptseg.core.titles import MODALITIES as MODALITIES
from promptseg.core.titles import MODES as MODE_TITLES
from promptseg.core.titles import SELECTIONS as SELECTION_TITLES
from promptseg.core.titles import plain, titled
from promptseg.core.vocabulary import AUTOMATIC, STUDY_MODES
from promptseg.figures.files import save as save
from promptseg.figures.looks import BAND, GREY, LINE, Look, step_colours
from promptseg.figures.looks import BLUE as BLUE
from promptseg.figures.looks import FRAME as FRAME
from promptseg.figures.looks import GREEN as GREEN
from promptseg.figures.looks import INDIGO as INDIGO
from promptseg.figures.looks import OLIVE as OLIVE
from promptseg.figures.looks import ORANGE as ORANGE
from promptseg.figures.looks import PALE_BLUE as PALE_BLUE
from promptseg.figures.looks import PALE_ORANGE as PALE_ORANGE
from promptseg.figures.looks import PINK as PINK
from promptseg.figures.looks import SKY as SKY
from promptseg.figures.looks import TEAL as TEAL
from promptseg.figures.looks import VERMILION as VERMILION
from promptseg.figures.looks import WINE as WINE
from promptseg.figures.looks import YELLOW as YELLOW
from promptseg.figures.looks import method_looks as method_looks
from promptseg.figures.looks import rivals as rivals
from promptseg.figures.looks import study_looks as study_looks
from promptseg.figures.looks import threshold_looks as threshold_looks
from promptseg.figures.translation import use_words, words

_MM = 25.4
_GUTTER, _LEAST = 5 / _MM, 80 / _MM  # inches between the columns of a paper, and of the narrowest one
_widths = {"page": 183 / _MM}
RHO = "\N{GREEK SMALL LETTER RHO}"

# Points teal, boxes brown (ColorBrewer's BrBG), lines green (PiYG), selections violet (PRGn): no colours of methods.
_MODES = {
    "mode1": ("#5ab4ac", "o"), "mode2": ("#01665e", "s"), "mode3": ("#dfb45c", "^"), "mode4": ("#a6611a", "D"),
    "mode5": ("#543005", "v"), "scribble_centre": ("#b8e186", "P"), "scribble_walk": ("#7fbc41", "X"),
    "scribble_contour": ("#4d9221", "p"), "lasso": ("#276419", "h"), AUTOMATIC: ("#c51b7d", "P"),
}  # fmt: skip
_SELECTIONS = {"first": ("#762a83", "o"), "best_score": ("#c2a5cf", "s"), "oracle": ("#9970ab", "D")}

_INK = ".15"  # grey of texts and ticks
_TICKS = {
    "color": _INK, "labelsize": 6.5, "major.width": 0.6, "minor.width": 0.8, "major.size": 2.5, "minor.size": 3.2,
}  # fmt: skip
_HOUSE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "text.color": _INK,
    "text.parse_math": False,  # titles of users may hold dollars
    "axes.axisbelow": True,
    "axes.titlesize": 7,
    "axes.titley": 1.0,  # else all ticks are asked whether they are in its way
    "axes.labelsize": 7,
    "axes.labelcolor": _INK,
    "axes.linewidth": 0.6,
    "axes.edgecolor": GREY,
    **{f"{axis}tick.{key}": value for axis in "xy" for key, value in _TICKS.items()},
    "figure.titlesize": 8,
    "grid.linewidth": 0.4,
    "grid.color": LINE,
    "lines.linewidth": 1.0,
    "lines.markersize": 3,
    "lines.solid_capstyle": "round",
    "patch.linewidth": 0.8,
    "patch.edgecolor": "w",
    "patch.force_edgecolor": True,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "legend.title_fontsize": 6.5,
    "legend.handlelength": 2.2,
    "legend.columnspacing": 1.2,
}

_STEP_MARKERS = ["o", "s", "^", "D", "v"]


def configure(width_mm: float, translated: Mapping[str, str] = MappingProxyType({})) -> None:
    """Draw in this width and language from here on, as `figures` in the configuration says.

    Args:
        width_mm: of figures over both columns of a page.
        translated: English -> the words of the language (`translation.words_of`); none for English.
    """
    _widths["page"] = width_mm / _MM
    use_words(translated)


def page() -> float:
    """Inches of both columns of a page."""
    return _widths["page"]


def column() -> float:
    """Inches of one column: half a page without the gutter, 80 mm at least."""
    return max(min(_LEAST, page()), (page() - _GUTTER) / 2)


def modes() -> dict[str, Look]:
    """The looks of the modes without clicks, and of the one without prompts whose masks come from files."""
    return {mode: Look(words(MODE_TITLES[mode]), *look) for mode, look in _MODES.items()}


def prompt(mode: str) -> str:
    """What a mode prompts with, without its number: "one box around the object"."""
    title = words(MODE_TITLES[mode])
    return title.partition(": ")[2] or title


def mode_heading(mode: str) -> str:
    """What stands above a panel of a mode: "mode 1: one point, largest component"; "lasso", which has no number."""
    title = words(MODE_TITLES[mode])
    return words("mode {title}", title=title) if mode in STUDY_MODES else title


def selections(names: Iterable[str] = ("first", "oracle")) -> dict[str, Look]:
    """The looks of selections, by default of what the study calls the result of SAM: its first mask, or its best."""
    return {name: Look(words(SELECTION_TITLES[name]), *_SELECTIONS[name]) for name in names}


def use() -> None:
    """Set the house style for the figures drawn from here on."""
    matplotlib.rcParams.update(_HOUSE)


def click_looks(steps: Sequence[int]) -> dict[int, Look]:
    """The looks of numbers of clicks, from pale green to dark blue (ColorBrewer's YlGnBu), each with a marker."""
    shades = zip(steps, step_colours(len(steps)), strict=True)
    return {step: Look(clicks(step), colour, _STEP_MARKERS[index % 5]) for index, (step, colour) in enumerate(shades)}


def clicks(count: int) -> str:
    """ "1 click", "5 clicks"."""
    return words("1 click") if count == 1 else words("{count} clicks", count=int(count))


def tasks(count: int) -> str:
    """ "1 task", "5 tasks"."""
    return words("1 task") if count == 1 else words("{count} tasks", count=int(count))


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
    drawn = {"color": look.colour, "marker": look.marker}
    if hollow:
        return drawn | {"markerfacecolor": "white", "markeredgecolor": look.colour}
    return drawn | {
        "markerfacecolor": look.colour,
        "markeredgecolor": look.edge or look.colour,
        "fillstyle": look.fill,
        "markerfacecoloralt": "white",
    }


def handle(
    look: Look, hollow: bool = False, line: Literal["none", "-", "--", ":", "-."] = "none", label: str | None = None
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
    axis.spines[["top", "right"]].set_visible(False)


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
    figure = Figure(figsize=(column(), 1.2), layout="constrained")
    figure.suptitle(wrap(title, 60))
    axis = figure.subplots()
    axis.set_axis_off()
    axis.text(0.5, 0.5, wrap(sentence, 60), ha="center", va="center", color=GREY)
    return figure
