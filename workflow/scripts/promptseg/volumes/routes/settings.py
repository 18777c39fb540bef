"""What is asked about each object of a volume: every route, choice of slices, prompt and extents, in order."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from promptseg.core.routes import (
    ALL_SLICES,
    BETWEEN,
    BOX,
    CARRY_BOX,
    CARRY_MASK,
    CARRY_POINT,
    EACH,
    EXTENTS,
    EXTRUDE,
    GIVEN,
    INTERPOLATE,
    LASSO,
    MASK,
    POINT,
    ROUTES,
    SCRIBBLE,
    SLICE_PROMPTS,
)
from promptseg.prompts.lines import LineSettings

LARGEST = "largest"
FOUR = "sam2_medical_four"  # the one named rule by which several slices are prompted

_COSTS = {POINT: 1, BOX: 2, MASK: 0, SCRIBBLE: 2, LASSO: 2}
_ENDS = 2  # the first and the last slice, told by the user
# Routes that start from one kind of prompt; the others from any that the method takes.
_STARTS = {EXTRUDE: (MASK,), INTERPOLATE: (MASK,), EACH: (BOX, POINT), BETWEEN: (BOX, POINT)}
_STARTS |= {CARRY_BOX: (BOX,), CARRY_POINT: (POINT,), CARRY_MASK: (BOX, POINT, MASK)}


@dataclass(frozen=True)
class Setting:
    """One way to segment an object: the columns of `volumes.columns.VOLUME_SETTING` between method and step.

    Attributes:
        route: one of ROUTES.
        slices: `largest`, a number, `all`, or a named rule; see `choice.choose`.
        prompt: what is shown on each of them, one of SLICE_PROMPTS.
        extents: `given` or `open`.
    """

    route: str
    slices: str
    prompt: str
    extents: str

    @property
    def given(self) -> bool:
        """Whether the user tells the first and the last slice of the object."""
        return self.extents == GIVEN

    def price(self, k: int, clicks: int = 0) -> tuple[int, int]:
        """(interactions, contours) that the user spends with k prompted slices and some corrective clicks.

        A point is one interaction, a box, a scribble and a lasso two, a click one, the two ends of the object two if
        they are given; contours are counted apart, because nobody can say how many clicks one is worth.
        """
        contours = k if self.prompt == MASK else 0
        return _COSTS[self.prompt] * k + clicks + _ENDS * self.given, contours


@dataclass(frozen=True)
class VolumeSettings:
    """The keys `volumes` of the configuration (see volumes.schema.yaml), and `tie_break` and `seed` of its `prompts`.

    Attributes:
        slices: numbers as strings.
        margin_mm: None for the whole volume.
        lines: how scribbles and lassos are drawn.
    """

    routes: tuple[str, ...] = ROUTES
    slices: tuple[str, ...] = (LARGEST, "3", "5")
    prompts: tuple[str, ...] = (BOX, POINT)
    extents: tuple[str, ...] = EXTENTS
    margin_mm: float | None = 40.0
    margin_slices: int = 10
    stop_iou: float = 0.3
    grow: float = 0.05
    selection: Literal["first", "best_score"] = "best_score"
    reset: bool = True
    clicks: int = 0
    click_rule: Literal["slice", "cvpr"] = "slice"
    click_distance: Literal["voxels", "mm"] = "voxels"
    connectivity: Literal[6, 18, 26] = 26
    tie_break: Literal["random", "first"] = "random"
    seed: int = 1
    lines: LineSettings = field(default_factory=LineSettings)

    @classmethod
    def of(cls, volumes: Mapping[str, Any], prompts: Mapping[str, Any]) -> "VolumeSettings":
        """From these two parts of a checked configuration; keys that are missing have their defaults."""
        found = {key: prompts[key] for key in ("tie_break", "seed") if key in prompts} | dict(volumes)
        kept = {one.name: found[one.name] for one in fields(cls) if one.name in found}
        kept["lines"] = LineSettings.of(kept.get("lines", {}))
        for key in ("routes", "prompts", "extents"):
            if key in kept:
                kept[key] = tuple(kept[key])
        if "slices" in kept:
            kept["slices"] = tuple(map(str, kept["slices"]))
        if "margin_mm" in kept:
            kept["margin_mm"] = None if kept["margin_mm"] == "all" else float(kept["margin_mm"])
        return cls(**kept)


def settings_for(
    asked: VolumeSettings, routes: Collection[str], prompt_types: Collection[str], *, several_slices: bool = True
) -> list[Setting]:
    """All settings of a run that apply to a method, in the order of its rows.

    Args:
        routes: what the method can do; CONTROL_ROUTES for the controls.
        prompt_types: subset of SLICE_PROMPTS: what it takes on a slice.
        several_slices: whether its first prompts may lie on more than one slice.
    """
    return [
        Setting(route, slices, prompt, extents)
        for route in ROUTES
        if route in asked.routes and route in routes
        for slices in _slices(route, asked.slices, several_slices)
        for prompt in SLICE_PROMPTS
        if prompt in _STARTS.get(route, SLICE_PROMPTS)
        and prompt in prompt_types
        and (prompt in asked.prompts or route in (EXTRUDE, INTERPOLATE))
        for extents in EXTENTS
        if extents in asked.extents and (route != EACH or extents == GIVEN)
    ]


def several(slices: str) -> bool:
    """Whether a choice of slices may be more than one slice."""
    return slices == FOUR or (slices.isdigit() and int(slices) > 1)


def _slices(route: str, asked: tuple[str, ...], several_slices: bool) -> list[str]:
    if route == EACH:
        return [ALL_SLICES]
    if route == EXTRUDE:
        return [LARGEST]
    if route in (INTERPOLATE, BETWEEN):
        return [slices for slices in asked if several(slices)]
    return [slices for slices in asked if several_slices or not several(slices)]
