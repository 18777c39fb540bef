"""What jobs depend on in the configuration: no more, so that a change reruns no more.

They are dictionaries, because Snakemake compares the values of parameters and not their names.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from promptseg.config.exported import chosen_settings
from promptseg.config.facts import Config, presets
from promptseg.config.presets import asking
from promptseg.config.protocols import protocols_of
from promptseg.core.errors import PromptsegError
from promptseg.core.routes import (
    BETWEEN,
    BOX,
    CARRY_BOX,
    CARRY_MASK,
    CARRY_POINT,
    CARRY_ROUTES,
    CONTROL_ROUTES,
    EACH,
    INTERPOLATE,
    MEMORY,
    NATIVE,
    OPEN,
    POINT,
    SCRIBBLE,
    SLICE_ROUTES,
)
from promptseg.core.stand_ins import StandIns
from promptseg.core.vocabulary import (
    ALL_MODES,
    DRAWN_MODES,
    EVERYTHING,
    ITERATIVE,
    LASSO,
    LINE_MODES,
    POINT_MODES,
    SCRIBBLE_MODES,
    SINGLE_MODES,
)

# Of an adapter that cannot be imported where the jobs are planned: it may be able to do everything.
UNKNOWN = {
    "modes": list(ALL_MODES),
    "several": True,
    "looks_at_pixels": True,
    "learned": True,
    "knows_probabilities": True,
    "volume_routes": [*SLICE_ROUTES, MEMORY, NATIVE],
    "needs_raw": True,
}
# What is drawn in which modes depends on these settings of `prompts.scribbles` and `prompts.lasso`.
_DRAWING = {
    "width": SCRIBBLE_MODES,
    "walk": ("scribble_walk",),
    "arcs": ("scribble_contour",),
    "arc": ("scribble_contour",),
    "margin": (LASSO,),
}
_OF_VOLUMES = ("route", "passes", "begin")  # keys of presets that say nothing of images
# Of what stands for the method of the controls.
CONTOURS_FACTS = {"volume_routes": list(CONTROL_ROUTES), "several": False, "learned": False}


def cut(config: Config) -> dict[str, Any]:
    """How prompts are cut from the truth: all modes, whichever the run has, but lines only if it has some.

    The seed is there where something is drawn.
    """
    prompts = config["prompts"]
    lines = {"lines": _drawing(prompts, LINE_MODES)} if line_modes(config) else {}
    kept = {key: prompts[key] for key in ("max_components", "equal_components", "tie_break")}
    return kept | lines | ({"seed": prompts["seed"]} if lines or prompts["tie_break"] == "random" else {})


def line_modes(config: Config) -> list[str]:
    """The modes of the run in which lines are drawn."""
    return [mode for mode in LINE_MODES if mode in config["prompts"]["modes"]]


def _drawing(prompts: Mapping[str, Any], modes: Collection[str]) -> dict[str, Any]:
    """How lines are drawn, as `prompts.lines.LineSettings` takes it: what matters in these modes."""
    settings = {**prompts["scribbles"], **prompts["lasso"]}
    return {key: settings[key] for key, concerned in _DRAWING.items() if set(concerned) & set(modes)}


def asked_of_lines(config: Config, facts: Mapping[str, Any], modes: Collection[str]) -> dict[str, Any]:
    """What a method is asked about lines: those of some modes that it takes, or something in their place; or nothing.

    Args:
        facts: of its adapter, see `predict.inspection`.

    Returns:
        line_modes; lines, how they are drawn; stand_ins, what is given instead, where it is.
    """
    settings = StandIns.of(config["prompts"])
    takes = facts.get("takes")
    instead = [mode for mode in modes if takes and settings.kind(mode, **takes)]
    asked = [mode for mode in LINE_MODES if mode in modes and (mode in facts["modes"] or mode in instead)]
    if not asked:
        return {}
    given = {} if takes and not instead else {"stand_ins": asdict(settings)}
    return {"line_modes": asked, "lines": _drawing(config["prompts"], asked), **given}


def asked(config: Config, method: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a method is asked: the modes of the run that it can do, and what matters in these.

    Args:
        facts: of its adapter, see `predict.inspection`.
    """
    prompts = config["prompts"]
    lines = asked_of_lines(config, facts, line_modes(config))
    able = {mode for mode in facts["modes"] if mode not in LINE_MODES} | set(lines.pop("line_modes", []))
    modes = [mode for mode in ALL_MODES if mode in able and mode in prompts["modes"]]
    found: dict[str, Any] = {"modes": modes, "strict": config["strict"], **lines}

    def add(settings: Mapping[str, Any], *keys: str, where: object) -> None:
        found.update({key: settings[key] for key in keys} if where else {})

    add(prompts, "max_components", where={"mode2", "mode4"} & set(modes))
    add(prompts, "equal_components", where={"mode1", "mode2", "mode3", "mode4", *SCRIBBLE_MODES} & set(modes))
    add(prompts, "multimask", where=facts["several"] and set(SINGLE_MODES) & set(modes))
    points = set(POINT_MODES) & set(modes)
    add(prompts, "tie_break", where=points)
    add(prompts, "seed", where=(points and prompts["tie_break"] == "random") or set(DRAWN_MODES) & set(modes))
    add(prompts, "clicks", where=ITERATIVE in modes)
    add({"protocols": protocols_of(config, method)}, "protocols", where=ITERATIVE in modes)
    add(config, "everything", where=EVERYTHING in modes)
    return found


def asked_of_presets(config: Config, on: str) -> dict[str, Any]:
    """What every method is asked under the presets of the run.

    Args:
        on: "images" or "volumes".

    Returns:
        `presets`: preset -> variant -> what it asks; `seed`, where a block draws with that of the run; `strict`.
    """
    chosen = {
        name: asking(preset)
        for name, preset in presets(config).items()
        if on in preset["asks"] and "takes" not in preset
    }
    if on == "images":
        chosen = {
            name: {
                variant: {key: one[key] for key in one if key not in _OF_VOLUMES} for variant, one in variants.items()
            }
            for name, variants in chosen.items()
        }
    blocks = [one[block] for variants in chosen.values() for one in variants.values() for block in ("start", "clicks")]
    seed = {"seed": config["prompts"]["seed"]} if any(block.get("seed") == "run" for block in blocks) else {}
    return {"presets": chosen, "strict": config["strict"], **seed}


def asked_of_presets_on_volumes(config: Config) -> dict[str, Any]:
    """As `asked_of_presets`, with how masks are carried from slice to slice."""
    carried = {key: config["volumes"][key] for key in ("grow", "stop_iou")}
    return asked_of_presets(config, "volumes") | carried


def asked_of_volumes(config: Config, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a method, or a control, is asked about volumes: routes of the run that it can do, and what matters there.

    Returns:
        As `volumes.routes.settings.VolumeSettings.of` takes it, and `strict`.
    """
    volumes, prompts = config["volumes"], config["prompts"]
    routes = [route for route in volumes["routes"] if route in facts["volume_routes"]]
    found: dict[str, Any] = {"routes": routes, "strict": config["strict"]}

    def add(settings: Mapping[str, Any], *keys: str, where: object) -> None:
        found.update({key: settings[key] for key in keys} if where else {})

    asking, is_open = set(routes) - set(CONTROL_ROUTES), OPEN in volumes["extents"]
    add(volumes, "extents", where=routes)
    add(volumes, "slices", where=set(routes) & {INTERPOLATE, BETWEEN, *CARRY_ROUTES, MEMORY, NATIVE})
    add(volumes, "prompts", "clicks", where=asking)
    add(volumes, "margin_mm", "margin_slices", where=routes and is_open)
    add(volumes, "grow", where=asking & {CARRY_BOX, CARRY_MASK})
    add(volumes, "stop_iou", where=is_open and asking & set(CARRY_ROUTES))
    add(volumes, "selection", where=facts["several"] and asking & set(SLICE_ROUTES))
    add(volumes, "reset", where=asking & {MEMORY})
    clicked = asking and volumes["clicks"] > 0
    add(volumes, "click_rule", where=clicked)
    add(volumes, "click_distance", "connectivity", where=clicked and volumes["click_rule"] == "cvpr")
    lines = drawing_on_slices(config) if asking & {NATIVE, MEMORY} else {}
    add({"lines": lines}, "lines", where=lines)
    drawn = (asking and POINT in volumes["prompts"]) or (clicked and volumes["click_rule"] == "slice")
    add(prompts, "tie_break", where=drawn)
    add(prompts, "seed", where=drawn and prompts["tie_break"] == "random")
    return found


def drawing_on_slices(config: Config) -> dict[str, Any]:
    """How lines are drawn on slices of volumes, where they are: as `prompts.lines.LineSettings` takes it."""
    kinds = {SCRIBBLE: "scribble_centre", LASSO: LASSO}
    return _drawing(config["prompts"], [mode for kind, mode in kinds.items() if kind in config["volumes"]["prompts"]])


def require_routes(config: Config, facts: Iterable[Mapping[str, Any]]) -> None:
    """Refuse `volumes` of which nothing would come.

    Args:
        facts: of every method that is asked about volumes, and of the controls if they are.

    Raises:
        PromptsegError: none of them does one of the routes with one of the prompts.
    """
    routes, prompts = config["volumes"]["routes"], set(config["volumes"]["prompts"])
    possible = {route for found in facts for route in routes if route in found["volume_routes"]}
    starts = {CARRY_BOX: {BOX}, CARRY_POINT: {POINT}, EACH: {BOX, POINT}, BETWEEN: {BOX, POINT}}
    if not any(route in CONTROL_ROUTES or starts.get(route, prompts) & prompts for route in possible):
        raise PromptsegError(
            "Nothing would be asked about volumes: none of the methods can do one of the routes "
            f"{', '.join(routes)} from {' or '.join(config['volumes']['prompts'])}. Change volumes.routes, "
            "volumes.prompts or volumes.methods, or write `volumes: {enabled: false}`."
        )


def computing(config: Config, method: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """How a network computes, as its entry says or else the run; nothing for methods that know no precision."""
    if not facts["learned"]:
        return {}
    entry = config["methods"][method]
    return {key: entry.get(key, config[key]) for key in ("device", "backend", "precision", "compile")}


def asked_for_probabilities(config: Config, method: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """As `asked`, of the settings that are composed alone, with `settings`; no mode where no probability is known."""
    settings = chosen_settings(config, config["compose"]["settings"])
    wanted = {one.mode for one in settings} - {EVERYTHING} if facts["knows_probabilities"] else set()
    found = asked(config, method, {**facts, "modes": [mode for mode in facts["modes"] if mode in wanted]})
    if ITERATIVE in found["modes"]:
        protocols = {(one.protocol, one.switch) for one in settings if one.mode == ITERATIVE}
        kept = [one for one in found["protocols"] if (one["protocol"], one["switch"] or "") in protocols]
        found["protocols"] = kept
    return found | {"settings": [list(one) for one in settings if one.mode in found["modes"]]}
