"""What the class of an adapter says of itself, without its weights: a process of `config.adapters` asks."""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from promptseg.config.imports import adapter_file, helper_files
from promptseg.core.errors import PromptsegError
from promptseg.core.vocabulary import ALL_MODES
from promptseg.methods import adapter_class
from promptseg.predict.abilities import Abilities
from promptseg.predict.method_run import check_entry


def inspect(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of the adapter of a method that the plan of jobs depends on.

    Args:
        entry: of the method in the configuration.

    Returns:
        modes, those that the method is asked; several, whether the number of masks that it gives may depend on
        `multimask`; looks_at_pixels and learned, see `Method`; helpers, files besides its own that importing it
        loaded, from the current folder, if this process imported no other adapter. Or `problem`, what is wrong with the
        adapter or its entry; or `missing`, why it cannot be imported here.
    """
    try:
        found = adapter_class(entry["adapter"])
    except PromptsegError as error:
        kind = "missing" if isinstance(error.__cause__, ModuleNotFoundError) else "problem"
        return {kind: f"methods.{name}: {error}"}
    try:
        check_entry(name, found, entry)
        abilities = Abilities.declared(found, entry.get("off_label", False))
        return {
            "modes": [mode for mode in ALL_MODES if abilities.answer(mode)],
            "several": abilities.candidates > 1 or found.mask_feedback,
            "looks_at_pixels": found.says("looks_at_pixels"),
            "learned": found.says("learned"),
            "helpers": [os.path.relpath(file) for file in helper_files(adapter_file(entry["adapter"]))],
        }
    except PromptsegError as error:
        return {"problem": str(error)}


def main() -> None:
    """Read entries by name as JSON from stdin, and write their facts as the last line of stdout."""
    entries = json.load(sys.stdin)
    print(json.dumps({name: inspect(name, entry) for name, entry in entries.items()}))
