"""House style of the figures: one colour and marker for each method and mode, sizes of a paper, reproducible files."""

import io
import logging
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from PIL import Image

from promptseg.core.files import atomic
from promptseg.core.titles import MODALITIES as MODALITIES
from promptseg.core.titles import MODES as MODE_TITLES
from promptseg.core.titles import SELECTIONS as SELECTION_TITLES
from promptseg.core.titles import plain, titled
from promptseg.core.vocabulary import AUTOMATIC, STUDY_MODES
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
_DPI = 200  # of the PNG files
# What keeps the time of writing and random names out of the files.
_METADATA = {".png": {"Software": None}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
_FILES: dict[Any, Any] = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "promptseg"}
_COLOURS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")
_KEPT = ("#ffffff", "#000000", SKY, ORANGE, YELLOW)  # of what is drawn on images, however little of it there is
_widths = {"page": 183 / _MM}
RHO = "\N{GREEK SMALL LETTER RHO}"

# Points teal, boxes brown (ColorBrewer's BrBG), lines green (PiYG), selections violet (PRGn): no colours of methods.
_MODES = {
    "mode1": ("#5ab4ac", "o"), "mode2": ("#01665e", "s"), "mode3": ("#dfb45c", "^"), "mode4": ("#a6611a", "D"),
    "mode5": ("#543005", "v"), "scribble_centre": ("#b8e186", "P"), "scribble_walk": ("#7fbc41", "X"),
    "scribble_contour": ("#4d9221", "p"), "lasso": ("#276419", "h"), AUTOMATIC: ("#c51b7d", "P"),
}  # fmt: skip
_SELECTIONS = {"first": ("#762a83", "o"), "best_score": ("#c2a5cf", "s"), "oracle": ("#9970ab", "D")}

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
    sns.set_theme(
        context="paper",
        style="ticks",
        rc={
            "font.family": "DejaVu Sans",
            "font.size": 7,
            "text.parse_math": False,  # titles of users may hold dollars
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
        },
    )


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
    figure = Figure(figsize=(column(), 1.2), layout="constrained")
    figure.suptitle(wrap(title, 60))
    axis = figure.subplots()
    axis.set_axis_off()
    axis.text(0.5, 0.5, wrap(sentence, 60), ha="center", va="center", color=GREY)
    return figure


def save(figure: Figure, files: str | Path | Iterable[str | Path]) -> None:
    """Write a figure to files of the formats that their endings name; equal figures give equal files.

    Args:
        files: PNG (200 dpi), PDF with embedded fonts, SVG with texts as texts, EPS without transparency.
    """
    # Found once for all files, because it takes most of the time, and at the resolution of the PNG,
    # because the width of a text depends on that.
    figure.set_dpi(_DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine(None)  # even "none" would have each file drawn twice
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # else a line for each table of each font
    paths = [Path(file) for file in ([files] if isinstance(files, str | Path) else files)]
    for path in sorted(paths, key=lambda path: path.suffix == ".eps"):  # which changes colours
        with matplotlib.rc_context(_FILES), atomic(path) as written:
            if path.suffix == ".eps":
                _write_eps(figure, written)
            elif path.suffix == ".png" and any(axis.images for axis in figure.axes):
                _write_picture(figure, written)
            else:
                figure.savefig(written, dpi=_DPI, metadata=_METADATA[path.suffix])


def _write_picture(figure: Figure, path: Path) -> None:
    """PNG of 256 colours, half as large: most grey levels of images are off by one at most, colours on them by none."""
    with io.BytesIO() as drawn:
        figure.savefig(drawn, dpi=_DPI, format="png")
        picture = Image.open(drawn).convert("RGB")
    common = picture.quantize(256 - len(_KEPT), Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    pixels, places, palette = np.asarray(picture), np.array(common), list(common.getpalette() or [])
    for colour in _KEPT:
        kept = [round(255 * value) for value in to_rgb(colour)]
        places[(pixels == kept).all(axis=-1)] = len(palette) // 3
        palette += kept
    reduced = Image.fromarray(places)
    reduced.putpalette(palette)
    reduced.save(path, "PNG", dpi=(_DPI, _DPI))


def _write_eps(figure: Figure, path: Path) -> None:
    """EPS knows no transparency: thin colours become the pale ones that they are on white. Nor may it tell the time."""
    for artist in figure.findobj():
        if (alpha := artist.get_alpha()) is None or isinstance(artist, AxesImage):
            continue
        found = {name: getattr(artist, f"get_{name}", None) for name in _COLOURS}
        opaque = {name: _on_white(get(), alpha) for name, get in found.items() if get}
        artist.set_alpha(None)
        artist.set(**opaque)
    figure.savefig(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not line.startswith(b"%%CreationDate")))


def _on_white(colour: Any, alpha: float) -> Any:
    """What a thin colour, or an array (n, 4) of them, looks like on white; none where there is none."""
    rgba = to_rgba_array(colour)
    if not len(rgba) or not rgba[:, 3].any():
        return "none"
    opaque = 1 - alpha * (1 - rgba[:, :3])
    return tuple(opaque[0]) if len(opaque) == 1 else opaque
