"""The table of docs/methods.md, from the registry, the classes of the methods and what parity measured.

PYTHONPATH=workflow/scripts python -m promptseg.parity.methods_table
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
import yaml

from promptseg.config.schema import SCRIPTS
from promptseg.core.errors import PromptsegError
from promptseg.methods import Method, adapter_class, is_for_volumes, named_class
from promptseg.methods.clicking import ClickMethod
from promptseg.methods.sam_med2d import SamMed2D
from promptseg.parity.adapters import ADAPTERS

ROOT = SCRIPTS.parents[1]
DOCUMENT = ROOT / "docs" / "methods.md"
REGISTRY = ROOT / "config" / "methods.yaml"
MEASURED = ROOT / "resources" / "parity.json"
COMMAND = "PYTHONPATH=workflow/scripts python -m promptseg.parity.methods_table"
_BEGIN = (
    f"<!-- The table is made from config/methods.yaml, the methods' classes and resources/parity.json: {COMMAND} -->"
)
_END = "<!-- end of the table -->"
_COLUMNS = (
    *("entry", "method", "prompts", "points", "masks", "mask fed back", "input", "parameters"),
    *("code", "weights", "parity", "volumes", "seen in training"),
)
_NAMES = {"point": "points", "box": "boxes", "scribble": "scribbles", "lasso": "lassos", "everything": "everything"}
# What the logits of a fixture really are.
_WORDS = dict.fromkeys(("medsam", "lite_medsam", "scribbleprompt_unet"), "probabilities")
_ANSWERS = ("logits", "probabilities")  # what of a fixture is compared at the size of the image
_TRACKED = ("low-res logits",)  # and what of slices that were tracked


def prompts(cls: type[Method]) -> str:
    """The types of prompts, those that it was not made for in brackets."""
    known = [name for kind, name in _NAMES.items() if kind in cls.prompt_types]
    others = [f"({name})" for kind, name in _NAMES.items() if kind in cls.untrained_types]
    return ", ".join(known + others)


def points(cls: type[Method]) -> str:
    """How many points, and whether they may lie on the background."""
    if "point" not in cls.prompt_types:
        return ""
    count = "several" if cls.max_points is None else "one" if cls.max_points == 1 else f"up to {cls.max_points}"
    return f"{count}, {'also negative' if cls.negative_points else 'positive'}"


def masks(cls: type[Method]) -> str:
    """How many, and which is the answer."""
    if cls.candidates > 1:
        return f"{cls.candidates}: `first`, `best_score`, `oracle`"
    return f"1: {cls.main_mask}" if cls.main_mask else "1"


def fed_back(cls: type[Method]) -> str:
    """What of its last answer the network sees."""
    return "probabilities" if issubclass(cls, ClickMethod | SamMed2D) else "logits" if cls.mask_feedback else "no"


@cache
def parameters(cls: type[Method], variant: str) -> str:
    """Of the network, in millions; counted without memory for them. Empty for methods without a network."""
    if cls.architecture.__func__ is Method.architecture.__func__:  # type: ignore[attr-defined]
        return ""
    with torch.device("meta"):
        network = cls.architecture(variant)
    return f"{sum(value.numel() for value in network.parameters()) / 1e6:.3g} M"


def parity(adapter: str, variant: str | None, measured: Mapping[str, Any], answered: tuple[str, ...] = _ANSWERS) -> str:
    """The fixtures of a network, the largest difference of its answers from theirs, and mask pixels that differ."""
    families = [family for family, known in ADAPTERS.items() if known == adapter]
    found = {
        name: entry for name, entry in measured.items() if entry["family"] in families and entry["variant"] == variant
    }
    if not found:
        return ""
    answers = [(kind, entry["differences"].get(kind, 0.0)) for entry in found.values() for kind in answered]
    largest = [
        f"{top:.0e} of {_WORDS.get(families[0], kind)}"
        for kind in answered
        if (top := max(v for name, v in answers if name == kind))
    ]
    masks_of = [entry["masks"] for entry in found.values() if entry["masks"]]
    differing, pixels = (sum(one[key] for one in masks_of) for key in ("differing", "pixels"))
    names = f"`{next(iter(found))}`" if len(found) == 1 else f"{len(found)} fixtures"
    return f"{names}: {', '.join(largest) or 'equal'}; {differing} of {pixels / 1e6:.2g} M pixels"


def volumes(cls: type[Method], variant: str | None, measured: Mapping[str, Any]) -> str:
    """The route that it has beyond those of all methods, and its parity."""
    if not cls.tracker:
        return ""
    tracked = parity(cls.tracker, variant, measured, _TRACKED)
    return f"`memory`; {tracked}" if tracked else "`memory`"


def seen(entry: Mapping[str, Any]) -> str:
    """Datasets whose images were in the training set, and what is known of all others."""
    answers = {name: {True: "yes", False: "no"}.get(one["answer"], one["answer"]) for name, one in entry.items()}
    other = answers.pop("other", "unknown")
    named = [name if answer == "yes" else f"{name} ({answer})" for name, answer in answers.items() if answer != other]
    rest = {"no": "no other" if named else "none", "yes": "all others", "unknown": "others unknown"}[other]
    return ", ".join([*named, rest])


def row(name: str, entry: Mapping[str, Any], measured: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of a method, see _COLUMNS."""
    cls, variant = adapter_class(entry["adapter"]), entry.get("variant")
    try:
        count = parameters(cls, variant or "")
        side = entry.get("options", {}).get("infer_size") or (cls.input_size(variant or "") if count else None)
    except PromptsegError as error:
        raise PromptsegError(f"{name}: {error}") from None
    return (
        f"`{name}`",
        entry["title"],
        *(prompts(cls), points(cls), masks(cls), fed_back(cls)),
        *(f"{side} px" if side else "any" if count else "", count),
        *(cls.code_licence, entry.get("checkpoint", {}).get("licence", "none")),
        *(parity(entry["adapter"], variant, measured), volumes(cls, variant, measured)),
        seen(entry.get("seen", {})),
    )


def rows() -> Iterator[tuple[str, ...]]:
    """One row for each entry of the registry, without those for volumes."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    for name, entry in yaml.safe_load(REGISTRY.read_text(encoding="utf-8"))["methods"].items():
        if not is_for_volumes(named_class(entry["adapter"])):
            yield row(name, entry, measured)


def table() -> str:
    """The table in Markdown."""
    lines = [_COLUMNS, tuple("---" for _ in _COLUMNS), *rows()]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def document(text: str) -> str:
    """docs/methods.md with the table as it should be.

    Raises:
        PromptsegError: the text has no place for it.
    """
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise PromptsegError(f"{DOCUMENT} has no lines {_BEGIN!r} and {_END!r}, between which the table stands.")
    return f"{before}{begin}\n{table()}{end}{after}"


def main(path: Path = DOCUMENT) -> None:
    """Put the table into the document."""
    path.write_text(document(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
