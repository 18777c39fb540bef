"""Presets and sets of switches under one key: which is which, variants, and what is said of mistakes."""

import copy

import pytest

from promptseg.config import facts
from promptseg.config.asked import asked_of_presets, asked_of_presets_on_volumes
from promptseg.config.check import check
from promptseg.config.presets import asking, groups_of, maps_of, untitled, variants
from promptseg.config.protocols import protocols_of
from promptseg.core.errors import PromptsegError

MINE = {
    "start": {"prompt": "box"},
    "metrics": {"dice": {}},
    "summaries": [{"name": "d", "metric": "dice", "kind": "final"}],
}
CLICKS = {"clicks": {"rule": "deepest"}, "prompts": 2}
BASE = {
    "run": {"datasets": ["mine"], "methods": ["box_fill"], "protocols": ["box_only"]},
    "protocols": {"corrected": {}, "box_only": MINE},
    "datasets": {"mine": {"source": {"kind": "folder", "path": "data"}, "tasks": {"lung": [1]}}},
    "methods": {"box_fill": {"adapter": "promptseg.methods.controls:BoxFill"}},
}


def checked(run=None, **changes):
    config = copy.deepcopy(BASE)
    config["protocols"]["box_only"] |= changes
    config["run"] |= run or {}
    return check(config)


def test_an_entry_with_metrics_is_a_preset_and_others_are_switches():
    config = checked(run={"protocols": ["corrected", "box_only"]})
    assert list(facts.presets(config)) == ["box_only"]
    preset = facts.presets(config)["box_only"]
    assert (preset["title"], preset["prompts"], preset["feedback"]) == ("box only", 0, "keep")
    assert preset["clicks"]["rule"] == "none"
    assert "error_region" not in preset
    assert config["protocols"]["corrected"]["error_region"] == "larger"
    assert facts.run_protocols(config) == ["corrected"]
    assert list(facts.about_protocols(config)) == ["corrected"]
    assert [one["protocol"] for one in protocols_of(config, "box_fill")] == ["corrected"]
    assert "protocols" in facts.optional_parts(config)


def test_a_run_of_presets_alone_clicks_as_corrected():
    config = checked()
    assert facts.click_protocols(config) == ["corrected"]
    assert facts.shown_protocol(config) == "corrected"


def test_variants_lie_over_the_preset_and_ask_again_only_where_they_ask_something_else():
    start = {"prompt": "box", "enlarge": {"most": 2, "of": 64}}
    config = checked(variants={"larger": {"start": start}, "other_mean": {"averaging": ["objects", "tasks"]}})
    declared = variants(facts.presets(config)["box_only"])
    assert list(declared) == ["", "larger", "other_mean"]
    assert declared["larger"]["start"]["enlarge"] == {"most": 2, "of": 64}
    assert declared["other_mean"]["averaging"] == ["objects", "tasks"]
    assert declared["larger"]["metrics"] == {"dice": {}}
    asked = asking(facts.presets(config)["box_only"])
    assert list(asked) == ["", "larger"]
    assert asked["larger"]["start"]["enlarge"] == {"most": 2, "of": 64}


def test_groups_of_people_are_asked_where_a_map_says_where_they_click():
    groups = {"g1": {"clicks": {"low": 0.0, "high": 0.1}}, "g2": {"clicks": {"low": 0.1}}, "box": {"prompts": 3}}
    clicks = {"start": {}, "clicks": {"rule": "likely"}, "prompts": 2, "variants": groups}
    without = facts.presets(checked(**clicks))["box_only"]
    assert list(variants(without)) == list(asking(without)) == ["", "box"]
    config = checked(**clicks | {"clicks": {"rule": "likely", "map": "maps/{image}_{task}.npy"}})
    preset = facts.presets(config)["box_only"]
    assert groups_of(preset) == ["g1", "g2"]
    assert sorted(asking(preset)) == ["", "box", "g1", "g2"]
    assert asking(preset)["g2"]["clicks"]["map"] == "maps/{image}_{task}.npy"
    assert maps_of(config) == {"box_only": {"options": {"map": "maps"}}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics": {"dicee": {}}}, "protocols.box_only.metrics: 'dicee' is not allowed. Did you mean 'dice'?"),
        ({"start": {"prompt": "bax"}}, "protocols.box_only.start.prompt: 'bax' is not allowed. Did you mean 'box'?"),
        ({"promts": 3}, "unknown key 'promts' in protocols.box_only. Did you mean 'prompts'?"),
        (
            {"error_region": "joint"},
            "'error_region' in protocols.box_only. It is a switch, and an entry with `metrics`",
        ),
        ({"start": {}}, "protocols.box_only asks nothing: write `start: {prompt: ...}` or `clicks: {rule: ...}`."),
        ({"prompts": 3}, "protocols.box_only.prompts: 3 prompts are to follow and `clicks` says none: give its rule."),
        ({"takes": ["corrected"]}, "protocols.box_only: `takes` asks nothing of its own: take away `start`"),
        ({"start": {}, "takes": ["correct"]}, "takes names 'correct', no set of switches. Did you mean 'corrected'?"),
        (
            {"metrics": {"iou": {}}},
            "protocols.box_only.summaries.0.metric: 'dice' is not among `metrics`. Measured: iou.",
        ),
        (
            {"summaries": 2 * MINE["summaries"]},
            "protocols.box_only.summaries.1.name: two summaries are called 'd': rename one.",
        ),
        (
            {"summaries": [{"name": "d", "metric": "dice", "kind": "at", "step": 1}]},
            "protocols.box_only.summaries.0.step: there is no step 1, as `prompts` is 0.",
        ),
        (
            {"summaries": [{"name": "d", "metric": "dice", "kind": "noc", "cap": 20}]},
            "protocols.box_only.summaries.0: 'threshold' is missing",
        ),
        (
            {"variants": {"cut": {"conditions": {"nsd_zero_unless_dice_above": 0.2}}}},
            "protocols.box_only.variants.cut.conditions.nsd_zero_unless_dice_above needs dice and nsd",
        ),
        ({"averaging": ["slices", "cases"]}, "protocols.box_only.averaging"),
        ({"metrics": {"dice": {"slices": "all"}}}, "protocols.box_only.metrics.dice.slices: 'all' is not allowed"),
        (
            {"variants": {"x": {"prompts": -1}}},
            "protocols.box_only.variants.x.prompts: -1 is less than the minimum of 0",
        ),
        (
            {"variants": {"x": {"promts": 1}}},
            "unknown key 'promts' in protocols.box_only.variants.x. Did you mean 'prompts'?",
        ),
        (
            {"start": {"prompt": "point", "place": "grid"}},
            "protocols.box_only.start.place: 'grid' is no place on an object: take one of centre, centroid, deepest",
        ),
        (
            {"variants": {"x": {"start": {"prompt": "point", "target": "line"}}}},
            "protocols.box_only.variants.x.start.place: 'deepest' is no place on a line: take one of centre,",
        ),
        (
            {"start": {"prompt": "point", "place": "random", "points": 2, "slices": "linspace", "between": "linear"}},
            "protocols.box_only.start.between: only one point or box for a slice can be interpolated",
        ),
        (
            {"start": {"prompt": "box", "parts": 2, "slices": "linspace", "between": "linear"}},
            "protocols.box_only.start.between: only one point or box for a slice can be interpolated",
        ),
        (
            {"clicks": {"rule": "likely", "low": 0.5, "high": 0.5}, "prompts": 2},
            "protocols.box_only.clicks.low: draws begin at 0.5 and end at 0.5: give a lower share.",
        ),
        (
            {"clicks": {"rule": "planned", "planned": {"thin": "here"}}, "prompts": 2},
            "protocols.box_only.clicks.planned.thin: 'here' is not allowed. Did you mean 'anywhere'?",
        ),
        (
            {"clicks": {"rule": "planned", "planned": {"foreground": 0, "background": 0}}, "prompts": 2},
            "protocols.box_only.clicks.planned: no click at all is planned",
        ),
        (
            {"start": {}, "clicks": {"rule": "every_slice"}, "prompts": 2},
            "protocols.box_only.clicks.rule: 'every_slice' clicks in the slices of the first prompt: give one",
        ),
        (
            {"summaries": [{"name": "d", "metric": "dice", "kind": "auc", "from": 2, "to": 1}], **CLICKS},
            "protocols.box_only.summaries.0.from: an area from step 2 to 1 is none: give an earlier step.",
        ),
        (
            {
                "metrics": {"fp_ml": {}},
                "summaries": [{"name": "f", "metric": "fp_ml", "kind": "noc", "threshold": 0.5, "cap": 2}],
                **CLICKS,
            },
            "protocols.box_only.summaries.0.metric: 'fp_ml' is not allowed.",
        ),
        ({"averaging": ["slices"]}, "protocols.box_only.averaging: dice is not measured slice by slice: give it"),
        (
            {
                "metrics": {"dice": {"slices": "any"}, "iou": {"slices": "with_truth"}},
                "averaging": ["slices"],
            },
            "protocols.box_only.averaging: metrics count slices in different ways",
        ),
        ({"averaging": ["lesions", "cases"]}, "protocols.box_only.averaging: lesions are counted by the metric lesion"),
        (
            {"metrics": {"dice": {"tolerance_mm": 2}}},
            "protocols.box_only.metrics.dice.tolerance_mm: tolerance_mm is an option of nsd: take it away.",
        ),
        ({"metrics": {"dice": {"entries": [2, 1]}}}, "protocols.box_only.metrics.dice.entries counts slices"),
        (
            {"metrics": {"dice": {"smooth": 1, "slices": "any"}}},
            "protocols.box_only.metrics.dice.smooth: what is measured slice by slice is not smoothed",
        ),
        (
            {"variants": {"x": {"asks": ["images"]}}},
            "protocols.box_only.variants.x.asks: a variant cannot change it: write a preset of its own.",
        ),
        ({"asks": ["volumes"]}, "run.protocols names 'box_only', which asks about volumes alone, and no dataset"),
    ],
)
def test_mistakes_in_a_preset(changes, message):
    with pytest.raises(PromptsegError) as error:
        checked(**changes)
    assert message in str(error.value)


def test_mistakes_about_presets_elsewhere():
    def refused(**edits):
        config = copy.deepcopy(BASE)
        for key, value in edits.items():
            config[key] = {**config[key], **value}
        with pytest.raises(PromptsegError) as error:
            check(config)
        return str(error.value)

    assert "run.ablation names 'box_only', a preset" in refused(run={"ablation": ["box_only"]})
    assert "'start' in protocols.p. It is one of presets, which have `metrics`: add them." in refused(
        protocols={"p": {"start": {"prompt": "box"}}}
    )
    entry = BASE["methods"]["box_fill"] | {"protocols": {"box_only": {"refinement": False}}}
    assert "methods.box_fill.protocols names 'box_only', a preset" in refused(methods={"box_fill": entry})
    assert "protocols.corrected is the set of switches of ordinary runs: give the preset another name." in refused(
        protocols={"corrected": MINE}
    )
    sums = [{"name": "i", "metric": "iou", "kind": "final"}]
    taking = {"takes": ["as_released"], "metrics": {"iou": {}}, "summaries": sums}
    said = refused(run={"protocols": ["p"]}, protocols={"p": taking, "as_released": {}})
    assert "run.protocols names 'p', whose scores are those of as_released: name one of them as well." in said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"variants": {"x": {"title": "X"}}},
            "protocols.box_only.variants: of `takes` each click protocol is a variant",
        ),
        ({"prompts": 2}, "protocols.box_only.prompts: `takes` has the clicks of the run, see prompts.clicks"),
        ({"metrics": {"nsd": {}}}, "metrics.nsd: of the run's own clicks presets take iou and dice alone."),
        ({"metrics": {"dice": {"smooth": 1}}}, "metrics.dice: scores of the run are taken as they are"),
        (
            {"summaries": [{"name": "d", "metric": "dice", "kind": "at", "step": 10}]},
            "summaries.0.step: there is no step 10, as `prompts.clicks` is 9.",
        ),
        (
            {"summaries": [{"name": "d", "metric": "dice", "kind": "auc", "from": 0, "to": 9}]},
            "summaries.0.from: the run's own clicks begin with step 1.",
        ),
    ],
)
def test_mistakes_in_a_preset_that_takes_the_scores_of_the_run(changes, message):
    with pytest.raises(PromptsegError) as error:
        checked(run={"protocols": ["corrected", "box_only"]}, start={}, takes=["corrected"], **changes)
    assert message in str(error.value)


def test_sums_do_not_depend_on_titles():
    config = checked(title="Mine", variants={"larger": {"title": "Larger", "start": {"prompt": "box", "shift": 2}}})
    (preset,) = untitled(config).values()
    assert not {"title", "source"} & preset.keys()
    assert preset["variants"]["larger"]["title"] == "Larger"  # the words of the effect in its table


def test_what_jobs_are_asked_under_presets():
    config = checked(
        variants={"larger": {"start": {"prompt": "box", "shift": 2}}, "other_mean": {"averaging": ["classes", "cases"]}}
    )
    asked = asked_of_presets(config, "images")
    assert list(asked) == ["presets", "strict"]
    assert list(asked["presets"]["box_only"]) == ["", "larger"]
    whole = asked["presets"]["box_only"][""]
    assert sorted(whole) == ["clicks", "feedback", "multimask", "prompts", "selection", "start"]
    assert asked_of_presets(config, "volumes")["presets"]["box_only"][""]["route"] == ["native", "memory", "carry_mask"]
    on_volumes = asked_of_presets_on_volumes(config)
    assert on_volumes["presets"]["box_only"]["larger"]["passes"] == "both"
    assert (on_volumes["grow"], on_volumes["stop_iou"]) == (0.05, 0.3)
    drawn = checked(start={"prompt": "point", "seed": "run"})
    assert asked_of_presets(drawn, "images")["seed"] == 1
    config["protocols"]["box_only"]["asks"] = ["volumes"]
    assert asked_of_presets(config, "images")["presets"] == {}
