"""Addresses of states of the explorer: a page of a run links to what it speaks of.

The part behind `#` is key=value pairs joined by &. A list is joined by commas, and what is between two commas is
percent-encoded, so that a reader splits at &, at the first = and at commas, and decodes then.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

INDEX = "explorer/index.html"
Value: TypeAlias = str | int | Sequence[str]
Ends: TypeAlias = tuple[float | None, float | None]

KEYS = {
    "datasets": "d",
    "tasks": "t",
    "modalities": "mod",
    "patient": "p",
    "methods": "m",
    "settings": "s",
    "statuses": "st",
    "sort": "sort",
    "direction": "dir",
    "versus": "vs",
    "compared": "of",
    "object": "o",
    "opened": "at",
    "side_by_side": "w",
    "click": "k",
    "look": "look",
    "plot": "plot",
}


def address(ranges: Mapping[str, Ends] | None = None, **state: Value) -> str:
    """Address of the explorer in a state, relative to the folder of a run: `explorer/index.html#d=heart&sort=iou`.

    Args:
        ranges: lowest and highest value of metrics and of `area`, both inclusive; None for an open end.
        state: keys of `KEYS`. Tasks are `<dataset>:<task>`, the object is `<dataset>/<object_id>`. What rows are
            compared with (`versus`) and the row through which an object is opened (`opened`) are
            `<method>@<setting id>`, settings are called by `setting_id`; `compared` is a metric, `sort` one or `area`,
            `object`, `diff` or `gap`, `direction` is `asc` or `desc`. What is empty is left out.

    Raises:
        KeyError: there is no such key.
    """
    pairs = {KEYS[name]: _text(value) for name, value in state.items()}
    pairs |= {f"r.{name}": "..".join(map(_end, ends)) for name, ends in (ranges or {}).items()}
    text = "&".join(f"{key}={value}" for key, value in pairs.items() if value)
    return f"{INDEX}#{text}" if text else INDEX


def _text(value: Value) -> str:
    if isinstance(value, str | int):
        return _quoted(str(value))
    return ",".join(map(_quoted, value))


def _quoted(text: str) -> str:
    return quote(text, safe="/:@~")


def _end(end: float | None) -> str:
    return "" if end is None else f"{end:.15g}"
