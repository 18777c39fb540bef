"""What jobs about volumes depend on in the configuration: no more."""

import copy
from dataclasses import fields
from functools import cache

import pytest

from promptseg.config.asked import CONTOURS_FACTS, UNKNOWN, asked_of_volumes, require_routes
from promptseg.config.check import check
from promptseg.config.explain import ConfigurationError
from promptseg.config.facts import all_methods, volume_methods
from promptseg.config.schema import read_schema
from promptseg.core.errors import PromptsegError
from promptseg.predict.inspection import inspect
from promptseg.volumes.routes.settings import VolumeSettings
from support.projects import TINY, VOLUMES

CONFIG = {
    **TINY,
    "run": {**TINY["run"], "datasets": ["bodies"]},
    "datasets": {"bodies": VOLUMES},
    "methods": {
        name: {"adapter": f"promptseg.methods.{adapter}"}
        for name, adapter in {
            "perfect": "controls:Perfect",
            "box_fill": "controls:BoxFill",
            "growing": "classical:RegionGrowing",
            "sam": "sam:Sam",
            "ritm": "ritm:Ritm",
        }.items()
    },
    "protocols": {"corrected": {}},
}


def checked(**volumes):
    return check(copy.deepcopy({**CONFIG, "volumes": volumes}))


@cache
def facts(name):
    return inspect(name, {"options": {}, **CONFIG["methods"][name]})


def asked(name, **volumes):
    return asked_of_volumes(checked(**volumes), CONTOURS_FACTS if name == "contours" else facts(name))


def test_what_adapters_say_of_volumes():
    slicewise = ["each", "between", "carry_box", "carry_point", "carry_mask"]
    assert facts("sam")["volume_routes"] == slicewise
    assert facts("ritm")["volume_routes"] == ["each", "between", "carry_point", "carry_mask"]
    assert facts("growing")["volume_routes"] == ["each", "between", "carry_point"]
    assert facts("box_fill")["volume_routes"] == ["each", "between", "carry_box"]
    two = inspect("sam2", {"adapter": "promptseg.methods.sam2:Sam2", "options": {}})
    assert two["volume_routes"] == [*slicewise, "memory"]
    assert two["tracker"] == "promptseg.methods.sam2_video:Sam2Video"
    tracker = inspect("video", {"adapter": "promptseg.methods.sam2_video:Sam2Video", "options": {}})
    assert (tracker["modes"], tracker["volume_routes"], tracker["needs_raw"]) == ([], ["memory"], False)
    wrong = inspect("video", {"adapter": "promptseg.methods.sam2_video:Sam2Video", "options": {"resett": True}})
    assert "options names 'resett'" in wrong["problem"]
    assert set(UNKNOWN["volume_routes"]) == {*slicewise, "memory", "native"}


def test_the_settings_that_matter_for_a_method():
    common = {"routes", "strict", "slices", "prompts", "extents", "clicks", "margin_mm", "margin_slices", "stop_iou"}
    drawn = {"tie_break", "seed"}
    assert set(asked("growing")) == common | drawn
    assert set(asked("box_fill")) == common | drawn | {"grow"}
    assert set(asked("sam")) == common | drawn | {"grow", "selection"}
    assert set(asked("box_fill", prompts=["box"])) == common | {"grow"}
    assert set(asked("growing", extents=["given"])) == (common | drawn) - {"margin_mm", "margin_slices", "stop_iou"}
    assert set(asked("growing", routes=["each"], extents=["given"])) == {
        *("routes", "strict", "extents", "prompts", "clicks"),
        *drawn,
    }
    assert set(asked("growing", routes=["memory"])) == {"routes", "strict"}
    assert set(asked("contours")) == {"routes", "strict", "extents", "slices", "margin_mm", "margin_slices"}


def test_clicks_bring_their_rule():
    plain = set(asked("growing"))
    assert set(asked("growing", clicks=3)) == plain | {"click_rule"}
    assert set(asked("growing", clicks=3, click_rule="cvpr")) == plain | {
        "click_rule",
        "click_distance",
        "connectivity",
    }
    assert "seed" in asked("box_fill", prompts=["box"], clicks=1)


def test_the_settings_are_read_back():
    found = VolumeSettings.of(*[asked("sam", slices=["largest", 3], margin_mm="all", grow=0.2)] * 2)
    assert found.routes == ("each", "between", "carry_box", "carry_point", "carry_mask")
    assert (found.slices, found.margin_mm, found.grow, found.seed) == (("largest", "3"), None, 0.2, 1)


def test_methods_that_are_asked_about_volumes_alone():
    assert all_methods(checked(methods=["growing"])) == ["box_fill", "growing", "perfect"]
    assert all_methods(checked(methods=["growing"], enabled=False)) == ["box_fill", "perfect"]
    with pytest.raises(ConfigurationError, match=r"volumes\.methods names 'growin', which is not an entry of methods:"):
        checked(methods=["growin"])
    with pytest.raises(ConfigurationError, match="stands for the routes of true contours: rename the method"):
        check({**copy.deepcopy(CONFIG), "methods": {**CONFIG["methods"], "contours": CONFIG["methods"]["growing"]}})


def test_every_key_of_the_schema_is_read():
    read = {field.name for field in fields(VolumeSettings)}
    of_prompts = {"tie_break", "seed", "lines"}
    assert set(read_schema("volumes")["properties"]) == {"enabled", "methods", "pages"} | read - of_prompts


def test_an_entry_may_keep_its_method_out_of_volumes():
    methods = {name: {**entry, "volumes": False} for name, entry in CONFIG["methods"].items()}
    known = {**copy.deepcopy(CONFIG), "methods": methods}
    assert volume_methods(check(known)) == []
    assert volume_methods(check({**known, "volumes": {"methods": ["growing"]}})) == ["growing"]


def test_volumes_of_which_nothing_would_come_are_refused():
    facts = {"volume_routes": ["each", "between", "carry_box", "carry_point"]}
    require_routes(checked(routes=["carry_box"], prompts=["box"]), [facts])
    require_routes(checked(routes=["extrude", "carry_box"], prompts=["point"]), [facts, CONTOURS_FACTS])
    require_routes(checked(routes=["memory"], prompts=["mask"]), [UNKNOWN])
    for routes, prompts in ((["carry_box"], ["mask"]), (["memory"], ["box"]), (["each"], ["mask"])):
        with pytest.raises(PromptsegError, match=rf"one of the routes {routes[0]} from {prompts[0]}\."):
            require_routes(checked(routes=routes, prompts=prompts), [facts])
