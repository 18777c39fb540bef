"""What tests ask of a matplotlib figure."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def texts(figure: Figure) -> str:
    """All words of the figure, in one line."""
    found = figure.findobj(match=lambda item: hasattr(item, "get_text"))
    return " ".join(text.get_text() for text in found).replace("\n", " ")


def lines(axis: Axes) -> dict[str, np.ndarray]:
    """Points (n, 2) of each named series."""
    return {line.get_label(): line.get_xydata() for line in axis.lines if not line.get_label().startswith("_")}


def visible(figure: Figure) -> list[Axes]:
    return [axis for axis in figure.axes if axis.get_visible()]


def panels(figure: Figure) -> dict[str, Axes]:
    """The panels by their heading on the left."""
    return {axis.get_title(loc="left").replace("\n", " "): axis for axis in visible(figure)}


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for box in figure.legends for text in box.texts]


def rows(axis: Axes) -> list[str]:
    """Labels of the rows, from the top."""
    return [label.get_text().replace("\n", " ") for label in axis.get_yticklabels()]


def notes(axis: Axes) -> list[str]:
    return [text.get_text() for text in axis.texts]
