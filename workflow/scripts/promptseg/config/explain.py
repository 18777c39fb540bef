"""What is wrong with a configuration, in one line for each mistake."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from promptseg.config.schema import preset_schema, read_schema, switches
from promptseg.config.yamlfiles import Where
from promptseg.core.choices import did_you_mean
from promptseg.core.errors import PromptsegError

# A jsonschema.ValidationError; its attributes are declared as possibly unset, which those of a violation never are.
_Violation: TypeAlias = Any
# What people call a key of ours, which is too unlike it to be its nearest word.
_SYNONYMS = {
    **dict.fromkeys(("mask", "masks", "label", "seg", "segmentation", "gt"), "labels"),
    **dict.fromkeys(("images", "img"), "image"),
    **dict.fromkeys(("classes", "objects", "structures"), "tasks"),
    **dict.fromkeys(("license", "terms"), "licence"),
    **dict.fromkeys(("weights", "ckpt"), "checkpoint"),
}
_NOT_NUMBERS = re.compile(r"[-+]?[0-9_]*\.?[0-9_]+[eE][-+]?[0-9]+")
_TRUTHS = {"yes": "true", "no": "false", "on": "true", "off": "false", "true": "true", "false": "false"}


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong.

    Attributes:
        where: the key that it is about.
        text: one sentence, which names the key.
    """

    where: Where
    text: str


class ConfigurationError(PromptsegError):
    """All that is wrong with a configuration."""

    def __init__(self, mistakes: Iterable[Mistake], place: Callable[[Where], str] = lambda _: "") -> None:
        """Of mistakes, with the place of each key where it is known."""
        self.mistakes = list(mistakes)
        lines = [": ".join(filter(None, [place(one.where), one.text])) for one in self.mistakes]
        super().__init__("The configuration is not valid:\n" + "\n".join(f"  {line}" for line in dict.fromkeys(lines)))

    def placed(self, place: Callable[[Where], str]) -> "ConfigurationError":
        """The same mistakes, each with the file and line of its key."""
        return ConfigurationError(self.mistakes, place)


def dotted(where: Where) -> str:
    """A key as people name it."""
    return ".".join(map(str, where)) or "the top level"


def nearest(name: str, known: Iterable[Any]) -> str:
    """A question that names the word most like a name, or nothing."""
    words = [str(item) for item in known]
    meant = _SYNONYMS.get(str(name).lower())
    # One letter is a large share of a short word; `version` is no misspelt `precision`.
    cutoff = 0.5 if len(str(name)) <= 3 else 0.65
    return did_you_mean(meant if meant in words else name, words, cutoff)


def _innermost(error: _Violation) -> list[_Violation]:
    """What is wrong with that alternative of a `oneOf` which has the right type; the error itself where none has."""
    alternatives: dict[Any, list[_Violation]] = {}
    for inner in () if "type" in error.schema else error.context or ():
        alternatives.setdefault(inner.schema_path[0], []).append(inner)
    for errors in alternatives.values():
        if all(list(inner.path) or inner.validator not in ("type", "const") for inner in errors):
            return [one for inner in errors for one in _innermost(inner)]
    return [error]


def explain(violation: _Violation) -> list[Mistake]:
    """The mistakes behind a violation of the schema: where, what, and what to write or the nearest allowed word."""
    return [_explained(error) for error in _innermost(violation)]


def _explained(error: _Violation) -> Mistake:
    where = tuple(error.absolute_path)
    explained = _EXPLANATIONS.get(str(error.validator), lambda _: None)(error)
    if isinstance(explained, Mistake):
        return explained
    return Mistake(where, f"{dotted(where)}: {explained or _general(error)}")


def _general(error: _Violation) -> str:
    if "propertyNames" in error.schema_path and "description" in error.schema:
        return f"{error.instance!r} cannot be a name here. {error.schema['description']}"
    return error.message


def _unknown_key(error: _Violation) -> Mistake | None:
    if not isinstance(error.instance, dict):
        return None
    known = error.schema.get("properties", {})
    unknown = [key for key in error.instance if key not in known]
    where = (*error.absolute_path, unknown[0])
    words = nearest(unknown[0], known)
    if not words and len(where) == 1 and (owners := _owners(unknown[0])):
        words = f" It belongs under {' or '.join(f'`{above}:`' for above in owners)}."
    words = words or _of_the_other_kind(where) or f" Known keys: {', '.join(known)}."
    return Mistake(where, f"unknown key {', '.join(map(repr, unknown))} in {dotted(where[:-1])}.{words}")


def _of_the_other_kind(where: Where) -> str:
    """What to write where a preset has a key of sets of switches, or the other way round."""
    if len(where) == 3 and where[0] == "protocols":
        if where[2] in preset_schema()["properties"]:
            return " It is one of presets, which have `metrics`: add them."
        if where[2] in switches():
            return " It is a switch, and an entry with `metrics` is a preset, which has none."
    return ""


def _owners(key: str) -> list[str]:
    """Keys of the top level whose mapping has a key."""
    return [name for name, about in read_schema()["properties"].items() if key in about.get("properties", ())]


def _enum(error: _Violation) -> str:
    allowed: Any = error.validator_value
    if error.instance is None:
        return _NOTHING
    listed = f"Allowed: {', '.join(map(str, allowed))}."
    return f"{error.instance!r} is not allowed.{nearest(str(error.instance), allowed)} {listed}"


def _type(error: _Violation) -> str:
    value, wanted = error.instance, error.validator_value
    if value is None:
        return _NOTHING
    if wanted in ("integer", "number") and isinstance(value, str):
        return _number_in_text(value, whole=wanted == "integer")
    if wanted == "integer" and isinstance(value, float):
        return f"{value!r} is not a whole number" + (f": write {int(value)}" if value.is_integer() else "")
    if wanted == "number" and isinstance(value, float):
        return f"{value!r} cannot be computed with: write a finite number"
    if wanted == "boolean" and isinstance(value, str) and value.lower() in _TRUTHS:
        return f"{value!r} is text here: write {_TRUTHS[value.lower()]}, without quotes"
    if wanted == "string" and not isinstance(value, (dict, list)):
        return read_as(value)
    words = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
    needed = {"object": "a mapping", "array": "a list", **words}[str(wanted)]
    is_now = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false"}.get(type(value), "a number")
    how = ""
    if wanted == "object" and isinstance(value, list):
        how = ": write each name as a key, without a dash before it"
    return f"{_short(value)} is {is_now}, and {needed} is needed{how}"


_NOTHING = "has no value (nothing, ~ and null are the same in YAML): give one, or take the line away"


def _short(value: Any) -> str:
    return text if len(text := repr(value)) <= 60 else text[:57] + "..."


def _number_in_text(value: str, whole: bool) -> str:
    if _NOT_NUMBERS.fullmatch(value) and whole and float(value).is_integer():
        return f"YAML reads {value} as text: write {int(float(value))}"
    if _NOT_NUMBERS.fullmatch(value):
        mantissa, exponent = re.split("[eE]", value)
        point = mantissa if "." in mantissa else f"{mantissa}.0"
        sign = exponent if exponent[0] in "+-" else f"+{exponent}"
        return f"YAML reads {value} as text, for it wants a point and a sign: write {point}e{sign}"
    try:
        float(value)
    except ValueError:
        return f"{value!r} is a text, and a {'whole ' * whole}number is needed"
    return f"{value!r} is text: write {value}, without quotes"


def _alternatives(error: _Violation) -> str | None:
    if error.instance is None:
        return _NOTHING
    allowed = error.validator_value
    if all("minItems" in choice and "type" not in choice for choice in allowed):
        return f"{' or '.join(str(choice['minItems']) for choice in allowed)} of them are needed"
    if not all("const" in choice or "type" in choice for choice in allowed):
        return None
    words = {"object": "a mapping", "array": "a list", "string": "a string", "integer": "a whole number"}
    choices = [repr(choice["const"]) if "const" in choice else words[choice["type"]] for choice in allowed]
    return f"{error.instance!r} must be {' or '.join(choices)}"


def _required(error: _Violation) -> str | None:
    missing = re.match(r"'(.*)' is a required property", error.message)
    return f"{missing[1]!r} is missing: it is needed here" if missing else None


def _one_required(error: _Violation) -> str:
    first, *others = (choice["required"][0] for choice in error.validator_value)
    return f"{first!r} is missing: it is needed here, or {' or '.join(map(repr, others))}"


def _repeated(error: _Violation) -> str:
    twice = next(item for index, item in enumerate(error.instance) if item in error.instance[:index])
    return f"names {twice!r} twice: take one away"


def _pattern(error: _Violation) -> str | None:
    if "propertyNames" in error.schema_path or "description" not in error.schema:
        return None
    return f"{error.instance!r} is not as it should be: {error.schema['description']}"


_EXPLANATIONS: Mapping[str, Callable[[_Violation], Mistake | str | None]] = {
    "additionalProperties": _unknown_key,
    "enum": _enum,
    "type": _type,
    "oneOf": _alternatives,
    "required": _required,
    "anyOf": _one_required,
    "uniqueItems": _repeated,
    "pattern": _pattern,
    "minItems": lambda error: "the list is empty" if not error.instance else None,
    "minProperties": lambda error: "the mapping is empty" if not error.instance else None,
}


def read_as(value: Any) -> str:
    """What YAML made of something that was meant as a name."""
    kinds = {bool: "true or false", type(None): "nothing", int: "a number", float: "a number"}
    kind = kinds.get(type(value), f"a {type(value).__name__}")
    return f"YAML reads {kind} where a name is needed ({value}): write it in quotes"


def about_path(path: str) -> str:
    """Why a path may not lead to what it is meant for; a sentence with a space before it, or nothing."""
    if "$" in path:
        return " Environment variables are not expanded: write the path out (`~` is your home directory)."
    if "\\" in path:
        return " Here \\ separates no folders, as it does on Windows: write / (in WSL, C:\\ is /mnt/c/)."
    return "" if Path(path).is_absolute() else f" A relative path starts at {Path.cwd()}."
