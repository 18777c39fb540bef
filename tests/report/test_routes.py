"""The table of routes that a run ends with."""

import pandas as pd

from promptseg.analysis.summary import SUMMARY
from promptseg.core.tables import write_csv, write_table
from promptseg.report.routes import objects_sentence, routes_table
from promptseg.report.terminal import overview
from promptseg.score.tables import SCORES
from promptseg.volumes.analysis.routes import ROUTES
from support.figures import table

METHODS = {"zeta": {"title": "Zeta"}, "alpha": {"title": "Alpha"}}


def record(**more):
    usual = {"level": "all", "method": "alpha", "route": "carry_box", "slices": "largest", "prompt": "box", "step": 0}
    return {**usual, "extents": "given", "n_failed": 0, "n_not_applicable": 0, **more}


RECORDS = [
    record(dice=0.61, n_objects=4),
    record(dice=0.72, slices="3", n_objects=3),
    record(dice=0.2, extents="open", overrun_mm=80.4),
    record(dice=0.3, extents="open", slices="3", overrun_mm=20),
    record(dice=0.9, route="each", slices="all", n_objects=4),
    record(method="zeta", route="carry_mask", prompt="point", n_not_applicable=4),
    record(method="zeta", route="carry_mask", prompt="point", slices="3", n_failed=2),
    record(method="contours", route="interpolate", prompt="mask", slices="3", dice=0.8),
    record(dice=0.99, step=1),
    record(dice=0.98, level="task", dataset="d", task="t"),
]


def test_routes_in_their_order(tmp_path):
    found = routes_table(pd.DataFrame(RECORDS), METHODS)
    given, opened = (["ends given, 1", "ends given, 3", "ends given, every"], ["ends open, 1", "ends open, 3"])
    assert list(found) == ["method", "route", *given, *opened, "beyond, mm"]
    assert found.to_numpy().tolist() == [
        ["True contours", "contours interpolated", "", "0.800", "", "", "", ""],
        ["Zeta", "mask carried (point)", "n/a", "failed", "", "", "", ""],
        ["Alpha", "every slice prompted (box)", "", "", "0.900", "", "", ""],
        ["Alpha", "box carried", "0.610", "0.720", "", "0.200", "0.300", "80"],
    ]


def test_the_largest_slice_and_the_middle_one_have_a_column_each():
    found = routes_table(pd.DataFrame([record(dice=0.61), record(dice=0.5, slices="1")]))
    assert found.iloc[0, 2:].to_dict() == {"ends given, middle": "0.500", "ends given, 1": "0.610"}


def test_nothing_is_said_of_failures_where_there_are_none():
    assert objects_sentence(pd.DataFrame(RECORDS[:2])) == "Objects that have as many slices: 1 slice: 4, 3 slices: 3."


def test_a_run_ends_with_it_only_where_it_has_volumes(tmp_path):
    tables = tmp_path / "tables"
    tables.mkdir()
    write_csv(tables / SUMMARY.name, pd.DataFrame(columns=SUMMARY.names), SUMMARY)
    write_table(tables / SCORES.name, [], SCORES)
    assert "Volumes" not in overview(tmp_path)
    table(tables / ROUTES.name, RECORDS, ROUTES)
    words = overview(tmp_path)
    assert "Volumes: Dice" in words
    assert "0.720" in words
    assert "slices: 1 slice: 4, 3 slices: 3, every slice: 4. Left out of the means: 2 answers that failed" in words
    assert words.endswith(f"volumes  {tmp_path}/report/volumes.html")
    assert "Volumes" not in overview(tmp_path, volumes=False)
