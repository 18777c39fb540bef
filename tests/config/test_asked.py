"""What a method is asked once more for its probabilities: the settings that are composed, as far as it can do them."""

import pytest

from promptseg.config.asked import UNKNOWN, asked, asked_for_probabilities, asked_of_lines, cut, line_modes
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


POINTS = {"modes": ["mode1"], "takes": {"prompt_types": ["point"], "max_points": None, "max_clicks": None}}
SCRIBBLES = {"modes": ["mode1", "scribble_centre", "scribble_walk", "scribble_contour"]}
SCRIBBLES |= {"takes": {"prompt_types": ["point", "scribble"], "max_points": None, "max_clicks": None}}


def with_lines(config, modes, **prompts):
    return {**config, "prompts": {**config["prompts"], "modes": ["mode1", *modes], **prompts}}


def test_a_run_without_lines_asks_what_it_asked_before(config):
    method = config["run"]["methods"][0]
    assert line_modes(config) == []
    assert set(cut(config)) == {"max_components", "equal_components", "tie_break", "seed"}
    for facts in (POINTS, SCRIBBLES):
        found = asked(config, method, {**FACTS, **facts})
        assert found["modes"] == ["mode1"]
        assert not {"lines", "stand_ins"} & set(found)


def test_lines_are_asked_of_methods_that_take_them_and_what_matters_there(config):
    method, walk = config["run"]["methods"][0], with_lines(config, ["scribble_walk"], tie_break="first")
    found = asked(walk, method, {**FACTS, **SCRIBBLES})
    assert found["modes"] == ["mode1", "scribble_walk"]
    assert found["lines"] == {"width": 3, "walk": 1}
    assert found["seed"] == 1  # it is drawn, whatever the points are
    assert "stand_ins" not in found
    assert asked(walk, method, {**FACTS, **POINTS})["modes"] == ["mode1"]
    assert cut(walk)["lines"] == {"width": 3, "walk": 1, "arcs": 2, "arc": 0.5, "margin": 0.1}
    centre = asked(with_lines(config, ["scribble_centre"], tie_break="first"), method, {**FACTS, **SCRIBBLES})
    assert (centre["lines"], "seed" in centre) == ({"width": 3}, False)


def test_points_and_boxes_stand_for_lines_where_the_configuration_says_so(config):
    method = config["run"]["methods"][0]
    scribbles, lasso = ({**config["prompts"][name]} for name in ("scribbles", "lasso"))
    both = ["scribble_contour", "lasso"]
    given = with_lines(config, both, scribbles={**scribbles, "as_points": True}, lasso={**lasso, "given_as": "box"})
    found = asked(given, method, {**FACTS, **POINTS})
    assert found["modes"] == ["mode1", "scribble_contour"]  # it takes no box
    assert found["stand_ins"] == {"scribble_points": 5, "lasso": "box", "lasso_points": 8}
    boxes = {"modes": ["mode3"], "takes": {"prompt_types": ["box"], "max_points": None, "max_clicks": None}}
    assert asked(given, method, {**FACTS, **boxes})["modes"] == ["lasso"]
    few = {**POINTS, "takes": {**POINTS["takes"], "max_points": 4}}
    assert asked(given, method, {**FACTS, **few})["modes"] == ["mode1"]
    unknown = asked(given, method, {**UNKNOWN, "several": False})  # the job itself finds out
    assert set(both) <= set(unknown["modes"])
    assert unknown["stand_ins"] == found["stand_ins"]
    assert asked_of_lines(given, {**FACTS, **SCRIBBLES}, ["mode1"]) == {}
