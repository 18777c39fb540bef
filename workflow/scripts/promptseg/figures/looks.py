"""Colours and markers: families of methods, modes, selections and thresholds have palettes of their own.

Nothing here imports matplotlib, because pages without figures colour methods as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from promptseg.analysis.study.published import TITLES
from promptseg.core.titles import titled

GREY, FRAME, LINE, BAND = "#5b5b5b", "#bbbbbb", "#dddddd", "#f3f3f3"  # of texts, thin frames, grids, every other row

# Okabe and Ito's colours without black, then some of Tol's: told apart by colour-blind readers, and each family has a
# marker of its own besides, so that no figure rests on colour alone.
BLUE, VERMILION, GREEN, PINK, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
WINE, INDIGO, OLIVE, TEAL = "#882255", "#332288", "#999933", "#44AA99"
YELLOW = "#F0E442"  # too bright for anything but marks on an image
PALE_BLUE, PALE_ORANGE = "#cfe6f5", "#FDE9C4"
# In the order in which families appear in the registry: three classical ones, SAM, RITM, SimpleClick, FocalClick, ...
# The numbers of colours and markers have no divisor in common, so that 143 families differ.
_COLOURS = [OLIVE, WINE, PINK, BLUE, VERMILION, GREEN, ORANGE, SKY, TEAL, INDIGO, "#661100", "#117733", "#AA4499"]
_MARKERS = ["p", "h", "X", "o", "s", "^", "D", "v", "P", "<", ">"]
# Controls bound the scores and are no rivals, so they stay in the background.
_CONTROL_COLOURS = ["#222222", "#8a8a8a", "#b5b5b5", "#606060", "#404040"]
_CONTROL_MARKERS = ["o", "s", "D", "^", "v"]
# Of the members of a family, in their order: the share of white (above 0) or black in its colour. Fixed steps, because
# no shade may change when a family grows.
_SHADES = [0.0, -0.3, 0.45, -0.55, 0.22]
# Further members have the same shades in half-filled markers and with other dashes.
_FILLS: list[Literal["full", "bottom", "left", "top", "right"]] = ["full", "bottom", "left", "top", "right"]
_DARK, _LIGHT = "#67000d", "#fcae91"  # ends of the colours of thresholds
_FEW, _SOME, _MANY = "#c7e9b4", "#41b6c4", "#253494"  # of few to many clicks


@dataclass(frozen=True)
class Look:
    """How a method, a mode or a selection appears in every figure.

    Attributes:
        colour: as #rrggbb.
        marker: of matplotlib.
        family: of a method.
        edge: colour of the outline of a marker; `colour` if empty.
        fill: which part of the marker is filled.
    """

    title: str
    colour: str
    marker: str
    family: str = ""
    edge: str = ""
    fill: Literal["full", "bottom", "left", "top", "right"] = "full"


def mixed(colour: str, share: float) -> str:
    """The colour #rrggbb with a share of white, of black where it is below 0; -1 to 1."""
    channels = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    towards = 255 if share > 0 else 0
    return "#" + "".join(f"{round(value + abs(share) * (towards - value)):02x}" for value in channels)


def method_looks(methods: Mapping[str, Mapping[str, Any]]) -> dict[str, Look]:
    """The look of each method: colour and marker of its family, in a shade of its own; controls are grey.

    Args:
        methods: every registered method, in the order of the registry: name -> {title, control, family}. The looks
            depend on nothing else, so a method looks the same whatever a run covers.
    """
    looks, members, controls = {}, dict[str, int](), 0
    for name, entry in methods.items():
        title, family = titled(methods, name), entry.get("family") or name
        if entry.get("control"):
            place, controls = controls % len(_CONTROL_COLOURS), controls + 1
            looks[name] = Look(title, _CONTROL_COLOURS[place], _CONTROL_MARKERS[place], family)
            continue
        index = members[family] = members.get(family, -1) + 1
        place = list(members).index(family)
        base = _COLOURS[place % len(_COLOURS)]
        looks[name] = Look(
            title, mixed(base, _SHADES[index % len(_SHADES)]), _MARKERS[place % len(_MARKERS)], family,
            mixed(base, -0.5), _FILLS[index // len(_SHADES) % len(_FILLS)],
        )  # fmt: skip
    return looks


def study_looks(methods: Mapping[str, Mapping[str, Any]]) -> dict[str, Look]:
    """The look of the study's four methods: that of the first registered method that repeats each."""
    repeats: dict[str, str] = {}
    for name, entry in methods.items():
        repeats.setdefault(entry.get("published") or "", name)
    known = dict(methods) | {study: {"title": title} for study, title in TITLES.items() if study not in repeats}
    looks = method_looks(known)
    return {study: replace(looks[repeats.get(study, study)], title=title) for study, title in TITLES.items()}


def threshold_looks(values: Sequence[float]) -> dict[float, Look]:
    """The look of each threshold, from pale red (the lowest) to dark red; titles are the numbers.

    Args:
        values: from the lowest.
    """
    shares = [index / max(1, len(values) - 1) for index in range(len(values))]
    return {
        value: Look(f"{value:g}", _between(_LIGHT, _DARK, share), _MARKERS[(index + 3) % len(_MARKERS)])
        for index, (value, share) in enumerate(zip(values, shares, strict=True))
    }


def step_colours(count: int) -> list[str]:
    """Colours of growing numbers of clicks, from pale green over blue (ColorBrewer's YlGnBu)."""
    shares = [index / max(1, count - 1) for index in range(count)]
    return [
        _between(_FEW, _SOME, 2 * share) if share < 0.5 else _between(_SOME, _MANY, 2 * share - 1) for share in shares
    ]


def _between(a: str, b: str, share: float) -> str:
    pairs = [(int(a[start : start + 2], 16), int(b[start : start + 2], 16)) for start in (1, 3, 5)]
    return "#" + "".join(f"{round(low + share * (high - low)):02x}" for low, high in pairs)


def rivals(methods: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The methods that are no controls; of controls alone, all."""
    return [name for name, entry in methods.items() if not entry.get("control")] or list(methods)
