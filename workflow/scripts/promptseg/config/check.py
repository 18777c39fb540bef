"""The configuration, checked against its schema and filled with defaults."""

import copy
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema

from promptseg.config.entries import mistaken_values
from promptseg.config.explain import ConfigurationError, Mistake, about_path, dotted, explain, nearest, read_as
from promptseg.config.exported import mistaken_settings
from promptseg.config.facts import all_methods, is_preset
from promptseg.config.forms import canonical, in_order, mistaken_forms
from promptseg.config.mask_files import missing_masks, mistaken_masks
from promptseg.config.paths import missing_files
from promptseg.config.preset_mistakes import mistaken_presets
from promptseg.config.presets import of_variant
from promptseg.config.schema import Schema, preset_schema, read_schema
from promptseg.config.users import missing_prompts, mistaken_users
from promptseg.core.routes import CONTOURS
from promptseg.core.titles import plain

# What the whole configuration needs; a single file may lack it, so that its schema does not ask for it.
_NEEDED = ["run", "datasets", "methods", "protocols"]
_OFF_LABEL = " (off-label)"  # ends the title of a method that is asked what it was not made for


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


def _is_number(_: object, instance: object) -> bool:
    """YAML knows .nan and .inf, with which every comparison and sum would go wrong without a word."""
    return _is_integer(_, instance) or (isinstance(instance, float) and math.isfinite(instance))


_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {"properties": _fill_defaults},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer).redefine(
        "number", _is_number
    ),
)


def _unquoted(node: Any, where: tuple[str | int, ...] = ()) -> Iterator[Mistake]:
    """Names that YAML takes for something else: 001 would become 1, and `no` would become false."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _unquoted(item, (*where, index))
    if isinstance(node, dict):
        for name, value in node.items():
            if not isinstance(name, str) and where[-1:] != ("colours",):  # there they are label values
                yield Mistake((*where, str(name)), f"{dotted(where)}: {read_as(name)}")
            yield from _unquoted(value, (*where, str(name)))


def _chosen(config: Mapping[str, Any], key: str, kind: str, part: str = "run") -> Iterator[Mistake]:
    """Names under `run`, or another part, that no entry has, and names whose files would be the same."""
    seen: dict[str, str] = {}
    for index, name in enumerate(config[part].get(key, ())):
        where = (part, key, index)
        if name not in config[kind]:
            yield Mistake(
                where, f"{part}.{key} names {name!r}, which is not an entry of {kind}:.{_instead(name, config[kind])}"
            )
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            yield Mistake(
                where,
                f"{part}.{key} names {other!r} and {name!r}, whose files are the same where capitals do not count: "
                "rename one.",
            )


def _instead(name: str, known: Iterable[str]) -> str:
    names = [part for part in re.split(r"[,\s]+", name) if part]
    if len(names) > 1:
        return f" Write several names as a list: [{', '.join(names)}]."
    among = nearest(name, known)
    return among or f" Add an entry for it, or choose among: {', '.join(known)}."


def _misnamed_protocols(config: Mapping[str, Any]) -> Iterator[Mistake]:
    for name, entry in config["methods"].items():
        for protocol in entry["protocols"]:
            if protocol not in config["protocols"]:
                where = ("methods", name, "protocols", protocol)
                yield Mistake(
                    where,
                    f"{dotted(where[:-1])} names {protocol!r}, which is not an entry of protocols:."
                    f"{nearest(protocol, config['protocols'])}",
                )
            elif is_preset(config["protocols"][protocol]):
                where = ("methods", name, "protocols", protocol)
                yield Mistake(where, f"{dotted(where[:-1])} names {protocol!r}, a preset, which has no switches.")
    for index, name in enumerate(config["run"]["ablation"]):
        if is_preset(config["protocols"].get(name, {})):
            yield Mistake(
                ("run", "ablation", index), f"run.ablation names {name!r}, a preset: only sets of switches come apart."
            )


def _misnamed_equals(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """What `same_as` may not say: it names no other method, or the run does not name both."""
    for name, entry in config["methods"].items():
        other = entry.get("same_as", name)
        where = ("methods", name, "same_as")
        if "same_as" in entry and other == name:
            yield Mistake(where, f"{dotted(where)} names the method itself: name the one that it should equal.")
        elif other not in config["methods"]:
            among = _instead(other, config["methods"])
            yield Mistake(where, f"{dotted(where)} names {other!r}, which is not an entry of methods:.{among}")
        elif name in config["run"]["methods"] and other not in config["run"]["methods"]:
            yield Mistake(
                where,
                f"{dotted(where)}: to compare {name} with {other} both have to be methods of the run: add {other} to "
                "run.methods.",
            )


def _reserved(config: Mapping[str, Any]) -> Iterator[Mistake]:
    if CONTOURS in config["methods"]:
        where = ("methods", CONTOURS)
        yield Mistake(where, f"{dotted(where)}: this name stands for the routes of true contours: rename the method.")


def _violations(config: dict[str, Any]) -> Iterator[Mistake]:
    """What does not fit the schema, with defaults filled in on the way."""
    yield from _unfitting(config, {**read_schema(), "required": _NEEDED})


def _unfitting(instance: Any, schema: Schema) -> Iterator[Mistake]:
    errors = _Validator(schema).iter_errors(instance)
    for error in sorted(errors, key=lambda error: list(map(str, error.absolute_path))):
        yield from explain(error)


def _mistaken_variants(config: dict[str, Any]) -> Iterator[Mistake]:
    """Variants that are no presets; those that are get the defaults of what they change."""
    for name, entry in config["protocols"].items():
        for variant, changes in entry.get("variants", {}).items() if is_preset(entry) else ():
            whole: dict[str, Any] = of_variant(entry, changes)
            instance, schema = whole, preset_schema()
            for key in (variant, "variants", name, "protocols"):  # so that what is said of it names the place
                instance, schema = {key: instance}, {"properties": {key: schema}}
            yield from _unfitting(instance, schema)
            changes.update({key: whole[key] for key in changes})


def _below(mistake: Mistake, others: Iterable[Mistake]) -> bool:
    """Whether one of the others is about the same key, or one above it."""
    where = tuple(map(str, mistake.where))
    return any(where[: len(other.where)] == tuple(map(str, other.where)) for other in others)


def _require_none(*found: Iterable[Mistake]) -> None:
    mistakes = [mistake for some in found for mistake in some]
    if mistakes:
        raise ConfigurationError(mistakes)


def check(config: dict[str, Any]) -> dict[str, Any]:
    """Validate a configuration, bring it into one form (see `forms`) and fill in its defaults, in place.

    Raises:
        ConfigurationError: every violation of the schema, one per line, with the nearest known word for a misspelt one;
            or `run` names something that is not registered; or weights of the run are not there.
    """
    found = list(mistaken_forms(config))
    found += [one for one in _unquoted(config) if not _below(one, found)]
    canonical(config)
    _require_none(found, [one for one in _violations(config) if not _below(one, found)])
    _require_none(
        *(_chosen(config, kind, kind) for kind in ("datasets", "methods", "protocols")),
        _chosen(config, "ablation", "protocols"),
        _mistaken_variants(config),
        _chosen(config, "methods", "methods", "volumes"),
        _misnamed_protocols(config),
        _misnamed_equals(config),
        _reserved(config),
        mistaken_values(config),
        mistaken_users(config),
    )
    _require_none(mistaken_presets(config), mistaken_masks(config))
    for registry in (config["datasets"], config["methods"], config["protocols"], config["users"]):
        for name, entry in registry.items():
            entry.setdefault("title", plain(name))
            if entry.get("off_label"):
                entry["title"] = entry["title"].removesuffix(_OFF_LABEL) + _OFF_LABEL
    in_order(config)
    _require_none(
        mistaken_settings(config),
        *(_absent_weights(name, config["methods"][name].get("checkpoint", {})) for name in all_methods(config)),
        missing_files(config),
        missing_masks(config),
        missing_prompts(config),
    )
    return config


def _absent_weights(name: str, checkpoint: Mapping[str, Any]) -> Iterator[Mistake]:
    path = checkpoint.get("path")
    if path and not Path(path).exists():
        origin = (
            f" Get it from {checkpoint['url']} ({checkpoint.get('licence', 'licence not stated')})"
            if ("url" in checkpoint)
            else " Get it from the authors of the method"
        )
        where = ("methods", name, "checkpoint", "path")
        yield Mistake(
            where,
            f"Method {name} has no weights: {path} is not there.{origin} and put it there, or correct "
            f"{dotted(where)}.{about_path(path)}",
        )
