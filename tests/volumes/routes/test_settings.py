import dataclasses
from collections import Counter

import pytest

from promptseg.config.schema import read_schema
from promptseg.core.routes import CARRY_ROUTES, CONTROL_ROUTES, EXTENTS, ROUTES, SLICE_ROUTES
from promptseg.volumes.routes.choice import RULES
from promptseg.volumes.routes.settings import Setting, VolumeSettings, settings_for

SCHEMA = read_schema("volumes")["properties"]
CONTOURS = settings_for(VolumeSettings(), CONTROL_ROUTES, {"mask"})


def rows(settings):
    return [" ".join(dataclasses.astuple(setting)) for setting in settings]


def test_defaults_are_those_of_the_configuration():
    defaults = {key: about["default"] for key, about in SCHEMA.items() if "default" in about}
    assert VolumeSettings.of(defaults, {"tie_break": "random", "seed": 1, "clicks": 9}) == VolumeSettings()
    names = {field.name for field in dataclasses.fields(VolumeSettings)}
    assert names - {"tie_break", "seed", "lines"} == set(defaults) - {"enabled", "pages"}


def test_what_the_configuration_says():
    volumes = {"slices": ["cvpr", 7], "margin_mm": "all", "prompts": ["mask"], "extents": ["open"], "enabled": True}
    settings = VolumeSettings.of(volumes, {"seed": 4, "tie_break": "first", "modes": ["mode1"], "clicks": 9})
    assert settings == VolumeSettings(
        slices=("cvpr", "7"), margin_mm=None, prompts=("mask",), extents=("open",), seed=4, tie_break="first"
    )
    assert settings.clicks == 0  # `prompts.clicks` are those of images


def test_words_of_the_schema_are_those_of_the_code():
    assert SCHEMA["routes"]["items"]["enum"] == list(ROUTES)
    assert SCHEMA["extents"]["items"]["enum"] == list(EXTENTS)
    assert set(SCHEMA["slices"]["items"]["oneOf"][1]["enum"]) == set(RULES)


def test_settings_of_the_controls():
    assert rows(CONTOURS) == [
        "extrude largest mask given",
        "extrude largest mask open",
        "interpolate 3 mask given",
        "interpolate 3 mask open",
        "interpolate 5 mask given",
        "interpolate 5 mask open",
    ]


def test_settings_of_a_method_for_images():
    found = settings_for(VolumeSettings(slices=("largest", "3")), SLICE_ROUTES, {"box", "point"})
    assert rows(found) == [
        "each all box given",
        "each all point given",
        *[f"between 3 {prompt} {ends}" for prompt in ("box", "point") for ends in EXTENTS],
        *[f"carry_box {k} box {ends}" for k in ("largest", "3") for ends in EXTENTS],
        *[f"carry_point {k} point {ends}" for k in ("largest", "3") for ends in EXTENTS],
        *[f"carry_mask {k} {p} {ends}" for k in ("largest", "3") for p in ("box", "point") for ends in EXTENTS],
    ]


def test_a_method_gets_only_what_it_takes():
    clicks = settings_for(VolumeSettings(), SLICE_ROUTES, {"point"})
    assert {setting.prompt for setting in clicks} == {"point"}
    assert {setting.route for setting in clicks} == {"each", "between", "carry_point", "carry_mask"}
    one = settings_for(
        VolumeSettings(slices=("3", "largest", "sam2_medical_four", "cvpr")), {"native"}, {"box"}, several_slices=False
    )
    assert {setting.slices for setting in one} == {"largest", "cvpr"}
    contour = settings_for(VolumeSettings(prompts=("box", "mask")), {"memory"}, {"box", "mask"})
    assert {setting.prompt for setting in contour} == {"box", "mask"}


def test_a_run_asks_only_for_what_it_wants():
    asked = VolumeSettings(routes=("carry_box",), slices=("largest",), extents=("open",))
    assert rows(settings_for(asked, SLICE_ROUTES, {"box", "point"})) == ["carry_box largest box open"]
    assert settings_for(asked, CONTROL_ROUTES, {"mask"}) == []
    # Nothing to interpolate between on one slice.
    assert settings_for(VolumeSettings(slices=("largest", "1")), {"between"}, {"box"}) == []
    assert settings_for(VolumeSettings(extents=("open",)), {"each"}, {"box"}) == []


def test_no_setting_comes_twice():
    everything = VolumeSettings(
        slices=("largest", "1", "2", *sorted(set(RULES) - {"largest"})), prompts=("box", "point", "mask")
    )
    found = settings_for(everything, ROUTES, {"box", "point", "mask"})
    assert set(Counter(found).values()) == {1}
    assert {setting.route for setting in found} == set(ROUTES)
    assert all(setting.extents == "given" for setting in found if setting.route == "each")
    assert all(setting.prompt != "mask" for setting in found if setting.route in ("each", "between", *CARRY_ROUTES[:2]))


@pytest.mark.parametrize(
    ("setting", "k", "clicks", "interactions", "contours"),
    [
        (Setting("memory", "largest", "point", "open"), 1, 0, 1, 0),
        (Setting("carry_box", "3", "box", "open"), 3, 0, 6, 0),
        (Setting("carry_box", "3", "box", "given"), 3, 0, 8, 0),
        (Setting("each", "all", "box", "given"), 11, 0, 24, 0),
        (Setting("carry_mask", "largest", "point", "open"), 1, 4, 5, 0),
        (Setting("interpolate", "5", "mask", "given"), 5, 0, 2, 5),
        (Setting("extrude", "largest", "mask", "open"), 1, 0, 0, 1),
    ],
)
def test_prices(setting, k, clicks, interactions, contours):
    assert setting.price(k, clicks) == (interactions, contours)
