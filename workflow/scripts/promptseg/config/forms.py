"""Other forms in which people write a configuration, turned into the one that the schema describes.

* One entry without dashes is a list of one: `tasks: {femur: 1}`, `methods: medsam`.
* `cases` may be a mapping: a single entry, or names of cases with an entry each.
* A key below the top level without a value (nothing, `~`, `null`) is as if it were not there.
* `~` at the beginning of a path is the home directory.
* The order of keys does not count, see `in_order`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from promptseg.config.explain import Mistake, dotted
from promptseg.config.schema import Schema, alternative, read_schema

# Mappings of an entry whose order is that of tables, figures and lists.
_ORDERED = ("tasks", "label_values")
_PLAIN: Mapping[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float), "object": dict}


def canonical(config: dict[str, Any]) -> None:
    """Bring a configuration into the form of the schema, in place; what fits no form stays for the schema to refuse."""
    for entry in _entries(config, "datasets"):
        if isinstance(cases := entry.get("cases"), dict):
            entry["cases"] = _listed_cases(cases)
    for name, about in read_schema()["properties"].items():
        if name in config:
            config[name] = _in_form(config[name], about)
    for entry in _entries(config, "datasets"):
        sources = entry.get("source")
        for source in sources if isinstance(sources, list) else [sources]:
            _expand(source)
        _expand(entry)
    for entry in _entries(config, "methods"):
        _expand(entry.get("checkpoint"))
        _expand(entry.get("masks"))


def in_order(config: dict[str, Any]) -> None:
    """Sort the keys of all mappings, in place, because Snakemake takes parameters in another order for others.

    The order of names in a registry stays, as does that of `_ORDERED`, and of lists. Keys become strings, as the label
    values of `colours`, which may be written either way.
    """
    for name, value in config.items():
        if name in ("datasets", "methods", "protocols"):
            config[name] = {
                entry: {key: about[key] if key in _ORDERED else _sorted(about[key]) for key in sorted(about)}
                for entry, about in value.items()
            }
        else:
            config[name] = _sorted(value)


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    return value


def _entries(config: Mapping[str, Any], registry: str) -> Iterator[dict[str, Any]]:
    entries = config.get(registry)
    yield from (one for one in entries.values() if isinstance(one, dict)) if isinstance(entries, dict) else ()


def _expand(mapping: Any) -> None:
    for key in ("path", "hf", "metadata") if isinstance(mapping, dict) else ():
        if str(mapping.get(key, "")).startswith("~"):
            mapping[key] = str(Path(mapping[key]).expanduser())


def _listed_cases(cases: dict[str, Any]) -> list[Any]:
    if not all(isinstance(value, dict) for value in cases.values()):
        return [cases]
    return [entry if _has_placeholder(entry) else {"case": str(name), **entry} for name, entry in cases.items()]


def _has_placeholder(entry: Any) -> bool:
    return "{case}" in str(entry)


def _in_form(value: Any, schema: Schema) -> Any:
    """The value as its schema has it, as far as its form is known."""
    alternatives = () if "type" in schema else schema.get("oneOf", ())
    choices = [choice for choice in alternatives if "x-form" not in choice] or [schema]
    if isinstance(value, list):
        for choice in choices:
            if choice.get("type") == "array":
                return [_in_form(item, choice["items"]) for item in value]
    elif isinstance(value, dict):
        for choice in choices:
            if choice.get("type") == "object":
                return _mapping_in_form(value, choice)
    if value is not None and not any(_fits(value, choice) for choice in choices):
        lists = [choice for choice in choices if choice.get("type") == "array" and _fits(value, choice["items"])]
        if lists:
            return [_in_form(value, lists[0]["items"])]
    return value


def _mapping_in_form(value: dict[str, Any], schema: Schema) -> dict[str, Any]:
    schema = alternative(schema, value)
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name in list(value):
        about = known.get(name, others if isinstance(others, dict) else None)
        if value[name] is None and name in known and name not in schema.get("required", ()):
            del value[name]
        elif about:
            value[name] = _in_form(value[name], about)
    return value


def _fits(value: Any, schema: Schema) -> bool:
    """Whether a value has the type of a schema; what its keys and items are does not matter."""
    if "const" in schema or "enum" in schema:
        return value == schema.get("const") or value in schema.get("enum", ())
    if "oneOf" in schema and "type" not in schema:
        return any(_fits(value, choice) for choice in schema["oneOf"])
    kind = _PLAIN.get(schema.get("type", "object"))
    return kind is not None and isinstance(value, kind) and not isinstance(value, bool)


def mistaken_forms(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Forms that cannot be meant, with what to write instead; the schema would say less."""
    for registry in ("datasets", "methods"):
        entries = config.get(registry)
        if isinstance(entries, (str, list)) and not any(isinstance(one, dict) for one in entries):
            names = ", ".join([entries] if isinstance(entries, str) else map(str, entries))
            yield Mistake(
                (registry,),
                f"{registry}: holds entries, and what a run covers stands under `run`: write `run: {{{registry}: "
                f"[{names}]}}`",
            )
        if isinstance(entries, dict):
            for name, entry in entries.items():
                if registry == "datasets" and isinstance(entry, dict) and "tasks" in entry:
                    yield from _mistaken_tasks(("datasets", name, "tasks"), entry["tasks"])


def _mistaken_tasks(where: tuple[str, ...], tasks: Any) -> Iterator[Mistake]:
    if isinstance(tasks, str) or (isinstance(tasks, list) and all(isinstance(name, str) for name in tasks)):
        names = [tasks] if isinstance(tasks, str) else tasks
        example = ", ".join(f"{name}: [{value}]" for value, name in enumerate(names, 1))
        yield Mistake(
            where,
            f"{dotted(where)}: each name needs the label values that form its object: write `tasks: {{{example}}}` "
            "with the numbers that your masks hold",
        )
    for name, values in tasks.items() if isinstance(tasks, dict) else ():
        for value in values if isinstance(values, list) else [values]:
            problem = _mistaken_label(name, value)
            if problem:
                yield Mistake((*where, name), f"{dotted(where)}: {problem}")


def _mistaken_label(name: Any, value: Any) -> str | None:
    number = re.fullmatch(r"\s*([0-9]+)\s*", str(name))
    if isinstance(value, str) and number:
        return f"the name comes first: write `{value}: [{number[1]}]`"
    if isinstance(value, str):
        inside = re.fullmatch(r"\s*([0-9]+)\s*", value)
        end = f"without quotes: write `{name}: [{inside[1]}]`" if inside else "such as `[1]`"
        return f"{name} needs label values of the masks, whole numbers {end}"
    if value == 0 and not isinstance(value, bool):
        return f"{name} names the label 0, which is the background of every mask: name the values of its object"
    return None
