"""Looks, labels and files of the figures."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.figure import Figure
from PIL import Image

from promptseg.figures import style
from support import synthetic

METHODS = synthetic.METHODS


def test_families_differ_and_their_members_are_shades():
    looks = style.method_looks({f"m{index}": {"title": f"M {index}"} for index in range(40)})
    assert len({(look.colour, look.marker) for look in looks.values()}) == 40
    assert (looks["m3"].title, looks["m3"].family) == ("M 3", "m3")
    looks = style.method_looks({"x": {}} | {f"s{index}": {"family": "SAM"} for index in range(20)})
    sizes = [look for look in looks.values() if look.family == "SAM"]
    assert {look.marker for look in sizes} == {looks["s0"].marker} != {looks["x"].marker}
    assert len({(look.colour, look.fill) for look in sizes}) == 20
    assert [look.colour for look in sizes[:3]] == ["#882255", "#5f183c", "#be85a2"]  # wine, darker, lighter


def test_shipped_families_look_apart():
    registry = Path(__file__).resolve().parents[2] / "config" / "methods.yaml"
    looks = style.method_looks(yaml.safe_load(registry.read_text(encoding="utf-8"))["methods"])
    assert len(set(looks.values())) == len({(look.colour, look.marker, look.fill) for look in looks.values()})
    families = {look.family: look for look in reversed(looks.values())}
    assert len({(look.colour, look.marker) for look in families.values()}) == len(families)
    (sam,) = {(look.family, look.marker) for name, look in looks.items() if name.startswith("sam_vit")}
    assert sam == ("SAM", "o")


def test_modes_selections_and_thresholds_have_palettes_of_their_own():
    registry = Path(__file__).resolve().parents[2] / "config" / "methods.yaml"
    methods = style.method_looks(yaml.safe_load(registry.read_text(encoding="utf-8"))["methods"]).values()
    thresholds = style.threshold_looks([0.5, 0.8, 0.9])
    assert [(look.title, look.colour) for look in thresholds.values()] == [
        *(("0.5", "#fcae91"), ("0.8", "#b2574f"), ("0.9", "#67000d")),
    ]
    assert [look.title for look in style.threshold_looks([0.85]).values()] == ["0.85"]
    own = [*style.modes().values(), *style.selections().values(), *thresholds.values()]
    assert len({look.colour for look in own}) == 15
    assert not {look.colour for look in own} & {look.colour for look in methods}


def test_looks_do_not_change_when_the_registry_grows():
    before = style.method_looks(METHODS)
    new = {"new": {"title": "New"}, "new_control": {"control": True}, "sam_x": {"family": "SAM"}}
    after = style.method_looks(METHODS | new)
    assert {name: after[name] for name in METHODS} == before
    assert after["new_control"].title == "new control"


def test_controls_are_grey_and_methods_are_not():
    looks = style.method_looks(METHODS)
    for name, entry in METHODS.items():
        colour = looks[name].colour.lstrip("#")
        grey = len({colour[0:2], colour[2:4], colour[4:6]}) == 1
        assert grey == bool(entry.get("control")), name


def test_study_s_methods_look_like_ours():
    looks = style.study_looks(METHODS)
    ours = style.method_looks(METHODS)
    assert (looks["sam"].colour, looks["sam"].marker) == (ours["sam_vit_b"].colour, ours["sam_vit_b"].marker)
    assert looks["sam"].title == "SAM"
    assert len({look.colour for look in looks.values()}) == 4


def test_task_labels():
    rows = pd.DataFrame({"dataset": ["a", "a", "b", "a"], "task": ["x", "y", "z", "x"]})
    titles = {"a": {"title": "A"}, "b": {"title": "B"}}
    assert style.labelled(rows, titles)["label"].tolist() == ["A: x", "A: y", "B", "A: x"]


def test_long_labels_break_after_the_colon():
    assert style.wrap("Abdominal organs (CT): left kidney", 24) == "Abdominal organs (CT):\nleft kidney"
    assert style.wrap("short: label", 24) == "short: label"


@pytest.fixture
def plain_afterwards():
    yield
    style.configure(183)


def test_widths_are_those_of_the_configuration(plain_afterwards):
    style.configure(183)
    assert (style.page() * 25.4, style.column() * 25.4) == pytest.approx((183, 89))
    style.configure(85)  # half of it would be too narrow
    assert (style.page() * 25.4, style.column() * 25.4) == pytest.approx((85, 80))


def test_saved_files_are_reproducible_and_hold_fonts(tmp_path):
    endings = ("pdf", "png", "svg", "eps")
    for folder in ("one", "two"):
        style.save(style.message("Title", "A sentence."), [tmp_path / folder / f"a.{ending}" for ending in endings])
    for ending in endings:
        assert (tmp_path / "one" / f"a.{ending}").read_bytes() == (tmp_path / "two" / f"a.{ending}").read_bytes()
    pdf, eps = ((tmp_path / "one" / f"a.{ending}").read_bytes() for ending in ("pdf", "eps"))
    assert b"/FontType 3" not in pdf
    assert b"/FontType 42" in eps
    assert b"CreationDate" not in pdf + eps
    assert "A sentence." in (tmp_path / "one" / "a.svg").read_text()


def test_eps_shows_thin_colours_as_pale_ones(tmp_path):
    style.use()
    figure = Figure()
    axis = figure.subplots()
    axis.fill_between([0, 1], [0, 0], [1, 1], color="#000000", alpha=0.5, linewidth=0)
    axis.plot([0, 1], [0, 1], color="#0000ff", alpha=0.25)
    style.save(figure, [tmp_path / "a.eps", tmp_path / "a.png"])
    assert axis.collections[0].get_facecolor().tolist() == [[0.5, 0.5, 0.5, 1]]
    assert axis.lines[0].get_color() == (0.75, 0.75, 1)
    middle = plt.imread(tmp_path / "a.png")[..., :3].reshape(-1, 3)
    assert any(np.allclose(pixel, 127 / 255, atol=0.01) for pixel in np.unique(middle, axis=0))


def test_dollars_are_no_formulas(tmp_path):
    style.save(style.message(r"open $x^{$ \foo$", "costs $5 or $6_a"), tmp_path / "a.svg")
    written = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert r">open $x^{$ \foo$</text>" in written
    assert ">costs $5 or $6_a</text>" in written


def test_png_of_images_keeps_rare_colours_in_a_palette(tmp_path):
    figure = style.message("Title", "A sentence.")
    (axis,) = figure.axes
    axis.imshow(np.random.default_rng(1).integers(0, 255, (40, 120, 3), np.uint8), aspect="auto")
    axis.plot(60, 20, "s", color=style.YELLOW, markersize=3)
    style.save(figure, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.mode == "P"
        assert round(picture.info["dpi"][0]) == 200
        colours = {colour for _, colour in picture.convert("RGB").getcolors(256)}
        assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert (240, 228, 66) in colours
