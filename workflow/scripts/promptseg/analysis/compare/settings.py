"""What differs between two runs besides their scores, and which names mean the same in both."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from promptseg.analysis.compare.runs import Run, name_in_a
from promptseg.analysis.compare.tables import SETTINGS

Facts = Mapping[str, Mapping[str, Any]]  # "<method>/<dataset>" -> what made the scores


def flat(value: Any, name: str = "") -> dict[str, str]:
    """Nested facts by dotted names, as text: {"versions.numpy": "2.4.6"}."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value[:1] in "{[" else value  # provenance.csv holds JSON
        except json.JSONDecodeError:
            return {name: value}
    if isinstance(value, list) and all(isinstance(item, dict) and "protocol" in item for item in value) and value:
        value = {".".join(filter(None, (item["protocol"], item.get("switch")))): item.get("switches") for item in value}
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for key, inner in value.items():
            found |= flat(inner, f"{name}.{key}" if name else str(key))
        return found
    return {name: "" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)}


def _by_method(facts: Facts) -> dict[str, dict[str, Mapping[str, Any]]]:
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for part, content in facts.items():
        method, _, dataset = part.partition("/")
        found.setdefault(method, {})[dataset] = content
    return found


def _matched(only_a: set[str], only_b: set[str], key_a: Callable, key_b: Callable) -> dict[str, str]:
    """Name in B -> name in A where exactly one name of each run has a key, and nothing else has it."""
    found = {}
    for name in sorted(only_b):
        key = key_b(name)
        alike = [other for other in only_a if key_a(other) == key]
        if key and len(alike) == 1 and sum(key_b(other) == key for other in only_b) == 1:
            found[name] = alike[0]
    return found


def renamed_methods(a: Facts, b: Facts) -> dict[str, str]:
    """Name in B -> name in A of methods that one run alone names, but with the same adapter, options and weights."""
    ours, theirs = _by_method(a), _by_method(b)
    both = {dataset for parts in ours.values() for dataset in parts}
    both &= {dataset for parts in theirs.values() for dataset in parts}

    def key(of: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Callable[[str], str]:
        def made(name: str) -> str:
            known = [content for dataset, content in of[name].items() if dataset in both and content.get("entry")]
            texts = {json.dumps([flat(one["entry"]), one.get("weights_sha256")], sort_keys=True) for one in known}
            return texts.pop() if len(texts) == 1 else ""

        return made

    return _matched(ours.keys() - theirs.keys(), theirs.keys() - ours.keys(), key(ours), key(theirs))


def renamed_protocols(a: Facts, b: Facts, methods: Mapping[str, str]) -> dict[str, str]:
    """Name in B -> name in A of protocols that one run alone names, but with the same switches for every method.

    Args:
        methods: name in B -> name in A of methods that were renamed.
    """

    def switches(facts: Facts, names: Mapping[str, str]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for method, parts in _by_method(facts).items():
            for content in parts.values():
                for item in _protocols(content):
                    if item.get("switch") is None:
                        text = json.dumps(item.get("switches"), sort_keys=True)
                        found.setdefault(item["protocol"], {})[names.get(method, method)] = text
        return found

    ours, theirs = switches(a, {}), switches(b, methods)
    known = set().union(*ours.values()) & set().union(*theirs.values())

    def key(of: Mapping[str, Mapping[str, str]]) -> Callable[[str], dict[str, str]]:
        return lambda name: {method: text for method, text in of[name].items() if method in known}

    return _matched(ours.keys() - theirs.keys(), theirs.keys() - ours.keys(), key(ours), key(theirs))


def _protocols(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    value = content.get("protocols") or []
    return json.loads(value) if isinstance(value, str) else list(value)


def settings(a: Run, b: Run, methods: Mapping[str, str], protocols: Mapping[str, str]) -> pd.DataFrame:
    """SETTINGS: the facts of the methods and datasets that both runs have, where they differ.

    Args:
        methods, protocols: name in B -> name in A of what was renamed.
    """
    theirs = {}
    for part, content in b.facts.items():
        method, _, dataset = part.partition("/")
        listed = [{**item, "protocol": name_in_a(item["protocol"], protocols)} for item in _protocols(content)]
        theirs[f"{name_in_a(method, methods)}/{dataset}"] = {**content, **({"protocols": listed} if listed else {})}
    both = [part for part in a.facts if part in theirs]
    found: dict[tuple[str, str, str], list[str]] = {}
    for part in both:
        left, right = flat(a.facts[part]), flat(theirs[part])
        for fact in sorted((left.keys() | right.keys()) - {"method", "dataset"}):
            if left.get(fact, "") != right.get(fact, ""):
                found.setdefault((fact, left.get(fact, ""), right.get(fact, "")), []).append(part)
    rows = [[*fact, _where(parts, both)] for fact, parts in sorted(found.items())]
    return pd.DataFrame(rows, columns=SETTINGS.names, dtype=object)


def _where(parts: list[str], both: list[str]) -> str:
    """Parts as "all", as methods where all datasets of a method are among them, or as method/dataset."""
    if len(parts) == len(both):
        return "all"
    names = []
    for part in parts:
        method = part.partition("/")[0]
        whole = {other for other in both if other.startswith(f"{method}/")} <= set(parts)
        names.append(method if whole else part)
    return ", ".join(dict.fromkeys(names))
