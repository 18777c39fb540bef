import pytest

from promptseg.core.stand_ins import StandIns

FIVE = StandIns(5, "points", 8)
BOX = StandIns(0, "box", 8)
BOTH = frozenset({"point", "box"})


@pytest.mark.parametrize(
    ("settings", "mode", "known", "kind"),
    [
        (FIVE, "scribble_walk", (BOTH,), "points"),
        (FIVE, "scribble_walk", (BOTH, 5), "points"),
        (FIVE, "scribble_walk", (BOTH, 4), ""),  # of objects with short lines it could answer some
        (FIVE, "scribble_walk", ({"box"},), ""),
        (FIVE, "scribble_walk", ({"point", "scribble"},), ""),  # it takes them as they are
        (FIVE, "lasso", (BOTH, None, None), "points"),
        (FIVE, "lasso", (BOTH, 9, 9), "points"),
        (FIVE, "lasso", (BOTH, 8, 8), ""),
        (FIVE, "lasso", (BOTH, None, 1), ""),  # no points on the background
        (FIVE, "lasso", ({"point", "lasso"},), ""),
        (BOX, "lasso", (BOTH,), "box"),
        (BOX, "lasso", ({"point"},), ""),
        (BOX, "scribble_walk", (BOTH,), ""),
        (StandIns(), "lasso", (BOTH,), ""),
        (FIVE, "mode1", (BOTH,), ""),
    ],
)
def test_what_stands_for_lines(settings, mode, known, kind):
    assert settings.kind(mode, *known) == kind


def test_the_configuration_switches_them_on():
    prompts = {"scribbles": {"as_points": False, "points": 5}, "lasso": {"given_as": "lasso", "points": 8}}
    assert StandIns.of(prompts) == StandIns(0, "", 8)
    prompts["scribbles"]["as_points"], prompts["lasso"]["given_as"] = True, "box"
    assert StandIns.of(prompts) == StandIns(5, "box", 8)
