"""What a schema cannot say of values: the order of two numbers, and whether a pattern is one."""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from promptseg.config.cases import patterns_of
from promptseg.config.explain import Mistake, dotted
from promptseg.config.patterns import expression
from promptseg.config.yamlfiles import Where


def mistaken_values(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Of a configuration that fits its schema: limits of intensities, patterns of names, ends of groups."""
    for name, entry in config["datasets"].items():
        yield from _mistaken_intensity(("datasets", name, "intensity"), entry["intensity"])
        yield from _mistaken_patient(("datasets", name, "patient"), entry.get("patient"))
        alone = not isinstance(entry["source"], list)
        for index, source in enumerate([entry["source"]] if alone else entry["source"]):
            where = ("datasets", name, "source", *(() if alone else (index,)), "patients")
            yield from _mistaken_patient(where, source.get("patients"))
        for index, case in enumerate(entry["cases"]):
            yield from _mistaken_globs(("datasets", name, "cases", index), case)
    for column, edges in config["groups"].items():
        where = ("groups", column)
        if any(not low < high for low, high in itertools.pairwise(edges)):
            yield Mistake(where, f"{dotted(where)}: the ends {edges} of the ranges do not rise: put them in order.")


def _mistaken_intensity(where: Where, intensity: Mapping[str, Any]) -> Iterator[Mistake]:
    if intensity["kind"] == "none":
        return
    low, high = intensity["low"], intensity["high"]
    if intensity["kind"] == "percentiles":
        for key in ("low", "high"):
            if not 0 <= intensity[key] <= 100:
                at = (*where, key)
                yield Mistake(at, f"{dotted(at)}: {intensity[key]} is no percentile: write a number from 0 to 100.")
    if not low < high:
        yield Mistake(
            where, f"{dotted(where)}: low {low} is not below high {high}: every image would be empty. Correct them."
        )


def _mistaken_patient(where: Where, pattern: str | None) -> Iterator[Mistake]:
    if pattern is None:
        return
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        yield Mistake(where, f"{dotted(where)}: {pattern!r} is no regular expression ({error}): correct it.")
    else:
        if not groups:
            yield Mistake(
                where,
                f"{dotted(where)}: {pattern!r} has no group: put parentheses around what names the patient, as in "
                r"`'^(p\d+)_'`.",
            )


def _mistaken_globs(where: Where, case: Mapping[str, Any]) -> Iterator[Mistake]:
    for pattern in patterns_of(case):
        try:
            expression(pattern)
        except re.error as error:
            yield Mistake(where, f"{dotted(where)}: {pattern!r} is no pattern of names ({error}): correct it.")
