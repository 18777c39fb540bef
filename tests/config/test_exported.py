"""Which settings are exported."""

import pytest

from promptseg.config.check import check
from promptseg.config.explain import ConfigurationError
from promptseg.config.exported import chosen_settings, exported_settings


def config(**changes):
    dataset = {"source": {"kind": "folder", "path": "data"}, "tasks": {"bone": [1]}}
    dataset["cases"] = {"image": "*.png", "labels": "*_mask.png"}
    return {
        "run": {"datasets": ["mine"], "methods": ["perfect"], "protocols": ["corrected"], "ablation": ["as_released"]},
        "datasets": {"mine": dataset},
        "methods": {"perfect": {"adapter": "promptseg.methods.controls:Perfect"}},
        "protocols": {"corrected": {}, "as_released": {"repeat_clicks": True}},
        "prompts": {"modes": ["mode1", "mode4", "iterative", "everything"], "clicks": 3},
        **changes,
    }


def names(kind="coco", **changes):
    return [setting.id for setting in exported_settings(check(config(**changes)), kind)]


def test_the_first_mask_of_each_mode_and_after_the_last_click():
    assert names() == ["mode1.first", "mode4.first", "iterative.corrected.3.first"]


def test_of_masks_all_unless_some_are_named():
    assert names("masks") == []
    assert names("masks", export_settings=["mode1.oracle"]) == ["mode1.oracle"]


def test_those_that_are_named_in_that_order():
    wished = ["iterative.as_released~repeat_clicks.1.oracle", "everything.oracle", "mode4.best_score"]
    assert names(exports=["coco"], export_settings=wished) == wished


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("mode1.fisrt", r"export_settings names 'mode1.fisrt', in which this run has no masks.*mode1\.first"),
        ("mode5.first", "in which this run has no masks"),
        ("iterative.corrected.4.first", "in which this run has no masks"),
    ],
)
def test_a_setting_without_masks(name, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        check(config(export_settings=[name]))


def test_an_unknown_format():
    with pytest.raises(ConfigurationError, match=r"exports.*'cocoo'.*coco"):
        check(config(exports=["cocoo"]))


def test_settings_that_are_composed():
    found = check(config(compose={"settings": ["mode4.oracle"]}, export_settings=["mode1.first"]))
    assert [one.id for one in chosen_settings(found, found["compose"]["settings"])] == ["mode4.oracle"]
    with pytest.raises(ConfigurationError, match=r"compose.settings names 'mode4.orcle'.*mode4.oracle"):
        check(config(compose={"settings": ["mode4.orcle"]}))


def test_an_unknown_rule():
    with pytest.raises(ConfigurationError, match=r"compose.rules.*'last_win'.*last_wins"):
        check(config(compose={"rules": ["last_win"]}))
