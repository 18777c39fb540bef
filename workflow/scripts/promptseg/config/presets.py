"""Presets of a run and their variants: what is asked, measured and summed up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptseg.config.facts import Config, presets
from promptseg.config.schema import merged

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
