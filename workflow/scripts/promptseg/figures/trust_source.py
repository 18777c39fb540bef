"""What the figures of trust have in common: which methods and prompts they show, and how confidences look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from promptseg.analysis.trust.shown import Prompt, prompts
from promptseg.core.titles import CONFIDENCES
from promptseg.figures import panels, style

# Paul Tol's bright colours, apart from those of methods and modes by their lines.
_LOOKS = {
    "predicted_iou": ("#4477AA", "o"), "stability": ("#EE6677", "s"), "soft_dice": ("#228833", "^"),
    "candidates_agree": ("#CCBB44", "D"), "prompts_agree": ("#66CCEE", "v"), "jitter_agrees": ("#AA3377", "P"),
}  # fmt: skip
_OWN = ("predicted_iou", "stability", "soft_dice", "candidates_agree")  # of one answer to one prompt
NOTHING = "No method of this run says how sure it is of its masks."


def looks(names: Sequence[str]) -> dict[str, style.Look]:
    """The looks of those confidences that occur, in the order of their declaration."""
    found = {name: style.Look(style.words(CONFIDENCES[name]), *look) for name, look in _LOOKS.items()}
    return {name: look for name, look in found.items() if name in set(names)}


@dataclass(frozen=True)
class Shown:
    """Rows of a table of trust that figures show, first masks only.

    Attributes:
        methods: name -> title, in the order of the registry.
        prompts: the columns of panels, or lines of rows.
    """

    rows: pd.DataFrame
    methods: dict[str, str]
    prompts: list[Prompt]

    def sure(self) -> "Shown":
        """Those methods that say themselves how sure they are; if none does, all."""
        own = set(self.rows.loc[self.rows["confidence"].isin(_OWN), "method"])
        names = {name: title for name, title in self.methods.items() if name in own} or self.methods
        return Shown(self.rows, names, self.prompts)

    def of(self, method: str, prompt: Prompt) -> pd.DataFrame:
        """The rows of a panel."""
        return self.rows[(self.rows["method"] == method) & prompt.among(self.rows)]


def shown(rows: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]], protocol: str, level: str) -> Shown:
    """Choose what a figure shows: the first masks of all methods.

    Args:
        rows: of a table of trust.
        methods: as for `style.method_looks`.
        protocol: whose clicks are shown.
        level: `all` or `pooled`.
    """
    rows = rows[(rows["level"] == level) & (rows["selection"] == "first")]
    names = {name: look.title for name, look in style.method_looks(methods).items() if name in set(rows["method"])}
    return Shown(rows, names, prompts(rows, protocol))


def grid(source: Shown, title: str, labels: tuple[str, str], handles: Sequence[Line2D]) -> panels.Grid:
    """A row of panels for each method, named on the left, and a column for each prompt.

    Args:
        labels: of all panels along x and y.
    """
    count = len(source.prompts)
    width = style.page() if count > 1 else style.column()
    row = max(0.85, min(1.4, 7.5 / len(source.methods)))
    found = panels.grid(
        len(source.methods) * count, count, title, panels.Size(width, row, 0.85),
        panels.Legend(handles, legend_columns(width)), sharey="row",
    )  # fmt: skip
    # One below all, unless there is no middle.
    for axis in found.axes[-count:][1:2] if count == 3 else found.axes[-count:]:
        axis.set_xlabel(labels[0])
    found.figure.supylabel(labels[1], fontsize=7)
    for axis, prompt in zip(found.axes, source.prompts, strict=False):
        axis.set_title(style.words(prompt.title), loc="left", fontweight="bold")
    for axis, title in zip(found.axes[::count], source.methods.values(), strict=True):
        # Not a label of the axis, which would go with an empty panel.
        axis.annotate(
            style.wrap(title, 18), (0, 0.5), (-26, 0), xycoords="axes fraction", textcoords="offset points",
            rotation=90, ha="center", va="center", multialignment="center", fontweight="bold",
        )  # fmt: skip
    return found


def legend_columns(width: float) -> int:
    """Entries of a legend side by side in a figure of this width in inches."""
    return max(2, int(width / 1.6))


def unit_x(axis: Axes) -> None:
    """From 0 to 1 along x, with few numbers."""
    style.unit_axis(axis, "x")
    axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])


def empty(axis: Axes) -> None:
    """Nothing to see in this panel: the method does not take such prompts."""
    axis.spines[:].set_visible(False)
    axis.tick_params(left=False, bottom=False, labelcolor="none")  # which keep their room
