"""What confidences are worth, risk against coverage, and thresholds."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.trust.run import TABLES, trust_tables
from promptseg.core.tables import write_csv
from promptseg.figures import risk_coverage, style, thresholds, trust
from support.figures import METHODS, legend, lines, panels, rows, texts, visible
from support.trust import CONFIDENCE, IOU, many, masks, write


def files(folder, *parts):
    """The tables of trust, by stem."""
    for frame, table in zip(trust_tables(write(folder, *parts), 100, 0), TABLES, strict=True):
        write_csv(folder / table.name, frame.assign(provenance=""), table)
    return {table.name.removesuffix(".csv"): folder / table.name for table in TABLES}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Two methods, of which one says nothing itself and takes no boxes."""
    stability = [*np.linspace(0.4, 0.9, 23), np.nan]
    parts = [
        masks(IOU * 4, "aabbcc" * 4, method="sam_x", predicted_iou=CONFIDENCE * 4, stability=stability),
        masks(IOU, "aabbcc", method="sam_x", mode="mode3", predicted_iou=IOU),
        masks(IOU, "aabbcc", method="sam_x", mode="mode4", predicted_iou=IOU),
        masks(IOU, "aabbcc", method="sam_x", mode="iterative", protocol="corrected", step=3, soft_dice=IOU),
        masks(IOU, "aabbcc", method="cut", prompts_agree=CONFIDENCE),
    ]
    return files(tmp_path_factory.mktemp("trust"), *parts)


def test_a_mark_for_each_confidence(drawn):
    figure = trust.draw(drawn["trust"], METHODS, "corrected")
    order, found, gain = figure.axes
    assert rows(order) == ["Cut, mode 1", "SAM X, mode 1", "SAM X, mode 4", "SAM X, 3 clicks"]
    assert lines(order)["0 prompts_agree"][0] == pytest.approx([14 / 19, 0], abs=1e-6)
    marks = {line.get_label(): line.get_markerfacecolor() for line in order.lines}
    assert (marks["1 stability"], marks["1 predicted_iou"]) == ("white", "#4477AA")  # one mask has no stability
    assert lines(order)["2 predicted_iou"][0] == pytest.approx([1, 2])
    assert lines(found)["1 predicted_iou"][0, 0] == pytest.approx(7 / 9)
    assert lines(gain)["0 prompts_agree"][0, 0] == pytest.approx(0.1)
    assert legend(figure)[:4] == ["predicted IoU", "stability", "expected Dice", "agreement of prompts"]
    intervals = [part.get_segments()[0][:, 0] for part in order.collections]
    assert any(low < 14 / 19 < high for low, high in intervals)


def test_curves_between_random_and_ideal(drawn):
    figure = risk_coverage.draw(drawn["trust_curves"], METHODS, "corrected")
    assert list(panels(figure)) == ["mode 1", "mode 4", "3 clicks"]  # Cut says nothing itself
    assert "Cut" not in texts(figure)
    curve = lines(panels(figure)["mode 1"])["predicted_iou"]
    assert curve[[9, -1]] == pytest.approx(np.array([[0.5, 0.95 / 3], [1, 2.8 / 6]]), abs=1e-6)
    plain = {line.get_label(): line.get_ydata() for line in panels(figure)["mode 1"].lines}
    assert plain["_random"] == pytest.approx([2.8 / 6, 2.8 / 6], abs=1e-6)
    assert plain["_ideal"][9] == pytest.approx(0.2)
    assert legend(figure)[-2:] == ["random order", "ideal order"]


def test_thresholds_of_the_first_confidence(drawn):
    figure = thresholds.draw(drawn["trust_thresholds"], METHODS, "corrected")
    assert list(panels(figure)) == ["mode 1: predicted IoU", "mode 4: predicted IoU", "3 clicks: expected Dice"]
    found = lines(panels(figure)["mode 1: predicted IoU"])
    at = found["iou"][:, 0].tolist().index(0.5)
    assert [found[name][at, 1] for name in ("coverage", "iou", "below_50")] == pytest.approx(
        [5 / 6, 0.62, 0.4], abs=1e-6
    )


def test_methods_without_confidence_of_their_own_are_shown_where_no_other_is(tmp_path):
    tables = files(tmp_path, masks(IOU, "aabbcc", method="cut", prompts_agree=CONFIDENCE))
    figure = risk_coverage.draw(tables["trust_curves"], METHODS, "corrected")
    assert "Cut" in texts(figure)
    assert list(lines(figure.axes[0])) == ["prompts_agree"]


def test_a_panel_of_prompts_that_a_method_does_not_take_is_empty(tmp_path):
    tables = files(tmp_path, many(4, 5).assign(method="sam_x"), many(4, 5).assign(method="cut", mode="mode4"))
    for figure in (
        risk_coverage.draw(tables["trust_curves"], METHODS, "corrected"),
        thresholds.draw(tables["trust_thresholds"], METHODS, "corrected"),
    ):
        assert [bool(lines(axis)) for axis in visible(figure)] == [False, True, True, False]


def test_nothing_lies_outside_a_narrow_figure(drawn):
    style.configure(85)
    try:
        figure = thresholds.draw(drawn["trust_thresholds"], METHODS, "corrected")
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
        assert min(box.x0, box.y0) >= -0.02
        assert box.x1 <= figure.get_figwidth() + 0.02
    finally:
        style.configure(183)


def test_nothing_to_draw_is_said(tmp_path):
    tables = files(tmp_path, masks(IOU).iloc[:0].assign(method="sam_x"), masks([0.5]).assign(method="net"))
    assert pd.read_csv(tables["trust"]).empty
    for module, name in ((trust, "trust"), (risk_coverage, "trust_curves"), (thresholds, "trust_thresholds")):
        assert "says how sure it is" in texts(module.draw(tables[name], METHODS, "corrected"))
