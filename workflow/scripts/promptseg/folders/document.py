"""The configuration for a folder as a commented YAML file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

METHODS = ["perfect", "box_ellipse", "random_walker", "sam_small"]


@dataclass(frozen=True)
class Line:
    """A key of the entry, its value, and a comment; empty for none."""

    key: str
    value: Any
    comment: str = ""


def flow(value: Any) -> str:
    """A value on one line of YAML."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def document(name: str, folder: Path, lines: Sequence[Line], unsure: Sequence[str], schema: Path) -> str:
    """The whole file.

    Args:
        name: of the entry.
        unsure: what could not be told, a line each.
        schema: for editors, see config/README.md.
    """
    text = [f"# yaml-language-server: $schema={schema}"]
    text += [f"# Written by `promptseg init` for {folder}. Nothing in that folder was changed."]
    text += ["# Keys, defaults and meaning: docs/configuration.md, config/README.md."]
    if unsure:
        text += ["#", "# Please check, because the files do not say it:", *(f"# - {line}" for line in unsure)]
    text += ["", "datasets:", f"  {name}:", f"    source: {{kind: folder, path: {flow(str(folder))}}}"]
    for line in lines:
        text += [f"    # {line.comment}"] if line.comment else []
        text += _entry(line)
    text += ["", "run:", f"  datasets: [{name}]", "  # More of them: config/methods.yaml, docs/methods.md"]
    text += [
        f"  methods: {flow(METHODS)}",
        "",
        "# Tables, figures and report; a folder of its own for each run.",
        f"results: runs/{name}",
    ]
    return "\n".join(text) + "\n"


def _entry(line: Line) -> list[str]:
    if line.key == "cases":
        return ["    cases:", *(part for case in line.value for part in _case(case))]
    if line.key == "tasks":
        return ["    tasks:", *(f"      {flow(task)}: {flow(values)}" for task, values in line.value.items())]
    return [f"    {line.key}: {flow(line.value)}"]


def _case(case: Mapping[str, Any]) -> list[str]:
    if isinstance(case["labels"], str):
        return [f"      - {flow(dict(case))}"]
    rest = [f"        {key}: {flow(value)}" for key, value in case.items() if key not in ("image", "labels")]
    items = [f"          - {flow(item)}" for item in case["labels"]]
    return [f"      - image: {flow(case['image'])}", "        labels:", *items, *rest]
