"""What changed in the configuration, from what to what, and which jobs that concerns."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptseg.config.schema import alternatives, read_schema
from promptseg.planning.jobs import Job

_REGISTRIES = {"datasets": "dataset", "methods": "method"}
_LONGEST = 60  # characters of a value that is shown
_SMALL = 4  # keys
NOTHING = object()  # of a key that is not there


@dataclass(frozen=True)
class Change:
    """A key of the configuration with its value before and now, `NOTHING` where it was or is not there."""

    path: tuple[str, ...]
    old: Any
    new: Any

    def __str__(self) -> str:
        """`prompts.seed: 1 -> 2`, or what was added (+) to a list of names and taken out of it (-)."""
        where = ".".join(self.path)
        if _are_names(self.old) and _are_names(self.new) and set(self.old) != set(self.new):
            return f"{where}: " + ", ".join(
                [f"+{name}" for name in self.added()] + [f"-{name}" for name in self.old if name not in self.new]
            )
        return f"{where}: {_shown(self.old)} -> {_shown(self.new)}"

    def added(self) -> list[str]:
        """Names that are new in a list of names."""
        return [name for name in self.new if name not in self.old] if _are_names(self.old, self.new) else []

    def concerns(self, job: Job) -> bool:
        """Whether the job has the key among its parameters, as the schema says it (`x-stages`)."""
        registry = _REGISTRIES.get(self.path[0])
        if registry and len(self.path) > 1 and job.wildcards.get(registry, self.path[1]) != self.path[1]:
            return False
        stages = (
            {job.stage, "figures"} if job.stage in ("explorer", "pictures", "report") else {job.stage}
        )  # these say the same
        return bool(stages & set(stages_of(self.path)))


def _are_names(*values: Any) -> bool:
    return all(isinstance(value, list) and all(isinstance(one, str) for one in value) for value in values)


def _shown(value: Any) -> str:
    if value is NOTHING:
        return "not given"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def differences(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Change]:
    """The keys at which two configurations differ, as deep as both have mappings there.

    Small mappings with different keys, such as windows of different kinds, are one change; whether an entry of a
    registry is used at all is none: `run` says it.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        small = len(path) > 2 and max(len(old), len(new)) <= _SMALL
        if old.keys() != new.keys() and small:
            yield Change(path, old, new)
            return
        for key in dict.fromkeys([*old, *new]):
            yield from differences(old.get(key, NOTHING), new.get(key, NOTHING), (*path, key))
    elif old != new and not (len(path) == 2 and path[0] in _REGISTRIES and (old is NOTHING or new is NOTHING)):
        yield Change(path, old, new)


def of_run(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without the entries of the registries that the run does not use."""
    chosen = {name: config["run"].get(name, ()) for name in _REGISTRIES}
    chosen["protocols"] = [*config["run"].get("protocols", ()), *config["run"].get("ablation", ())]
    kept = {
        kind: {name: config[kind][name] for name in names if name in config[kind]} for kind, names in chosen.items()
    }
    return {**config, **kept}


def stages_of(path: Sequence[str]) -> tuple[str, ...]:
    """The stages whose jobs depend on a key: the innermost `x-stages` of the schema on its path."""
    schemas: list[Any] = [read_schema()]
    stages: Sequence[str] = ()
    for key in path:
        choices = [choice for schema in schemas for choice in alternatives(schema)]
        inner = [one.get("properties", {}).get(key) or one.get("additionalProperties") for one in choices]
        schemas = [one for one in inner if isinstance(one, Mapping)]
        named = [stage for schema in schemas for stage in schema.get("x-stages", ())]
        stages = named if any("x-stages" in schema for schema in schemas) else stages
    return tuple(dict.fromkeys(stages))
