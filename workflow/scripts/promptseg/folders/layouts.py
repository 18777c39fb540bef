"""Which files of a folder form cases, by their names: the entries of `cases` that would read them."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from promptseg.config.cases import match_cases
from promptseg.folders.words import FOLDER, Name, shortened

MOST_STRUCTURES = 150
_Pairs: TypeAlias = list[tuple[Name, Name]]
_ByKey: TypeAlias = Mapping[tuple[str, ...], Sequence[Name]]


@dataclass
class Layout:
    """How a folder is read.

    Attributes:
        cases: entries of `cases`.
        structures: names of objects by label value, where files or segments are named after them.
        notes: what was not certain.
    """

    cases: list[dict[str, Any]]
    structures: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def layout_of(images: Sequence[Name], masks: Sequence[Name], name: str) -> Layout | None:
    """The entries of `cases` of images and masks with names that belong together; None if none do.

    Args:
        name: of the case, if there is only one and nothing names it.
    """
    by_key: dict[tuple[str, ...], list[Name]] = {}
    for image in images:
        by_key.setdefault(image.key, []).append(image)
    return _of_whole_masks(by_key, masks, name) or _of_structures(by_key, masks, name)


def _of_whole_masks(by_key: _ByKey, masks: Sequence[Name], name: str) -> Layout | None:
    """Masks that have the key of an image: label maps, or masks of one object each."""
    pairs: dict[tuple[Any, Any], _Pairs] = {}
    for mask in masks:
        for image in by_key.get(mask.key, ()):
            pairs.setdefault((image.skeleton, mask.skeleton), []).append((image, mask))
    layout, taken, others = Layout([]), dict[str, tuple[str, ...]](), Counter[str]()
    everything = [one.text for one in (*(image for images in by_key.values() for image in images), *masks)]
    for members in sorted(pairs.values(), key=lambda found: (-len(found), found[0][0].text, found[0][1].text)):
        image, mask = members[0]
        new = [(one, other) for one, other in members if one.text not in taken and other.text not in taken]
        if new:
            layout.cases.append(_entry(new, name))
            for one, other in new:
                taken |= dict.fromkeys((one.text, other.text), (one.text, other.text))
            taken |= _matched(everything, layout.cases[-1]) if image.suffix != FOLDER else {}
        elif mask.text not in taken.get(image.text, ()) and not _numbered(layout.cases, mask):
            others[f"{image.text} with {mask.text}"] += len(members)
    if others:
        shown = "; ".join(f"{what} ({count})" for what, count in others.most_common(4))
        layout.notes.append(f"which of several files are meant; not taken were {shown}")
    return layout if layout.cases else None


def _matched(names: Sequence[str], entry: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The files of whole cases that an entry finds, each with all files of its case."""
    whole = [tuple(case.names) for case in match_cases(names, [entry]) if case.problem is None]
    return {name: files for files in whole for name in files}


def _entry(pairs: _Pairs, name: str) -> dict[str, Any]:
    if pairs[0][0].before == pairs[0][1].before and pairs[0][0].core:  # as in images/image_1.png and masks/image_1.png
        pairs = [(_with_its_start(image), _with_its_start(mask)) for image, mask in pairs]
    image, labels = (_pattern([pair[side] for pair in pairs]) for side in (0, 1))
    return {"image": image, "labels": labels, **({} if "{case}" in image else {"case": name})}


def _with_its_start(name: Name) -> Name:
    return replace(name, before="", core=name.before + name.core)


def _numbered(cases: list[dict[str, Any]], mask: Name) -> bool:
    """Whether a mask is another one of a case, as NAME_mask_1 beside NAME_mask; then both are united."""
    plain = re.sub(r"[_-]?\d+$", "", mask.after)
    for entry in cases:
        labels = entry["labels"] if isinstance(entry["labels"], str) else entry["labels"][0]["file"]
        stem, _, _ = labels.rpartition("/")[2].rpartition(mask.suffix)
        if plain and plain != mask.after and stem.removesuffix("*") == f"{mask.before}{{case}}{plain}":
            entry["labels"] = [
                {"file": re.sub(r"\*?" + re.escape(mask.suffix) + "$", f"*{mask.suffix}", labels), "value": 1}
            ]
            return True
    return False


def _of_structures(by_key: _ByKey, masks: Sequence[Name], name: str) -> Layout | None:
    """Masks of one object each, whose file or folder is named after it."""
    found: dict[str, _Pairs] = {}
    for mask in masks:
        for key, structure in shortened(mask.key):
            if key in by_key:
                found.setdefault(structure, []).append((by_key[key][0], mask))
                break
    if not found or len(found) > MOST_STRUCTURES:
        return None
    names = dict(enumerate(sorted(found), 1))
    entry = _entry([pair for members in found.values() for pair in members], name)
    entry["labels"] = [
        {"file": _pattern([mask for _, mask in found[structure]], structure), "value": value}
        for value, structure in names.items()
    ]
    return Layout([entry], names)


def _pattern(names: Sequence[Name], structure: str | None = None) -> str:
    """The pattern of files of one skeleton: what is the same in all is written out, the rest is a placeholder.

    Args:
        structure: what a part of the names means that is no part of the case's name.
    """
    first = names[0]
    core = bool(first.core) and first.core != structure
    varying = [index for index, (part, varies) in enumerate(first.folders) if varies and part != structure]
    parts: list[str] = []
    for index, (part, _) in enumerate(first.folders):
        values = [one.folders[index][0] for one in names]
        if index not in varying:
            parts.append(part)
        elif (index == varying[-1] and not core) or (core and values == [one.core for one in names]):
            parts.append("{case}")
        elif len(set(values)) == 1:
            parts.append(part)
        elif core and all(value in one.core for value, one in zip(values, names, strict=True)):
            parts.append(_common_start(values) + "*")
        else:
            parts.append("*" if "{group}" in parts else "{group}")
    if first.suffix == FOLDER:
        return "/".join([*parts, "*"])
    suffixes = {one.suffix for one in names}
    stem = f"{first.before}{'{case}' if core else first.core}{first.after}"
    return "/".join([*parts, stem + (suffixes.pop() if len(suffixes) == 1 else ".*")])


def _common_start(texts: Sequence[str]) -> str:
    low, high = min(texts), max(texts)
    return next((low[:index] for index, letter in enumerate(low) if letter != high[index : index + 1]), low)
