"""Presets side by side: values, ranks, what variants change, and how alike the orders of methods are."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau

from promptseg.core.tables import write_table
from promptseg.protocols.comparison.agreement import orders, tau_b
from promptseg.protocols.comparison.run import comparison
from promptseg.score.tables import SCORES

CONDITIONS = {"nsd_zero_unless_dice_above": "none", "failed": "repeat", "unknown": "skip"}
FINAL = {"name": "iou_final", "metric": "iou", "kind": "final"}
PRESET: dict[str, Any] = {
    "metrics": {"iou": {}},
    "conditions": CONDITIONS,
    "summaries": [FINAL, {"name": "noc_80", "metric": "iou", "kind": "noc", "threshold": 0.8, "cap": 2}],
    "averaging": ["objects"],
    "prompts": 1,
    "variants": {},
}


def _rows(values: dict[str, list[list[float]]], preset: str = "a", **changes: Any) -> pd.DataFrame:
    """By method the curves of objects, one patient each, of one dataset."""
    lines = [
        {
            "preset": preset,
            "variant": "",
            "on": "images",
            "dataset": "d",
            "task": "t",
            "case_id": f"p{number}",
            "image_id": f"i{number}",
            "object_id": f"i{number}:t",
            "method": method,
            "step": step,
            "iou": iou,
            "status": "ok",
            "failed": None,
            **changes,
        }
        for method, curves in values.items()
        for number, curve in enumerate(curves)
        for step, iou in enumerate(curve)
    ]
    return pd.DataFrame(lines)


def _tables(rows: pd.DataFrame, presets: dict, tmp_path: Path, rivals: tuple[str, ...] = ("m", "n", "o")):
    scores = tmp_path / "scores.parquet"
    if not scores.exists():
        write_table(scores, [], SCORES)
    return comparison(rows, presets, scores, rivals, 200, 1)


def test_literal_values_and_ranks(tmp_path: Path) -> None:
    rows = _rows({"m": [[0.2, 0.9], [0.85, 0.7]], "n": [[0.1, 0.5], [0.1, 0.7]], "control": [[1, 1], [1, 1]]})
    table, effects, alike = _tables(rows, {"a": PRESET}, tmp_path)
    assert len(effects) == len(alike) == 0
    found = table.set_index(["level", "method", "summary"])
    final, noc = (found.loc[("all", "m", name)] for name in ("iou_final", "noc_80"))
    assert (final["value"], final["best"], final["better"], final["decides"]) == (
        pytest.approx(0.8),
        1,
        "higher",
        "yes",
    )
    assert (noc["value"], noc["best"], noc["better"], noc["decides"]) == (1.5, 1, "lower", "no")
    assert (final["ci_low"], final["ci_high"]) == pytest.approx((0.7, 0.9)), "of the two patients"
    assert (final["rank"], found.loc[("all", "n", "iou_final"), "rank"]) == (1, 2)
    assert np.isnan(found.loc[("all", "control", "iou_final"), "rank"])
    assert (final["n"], final["n_patients"], final["n_left_out"], final["n_failed"]) == (2, 2, 0, 0)


def test_a_mean_over_datasets_counts_each_alike_and_ranks_those_that_have_all(tmp_path: Path) -> None:
    one = _rows({"m": [[0, 0.2]] * 4, "n": [[0, 0.3]] * 4, "o": [[0, 0.9]] * 4})
    other = _rows({"m": [[0, 0.8]], "n": [[0, 0.5]]}, dataset="e")
    table, _, _ = _tables(pd.concat([one, other]), {"a": PRESET}, tmp_path)
    found = table[(table["summary"] == "iou_final") & (table["level"] == "all")].set_index("method")
    assert found["value"].to_dict() == pytest.approx({"m": 0.5, "n": 0.4, "o": 0.9})
    assert found.loc[["m", "n"], "rank"].tolist() == [1, 2]
    assert np.isnan(found.loc["o", "rank"]), "it was not asked about one of the datasets"
    assert found[["ci_low", "ci_high"]].loc[["m", "n"]].isna().all(axis=None), "a dataset has one patient"


def test_failures_are_counted_and_a_method_without_any_value_stays(tmp_path: Path) -> None:
    rows = pd.concat([_rows({"m": [[0.1, 0.5], [0.1, 0.7]]}), _rows({"n": [[np.nan]] * 2}, status="RuntimeError: x")])
    rows = pd.concat([rows, _rows({"o": [[np.nan]] * 2}, status="not_applicable: no points")])
    table, _, alike = _tables(rows, {"a": PRESET}, tmp_path)
    last = table[(table["level"] == "all") & (table["method"] == "n")].iloc[0]
    assert np.isnan(last["value"])
    assert (last["n"], last["n_failed"]) == (0, 2)
    other = table[(table["level"] == "all") & (table["method"] == "o")].iloc[0]
    assert (other["n"], other["n_failed"]) == (0, 0), "it was not asked"
    assert len(alike) == 0


def test_what_a_variant_changes(tmp_path: Path) -> None:
    rows = _rows({"m": [[0.2, 0.9], [0.85, 0.7]], "n": [[0.1, 0.5], [0.1, 0.8]]})
    start = {"title": "the start counts", "summaries": [{**FINAL, "kind": "at", "step": 0}]}
    other = rows.assign(variant="start")
    _, effects, _ = _tables(pd.concat([rows, other]), {"a": {**PRESET, "variants": {"start": start}}}, tmp_path)
    found = effects[effects["level"] == "all"].set_index("method")
    assert found["effect"].unique() == ["the start counts"]
    assert found.loc["m", ["as_released", "as_variant"]].tolist() == pytest.approx([0.8, 0.525])
    assert found.loc["m", "difference"] == pytest.approx(-0.275)
    assert found.loc["m", ["difference_ci_low", "difference_ci_high"]].tolist() == pytest.approx([-0.7, 0.15])
    assert found.loc["m", ["n", "n_changed"]].tolist() == [2, 2]
    assert found.loc["n", ["rank_released", "rank_variant"]].tolist() == [2, 2]


def test_a_variant_that_averages_cases_has_no_objects_that_change(tmp_path: Path) -> None:
    rows = _rows({"m": [[0.2, 0.9], [0.85, 0.7]]})
    preset = {**PRESET, "variants": {"cases": {"title": "cases", "averaging": ["classes", "cases"]}}}
    _, effects, _ = _tables(pd.concat([rows, rows.assign(variant="cases")]), {"a": preset}, tmp_path)
    assert effects["n"].tolist() == [2] * len(effects)
    assert effects["n_changed"].isna().all()
    assert (effects["difference"] == 0).all()


def test_orders_of_methods_under_two_presets(tmp_path: Path) -> None:
    one = _rows({"m": [[0, 0.9], [0, 0.8]], "n": [[0, 0.6], [0, 0.7]], "o": [[0, 0.2], [0, 0.3]]})
    other = _rows({"m": [[0, 0.5], [0, 0.6]], "n": [[0, 0.9], [0, 0.8]], "o": [[0, 0.1], [0, 0.2]]}, preset="b")
    presets = {"a": PRESET, "b": {**PRESET, "averaging": ["cases"]}}
    _, _, alike = _tables(pd.concat([one, other]), presets, tmp_path)
    row = alike[alike["level"] == "all"].iloc[0]
    assert (row["preset"], row["b_preset"], row["n_methods"], row["n_pairs"]) == ("a", "b", 3, 3)
    assert (row["tau"], row["n_changed"], row["same_best"]) == (pytest.approx(1 / 3), 1, "no")
    assert (row["tau_ci_low"], row["tau_ci_high"]) == pytest.approx((1 / 3, 1 / 3)), "the same in every resample"
    assert row["changed"] == pytest.approx(1 / 3)


def test_only_methods_with_a_value_in_all_datasets_are_ordered_over_them(tmp_path: Path) -> None:
    rows = [
        _rows({"m": [[0, 0.2]] * 2, "n": [[0, 0.3]] * 2, "o": [[0, 0.9]] * 2}),
        _rows({"m": [[0, 0.8]], "n": [[0, 0.5]]}, dataset="e"),
    ]
    empty = _rows({"o": [[0, np.nan]]}, dataset="e")  # asked, and without a value
    for more in ([], [empty]):
        one = pd.concat([*rows, *more])
        table, _, alike = _tables(pd.concat([one, one.assign(preset="b")]), {"a": PRESET, "b": PRESET}, tmp_path)
        assert alike.set_index(["level", "dataset"])["n_methods"].to_dict() == {
            ("all", ""): 2,
            ("dataset", "d"): 3,
            ("dataset", "e"): 2,
        }
        found = table[(table["level"] == "all") & (table["summary"] == "iou_final") & (table["preset"] == "a")]
        assert found.set_index("method")["rank"].to_dict() == pytest.approx({"m": 1, "n": 2, "o": np.nan}, nan_ok=True)


def test_of_equals_each_is_the_best(tmp_path: Path) -> None:
    one = _rows({"m": [[0, 0.5]] * 2, "n": [[0, 0.5]] * 2})
    other = _rows({"m": [[0, 0.4]] * 2, "n": [[0, 0.6]] * 2}, preset="b")
    _, _, alike = _tables(pd.concat([one, other]), {"a": PRESET, "b": PRESET}, tmp_path)
    assert alike["same_best"].tolist() == ["yes", "yes"]


def test_lower_is_better_turns_the_order_over(tmp_path: Path) -> None:
    one = _rows({"m": [[0, 0.9]] * 2, "n": [[0, 0.6]] * 2})
    clicks = {**PRESET, "summaries": [{"name": "noc_80", "metric": "iou", "kind": "noc", "threshold": 0.8, "cap": 3}]}
    _, _, alike = _tables(pd.concat([one, one.assign(preset="b")]), {"a": PRESET, "b": clicks}, tmp_path)
    assert alike["tau"].tolist() == [1.0, 1.0]


def test_things_asked_about_volumes_are_not_set_against_images(tmp_path: Path) -> None:
    one = _rows({"m": [[0, 0.9]] * 2, "n": [[0, 0.6]] * 2})
    _, _, alike = _tables(pd.concat([one, one.assign(preset="b", on="volumes")]), {"a": PRESET, "b": PRESET}, tmp_path)
    assert len(alike) == 0


def test_presets_that_take_the_clicks_of_the_run(tmp_path: Path) -> None:
    about = {"dataset": "d", "task": "t", "case_id": "p", "image_id": "i", "object_id": "i:t", "mode": "iterative"}
    lines = [
        {**about, "method": "m", "protocol": protocol, "switch": switch, "step": step, "selection": selection}
        | {"iou": iou, "status": "ok"}
        for protocol, switch, selection, curve in (
            ("corrected", None, "first", [0.3, 0.6]),
            ("corrected", None, "oracle", [0.9, 0.9]),
            ("corrected", "multimask", "first", [0.1, 0.1]),
            ("as_released", None, "first", [0.2, 0.4]),
        )
        for step, iou in enumerate(curve, 1)
    ]
    write_table(tmp_path / "scores.parquet", lines, SCORES)
    preset = {**PRESET, "takes": ["as_released", "corrected"], "selection": "first", "prompts": 0}
    nothing = _rows({}).reindex(columns=["preset", "variant", "on", "dataset", "case_id", "method", "status"])
    table, _, _ = _tables(nothing, {"study": preset}, tmp_path)
    found = table[(table["level"] == "all") & (table["summary"] == "iou_final")].set_index("variant")["value"]
    assert found.to_dict() == pytest.approx({"as_released": 0.4, "corrected": 0.6})


def test_tau_is_that_of_scipy() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        one, other = rng.integers(0, 4, (2, 7)).astype(float)
        assert tau_b(orders(one), orders(other)) == pytest.approx(kendalltau(one, other).statistic, nan_ok=True)


def test_a_run_without_answers_has_empty_tables(tmp_path: Path) -> None:
    nothing = _rows({}).reindex(columns=["preset", "variant", "on", "dataset", "case_id", "method", "status"])
    assert [len(table) for table in _tables(nothing, {"a": PRESET}, tmp_path)] == [0, 0, 0]


def test_the_spread_over_groups_of_people(tmp_path: Path) -> None:
    clicks = {"rule": "likely", "low": 0.0, "high": 1.0, "map": "{image}.npy"}
    groups = {name: {"clicks": {"low": low}} for name, low in (("g1", 0.1), ("g2", 0.2))}
    preset = PRESET | {"clicks": clicks, "variants": groups}
    rows = pd.concat([
        _rows({"m": [[0, 0.9], [0, 0.9]]}),
        _rows({"m": [[0, 0.8], [0, 0.6]]}, variant="g1"),
        _rows({"m": [[0, 0.4], [0, 0.2]]}, variant="g2"),
    ])  # fmt: skip
    table, _, _ = _tables(rows, {"a": preset}, tmp_path)
    found = table[(table["variant"] == "groups") & (table["level"] == "all")].set_index("summary")
    assert found.loc["iou_final_nsr", "value"] == pytest.approx(0.2 / 0.5)
    assert (found.loc["iou_final_nsr", "n"], found.loc["iou_final_nsr", "n_patients"]) == (2, 2)
    low, high = found.loc["iou_final_nsr", ["ci_low", "ci_high"]]
    assert low <= 0.4 <= high
    without = preset | {"clicks": clicks | {"map": ""}}
    del without["clicks"]["map"]
    table, _, _ = _tables(rows, {"a": without}, tmp_path)
    assert set(table["variant"]) == {""}, "groups are nothing without a map"
