"""Figures of routes through volumes."""

import pytest

from promptseg.figures import overrun, retention, routes
from promptseg.volumes.analysis.retention import RETENTION
from promptseg.volumes.analysis.routes import ROUTES
from support.figures import METHODS, legend, lines, panels, rows, table, texts

CONTROL = {"method": "contours", "prompt": "mask"}


def record(dice, **more):
    usual = {"level": "all", "method": "cut", "route": "carry_box", "slices": "largest", "prompt": "box", "step": 0}
    return {**usual, "extents": "given", "n_tasks": 2, "dice": dice, "distance_unit": "mm", **more}


RECORDS = [
    record(0.6, dice_ci_low=0.5, dice_ci_high=0.7, overrun_mm=0, overrun_ml=0, short_mm=4),
    record(0.7, slices="3", overrun_mm=0, overrun_ml=0),
    record(0.2, extents="open", overrun_mm=30, overrun_mm_ci_high=90, overrun_ml=12, short_mm=2),
    record(0.5, route="carry_mask", prompt="point", extents="open", overrun_mm=10),
    record(0.9, route="each", slices="all"),
    record(0.4, route="carry_box", method="sam_x"),
    record(0.1, route="extrude", **CONTROL),
    record(0.8, route="interpolate", slices="3", **CONTROL),
    record(0.8, route="interpolate", slices="3", **CONTROL, extents="open"),
    record(0.95, level="task"),
    record(0.96, step=3),
]


def test_routes_of_each_method_beside_true_contours(tmp_path):
    drawn = routes.draw(table(tmp_path / "routes.csv", RECORDS, ROUTES), METHODS)
    found = panels(drawn)
    assert list(found) == ["Cut, ends given", "Cut, ends open", "SAM X, ends given", "SAM X, ends open"]
    given = lines(found["Cut, ends given"])
    assert given["carry_box box"][:, 1].tolist() == [0.6, 0.7]
    assert given["carry_box box"][:, 0].round().tolist() == [0, 1]
    assert given["each box"].round(1).tolist()[0][1] == 0.9
    assert given["interpolate mask"][:, 1].tolist() == [0.8]
    assert [label.get_text() for label in found["SAM X, ends open"].get_xticklabels()] == [
        "1\n(1)",
        "3\n(1)",
        "every\n(1)",
    ]
    assert legend(drawn) == [
        *("one contour copied", "contours interpolated", "every slice prompted", "box carried", "mask carried"),
        *("prompt: box", "prompt: point"),
    ]
    assert found["Cut, ends given"].get_ylabel() == "Dice, mean over 2 tasks"
    assert "No route of a method was scored" in texts(
        routes.draw(table(tmp_path / "r.csv", RECORDS[6:9], ROUTES), METHODS)
    )


def test_beyond_the_ends(tmp_path):
    drawn = overrun.draw(table(tmp_path / "routes.csv", RECORDS, ROUTES), METHODS)
    dice, length, volume, _ = drawn.axes
    assert rows(dice) == [
        *("One contour copied, 1 slice", "Contours interpolated, 3 slices", "Cut: box carried, 1 slice"),
        *("Cut: mask carried (point), 1 slice", "SAM X: box carried, 1 slice"),
    ]
    assert lines(dice)["2 dice_given"][:, 0].tolist() == [0.6]
    assert lines(dice)["2 dice_open"][:, 0].tolist() == [0.2]
    assert lines(length)["2 overrun_mm_open"][:, 0].tolist() == [30]
    assert length.get_xlim()[1] > 90  # the end of the interval
    assert lines(volume)["2 overrun_ml_open"][:, 0].tolist() == [12]
    assert legend(drawn) == ["ends given", "ends open"]
    assert "No route was scored" in texts(overrun.draw(table(tmp_path / "r.csv", RECORDS[:0], ROUTES), METHODS))


def test_retention_with_the_distance_where_half_is_lost(tmp_path):
    def curve(*values, **more):
        return [
            record(dice, distance=10 * place, half_distance=12, **more) for place, dice in enumerate(values)
        ]  # fmt: skip

    records = [*curve(0.8, 0.5, 0.3), *curve(0.9, 0.7, slices="3"), *curve(0.9, 0.6, route="extrude", **CONTROL)]
    records += [*curve(0.7, 0.6, method="sam_x", distance_unit="slices"), *curve(0.9, route="each", slices="all")]
    drawn = retention.draw(table(tmp_path / "retention.csv", records, RETENTION), METHODS)
    (axis,) = panels(drawn).values()
    assert lines(axis)["carry_box largest box"].tolist() == [[0, 0.8], [10, 0.5], [20, 0.3]]
    assert set(lines(axis)) == {"carry_box largest box", "extrude largest mask"}
    (half,) = [line.get_xdata()[0] for line in axis.lines if line.get_marker() == "|"]
    assert half == 12
    assert axis.get_xlabel() == "Distance, mm"
    assert "1 slice prompted" in texts(drawn)
    empty = table(tmp_path / "r.csv", curve(0.9, route="each", slices="all"), RETENTION)
    assert "No slice away from a prompted one" in texts(retention.draw(empty, METHODS))


@pytest.mark.parametrize("draw", [routes.draw, overrun.draw])
def test_no_machine_names(draw, tmp_path):
    words = texts(draw(table(tmp_path / "routes.csv", RECORDS, ROUTES), METHODS))
    assert "_" not in words
    assert "largest" not in words
