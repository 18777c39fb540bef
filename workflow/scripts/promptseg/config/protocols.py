"""The click protocols that a method runs, with their variants for the ablation."""

from collections.abc import Mapping
from typing import Any

from promptseg.config.facts import click_protocols
from promptseg.config.schema import switches


def protocols_of(config: Mapping[str, Any], method: str) -> list[dict[str, Any]]:
    """What a method runs: the protocols with their variants, in the order of work.

    These are the protocols of the run with the changes that the method's entry makes to them, and for each protocol
    in `run.ablation` a variant for each of its switches that is not at its default, with that switch alone set to it.

    Returns:
        `protocol` (its name), `switch` (the one that a variant changes, None for the protocol itself), and `switches`
        (all of them, see `clicks.Protocol`).
    """
    defaults = {switch: about["default"] for switch, about in switches().items()}
    run, changes = config["run"], config["methods"][method]["protocols"]
    names = dict.fromkeys([*click_protocols(config), *run["ablation"]])
    own = {name: {key: config["protocols"][name][key] for key in defaults} | changes.get(name, {}) for name in names}
    return [{"protocol": name, "switch": None, "switches": chosen} for name, chosen in own.items()] + [
        {"protocol": name, "switch": switch, "switches": {**own[name], switch: value}}
        for name in run["ablation"]
        for switch, value in defaults.items()
        if own[name][switch] != value
    ]
