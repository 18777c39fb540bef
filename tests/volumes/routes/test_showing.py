import numpy as np

from promptseg.core.stacks import MaskStack
from promptseg.prompts.modes import PromptSettings, make_prompts
from promptseg.volumes.routes.settings import Setting, VolumeSettings
from promptseg.volumes.routes.showing import box_prompt, first_prompts, point_prompt, show

# A rod along z whose cross-section has a single deepest pixel in slice 0 and two parts in slice 1.
BODY = np.zeros((3, 9, 12), bool)
BODY[0, 2:7, 3:8] = True
BODY[1, 1:4, 1:4] = BODY[1, 5:8, 6:11] = True
TRUTH = MaskStack.of(BODY)


FIRST = VolumeSettings(tie_break="first", seed=0)


def shown(prompt, z, tie_break="first", seed=0, name="a"):
    return show(name, TRUTH.slice(z), z, prompt, VolumeSettings(tie_break=tie_break, seed=seed))


def test_what_is_shown_on_a_slice():
    assert shown("point", 0).prompt.points.tolist() == [[5, 4]]
    assert shown("point", 0).prompt.labels.tolist() == [1]
    assert shown("box", 1).prompt.box.tolist() == [1, 1, 10, 7]  # around both parts
    assert len(shown("box", 1).prompt.points) == 0
    assert shown("mask", 1).prompt is None
    np.testing.assert_array_equal(shown("mask", 1).mask, BODY[1])
    assert shown("point", 1).z == 1


def test_lines_are_those_of_images():
    for z in (0, 1):
        modes = ["scribble_centre", "lasso"]
        rows = {row["mode"]: row for row in make_prompts("a", BODY[z], modes, PromptSettings())}
        (scribble,), (line,) = shown("scribble", z).prompt.scribbles, rows["scribble_centre"]["scribbles"]
        assert (scribble.line.tolist(), scribble.label, scribble.width) == (line["line"], 1, line["width"])
        assert shown("lasso", z).prompt.lasso.tolist() == rows["lasso"]["lasso"]


def test_prompts_are_those_of_images():
    for z in (0, 1):
        rows = {
            row["mode"]: row
            for row in make_prompts("a", BODY[z], ["mode5", "iterative"], PromptSettings(tie_break="first"))
        }
        assert [tuple(shown("box", z).prompt.box)] == rows["mode5"]["boxes"]
        assert shown("point", z).prompt.points.tolist() == [list(point) for point in rows["iterative"]["exact_points"]]


def test_equally_deep_pixels_are_drawn_by_seed_object_and_slice():
    wide = np.zeros((5, 40), bool)
    wide[1:4, 1:39] = True  # 36 deepest pixels

    def x(seed, name, z):
        return int(show(name, wide, z, "point", VolumeSettings(seed=seed)).prompt.points[0, 0])

    assert x(1, "a", 3) == x(1, "a", 3)
    drawn = [x(seed, name, z) for seed in (1, 2) for name in ("a", "b") for z in (3, 4)]
    assert len(set(drawn)) > 4
    assert all(2 <= place <= 37 for place in drawn)


def test_first_prompts_of_a_setting():
    found = first_prompts("a", TRUTH, Setting("memory", "2", "box", "given"), FIRST)
    assert [(one.z, one.prompt.box.tolist()) for one in found] == [(0, [3, 2, 7, 6]), (1, [1, 1, 10, 7])]
    assert first_prompts("a", TRUTH, Setting("memory", "3", "box", "given"), FIRST) is None


def test_prompts_have_the_types_of_methods():
    assert point_prompt(3, 4, positive=False).points.dtype == np.int32
    assert point_prompt(3, 4, positive=False).labels.tolist() == [0]
    assert box_prompt((1, 2, 3, 4)).box.dtype == np.int32
    assert box_prompt((1, 2, 3, 4)).points.shape == (0, 2)
