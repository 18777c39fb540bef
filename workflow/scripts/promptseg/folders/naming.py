"""Names of label values beside the files of a dataset: dataset.json of nnU-Net and the Decathlon, labels.json."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FILES = ("dataset.json", "labels.json")


def names_beside(folder: Path) -> tuple[dict[str, list[int]], list[str]]:
    """Task name to its label values, and names of the channels, of the first file that has them; empty without one.

    Understood are `{"1": "liver"}`, `{"liver": 1}`, regions as `{"whole tumour": [1, 2]}`, below the key `labels` or
    alone.
    """
    for name in FILES:
        try:
            content = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(content, dict):
            labels = content.get("labels", content)
            channels = content.get("channel_names") or content.get("modality") or {}
            return (
                _tasks(labels) if isinstance(labels, dict) else {},
                [str(value) for value in (channels.values() if isinstance(channels, dict) else [channels])],
            )
    return {}, []


def _tasks(labels: Mapping[str, Any]) -> dict[str, list[int]]:
    tasks: dict[str, list[int]] = {}
    for key, value in labels.items():
        name, numbers = (value, [key]) if isinstance(value, str) and str(key).isdigit() else (key, value)
        found = [int(number) for number in (numbers if isinstance(numbers, list) else [numbers]) if _whole(number)]
        if found and found != [0]:
            tasks[task_name(str(name), tasks)] = found
    return tasks


def _whole(number: object) -> bool:
    return isinstance(number, int | str) and not isinstance(number, bool) and str(number).isdigit()


def task_name(text: str, taken: Iterable[str] = ()) -> str:
    """A name that files can be called by: letters, digits and underscores, none that is taken."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower() or "object"
    number, name, others = 1, plain, set(taken)
    while name in others:
        number += 1
        name = f"{plain}_{number}"
    return name
