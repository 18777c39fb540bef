"""docs/protocols.md: the presets side by side, made from their declarations.

PYTHONPATH=workflow/scripts python -m promptseg.protocols.reference > docs/protocols.md
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from promptseg.config.facts import is_preset
from promptseg.config.schema import SCRIPTS, preset_schema
from promptseg.config.yamlfiles import value_of
from promptseg.core.titles import titled

COMMAND = "PYTHONPATH=workflow/scripts python -m promptseg.protocols.reference > docs/protocols.md"
_INTRODUCTION = f"""
# Protocols

How a number was measured belongs to the number. The same masks get four different "AUC"s, two "NSD at 2 mm", three
"middle slices" and five rules for the next click. A *preset* is a named protocol of somebody else, written as a
declaration over the building blocks below; the code behind the blocks knows no preset by its name.

```yaml
run:
  protocols: [corrected, ritm, cvpr2025] # click protocols of the study and presets, in any order
```

makes `results/tables/protocols.csv` (the same methods on the same images under every preset, with ranks),
`protocol_effects.csv` (what each preset hides, see its variants below), `protocol_agreement.csv` (how often two presets
order the methods alike) and a figure. [writing_a_protocol.md](writing_a_protocol.md) tells how to write one.

A preset asks its own questions, beside the ordinary run: `as_released`, `corrected` and `authors` stay as they are
([README of config](../config/README.md)). An image is a volume of one slice, so that protocols for volumes can be set
beside those for images on the same images; datasets with `volumes` are asked as volumes by presets that are for them.

`python -m promptseg.parity FOLDER` checks every block against recorded answers of the official code; a rule that is
changed in one word fails there.

This page is made from `config/protocols.yaml` and `workflow/schemas/preset*.schema.yaml`: change those and run
`{COMMAND}`.
"""
_CHECKED = """## What is checked, and what is otherwise than in the official programs

`python -m promptseg.parity FOLDER` compares, number by number: places, signs and order of all clicks (CVPR, RITM and
SimpleClick, rclicks, autoPET IV); RadioActive's prompters, with its shaken boxes and its points and boxes that follow
the answer in the slice before, and every point of its loops, with and without earlier points; slices, prompts and the
draws of whole runs of SAM 2 medical; lines and boxes of MedSAM2; all metrics and summaries. Where RadioActive takes
one of several equally large components or equally near pixels, by a sort whose order of equals depends on the
processor, any of them passes, and the line says so. Clicks of autoPET that are moved at random, and heat maps, are made
for training and are not part of its user.

* Generators that an official program seeds once for a whole run (SAM 2 medical) begin anew with each object.
* In an image nothing has a depth along z, 26 neighbours are 8. RadioActive's scribble, across the y axis of volumes,
  lies in the image.
* The CVPR challenge halves components above 60 million voxels before it measures depths; they are measured whole here.
* Without a hot spot autoPET's program would look for a click for ever: here there are no clicks on the background.
* Lines of MedSAM2 are drawn by radiologists; here by the longest diameter of the object in the slice. Prompts are whole
  pixels: the centre of a line is rounded half to even.
* In a run, RadioActive's prompts that follow answers are the routes `carry_box` and `carry_point`
  ([volumes.md](volumes.md#protocols-of-others)).
"""
# Keys that say nothing of how a number is measured.
_APART = ("title", "source", "variants")
_NOT_SAID = "-"
_PLAIN = {"true": "yes", "false": "no", "null": "none"}


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The values of a declaration by their dotted keys, in words; a mapping without keys is `yes`."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else str(key))
    elif path == "summaries":
        for summary in value:
            about = {key: inner for key, inner in summary.items() if key != "name"}
            yield f"summaries.{summary['name']}", _words(about)
    else:
        yield path, "yes" if isinstance(value, Mapping) else _words(value)


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_words(inner)}" for key, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_words, value))
    return value if isinstance(value, str) else _PLAIN.get(json.dumps(value), json.dumps(value))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def _comparison(presets: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    values = {name: dict(flat(_said(preset))) for name, preset in presets.items()}
    keys = dict.fromkeys(key for own in values.values() for key in own if not key.startswith("summaries."))
    order = list(preset_schema()["properties"])
    rows = [
        [f"`{key}`", *(own.get(key, _NOT_SAID) for own in values.values())]
        for key in sorted(keys, key=lambda key: order.index(key.split(".")[0]))
    ]
    told = "What a preset does not say is as the blocks below have it by default, or does not matter under it."
    yield from ("## Side by side", "", told, "")
    yield from _table(["", *(f"`{name}`" for name in presets)], rows)


def _said(preset: Mapping[str, Any]) -> dict[str, Any]:
    """What a declaration says of how a number is measured."""
    return {key: value for key, value in preset.items() if key not in _APART}


def _preset(name: str, preset: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        f"## `{name}`",
        "",
        f"{titled({name: preset}, name)}. Source: {preset.get('source', 'none given')}.",
        "",
    )
    if preset.get("summaries"):
        summaries = [row for row in flat(_said(preset)) if row[0].startswith("summaries.")]
        rows = [[f"`{key.removeprefix('summaries.')}`", words] for key, words in summaries]
        yield from _table(["summary", "how it is computed"], rows)
        yield from ("Methods are ranked by the first.", "")
    if preset.get("variants"):
        yield from ("What it hides, as variants that are measured beside it:", "")
        rows = [
            [f"`{variant}`", changes.get("title", ""), _changes(changes)]
            for variant, changes in preset["variants"].items()
        ]
        yield from _table(["variant", "", "what it changes"], rows)


def _changes(changes: Mapping[str, Any]) -> str:
    said = {key: value for key, value in changes.items() if key != "title"}
    return "; ".join(f"`{key}`: {words}" for key, words in flat(said))


def _blocks(schema: Mapping[str, Any], path: str = "") -> Iterator[list[str]]:
    for key, about in schema.get("properties", {}).items():
        if path or key not in _APART:
            name = f"{path}.{key}" if path else key
            values = ", ".join(f"`{_words(value)}`" for value in about.get("enum", ()))
            default = f"`{_words(about['default'])}`" if "default" in about and about["default"] != {} else ""
            yield [f"`{name}`", about.get("description", ""), values, default]
            yield from _blocks(about, name)
            for inner, step in ((about.get("items"), ""), (about.get("additionalProperties"), ".<name>")):
                if isinstance(inner, dict):
                    yield from _blocks(inner, name + step)


def document() -> str:
    """The whole document."""
    given = value_of(SCRIPTS.parents[1] / "config" / "protocols.yaml")["protocols"]
    presets = {name: entry for name, entry in given.items() if is_preset(entry)}
    lines = [_INTRODUCTION.strip(), "", *_comparison(presets)]
    for name, preset in presets.items():
        lines += _preset(name, preset)
    blocks = _table(["key", "meaning", "values", "default"], list(_blocks(preset_schema())))
    lines += ["## Building blocks", "", *blocks, _CHECKED]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    print(document(), end="")
