"""The click protocols that a method runs, with their variants for the ablation."""

from collections.abc import Mapping
from typing import Any

from promptseg.config.schema import read_schema

WITHOUT = " without "


def protocols_of(config: Mapping[str, Any], method: str) -> dict[str, dict[str, Any]]:
    """Name to switches of every protocol that a method runs.

    These are the protocols of the run with the changes that the method's entry makes to them, and for each protocol
    in `run.ablation` that protocol "as_released" itself and "as_released without error_region" and so on: one for each
    of its switches that differs from what the methods' authors do, with that switch alone set to the authors' value.
    """
    switches = read_schema()["properties"]["protocols"]["additionalProperties"]["properties"]
    authors = {switch: about["default"] for switch, about in switches.items()}
    run, changes = config["run"], config["methods"][method]["protocols"]
    found = {}
    for name in dict.fromkeys([*run["protocols"], *run["ablation"]]):
        found[name] = {**config["protocols"][name], **changes.get(name, {})}
    for name in run["ablation"]:
        for switch, value in authors.items():
            if found[name][switch] != value:
                found[f"{name}{WITHOUT}{switch}"] = {**found[name], switch: value}
    return found
