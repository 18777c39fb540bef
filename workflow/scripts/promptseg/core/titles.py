"""What figures, pages and tables for people call the words of the project's files: no machine name is shown to them."""

from collections.abc import Mapping
from typing import Any

from promptseg.core.vocabulary import EVERYTHING, ITERATIVE

MODES = {
    "mode1": "1: one point, largest component",
    "mode2": "2: a point in each component",
    "mode3": "3: box, largest component",
    "mode4": "4: a box around each component",
    "mode5": "5: one box around the object",
    ITERATIVE: "corrective clicks",
    EVERYTHING: "no prompt",
}
SELECTIONS = {"first": "first mask", "best_score": "highest predicted IoU", "oracle": "oracle"}
STATUSES = {"ok": "scored", "not_applicable": "prompts not taken"}

Titles = Mapping[str, Mapping[str, Any]]  # name -> {title}, of methods, datasets or protocols


def plain(name: str) -> str:
    """A name of the configuration that has no title of its own, as words."""
    return name.replace("_", " ")


def titled(names: Titles | None, name: str) -> str:
    """The title of a dataset, method or protocol, else its name as words."""
    return str((names or {}).get(name, {}).get("title") or plain(name))


def setting(mode: str, step: int = 0) -> str:
    """A prompt in few words: "mode 4", "5 clicks", "no prompt"."""
    if mode == ITERATIVE:
        return f"{step} click{'s' if step != 1 else ''}"
    return f"mode {mode.removeprefix('mode')}" if mode.startswith("mode") else MODES.get(mode, plain(mode))
