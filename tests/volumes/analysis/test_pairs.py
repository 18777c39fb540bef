"""Paired comparisons of routes against values worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.columns import made
from promptseg.volumes.analysis.pairs import ROUTE_PAIRS, partners, route_pairs
from promptseg.volumes.columns import VOLUME_SETTING
from promptseg.volumes.scores.tables import VOLUME_SCORES
from support.volume_scores import CONTROL, rows_of

THREE = {"route": "carry_box", "slices": "3"}
INTERPOLATED = {**CONTROL, "route": "interpolate", "slices": "3"}


def scores(*rows):
    return rows_of(VOLUME_SCORES, *rows)


def one(table, **keys):
    for name, value in keys.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_who_is_set_against_whom():
    settings = pd.DataFrame(
        [
            ("contours", "extrude", "largest", "mask", "open", 0),
            ("contours", "interpolate", "3", "mask", "given", 0),
            ("contours", "interpolate", "3", "mask", "open", 0),
            ("m", "carry_box", "3", "box", "given", 0),
            ("m", "carry_box", "3", "box", "open", 0),
            ("m", "carry_box", "largest", "box", "open", 0),
            ("m", "each", "all", "box", "given", 0),
            ("n", "carry_box", "3", "box", "given", 0),
            ("n", "carry_box", "3", "box", "given", 2),
            ("n", "each", "all", "point", "given", 0),
        ],
        columns=VOLUME_SETTING,
    )
    found = {tuple(row) for row in partners(settings).itertuples(index=False)}
    control = {("control", 3, 1), ("control", 4, 2), ("control", 5, 0), ("control", 7, 1)}
    each = {("each", 3, 6), ("each", 4, 6), ("each", 5, 6)}
    assert found == control | each | {("extents", 1, 2), ("extents", 3, 4), ("methods", 3, 7)}


def test_against_interpolated_contours_on_as_many_slices():
    # Objects a and b of p1, c of p2; c has no score of the control, so it is left out; d of p3.
    rows = scores(
        *({**THREE, "dice": dice, "object_id": name, "case_id": case}
          for name, case, dice in (("a", "p1", 0.5), ("b", "p1", 0.9), ("c", "p2", 0.1), ("d", "p3", 0.6))),
        *({**INTERPOLATED, "dice": dice, "object_id": name, "case_id": case}
          for name, case, dice in (("a", "p1", 0.7), ("b", "p1", 0.9), ("d", "p3", 0.9))),
    )  # fmt: skip
    table = route_pairs(rows, resamples=500, seed=1)
    assert list(table) == made(ROUTE_PAIRS)
    row = one(table, kind="control", level="task")
    assert (row.method, row.route, row.b_method, row.b_route) == ("m", "carry_box", "contours", "interpolate")
    assert (row.n_objects, row.n_patients, row.mean_difference) == (3, 2, pytest.approx((-0.2 + 0 - 0.3) / 3))
    # p1 twice: -0.2 and 0; p3 twice: -0.3.
    assert [row.ci_low, row.ci_high] == pytest.approx([-0.3, -0.1])
    assert np.isnan(row.p)
    assert row.note == "no test: fewer than 6 patients"
    assert row.effect == -1
    assert row.family == "control: m on d t"


def test_the_test_takes_one_value_per_patient():
    # Two objects for each of six patients; the mean differences are 0.1, ..., 0.6, so p is 2 / 2^6.
    given = [
        {**THREE, "case_id": f"p{i}", "object_id": f"{i}{k}", "dice": 0.5 + i / 20 + k}
        for i in range(1, 7)
        for k in (0, 0.01)
    ]
    other = [{**row, "extents": "open", "dice": 0.5 - int(row["case_id"][1]) / 20} for row in given]
    row = one(route_pairs(scores(*given, *other), resamples=50), kind="extents", level="all")
    assert (row.n_objects, row.n_patients, row.wilcoxon, row.note) == (12, 6, 0, "")
    assert [row.p, row.p_holm, row.effect] == pytest.approx([2 / 2**6, 2 / 2**6, 1])
    assert row.mean_difference == pytest.approx(0.355)


def test_holm_within_one_setting_of_methods():
    rows = [
        {"method": name, "case_id": f"p{i}", "dice": 0.1 * i * k}
        for k, name in enumerate("lmn", 1)
        for i in range(1, 7)
    ]
    table = route_pairs(scores(*rows), resamples=50)
    every = table[table["level"] == "all"]
    assert every[["method", "b_method"]].to_numpy().tolist() == [["l", "m"], ["l", "n"], ["m", "n"]]
    assert every["p_holm"].tolist() == pytest.approx([6 / 2**6] * 3)
    assert set(every["family"]) == {"methods: carry_box largest box given 0 over all tasks"}


def test_nothing_to_compare():
    assert list(route_pairs(scores({"dice": 0.5}))) == made(ROUTE_PAIRS)
    rows = scores({"dice": 0.5}, {"dice": 0.5, "method": "n", "case_id": "p2"})
    assert route_pairs(rows).empty
