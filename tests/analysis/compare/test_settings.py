"""What differs between the configurations of two runs, and which names mean the same."""

from promptseg.analysis.compare.runs import Run
from promptseg.analysis.compare.settings import flat, renamed_methods, renamed_protocols, settings
from support.compared import FACTS, SWITCHES, rows_of, write_run


def test_nested_facts_have_dotted_names():
    assert flat({"a": {"b": 1, "c": [1, 2]}, "d": None, "e": '{"f": "g"}', "h": "{no json"}) == {
        "a.b": "1", "a.c": "[1, 2]", "d": "", "e.f": "g", "h": "{no json"
    }  # fmt: skip
    assert flat(FACTS)["protocols.corrected.click_label"] == "object"


def test_facts_that_differ(tmp_path):
    other = FACTS | {"seed": 2, "versions": {"numpy": "2.1", "torch": "3"}}
    a = write_run(tmp_path / "a", rows_of(), {"m/d": FACTS, "n/d": FACTS, "n/e": FACTS, "x/d": FACTS})
    theirs = {"m/d": other, "n/d": FACTS | {"seed": 2}, "n/e": FACTS | {"seed": 2}}
    b = write_run(tmp_path / "b", rows_of(), theirs)
    frame = settings(Run(a, tmp_path), Run(b, tmp_path), {}, {})
    assert frame.to_numpy().tolist() == [
        ["seed", "1", "2", "all"],
        ["versions.numpy", "2.0", "2.1", "m"],
        ["versions.torch", "", "3", "m"],
    ]


def test_a_method_under_another_name_is_found_by_adapter_options_and_weights():
    a = {"m/d": FACTS, "old/d": FACTS | {"weights_sha256": "v"}}
    b = {"m/d": FACTS, "new/d": FACTS | {"weights_sha256": "v", "seed": 3}}
    assert renamed_methods(a, b) == {"new": "old"}
    assert renamed_methods(a, {"m/d": FACTS, "new/d": FACTS | {"weights_sha256": "u"}}) == {}
    twice = b | {"newer/d": b["new/d"]}
    assert renamed_methods(a, twice) == {}  # which of the two it is, nobody can know


def test_a_protocol_under_another_name_is_found_by_its_switches():
    def clicked(protocol, label="object"):
        return {
            "m/d": FACTS | {"protocols": [{"protocol": protocol, "switch": None, "switches": {"click_label": label}}]}
        }

    assert clicked("corrected")["m/d"]["protocols"][0]["switches"] == SWITCHES
    assert renamed_protocols(clicked("corrected"), clicked("mine"), {}) == {"mine": "corrected"}
    assert renamed_protocols(clicked("corrected"), clicked("mine", "any_class"), {}) == {}
    assert renamed_protocols(clicked("corrected"), clicked("corrected"), {}) == {}
