"""What the class of an adapter says of itself, without its weights: a process of `config.adapters` asks."""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from promptseg.config.imports import adapter_file, helper_files
from promptseg.core.errors import PromptsegError
from promptseg.core.vocabulary import ALL_MODES
from promptseg.methods import adapter_class, is_for_volumes, named_class
from promptseg.methods.volume_checks import volume_class, volume_problems
from promptseg.predict.abilities import Abilities
from promptseg.predict.method_run import check_entry
from promptseg.predict.volume_abilities import facts_for_volumes, volume_facts


def inspect(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of the adapter of a method that the plan of jobs depends on.

    Args:
        entry: of the method in the configuration.

    Returns:
        modes, those that the method is asked; takes, what decides about prompts in the place of others, see
        `core.stand_ins`; several, whether the number of masks that it gives may depend on `multimask`; looks_at_pixels,
        learned and knows_probabilities, see `Method`; volume_routes, those over volumes that it can do; needs_raw, of
        methods for volumes alone; helpers, files besides its own that importing it loaded, from the current folder, if
        this process imported no other adapter. Or `problem`, what is wrong with the adapter or its entry; or `missing`,
        why it cannot be imported here.
    """
    try:
        for_volumes = is_for_volumes(named_class(entry["adapter"]))
    except PromptsegError as error:
        kind = "missing" if isinstance(error.__cause__, ModuleNotFoundError) else "problem"
        return {kind: f"methods.{name}: {error}"}
    try:
        facts = _facts_for_volumes(name, entry) if for_volumes else _facts(name, entry)
        return {**facts, "helpers": [os.path.relpath(file) for file in helper_files(adapter_file(entry["adapter"]))]}
    except PromptsegError as error:
        return {"problem": str(error)}


def _facts(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = adapter_class(entry["adapter"])
    except PromptsegError as error:
        raise PromptsegError(f"methods.{name}: {error}") from error
    check_entry(name, found, entry)
    off_label = entry.get("off_label", False)
    abilities = Abilities.declared(found, off_label)
    return {
        "modes": [mode for mode in ALL_MODES if abilities.answer(mode)],
        "takes": {key: value for key, value in abilities.facts().items() if key != "candidates"},
        "several": abilities.candidates > 1 or found.mask_feedback,
        "looks_at_pixels": found.says("looks_at_pixels"),
        "learned": found.says("learned"),
        "knows_probabilities": found.knows_probabilities,
        **volume_facts(found, off_label),
    }


def _facts_for_volumes(name: str, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    if problems := volume_problems(name, entry):
        raise PromptsegError("\n".join(problems))
    return facts_for_volumes(volume_class(entry["adapter"]))


def main() -> None:
    """Read entries by name as JSON from stdin, and write their facts as the last line of stdout."""
    entries = json.load(sys.stdin)
    print(json.dumps({name: inspect(name, entry) for name, entry in entries.items()}))
