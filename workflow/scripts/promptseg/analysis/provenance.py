"""provenance.csv: what made the numbers of each row of each table."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.columns import DEVICE, MANIFEST, PRECISION, PROVENANCE
from promptseg.core.columns import DATASET, METHOD
from promptseg.core.provenance import provenance
from promptseg.core.tables import STRING, Column, Table, read_csv

SOURCES = Table(
    "provenance.csv",
    "What made the numbers: one row for each key and each method and dataset that it stands for.",
    [
        PROVENANCE.but(meaning="key that other tables give in their column of this name; several rows may share it"),
        METHOD.but(meaning="name of the method; empty for the published numbers"),
        DATASET,
        Column("weights_sha256", STRING, "SHA-256 of the method's weights; empty if it has none"),
        MANIFEST,
        Column("published_sha256", STRING, "SHA-256 of the table of published numbers"),
        Column("seed", STRING, "seed of prompts and ties"),
        Column("protocols", STRING, "the click protocols and their switches (JSON)"),
        Column("entry", STRING, "the method's entry in the configuration, as far as predictions depend on it (JSON)"),
        *(DEVICE, PRECISION),
        Column("commit", STRING, "git commit of the workflow that made the predictions, + if files were changed"),
        Column("versions", STRING, "versions of packages that made the predictions (JSON)"),
        Column("analysis_commit", STRING, "git commit of the workflow that made the tables"),
        Column("analysis_versions", STRING, "versions of packages that made the tables (JSON)"),
        Column("other", STRING, "further facts (JSON)"),
    ],
)
PACKAGES = ["numpy", "pandas", "pyarrow", "scipy", "statsmodels"]
_DIGITS = 10


def _text(value: Any) -> str:
    """A fact as text: mappings as JSON with sorted keys, what is unknown as nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


class Provenance:
    """Keys for the sources of rows, and the table that resolves them.

    A key stands for a set of pairs of a method and a dataset; it is a digest of their facts, so equal sources have
    equal keys in every run.

    Args:
        parts: "<method>/<dataset>" -> facts that its scores carry (see `tables.read_provenance`).
        manifests: dataset -> SHA-256 of its manifest.
        published: SHA-256 of the published numbers.
    """

    def __init__(self, parts: Mapping[str, Mapping[str, Any]], manifests: Mapping[str, str], published: str):
        analysis = provenance(PACKAGES)
        self._common = {
            "analysis_commit": _text(analysis["commit"]),
            "analysis_versions": _text(analysis["versions"]),
        }
        self._facts: dict[tuple[str, str], dict[str, str]] = {}
        for name, facts in parts.items():
            method, _, dataset = name.partition("/")
            known = {key: _text(value) for key, value in facts.items() if key in SOURCES.names}
            other = {key: value for key, value in facts.items() if key not in SOURCES.names}
            found = {"manifest_sha256": manifests.get(dataset, ""), **known, "other": _text(other) if other else ""}
            self._facts[method, dataset] = found | {"method": method, "dataset": dataset}
        self._published = {"published_sha256": published}
        self._used: dict[str, list[dict[str, str]]] = {}
        self._keys: dict[tuple[Any, ...], str] = {}
        for method, dataset in self._facts:
            self.key([method], dataset)

    def _key(self, facts: list[dict[str, str]]) -> str:
        text = json.dumps(facts, sort_keys=True)
        # A letter in front, so that no reader of CSV takes a key of digits for a number.
        key = f"p{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}"
        self._used[key] = facts
        return key

    def key(self, methods: Iterable[str], dataset: str = "", without: Iterable[tuple[str, str]] = ()) -> str:
        """Key of the scores of some methods on a dataset, or on all if `dataset` is empty, less the pairs `without`."""
        wanted = (frozenset(methods), dataset, frozenset(without))
        if wanted not in self._keys:
            pairs = sorted(
                pair
                for pair in self._facts
                if pair[0] in wanted[0] and dataset in ("", pair[1]) and pair not in wanted[2]
            )
            self._keys[wanted] = self._key([self._facts[pair] for pair in pairs]) if pairs else ""
        return self._keys[wanted]

    def published_key(self) -> str:
        """Key of the published numbers."""
        return self._key([self._published])

    def stamp(self, frame: pd.DataFrame, methods: list[str], unseen: Iterable[tuple[str, str]] = ()) -> pd.DataFrame:
        """The table with a last column `provenance`.

        Args:
            frame: has the columns `methods`, and `dataset` unless its rows are of all datasets.
            methods: columns that name the methods behind a row.
            unseen: pairs of method and dataset that rows of level `all_unseen` leave out.
        """
        empty = pd.Series("", index=frame.index)
        datasets, levels = (frame.get(name, empty).fillna("") for name in ("dataset", "level"))
        left_out = frozenset(unseen)
        keys = [
            self.key([name for name in names if name], dataset, left_out if level == "all_unseen" else ())
            for dataset, level, *names in zip(
                datasets, levels, *(frame[name].fillna("") for name in methods), strict=True
            )
        ]
        return frame.assign(provenance=pd.Series(keys, index=frame.index, dtype=object))

    def table(self) -> pd.DataFrame:
        """SOURCES: the methods and datasets of each key that was given out, and each single pair."""
        rows = [{"provenance": key, **facts, **self._common} for key, found in self._used.items() for facts in found]
        frame = pd.DataFrame(rows, columns=SOURCES.names, dtype=object).fillna("")
        return frame.sort_values(["provenance", "method", "dataset"], ignore_index=True)


def stamp_from(frame: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """The table with a last column `provenance`, of keys that provenance.csv already resolves.

    Args:
        frame: has the column `method`, and `dataset` unless its rows are of all datasets; where a column `source` says
            `published` a row is of the published numbers.
        path: provenance.csv.
    """
    known = read_csv(path, SOURCES)
    pairs = (
        known[known["method"] != ""]
        .groupby("provenance")[["method", "dataset"]]
        .apply(lambda group: frozenset(group.itertuples(index=False, name=None)))
    )
    keys = {found: key for key, found in pairs.items()}
    singles = frozenset().union(*keys)

    @cache
    def key(method: str, dataset: str) -> str:
        wanted = frozenset(pair for pair in singles if pair[0] == method and dataset in ("", pair[1]))
        return keys.get(wanted, "")

    empty = pd.Series("", index=frame.index)
    columns = zip(frame["method"], frame.get("dataset", empty).fillna(""), strict=True)
    ours = pd.Series([key(method, dataset) for method, dataset in columns], index=frame.index, dtype=object)
    published = known.loc[known["published_sha256"] != "", "provenance"]
    theirs = frame.get("source", empty) == "published"
    return frame.assign(provenance=ours.mask(theirs, published.iloc[0]) if theirs.any() else ours)
