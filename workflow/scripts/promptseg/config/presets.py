"""What a schema cannot say of presets, and their variants."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from promptseg.config.explain import Mistake, dotted, nearest
from promptseg.config.facts import Config, is_preset, presets, run_protocols, volume_datasets
from promptseg.config.schema import merged
from promptseg.config.yamlfiles import Where

# What the answers of a method depend on; the other keys say how answers are scored and shown.
ASKING = ("start", "clicks", "prompts", "stop", "feedback", "selection", "multimask", "route", "passes", "begin")


def of_variant(preset: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The declaration of a variant: the preset with its changes, mapping by mapping, and without variants."""
    whole = merged(preset, changes)
    whole.pop("variants", None)
    return whole


def groups_of(preset: Mapping[str, Any]) -> list[str]:
    """Variants that are groups of people: they differ only in which part of a map of clicks is drawn from."""
    return [
        name
        for name, changes in preset["variants"].items()
        if changes.keys() - {"title"} == {"clicks"} and _set_by(preset, changes) <= {"low", "high"}
    ]


def _set_by(preset: Mapping[str, Any], changes: Mapping[str, Any]) -> set[str]:
    whole = of_variant(preset, changes)["clicks"]
    return {key for key in whole if whole[key] != preset["clicks"].get(key)}


def variants(preset: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The declarations of a preset: as it stands under the name "", then its variants.

    Groups of people are left out where no map says where they click.
    """
    idle = [] if "map" in preset.get("clicks", {}) else groups_of(preset)
    chosen = {name: changes for name, changes in preset["variants"].items() if name not in idle}
    return {name: of_variant(preset, changes) for name, changes in {"": {}, **chosen}.items()}


def maps_of(config: Config) -> dict[str, dict[str, Any]]:
    """The folders of maps of clicks that presets of the run name, by preset, as `own_files.own_digests` takes them."""
    patterns = {name: one["clicks"]["map"] for name, one in presets(config).items() if "map" in one["clicks"]}
    return {name: {"options": {"map": str(Path(one.partition("{")[0] + "_").parent)}} for name, one in patterns.items()}


def asking(preset: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is asked under a preset, by variant; of those that ask the same only the first is there, see `measuring`."""
    found: dict[str, dict[str, Any]] = {}
    for name, one in variants(preset).items():
        asked = _asked(one)
        if asked not in found.values():
            found[name] = asked
    return found


def _asked(declaration: Mapping[str, Any]) -> dict[str, Any]:
    return {key: declaration[key] for key in ASKING if key in declaration}


def measuring(preset: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is measured under a preset, by variant.

    Returns:
        `of`, the variant whose answers are measured, itself or one that asks the same; `metrics` with their options;
        `failed`, what counts where a method fails.
    """
    asked = asking(preset)
    return {
        name: {
            "of": next(other for other, same in asked.items() if same == _asked(one)),
            "metrics": one["metrics"],
            "failed": one["conditions"]["failed"],
        }
        for name, one in variants(preset).items()
    }


def measured(config: Config, on: str) -> dict[str, dict[str, dict[str, Any]]]:
    """What is measured under each preset of a run that asks something about `images`, or `volumes`, see `measuring`."""
    asked = {name: one for name, one in presets(config).items() if on in one["asks"] and "takes" not in one}
    return {name: measuring(preset) for name, preset in asked.items()}


def untitled(config: Config) -> dict[str, dict[str, Any]]:
    """The presets of a run without what they are called and where they are from, on which no number depends."""
    left_out = ("title", "source")
    return {
        name: {key: preset[key] for key in preset if key not in left_out} for name, preset in presets(config).items()
    }


def mistaken_presets(config: Config) -> Iterator[Mistake]:
    """Of a configuration that fits its schema: presets that ask nothing, or sum up what they do not measure."""
    for name, entry in config["protocols"].items():
        if is_preset(entry):
            where = ("protocols", name)
            for variant, whole in variants(entry).items():
                at = (*where, "variants", variant) if variant else where
                yield from _mistaken_asking(config, at, whole)
                yield from _mistaken_start((*at, "start"), whole["start"])
                yield from _mistaken_shares((*at, "clicks"), whole["clicks"])
                yield from _mistaken_sums(at, whole)
    yield from _without_data(config)


def _mistaken_asking(config: Config, where: Where, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    asks = entry["start"]["prompt"] != "none" or entry["clicks"]["rule"] != "none"
    for index, name in enumerate(entry.get("takes", ())):
        at = (*where, "takes", index)
        known = [other for other, about in config["protocols"].items() if not is_preset(about)]
        if name not in known:
            yield Mistake(at, f"{dotted(where)}.takes names {name!r}, no set of switches.{nearest(name, known)}")
    if "takes" in entry and asks:
        yield Mistake(where, f"{dotted(where)}: `takes` asks nothing of its own: take away `start` and `clicks`.")
    elif "takes" not in entry and not asks:
        yield Mistake(
            where, f"{dotted(where)} asks nothing: write `start: {{prompt: ...}}` or `clicks: {{rule: ...}}`."
        )
    if entry["prompts"] and "takes" not in entry and entry["clicks"]["rule"] == "none":
        at = (*where, "prompts")
        yield Mistake(
            at, f"{dotted(at)}: {entry['prompts']} prompts are to follow and `clicks` says none: give its rule."
        )
    if entry["clicks"]["rule"] != "none" and not entry["prompts"]:
        at = (*where, "clicks")
        yield Mistake(at, f"{dotted(at)}: no prompt follows the start: say how many by `prompts`.")


def _mistaken_start(where: Where, start: Mapping[str, Any]) -> Iterator[Mistake]:
    on_line = start["target"] == "line"
    of_line, of_object = ("centre", "ends", "grid", "random"), ("centre", "centroid", "deepest", "random")
    places = of_line if on_line else of_object
    if start["prompt"] == "point" and start["place"] not in places:
        at = (*where, "place")
        what = "a line" if on_line else "an object"
        yield Mistake(at, f"{dotted(at)}: {start['place']!r} is no place on {what}: take one of {', '.join(places)}.")
    several = start["background"] > 0 or start["place"] in ("ends", "grid")
    several = several or (start["place"] == "random" and start["points"] > 1)
    if start["between"] == "linear" and (start["parts"] > 1 or (start["prompt"] == "point" and several)):
        at = (*where, "between")
        yield Mistake(
            at, f"{dotted(at)}: only one point or box for a slice can be interpolated: show one, or `nothing`."
        )


def _mistaken_shares(where: Where, clicks: Mapping[str, Any]) -> Iterator[Mistake]:
    if clicks["low"] >= clicks["high"]:
        at = (*where, "low")
        yield Mistake(
            at, f"{dotted(at)}: draws begin at {clicks['low']} and end at {clicks['high']}: give a lower share."
        )


def _mistaken_sums(where: Where, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    limit = entry["conditions"]["nsd_zero_unless_dice_above"]
    if limit != "none" and not {"dice", "nsd"} <= entry["metrics"].keys():
        at = (*where, "conditions", "nsd_zero_unless_dice_above")
        yield Mistake(at, f"{dotted(at)} needs dice and nsd among `metrics`: add them, or take it away.")
    seen: set[str] = set()
    for index, summary in enumerate(entry["summaries"]):
        at = (*where, "summaries", index)
        if summary["metric"] not in entry["metrics"]:
            words = nearest(summary["metric"], entry["metrics"]) or f" Measured: {', '.join(entry['metrics'])}."
            yield Mistake(at, f"{dotted(at)}.metric: {summary['metric']!r} is not among `metrics`.{words}")
        if summary["name"] in seen:
            yield Mistake(at, f"{dotted(at)}.name: two summaries are called {summary['name']!r}: rename one.")
        seen.add(summary["name"])
        for key in ("step", "from", "to"):
            if summary.get(key, 0) > entry["prompts"]:
                yield Mistake(
                    (*at, key),
                    f"{dotted((*at, key))}: there is no step {summary[key]}, as `prompts` is {entry['prompts']}.",
                )


def _without_data(config: Config) -> Iterator[Mistake]:
    for name, entry in presets(config).items():
        where = ("run", "protocols", config["run"]["protocols"].index(name))
        if entry["asks"] == ["volumes"] and not volume_datasets(config):
            yield Mistake(
                where,
                f"run.protocols names {name!r}, which asks about volumes alone, and no dataset of the run has them: "
                "set `volumes` of a dataset, or take it away.",
            )
        if "takes" in entry and not set(entry["takes"]) & set(run_protocols(config)):
            yield Mistake(
                where,
                f"run.protocols names {name!r}, whose scores are those of {' or '.join(entry['takes'])}: name one of "
                "them as well.",
            )
