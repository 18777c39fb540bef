"""What rules, tables and figures are told of the configuration, without Snakemake."""

import copy

import pytest

from promptseg.config import facts
from promptseg.config.check import check

CONFIG = {
    "run": {"datasets": ["lungs"], "methods": ["ritm", "fill"], "protocols": ["corrected"]},
    "protocols": {"corrected": {}, "released": {"error_region": "joint"}},
    "datasets": {
        "lungs": {
            "title": "Lungs",
            "source": {"kind": "folder", "path": "data"},
            "tasks": {"lung": [1]},
            "sampling": {"every": 2},
            "shards": 3,
        }
    },
    "methods": {
        "fill": {"adapter": "a:Fill", "control": True},
        "ritm": {
            "adapter": "a:Ritm",
            "title": "RITM",
            "note": "mind the gap",
            "gpu": True,
            "options": {"size": 4},
            "protocols": {"released": {"previous_mask": "keep"}},
            "seen": {"lungs": {"answer": "no", "source": "me"}},
        },
        "aside": {"adapter": "a:Aside", "published": "SAM"},
    },
}


@pytest.fixture
def config():
    return check(copy.deepcopy(CONFIG))


def test_a_stage_gets_the_keys_that_it_depends_on(config):
    images = facts.part_of(config, "datasets", "lungs", "preprocess")
    assert images["sampling"] == {"every": 2, "seed": 1, "min_area": 1}
    assert images["tasks"] == {"lung": [1]}
    assert not {"title", "source", "shards", "patient"} & set(images)


def test_predictions_do_not_depend_on_titles_nor_on_protocols_of_other_runs(config):
    entry = {"adapter": "a:Ritm", "off_label": False, "options": {"size": 4}, "gpu": True}
    assert facts.predict_entry(config, "ritm") == entry


def test_methods_of_the_run_that_should_equal_another():
    config = copy.deepcopy(CONFIG)
    config["methods"]["ritm"]["same_as"] = config["methods"]["aside"]["same_as"] = "fill"
    checked = check(config)
    assert facts.same_as(checked) == {"ritm": "fill"}
    assert "equivalence" in facts.optional_parts(checked)
    # It concerns that table alone.
    assert not any(
        "same_as" in facts.part_of(checked, "methods", "ritm", s) for s in ("predict", "figures", "analysis")
    )


def test_what_tables_and_figures_say_of_datasets(config):
    assert facts.about_datasets(config, ["lungs"])["lungs"]["truth"] == "origin of the masks not stated"
    tables = facts.about_datasets(config, ["lungs"], "analysis")["lungs"]
    assert (tables["title"], tables["sampling"]["every"], tables["published"]) == ("Lungs", 2, {})
    assert "truth" not in tables


def test_methods_keep_the_order_of_the_registry_whatever_a_user_adds(config):
    about = facts.about_methods(config, ["ritm", "fill"])
    assert list(about) == ["ritm", "fill", "aside"]
    assert about["aside"] == {
        "title": "aside",
        "family": None,
        "reference": False,
        "control": False,
        "published": "SAM",
    }
    assert about["ritm"]["published"] is None
    assert facts.seen_by_methods(config, ["ritm", "fill"]) == {"ritm": CONFIG["methods"]["ritm"]["seen"], "fill": {}}


def test_notes_and_controls(config):
    assert facts.notes_on_methods(config) == {"RITM": "mind the gap"}
    assert facts.controls(config) == ["fill"]


@pytest.mark.parametrize("name", ["ritm", "fill"])
def test_a_method_that_is_run_off_label_is_marked_wherever_it_is_named(name):
    edited = copy.deepcopy(CONFIG)
    edited["methods"][name]["off_label"] = True
    config = check(check(edited))  # a job checks again what was checked
    title = {"ritm": "RITM (off-label)", "fill": "fill (off-label)"}[name]
    assert facts.about_methods(config, ["ritm", "fill"])[name]["title"] == title
    note = facts.notes_on_methods(config)[title]
    assert note.startswith("mind the gap Off-label: " if name == "ritm" else "Off-label: ")
    assert facts.predict_entry(config, name)["off_label"] is True


def test_volumes_of_a_run(config):
    assert (facts.volume_datasets(config), facts.volume_methods(config)) == ([], ["ritm"])
    config["datasets"]["lungs"]["volumes"] = {"parts": True}
    assert facts.volume_datasets(config) == ["lungs"]
    assert facts.volume_sources(config) == ["contours", "ritm"]
    config["volumes"] |= {"methods": ["fill", "aside"], "routes": ["each"]}
    assert facts.volume_sources(config) == ["aside", "fill"]
    assert list(facts.seen_by_methods(config, ["ritm"], ["aside"])) == ["aside"]
    config["volumes"]["enabled"] = False
    assert facts.volume_datasets(config) == []


def test_parts_that_only_some_runs_have(config):
    assert (facts.optional_parts(config), facts.grid(config)) == (["trust"], {})
    config["methods"]["ritm"]["ambiguity"] = True
    config["prompts"]["modes"] = ["mode1", "everything"]
    config["robustness"]["enabled"] = True
    config["datasets"]["lungs"]["volumes"] = True
    assert facts.optional_parts(config) == ["everything", "ambiguity", "trust", "robustness", "volumes"]
    config["run"]["methods"] = ["aside"]  # which repeats one of the study
    assert "published" not in facts.optional_parts(config)
    config["datasets"]["lungs"]["published"] = {"lung": "CT-Organ: Lung"}
    assert "published" in facts.optional_parts(config)
    config["run"]["methods"] = ["ritm"]
    assert "published" not in facts.optional_parts(config)
    assert facts.grid(config)["points_per_side"] == 32
    assert facts.ambiguous_methods(config) == ["ritm"]


def test_protocols_of_figures_and_of_the_summary(config):
    assert facts.shown_protocol(config) == "corrected"
    config["run"] |= {"protocols": ["released"], "ablation": ["released"]}
    assert facts.run_protocols(config) == ["released"]
    assert facts.shown_protocol(config) == "released"
    summary = facts.configuration_summary(config)
    assert list(summary["protocols"]) == ["released"]
    assert "datasets" not in summary
