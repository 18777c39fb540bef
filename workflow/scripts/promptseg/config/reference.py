"""docs/configuration.md: every key of the configuration, made from the schema.

PYTHONPATH=workflow/scripts python -m promptseg.config.reference > docs/configuration.md
"""

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promptseg.config.schema import Schema, alternatives, read_schema

COMMAND = "PYTHONPATH=workflow/scripts python -m promptseg.config.reference > docs/configuration.md"
_INTRODUCTION = f"""
# Reference of the configuration

Made from `workflow/schemas/*.schema.yaml`; change those files and run
`{COMMAND}` again.
[config/README.md](../config/README.md) tells how to use the keys, with examples.

"Affects" names the stages (files of `workflow/rules`) that have a key among their parameters: a change reruns their
jobs for the dataset or method in question, and whatever depends on them. "no job" is a key that only documentation, the
number of jobs, or memory and speed depend on.
"""
_WORDS = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
    "array": "list",
}
# A mapping with more keys than this has a table of its own.
_INLINE = 4


@dataclass(frozen=True)
class Section:
    """One table of the document.

    Attributes:
        path: of the mapping whose keys it lists, such as `datasets.<name>.source`; empty for the top level.
        schema: of the mapping.
        stages: what the mapping affects, for keys that say nothing of it.
    """

    path: str
    schema: Schema
    stages: Sequence[str] | None


def mappings_in(schema: Schema) -> list[tuple[str, Schema]]:
    """The mappings with named keys that a value is or holds, and how its path goes on (`.<name>` below free names).

    There are two where an entry is of one kind or of another.
    """
    if "properties" in schema:
        return [("", schema)]
    for inner, step in ((schema.get("items"), ""), (schema.get("additionalProperties"), ".<name>")):
        choices = alternatives(inner) if isinstance(inner, dict) else []
        found = [(one.get("x-path", step) + rest, inner) for one in choices for rest, inner in mappings_in(one)]
        if found:
            return found
    return next((found for choice in schema.get("oneOf", ()) if (found := mappings_in(choice))), [])


def kind(schema: Schema) -> str:
    """The type of a value in words."""
    if "oneOf" in schema and "type" not in schema:
        return " or ".join(dict.fromkeys(kind(choice) for choice in schema["oneOf"]))
    if "const" in schema:
        return f"`{json.dumps(schema['const']).strip(chr(34))}`"
    if "enum" in schema:
        return "one of"
    if schema["type"] == "array":
        return f"list of {_plural(schema['items'])}"
    inner = schema.get("additionalProperties")
    if schema["type"] == "object" and isinstance(inner, dict):
        return f"mapping of names to {_plural(inner)}"
    return _WORDS[schema["type"]]


def _plural(schema: Schema) -> str:
    words = kind(schema)
    if "enum" in schema:
        return "values"
    first, _, rest = words.partition(" of ")
    return words if " or " in words else f"{first}s{' of ' if rest else ''}{rest}"


def allowed(schema: Schema) -> str:
    """The values that are allowed, beyond their type."""
    if "enum" in schema:
        return ", ".join(f"`{_plain(value)}`" for value in schema["enum"])
    if "oneOf" in schema and "type" not in schema:
        return "; ".join(filter(None, dict.fromkeys(map(allowed, schema["oneOf"]))))
    bounds = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    parts = [f"{words} {schema[key]}" for key, words in bounds.items() if key in schema]
    if "pattern" in schema:
        parts.append(f"`{schema['pattern']}`")
    if schema.get("type") == "array":
        fewest, most = schema.get("minItems", 0), schema.get("maxItems")
        parts += [f"{fewest} of them" if fewest == most else "not empty"] if fewest else []
        if "oneOf" in schema:
            parts.append(" or ".join(str(choice["minItems"]) for choice in schema["oneOf"]) + " of them")
        of_each = allowed(schema["items"])
        parts += [of_each if "enum" in schema["items"] else f"each {of_each}"] if of_each else []
    inner = schema.get("additionalProperties")
    if isinstance(inner, dict) and "properties" not in inner:
        parts += filter(None, [allowed(inner)])
    return ", ".join(parts)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def default(key: str, about: Schema, mapping: Schema) -> str:
    """What a key is where it is left out."""
    if key in mapping.get("required", ()):
        return "required"
    if "default" not in about:
        return ""
    return f"`{json.dumps(about['default'], ensure_ascii=False)}`"


def rows(section: Section, prefix: str = "") -> Iterator[tuple[list[str], list[Section]]]:
    """The cells of each key of a section, and the sections that the key has of its own."""
    refused = section.schema.get("not", {}).get("required", ())
    for key, about in section.schema["properties"].items():
        if key in refused:
            continue
        stages = about.get("x-stages", section.stages)
        found = mappings_in(about)
        path = ".".join(filter(None, [section.path, prefix + key]))
        large = not section.path or any(len(inner["properties"]) > _INLINE for _, inner in found)
        below = [Section(path + step, inner, stages) for step, inner in found] if large else []
        links = " and ".join(f"[`{one.path}`](#{anchor(one.path)})" for one in below)
        meaning = about["description"] + (f" See {links}." if below else "")
        affects = "" if stages is None else ", ".join(stages) or "no job"
        yield (
            [f"`{prefix}{key}`", kind(about), default(key, about, section.schema), allowed(about), meaning, affects],
            below,
        )
        for step, inner in () if large else found:
            yield from rows(Section(section.path, inner, stages), f"{prefix}{key}{step}.")


def anchor(path: str) -> str:
    """The anchor that a heading with a path in code has on GitHub."""
    return "".join(letter for letter in path.lower() if letter.isalnum() or letter in "-_")


def sections(section: Section) -> Iterator[str]:
    """The table of a section as lines of Markdown, then those of the sections below it."""
    description = section.schema.get("description") if section.path else None
    yield from (f"## `{section.path}`" if section.path else "## Top level", "")
    if description:
        yield from (*textwrap.wrap(description, 120), "")
    yield "| key | type | default | allowed | meaning | affects |"
    yield "|---|---|---|---|---|---|"
    below: list[Section] = []
    for cells, own in rows(section):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        below += own
    yield ""
    for one in below:
        yield from sections(one)


def document() -> str:
    """The whole document."""
    return "\n".join([_INTRODUCTION.strip(), "", *sections(Section("", read_schema(), None))]).rstrip() + "\n"


if __name__ == "__main__":
    print(document(), end="")
