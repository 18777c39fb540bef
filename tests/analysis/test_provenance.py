"""Keys of provenance, and the table that resolves them."""

import json
import re

import pandas as pd

from promptseg.analysis.provenance import SOURCES, Provenance
from support.scores import pick

PARTS = {
    "m/d": {"method": "m", "dataset": "d", "seed": 1, "weights_sha256": "abc", "batch": 4},
    "m/e": {"method": "m", "dataset": "e", "seed": 1, "weights_sha256": "abc"},
    "n/d": {"method": "n", "dataset": "d", "seed": 1, "weights_sha256": None, "versions": {"torch": "2"}},
}


def test_keys_of_provenance():
    origin = Provenance(PARTS, {"d": "m1", "e": "m2"}, "p1")
    frame = pd.DataFrame({"level": ["task", "all", "all_unseen"], "dataset": ["d", "", ""], "method": "m"})
    one, both, unseen = origin.stamp(frame, ["method"], [("m", "d")])["provenance"]
    pair = origin.stamp(pd.DataFrame({"a": ["m"], "b": ["n"], "dataset": ["d"]}), ["a", "b"])["provenance"].iloc[0]
    published = origin.published_key()
    table = origin.table()
    assert list(table.columns) == SOURCES.names
    own = pick(table, provenance=one)
    assert own[["method", "dataset", "manifest_sha256", "weights_sha256", "seed"]].tolist() == [
        "m",
        "d",
        "m1",
        "abc",
        "1",
    ]
    assert own["other"] == '{"batch": 4}'
    assert "statsmodels" in json.loads(own["analysis_versions"])
    assert table.loc[table["provenance"] == both, "dataset"].tolist() == ["d", "e"]
    assert pick(table, provenance=unseen)["dataset"] == "e"
    assert table.loc[table["provenance"] == pair, "method"].tolist() == ["m", "n"]
    assert pick(table, provenance=origin.key(["n"]))["versions"] == '{"torch": "2"}'
    assert pick(table, provenance=published)["published_sha256"] == "p1"
    assert all(re.fullmatch("p[0-9a-f]{10}", key) for key in table["provenance"])
    assert origin.key(["nobody"]) == ""


def test_keys_depend_on_the_facts_alone():
    origin = Provenance(PARTS, {}, "")
    again = Provenance(dict(reversed(PARTS.items())), {}, "")
    assert origin.key(["m", "n"]) == again.key(["n", "m"])
    changed = Provenance({**PARTS, "m/d": {**PARTS["m/d"], "seed": 2}}, {}, "")
    assert origin.key(["m"], "d") != changed.key(["m"], "d")
    assert origin.key(["m"], "e") == changed.key(["m"], "e")
