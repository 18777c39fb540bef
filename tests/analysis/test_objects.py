"""What is computed from single objects: click metrics and the dependence on size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from promptseg.analysis.click_metrics import (
    CLICK_METRICS,
    click_metrics,
    read_click_sums,
    trajectory_measures,
)
from promptseg.analysis.columns import made
from promptseg.analysis.size import (
    CORRELATION,
    SIZE,
    bins_of,
    correlations,
    rank_sums,
    read_sizes,
    size_tables,
)
from promptseg.core.tables import read_csv, write_csv, write_table
from promptseg.score.tables import SCORES
from support.scores import pick


def row(case, iou, step=0, mode="mode1", name="", **more):
    image = f"{case}{name}"
    about = {"dataset": "d", "task": "a", "method": "m", "relative_area": 0.1, "status": "ok"} | more
    key = {"case_id": case, "image_id": image, "object_id": f"{image}:{about['task']}"}
    setting = {"mode": mode, "step": step, "selection": "first", "protocol": "p" if mode == "iterative" else None}
    return {**about, **key, **setting, "iou": iou}


def clicks(case, values, **more):
    """Rows of one object after 1, 2, ... clicks; None has no score."""
    return [
        row(case, value, step, "iterative", status="ok" if value is not None else "out of memory", **more)
        for step, value in enumerate(values, start=1)
    ]


def test_trajectories():
    found = trajectory_measures(np.array([[0.5, 0.8, 0.7, 0.9], [0.2, 0.2, 0.4, 0.8]]), np.array([1, 2, 3, 4]))
    assert found["noc80"].tolist() == [2, 4]
    assert found["noc85"].tolist() == [4, 4]
    assert found["noc90"].tolist() == [4, 4]
    assert found["failed80"].tolist() == [0, 0]
    assert found["failed90"].tolist() == [0, 1]
    # Trapezoids: (0.25 + 0.8 + 0.7 + 0.45) / 3 and (0.1 + 0.2 + 0.4 + 0.4) / 3.
    assert found["auc"] == pytest.approx([2.2 / 3, 1.1 / 3])
    assert found["gain_per_click"] == pytest.approx([0.4 / 3, 0.6 / 3])
    assert found["worse_share"] == pytest.approx([1 / 3, 0])


def test_a_single_click_has_no_curve():
    found = trajectory_measures(np.array([[0.95]]), np.array([1]))
    assert found["noc90"].tolist() == [1]
    assert np.isnan(found["auc"]).all()


@given(st.lists(st.lists(st.floats(0, 1), min_size=9, max_size=9), min_size=1, max_size=4))
def test_measures_stay_in_their_ranges(values):
    found = trajectory_measures(np.array(values), np.arange(1, 10))
    assert ((found["auc"] >= 0) & (found["auc"] <= 1 + 1e-12)).all()
    assert ((found["noc80"] <= found["noc85"]) & (found["noc85"] <= found["noc90"]) & (found["noc90"] <= 9)).all()
    assert ((found["failed90"] == 0) | (found["noc90"] == 9)).all()


@pytest.fixture
def scores(tmp_path):
    rows = clicks("p", [0.5, 0.9]) + clicks("p", [0.7, 0.6], name="2") + clicks("q", [0.2, 0.3])
    rows += clicks("q", [0.2, None], name="2") + clicks("p", [0.9, 0.9], task="b") + clicks("q", [0.9, 0.9], task="b")
    rows += [row("p", 0.4), row("p", None, 0, "iterative", method="boxes", status="not_applicable")]
    rows.append({"dataset": "d", "case_id": "r", "image_id": "r", "method": "m", "status": "unreadable"})
    path = tmp_path / "scores.parquet"
    write_table(path, rows, SCORES)
    return path


def test_click_metrics(scores, tmp_path):
    table = click_metrics(read_click_sums(scores), 200, 0)
    assert list(table.columns) == made(CLICK_METRICS)
    assert set(table["method"]) == {"m"}
    a = pick(table, level="task", task="a")
    assert (a["n_images"], a["n_incomplete"], a["clicks"]) == (3, 1, 2)
    assert (a["noc90"], a["failed90"]) == (2, pytest.approx(2 / 3))
    assert a["auc"] == pytest.approx((0.7 + 0.65 + 0.25) / 3)
    assert a["worse_share"] == pytest.approx(1 / 3)
    assert a["auc_ci_low"] == pytest.approx(0.25)  # q alone
    assert a["auc_ci_high"] == pytest.approx(0.675)  # p alone
    everything = pick(table, level="all")
    assert (everything["n_tasks"], everything["n_images"]) == (2, 5)
    assert everything["noc90"] == 1.5
    path = tmp_path / "click_metrics.csv"
    write_csv(path, table.assign(provenance=""), CLICK_METRICS)
    assert pick(read_csv(path, CLICK_METRICS), level="all")["noc90"] == 1.5


def test_methods_with_different_clicks(tmp_path):
    rows = [*clicks("p", [0.2, 0.4, 0.95]), *clicks("p", [0.3, 0.5], method="short")]
    write_table(tmp_path / "scores.parquet", rows, SCORES)
    table = click_metrics(read_click_sums(tmp_path / "scores.parquet"), 10, 0)
    whole, short = (pick(table, level="task", method=name) for name in ("m", "short"))
    assert (whole["clicks"], whole["noc90"], short["clicks"], short["noc90"]) == (3, 3, 2, 2)
    assert (whole["n_incomplete"], short["n_incomplete"]) == (0, 0)
    assert short["auc"] == pytest.approx(0.4)


def test_no_clicks_at_all(tmp_path):
    refused = row("p", None, 0, "iterative", status="not_applicable")
    write_table(tmp_path / "scores.parquet", [row("p", 0.4), refused], SCORES)
    table = click_metrics(read_click_sums(tmp_path / "scores.parquet"))
    assert list(table.columns) == made(CLICK_METRICS)
    assert table.empty


def test_bins():
    # 10^-1.5 is 0.0316.
    areas = np.array([0.001, 0.0031, 0.01, 0.03, 0.0317, 0.1, 0.5, 1.0])
    assert bins_of(areas).tolist() == [-6, -6, -4, -4, -3, -2, -1, -1]


def test_correlation_from_sums_of_patients_is_that_of_their_rows():
    rng = np.random.default_rng(2)
    x, y = rng.random(40), rng.random(40)
    ranks = np.stack([stats.rankdata(x), stats.rankdata(y)]) - 20.5
    patients = np.repeat(np.arange(4), 10)
    sums = rank_sums(ranks, patients, 4)
    assert correlations(sums.sum(axis=0)) == pytest.approx(stats.spearmanr(x, y).statistic)
    twice = np.concatenate(
        [np.flatnonzero(patients == 1), np.flatnonzero(patients == 1), np.flatnonzero(patients == 3)]
    )
    drawn = 2 * sums[1] + sums[3]
    assert correlations(drawn) == pytest.approx(np.corrcoef(ranks[0][twice], ranks[1][twice])[0, 1])
    assert np.isnan(correlations(np.array([3.0, 3, 3, 3, 3, 3])))


def sizes(rows, tmp_path):
    write_table(tmp_path / "scores.parquet", rows, SCORES)
    return size_tables(read_sizes(tmp_path / "scores.parquet"), 500, 0)


def test_size(tmp_path):
    rows = [
        row("p", 0.2, relative_area=0.02),
        row("p", 0.4, relative_area=0.2, name="2"),
        row("q", 0.6, relative_area=0.5),
    ]
    rows += [
        row("p", 0.8, relative_area=0.2, dataset="e"),
        row("p", None, relative_area=0.2, name="9", status="out of memory"),
    ]
    table, correlation = sizes(rows, tmp_path)
    assert list(table.columns) == made(SIZE)
    large = table[(table["bin_low"] > 0.3) & (table["level"] == "dataset")].iloc[0]
    assert (large["iou"], large["n"], large["n_patients"]) == (0.6, 1, 1)
    assert np.isnan(large["ci_low"])
    pooled = table[(table["bin_low"].round(6) == 0.1) & (table["level"] == "all")].iloc[0]
    assert (pooled["iou"], pooled["n"], pooled["bin_high"]) == (pytest.approx(0.6), 2, pytest.approx(0.316228))
    assert list(correlation.columns) == made(CORRELATION)
    assert pick(correlation, dataset="d")["spearman"] == 1
    assert pick(correlation, level="all")["n"] == 4
    assert pick(correlation, level="all")["n_patients"] == 3
    # Ranks of size 1, 2.5, 4, 2.5 against 1, 2, 3, 4.
    assert pick(correlation, level="all")["spearman"] == pytest.approx(
        stats.spearmanr([1, 2.5, 4, 2.5], [1, 2, 3, 4])[0]
    )
    assert np.isnan(pick(correlation, dataset="e")["spearman"])


def test_intervals_of_size(tmp_path):
    rng = np.random.default_rng(1)
    rows = []
    for patient in range(30):
        for image in range(4):
            area = float(10 ** rng.uniform(-2, -0.5))
            iou = float(np.clip(0.5 + 0.2 * np.log10(area) + rng.normal(0, 0.05), 0, 1))
            rows.append(row(f"p{patient}", iou, relative_area=area, name=str(image)))
    table, correlation = sizes(rows, tmp_path)
    assert ((table["ci_low"] < table["iou"]) & (table["iou"] < table["ci_high"])).all()
    same = ["n", "iou", "ci_low", "ci_high"]
    levels = [table[table["level"] == level][same].to_numpy() for level in ("dataset", "all")]
    assert levels[0] == pytest.approx(levels[1])
    line = pick(correlation, level="dataset")
    assert 0.5 < line["ci_low"] < line["spearman"] < line["ci_high"] < 1
    assert pick(correlation, level="all")["ci_low"] == pytest.approx(line["ci_low"])


def test_sizes_are_those_of_modes_and_of_the_first_and_last_click(tmp_path):
    rows = [*clicks("p", [0.1, 0.2, 0.3]), row("p", 0.4), row("p", 0.5, relative_area=None, name="old")]
    table, _ = sizes(rows, tmp_path)
    assert sorted(table.loc[table["level"] == "all", "iou"]) == [0.1, 0.3, 0.4]
    empty, none = sizes([], tmp_path)
    assert (list(empty.columns), list(none.columns)) == (made(SIZE), made(CORRELATION))
    assert empty.empty
