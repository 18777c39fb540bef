"""The settings whose masks `exports` writes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from promptseg.config.explain import Mistake, nearest
from promptseg.config.facts import masked, shown_protocol
from promptseg.config.protocols import protocols_of
from promptseg.core.settings import Setting
from promptseg.core.vocabulary import AUTOMATIC, EVERYTHING, ITERATIVE, SELECTIONS


def possible_settings(config: Mapping[str, Any]) -> dict[str, Setting]:
    """Id -> setting, of all that the run can have masks in."""
    prompts = config["prompts"]
    single = [mode for mode in prompts["modes"] if mode not in (ITERATIVE, EVERYTHING)]
    found = [Setting(mode, "", "", 0, selection) for mode in single for selection in SELECTIONS]
    if ITERATIVE in prompts["modes"]:
        asked = {
            (one["protocol"], one["switch"] or "")
            for name in config["run"]["methods"]
            for one in protocols_of(config, name)
        }
        found += [
            Setting(ITERATIVE, protocol, switch, step, selection)
            for protocol, switch in sorted(asked)
            for step in range(1, prompts["clicks"] + 1)
            for selection in SELECTIONS
        ]
    if masked(config):
        found.append(Setting(AUTOMATIC, "", "", 0, "first"))
    if EVERYTHING in prompts["modes"]:
        found.append(Setting(EVERYTHING, "", "", 0, "oracle"))
    return {setting.id: setting for setting in found}


def exported_settings(config: Mapping[str, Any], kind: str) -> list[Setting]:
    """Those that `export_settings` names; if none, see `chosen_settings`.

    Args:
        kind: the format; of `masks` none stands for all, which a round trip needs.
    """
    named = config["export_settings"]
    return [] if kind == "masks" and not named else chosen_settings(config, named)


def chosen_settings(config: Mapping[str, Any], named: Sequence[str]) -> list[Setting]:
    """Settings by their names; if there are none, the first mask of each mode, of clicks after the last of them."""
    possible = possible_settings(config)
    if named:
        return [possible[name] for name in named]
    last = (shown_protocol(config), "", config["prompts"]["clicks"])
    return [
        one
        for one in possible.values()
        if one.selection == "first" and (one.mode != ITERATIVE or (one.protocol, one.switch, one.step) == last)
    ]


def mistaken_settings(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Names under `export_settings` and `compose.settings` that the run has no masks for."""
    lists = {("export_settings",): config["export_settings"], ("compose", "settings"): config["compose"]["settings"]}
    possible = possible_settings(config) if any(lists.values()) else {}
    for where, names in lists.items():
        for index, name in enumerate(names):
            if name not in possible:
                among = nearest(name, possible) or f" Choose among: {', '.join(possible)}."
                yield Mistake(
                    (*where, index), f"{'.'.join(where)} names {name!r}, in which this run has no masks.{among}"
                )
