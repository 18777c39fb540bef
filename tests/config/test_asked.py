"""What a method is asked once more for its probabilities: the settings that are composed, as far as it can do them."""

import pytest

from promptseg.config.asked import UNKNOWN, asked, asked_for_probabilities
from promptseg.config.check import check

FACTS = {**UNKNOWN, "modes": ["mode1", "mode5", "iterative"]}


@pytest.fixture
def config():
    dataset = {"source": {"kind": "folder", "path": "data"}, "tasks": {"bone": [1]}}
    return check(
        {
            "run": {"datasets": ["mine"], "methods": ["slow"], "ablation": ["as_released"]},
            "datasets": {"mine": dataset | {"cases": {"image": "*.png", "labels": "*_mask.png"}}},
            "methods": {"slow": {"adapter": "promptseg.methods.controls:Perfect"}},
            "protocols": {"corrected": {}, "as_released": {"repeat_clicks": True}},
            "prompts": {"modes": ["mode1", "mode3", "mode5", "iterative", "everything"], "clicks": 2},
            "compose": {
                "settings": ["mode5.first", "iterative.corrected.1.oracle", "everything.oracle", "mode3.first"]
            },
        }
    )


def test_modes_protocols_and_settings(config):
    method = config["run"]["methods"][0]
    found = asked_for_probabilities(config, method, FACTS)
    assert found["modes"] == ["mode5", "iterative"]
    assert [(one["protocol"], one["switch"]) for one in found["protocols"]] == [("corrected", None)]
    assert found["settings"] == [["mode5", "", "", 0, "first"], ["iterative", "corrected", "", 1, "oracle"]]
    assert len(asked(config, method, FACTS)["protocols"]) > 1
    assert found["clicks"] == 2  # where a method remembers the object before, its later clicks matter


def test_nothing_of_a_method_that_knows_none(config):
    found = asked_for_probabilities(config, config["run"]["methods"][0], {**FACTS, "knows_probabilities": False})
    assert (found["modes"], found["settings"]) == ([], [])
