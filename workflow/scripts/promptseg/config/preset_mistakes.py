"""What a schema cannot say of presets: those that ask nothing, or sum up what they do not measure."""

from collections.abc import Iterator, Mapping
from typing import Any

from promptseg.config.explain import Mistake, dotted, nearest
from promptseg.config.facts import Config, is_preset, presets, run_protocols, volume_datasets
from promptseg.config.presets import variants
from promptseg.config.schema import preset_schema
from promptseg.config.yamlfiles import Where

TAKEN = ("iou", "dice")  # what scores of the run's own clicks have under the same definition


def mistaken_presets(config: Config) -> Iterator[Mistake]:
    """Of a configuration that fits its schema: presets that ask nothing, or sum up what they do not measure."""
    for name, entry in config["protocols"].items():
        if is_preset(entry):
            where = ("protocols", name)
            yield from _mistaken_variants(where, entry)
            for variant, whole in variants(entry).items():
                at = (*where, "variants", variant) if variant else where
                yield from _mistaken_asking(config, at, whole)
                yield from _mistaken_start((*at, "start"), whole["start"])
                yield from _mistaken_clicks(at, whole)
                yield from _mistaken_metrics((*at, "metrics"), whole["metrics"])
                steps = config["prompts"]["clicks"] if "takes" in whole else whole["prompts"]
                yield from _mistaken_sums(at, whole, steps)
                yield from _mistaken_averaging(at, whole)
                yield from _mistaken_taking(at, whole)
    yield from _without_data(config)


def _mistaken_variants(where: Where, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    if "takes" in entry and entry["variants"]:
        at = (*where, "variants")
        yield Mistake(at, f"{dotted(at)}: of `takes` each click protocol is a variant, and there are no others.")
    for variant, changes in entry["variants"].items():
        for key in ("asks", "takes", "variants"):
            if key in changes:
                at = (*where, "variants", variant, key)
                yield Mistake(at, f"{dotted(at)}: a variant cannot change it: write a preset of its own.")


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


def _mistaken_clicks(where: Where, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    clicks, planned = entry["clicks"], entry["clicks"].get("planned", {})
    at: Where = (*where, "clicks")
    if clicks["low"] >= clicks["high"]:
        yield Mistake(
            (*at, "low"),
            f"{dotted((*at, 'low'))}: draws begin at {clicks['low']} and end at {clicks['high']}: give a lower share.",
        )
    if clicks["rule"] == "planned" and planned.get("foreground") == planned.get("background") == 0:
        at = (*at, "planned")
        yield Mistake(at, f"{dotted(at)}: no click at all is planned: say how many by `foreground` or `background`.")
    if clicks["rule"] == "every_slice" and entry["start"]["prompt"] == "none":
        at = (*at, "rule")
        yield Mistake(at, f"{dotted(at)}: 'every_slice' clicks in the slices of the first prompt: give one by `start`.")


def _mistaken_metrics(where: Where, metrics: Mapping[str, Any]) -> Iterator[Mistake]:
    """Options without effect."""
    known = preset_schema()["properties"]["metrics"]["additionalProperties"]["properties"]
    for name, options in metrics.items():
        for option in options:
            at = (*where, name, option)
            of = known[option].get("x-metrics", [name])
            if name not in of:
                yield Mistake(at, f"{dotted(at)}: {option} is an option of {', '.join(of)}: take it away.")
            elif option == "entries" and "slices" not in options:
                yield Mistake(at, f"{dotted(at)} counts slices: say which by `slices`.")
            elif option == "smooth" and "slices" in options:
                yield Mistake(at, f"{dotted(at)}: what is measured slice by slice is not smoothed: take one away.")


def _mistaken_sums(where: Where, entry: Mapping[str, Any], steps: int) -> Iterator[Mistake]:
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
            if summary.get(key, 0) > steps:
                said = "prompts.clicks" if "takes" in entry else "prompts"
                yield Mistake(
                    (*at, key), f"{dotted((*at, key))}: there is no step {summary[key]}, as `{said}` is {steps}."
                )
            elif "takes" in entry and summary.get(key) == 0:
                yield Mistake((*at, key), f"{dotted((*at, key))}: the run's own clicks begin with step 1.")
        if summary["kind"] == "auc" and summary["from"] >= summary["to"]:
            said = f"an area from step {summary['from']} to {summary['to']} is none: give an earlier step."
            yield Mistake((*at, "from"), f"{dotted((*at, 'from'))}: {said}")


def _mistaken_averaging(where: Where, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    level, metrics, at = entry["averaging"][0], entry["metrics"], (*where, "averaging")
    if level == "lesions" and "lesion_dice" not in metrics:
        yield Mistake(at, f"{dotted(at)}: lesions are counted by the metric lesion_dice: add it to `metrics`.")
    if level == "slices":
        summed = {summary["metric"]: metrics.get(summary["metric"], {}) for summary in entry["summaries"]}
        if whole := [name for name, options in summed.items() if "slices" not in options]:
            yield Mistake(
                at, f"{dotted(at)}: {whole[0]} is not measured slice by slice: give it `slices`, or average `objects`."
            )
        ways = {(options["slices"], *options.get("entries", ())) for options in metrics.values() if "slices" in options}
        if len(ways) > 1:
            yield Mistake(at, f"{dotted(at)}: metrics count slices in different ways: one of them can be averaged.")


def _mistaken_taking(where: Where, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    """Scores that are taken are those of the run: nothing of them can be measured in another way."""
    if "takes" not in entry:
        return
    if entry["prompts"]:
        at: Where = (*where, "prompts")
        yield Mistake(at, f"{dotted(at)}: `takes` has the clicks of the run, see prompts.clicks: take it away.")
    for name, options in entry["metrics"].items():
        at = (*where, "metrics", name)
        if name not in TAKEN:
            yield Mistake(at, f"{dotted(at)}: of the run's own clicks presets take {' and '.join(TAKEN)} alone.")
        elif options:
            yield Mistake(at, f"{dotted(at)}: scores of the run are taken as they are: take its options away.")


def _without_data(config: Config) -> Iterator[Mistake]:
    if is_preset(config["protocols"].get("corrected", {})):
        where: Where = ("protocols", "corrected")
        yield Mistake(
            where, "protocols.corrected is the set of switches of ordinary runs: give the preset another name."
        )
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
