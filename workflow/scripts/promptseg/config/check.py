"""The configuration, checked against its schema and filled with defaults."""

import copy
import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema

from promptseg.config.schema import read_schema
from promptseg.core.errors import PromptsegError

# What the whole configuration needs; a single file may lack it, so that its schema does not ask for it.
_NEEDED = ["run", "datasets", "methods", "protocols"]


_OFF_LABEL = " (off-label)"  # ends the title of a method that is asked what it was not made for


def _nearest(name: str, known: Iterable[Any]) -> str:
    close = difflib.get_close_matches(str(name), [str(item) for item in known], n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def _fill_defaults(validator: Any, properties: Mapping[str, Any], instance: Any, schema: Any) -> Iterator[Any]:
    """Schema keyword `properties` that also writes missing defaults into the instance."""
    if isinstance(instance, dict):
        for name, subschema in properties.items():
            if "default" in subschema and name not in instance:
                instance[name] = copy.deepcopy(subschema["default"])
    yield from jsonschema.Draft202012Validator.VALIDATORS["properties"](validator, properties, instance, schema)


def _is_integer(_: object, instance: object) -> bool:
    """JSON Schema takes 1.0 for an integer; as a label value it would make label maps of fractions."""
    return isinstance(instance, int) and not isinstance(instance, bool)


_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {"properties": _fill_defaults},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


def _innermost(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    """What is wrong with that alternative of a `oneOf` which has the right type; the error itself where none has."""
    alternatives: dict[Any, list[jsonschema.ValidationError]] = {}
    for inner in error.context or ():
        alternatives.setdefault(inner.schema_path[0], []).append(inner)
    for errors in alternatives.values():
        if all(list(inner.path) or inner.validator not in ("type", "const") for inner in errors):
            return _innermost(errors[0])
    return error


def _explain(violation: jsonschema.ValidationError) -> str:
    """One line for one violation: where, what, and the nearest allowed word."""
    error = _innermost(violation)
    schema: Any = error.schema
    allowed: Any = error.validator_value
    where = ".".join(str(part) for part in error.absolute_path) or "the top level"
    if error.validator == "oneOf" and all("const" in choice or "type" in choice for choice in allowed):
        words = {"object": "a mapping", "array": "a list", "string": "a string"}
        choices = [repr(choice["const"]) if "const" in choice else words[choice["type"]] for choice in allowed]
        return f"{where}: {error.instance!r} must be {' or '.join(choices)}"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = schema.get("properties", {})
        unknown = [key for key in error.instance if key not in known]
        keys = ", ".join(map(repr, unknown))
        return f"unknown key {keys} in {where}.{_nearest(unknown[0], known)} Known keys: {', '.join(known)}."
    if error.validator == "enum":
        return f"{where}: {error.instance!r} is not allowed.{_nearest(str(error.instance), allowed)} " + (
            f"Allowed: {', '.join(map(str, allowed))}."
        )
    if error.validator == "type" and error.validator_value == "string" and not isinstance(error.instance, (dict, list)):
        return f"{where}: {_read_as(error.instance)}"
    if "propertyNames" in error.schema_path and "description" in schema:
        return f"{where}: {error.instance!r} cannot be a name here. {schema['description']}"
    return f"{where}: {error.message}"


def _read_as(value: Any) -> str:
    kinds = {bool: "true or false", type(None): "nothing", int: "a number", float: "a number"}
    kind = kinds.get(type(value), f"a {type(value).__name__}")
    return f"YAML reads {kind} where a name is needed ({value}): write it in quotes"


def _unquoted(node: Any, where: tuple[str, ...] = ()) -> Iterator[str]:
    """Names that YAML takes for something else: 001 would become 1, and `no` would become false."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _unquoted(item, (*where, str(index)))
    if isinstance(node, dict):
        for name, value in node.items():
            if not isinstance(name, str) and where[-1:] != ("colours",):  # there they are label values
                yield f"{'.'.join(where) or 'the top level'}: {_read_as(name)}"
            yield from _unquoted(value, (*where, str(name)))


def _choose(config: Mapping[str, Any], key: str, kind: str) -> None:
    for name in config["run"][key]:
        if name not in config[kind]:
            raise PromptsegError(
                f"run.{key} names {name!r}, which is not an entry of {kind}:.{_nearest(name, config[kind])} "
                f"Add an entry for it, or choose among: {', '.join(config[kind])}."
            )


def _require_different(key: str, names: Iterable[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise PromptsegError(
                f"run.{key} names {other!r} and {name!r}, whose files are the same where capitals do not count: "
                "rename one."
            )


def check(config: dict[str, Any]) -> dict[str, Any]:
    """Validate a configuration and fill in its defaults, in place.

    Raises:
        PromptsegError: every violation of the schema, one per line, with the nearest known word for a misspelt one; or
            `run` names something that is not registered; or a method's local weights are not there.
    """
    unquoted = list(_unquoted(config))
    if unquoted:
        raise PromptsegError("The configuration is not valid:\n" + "\n".join(f"  {one}" for one in unquoted))
    errors = sorted(
        _Validator({**read_schema(), "required": _NEEDED}).iter_errors(config),
        key=lambda error: list(map(str, error.absolute_path)),
    )
    if errors:
        raise PromptsegError("The configuration is not valid:\n" + "\n".join(f"  {_explain(e)}" for e in errors))
    for kind in ("datasets", "methods", "protocols"):
        _choose(config, kind, kind)
        _require_different(kind, config["run"][kind])
    _choose(config, "ablation", "protocols")
    for name, entry in config["methods"].items():
        for protocol in entry["protocols"]:
            if protocol not in config["protocols"]:
                raise PromptsegError(
                    f"methods.{name}.protocols names {protocol!r}, which is not an entry of protocols:."
                    f"{_nearest(protocol, config['protocols'])}"
                )
    for registry in (config["datasets"], config["methods"], config["protocols"]):
        for name, entry in registry.items():
            entry.setdefault("title", name)
            if entry.get("off_label"):
                entry["title"] = entry["title"].removesuffix(_OFF_LABEL) + _OFF_LABEL
    for name in config["run"]["methods"]:
        _check_local_weights(name, config["methods"][name].get("checkpoint", {}))
    return config


def _check_local_weights(name: str, checkpoint: Mapping[str, Any]) -> None:
    path = checkpoint.get("path")
    if path and not Path(path).is_file():
        origin = (
            f" Get it from {checkpoint['url']} ({checkpoint.get('licence', 'licence not stated')})"
            if ("url" in checkpoint)
            else " Get it from the authors of the method"
        )
        raise PromptsegError(
            f"Method {name} has no weights: {path} is not a file.{origin} and put it there, "
            f"or correct methods.{name}.checkpoint.path."
        )
