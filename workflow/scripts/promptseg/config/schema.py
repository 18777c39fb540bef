"""The JSON schema of the configuration, put together from the files of `workflow/schemas`, and what it says of keys."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

Schema: TypeAlias = dict[str, Any]

SCRIPTS = Path(__file__).resolve().parents[2]
SCHEMAS = SCRIPTS.parent / "schemas"
# Every start of Snakemake reads the schema: with libyaml that takes a sixth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def read_schema(name: str = "config") -> Schema:
    """The schema of a file `<name>.schema.yaml`, with the files that it refers to in place of its references."""
    schema: Schema = yaml.load((SCHEMAS / f"{name}.schema.yaml").read_text(encoding="utf-8"), LOADER)
    del schema["$schema"]
    put_together: Schema = _resolved(schema)
    return put_together


def _resolved(node: Any) -> Any:
    if isinstance(node, list):
        return [_resolved(item) for item in node]
    if not isinstance(node, dict):
        return node
    here = {key: _resolved(value) for key, value in node.items() if key != "$ref"}
    return merged(read_schema(node["$ref"].removesuffix(".schema.yaml")), here) if "$ref" in node else here


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> Schema:
    """Both mappings in one, key by key at every depth, the second over the first; neither is changed."""
    both = {**first, **second}
    for key in first.keys() & second.keys():
        if isinstance(first[key], dict) and isinstance(second[key], dict):
            both[key] = merged(first[key], second[key])
    return both


def alternatives(schema: Mapping[str, Any]) -> list[Schema]:
    """What a value may have to fit: one of two where the schema has an `if`, else the schema itself."""
    return [schema["else"], schema["then"]] if "if" in schema else [dict(schema)]


def alternative(schema: Schema, value: Mapping[str, Any]) -> Schema:
    """The one of them that a mapping has to fit; the only condition there is are keys that it has."""
    if "if" not in schema:
        return schema
    return schema["then" if set(schema["if"]["required"]) <= value.keys() else "else"]


def switches() -> Schema:
    """The schemas of the switches of a click protocol, by their names."""
    entries, _ = alternatives(read_schema()["properties"]["protocols"]["additionalProperties"])
    return {name: about for name, about in entries["properties"].items() if name != "title"}


def preset_schema() -> Schema:
    """The schema of a preset."""
    return alternatives(read_schema()["properties"]["protocols"]["additionalProperties"])[1]


@cache
def keys_of(registry: str, stage: str) -> tuple[str, ...]:
    """Keys of an entry of `datasets` or `methods` that a stage depends on, in the order of the schema.

    They are the parameters of its rules, so that a change of one of them reruns what it must.

    Args:
        registry: "datasets" or "methods".
        stage: name of a rule file, as in `x-stages` of the schema.
    """
    properties = read_schema()["properties"][registry]["additionalProperties"]["properties"]
    return tuple(key for key, about in properties.items() if stage in about["x-stages"])
