"""The two blocks of a preset that make its user: what is shown first, and what the next prompts are.

Their keys are described, with the official files that they come from, in preset_start.schema.yaml and
preset_clicks.schema.yaml, which have the same defaults.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias, TypeVar

from promptseg.core.errors import PromptsegError
from promptseg.prompts.modes import Distance

Seed: TypeAlias = int | str  # a number, or `run`
Ties: TypeAlias = Literal["first", "random"]
_Block = TypeVar("_Block", "Start", "Clicks", "Planned", "Slicewise")


def _filled(block: type[_Block], given: Mapping[str, Any]) -> _Block:
    """A block of the keys that are given.

    Raises:
        PromptsegError: a key is none of the block.
    """
    known = {one.name for one in fields(block)}
    if unknown := sorted(given.keys() - known):
        raise PromptsegError(
            f"a preset has no keys {', '.join(unknown)} in its block; it has {', '.join(sorted(known))}"
        )
    return block(**given)


@dataclass(frozen=True)
class Start:
    """The first prompt of a preset.

    Attributes:
        slices: which ones are prompted, see `slices.prompted`; `volume`: a prompt of the whole body, not of slices.
        count: of `slices: linspace`, how many.
        between: `linear`: what lies between prompted slices is interpolated; `nothing`.
        extent: whether the user tells the first and the last slice of the object.
        target: what prompts are cut from: the `object`, or the `line` of its longest diameter in the slice (RECIST).
        parts: so many of the largest components of a slice have a prompt of their own; 0: the object has one.
        equal: which of equally large components comes first. They are 8-connected.
        place: of a point: `deepest`, `random`, `centre` (of the box) or `centroid`, each the nearest pixel of it; of a
            line also `ends` (its centre and both ends) and `grid` (3 by 3 in its square box).
        points: how many `random` ones.
        few: where there are fewer pixels than points: `repeat` some, or take `fewer`.
        background: how many `random` points beside the object.
        ties, distance: of `deepest`.
        around: a box around the object in the `slice`, or in the `volume`.
        ends: whether the last row and column of a box belong to it.
        enlarge: `most`: a box is moved outwards by 0 to so many pixels, drawn once, `of` so many of a side, or of the
            whole side as many (no `of`).
        jitter: each side of a box is moved by up to so many pixels, each drawn.
        shift: a box is enlarged by so many pixels.
        seed: of the draws.
    """

    prompt: Literal["none", "point", "box", "mask"] = "none"
    slices: str = "middle"
    count: int = 5
    between: Literal["nothing", "linear"] = "nothing"
    extent: bool = False
    target: Literal["object", "line"] = "object"
    parts: int = 0
    equal: Literal["first", "last"] = "first"
    place: Literal["deepest", "random", "centre", "centroid", "ends", "grid"] = "deepest"
    points: int = 1
    few: Literal["repeat", "fewer"] = "repeat"
    background: int = 0
    ties: Ties = "first"
    distance: Distance = "exact"
    around: Literal["slice", "volume"] = "slice"
    ends: Literal["inclusive", "exclusive"] = "inclusive"
    enlarge: Mapping[str, int] = field(default_factory=dict)
    jitter: int = 0
    shift: int = 0
    seed: Seed = 1

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Start":
        """From the block of a checked declaration."""
        return _filled(cls, given)


@dataclass(frozen=True)
class Planned:
    """Clicks that are fixed beforehand from the truth and the grey values, as in autoPET IV.

    Attributes:
        foreground, background: how many of each sign there are at most; every step shows one of each.
        percentile: of the grey values outside the object, above which background is `hot`.
        thin: where a hot component has no rim, all its voxels being equally deep: the click goes `anywhere` outside
            the component, as published, or into the `component`.
        components, voxels: along which axes components are numbered and voxels are looked through: `zyx` or `xyz`,
            the last letter fastest.
    """

    foreground: int = 10
    background: int = 10
    percentile: float = 99.75
    thin: Literal["anywhere", "component"] = "anywhere"
    components: Literal["zyx", "xyz"] = "zyx"
    voxels: Literal["zyx", "xyz"] = "xyz"


@dataclass(frozen=True)
class Slicewise:
    """Corrections of many slices at once, as in RadioActive's interactive loop.

    Attributes:
        equal: which of equally large components is taken. The official program sorts by NumPy's default, whose order of
            equals depends on the processor.
        plane: axis across which the plane with the most false positives is looked for.
        margin: radius in pixels of the disk by which the truth grows before its contour is taken.
        share: of the contour that is drawn.
        fallback: how many random false positives are clicked where the contour meets no prediction.
        fallback_label: which of the two labels they are sent with.
    """

    equal: Literal["first", "last"] = "last"
    plane: Literal["z", "y", "x"] = "y"
    margin: int = 2
    share: float = 0.6
    fallback: int = 3
    fallback_label: Literal["object", "background"] = "object"


@dataclass(frozen=True)
class Clicks:
    """The prompts after the first.

    Attributes:
        rule: `none`; `deepest` voxel of the error; `likely`: drawn by how likely people click there; `planned`
            beforehand; `slicewise`: many slices at once; `every_slice`: a random wrong pixel in each slice of the first
            prompt.
        region: false negatives and false positives `joint`, or the `larger` one of them: which reaches deeper.
        component: the `largest` of the region, or `any`.
        connectivity: of components, in three dimensions; in an image 8 for 26 and 18, 4 for 6.
        border: what lies beyond the edge of the volume counts as `background`, or as part of the `object`.
        distance: in `voxels`, or in `mm`.
        sign: of the `voxel`, as the truth has it, or that of the `depth`: positive if the
            false negatives are deeper.
        ties: which of several deepest voxels, in C order.
        repeat: whether a voxel may be clicked again.
        nothing: where no error is left: `stop`, or click the first voxel as background: `corner`.
        low, high: shares of the clicks on the region between whose probabilities `likely` draws.
        map: file of how likely people click on each pixel of an image, see `prompts.noisy.map_of`; None: there is none.
        seed: of the draws.
        reseed: when the generator begins anew: with each `click`, once per `object`, or `never`: it goes on from the
            draws of the first prompt.
        earlier: whether the method gets the prompts of the steps before: `before` the new ones, `after` them, or they
            are `dropped`.
        planned, slicewise: of these two rules.
    """

    rule: Literal["none", "deepest", "likely", "planned", "slicewise", "every_slice"] = "none"
    region: Literal["joint", "larger"] = "larger"
    component: Literal["largest", "any"] = "any"
    connectivity: Literal[6, 18, 26] = 26
    border: Literal["background", "object"] = "background"
    distance: Literal["voxels", "mm"] = "voxels"
    sign: Literal["voxel", "depth"] = "voxel"
    ties: Ties = "first"
    repeat: bool = False
    nothing: Literal["stop", "corner"] = "stop"
    low: float = 0.0
    high: float = 1.0
    map: str | None = None
    seed: Seed = 0
    reseed: Literal["click", "object", "never"] = "object"
    earlier: Literal["before", "after", "dropped"] = "before"
    planned: Planned = Planned()
    slicewise: Slicewise = Slicewise()

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Clicks":
        """From the block of a checked declaration."""
        planned, slicewise = _filled(Planned, given.get("planned", {})), _filled(Slicewise, given.get("slicewise", {}))
        return _filled(cls, {**given, "planned": planned, "slicewise": slicewise})
