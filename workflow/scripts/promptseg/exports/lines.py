"""JSON documents of which people read the beginning, and programs the rest."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_lines(path: Path, head: Mapping[str, Any], **lists: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object: the entries of `head`, then the lists, with each of their elements on a line of its own.

    Elements are written as they come, so that memory does not grow with their number.
    """
    with path.open("w", encoding="utf-8") as stream:
        opening = "{\n"
        for key, value in head.items():
            stream.write(f"{opening}{json.dumps(key)}: {_text(value)}")
            opening = ",\n"
        for key, elements in lists.items():
            stream.write(f"{opening}{json.dumps(key)}: [")
            for number, element in enumerate(elements):
                stream.write(f"{',' if number else ''}\n{_text(element)}")
            stream.write("\n]")
            opening = ",\n"
        stream.write("\n}\n")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
