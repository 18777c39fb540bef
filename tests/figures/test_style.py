"""Looks, labels and files of the figures."""

import matplotlib
import pandas as pd

from promptseg.figures import style
from support import synthetic

METHODS = synthetic.METHODS


def test_every_method_has_its_own_look():
    looks = style.method_looks({f"m{index}": {"title": f"M {index}"} for index in range(40)})
    assert len({(look.colour, look.marker) for look in looks.values()}) == 40
    assert looks["m3"].title == "M 3"


def test_looks_do_not_change_when_the_registry_grows():
    before = style.method_looks(METHODS)
    after = style.method_looks(METHODS | {"new": {"title": "New"}, "new_control": {"control": True}})
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


def test_saved_files_are_reproducible_and_hold_fonts(tmp_path):
    for name in ("one", "two"):
        figure = style.message("Title", "A sentence.")
        style.save(figure, tmp_path / f"{name}.pdf", tmp_path / f"{name}.png")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert b"/FontType 3" not in (tmp_path / "one.pdf").read_bytes()
    assert b"CreationDate" not in (tmp_path / "one.pdf").read_bytes()


def test_style_embeds_one_font():
    style.use()
    assert matplotlib.rcParams["font.family"] == ["DejaVu Sans"]
    assert matplotlib.rcParams["pdf.fonttype"] == 42
