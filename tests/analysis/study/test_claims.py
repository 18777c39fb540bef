"""Findings as sentences, and the comparison with the study."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.columns import made
from promptseg.analysis.study.claims import CLAIMS, claims, findings
from promptseg.analysis.study.comparison import COMPARISON_SUMMARY, compare_summary
from promptseg.analysis.study.findings import click_findings, mode_findings
from promptseg.analysis.study.published import TITLES, read_published
from support.scores import pick

PUBLISHED = Path(__file__).resolve().parents[3] / "resources" / "published" / "mazurowski2023.csv"


@pytest.fixture(scope="module")
def published():
    return findings(read_published(PUBLISHED).assign(protocol=""), "published", ["sam"], TITLES)


def test_statements_of_the_study(published):
    def statement(claim, method="sam", selection="first", **more):
        return pick(published, claim=claim, method=method, selection=selection, **more)["statement"]

    assert list(published.columns) == made(CLAIMS)
    assert statement("best_mode") == (
        "SAM is best on average in mode 4, with a mean IoU over tasks of 0.6542; the next is mode 3 with 0.5891."
    )
    assert statement("best_mode_tasks") == (
        "Mode 4 alone is the best mode of SAM in 23 of 28 tasks, and shares the best value in 3 more."
    )
    assert statement("first_at_1_click") == "After 1 click, SAM is the first of 4 methods in 24 of 28 tasks."
    assert statement("first_at_1_click", selection="oracle") == (
        "After 1 click, SAM with the best of its masks is the first of 4 methods in 26 of 28 tasks."
    )
    assert statement("gain", "ritm") == (
        "From click 1 to click 9 the mean IoU of RITM rises by 0.5553, from 0.1322 to 0.6875."
    )
    assert statement("overtaken_tasks", detail="ritm is above sam at click 9") == (
        "After 9 clicks, RITM is above SAM in 19 of 28 tasks, by +0.0763 on average."
    )
    assert statement("abstract_highest") == (
        "The abstract gives 0.8650 (Xray-Hip: Ilium) as the highest IoU at a single point; the table holds 0.8650 for "
        "that task, and 0.8692 for CT-Spleen."
    )
    assert published["statement"].str.endswith(".").all()
    assert not published["statement"].str.contains("nan").any()


def test_p_values_stand_where_a_paired_test_supports_the_statement(published):
    # All 28 differences between boxes and points are positive: the smallest p that 28 pairs can have.
    assert pick(published, claim="boxes_minus_points", selection="first")["p"] == pytest.approx(2 / 2**28)
    assert pick(published, claim="overtaken_tasks", detail="focalclick is above sam at click 9")["p"] > 0.5
    tested = {"gain", "overtaken_tasks", "best_mode"} | {name for name in published["claim"] if name.startswith("box")}
    assert set(published.loc[published["p"].notna(), "claim"]) == tested


def rows(values, **about):
    """Rows of one mode or click each from {(task, name): iou}."""
    frame = pd.DataFrame([(*key, value) for key, value in values.items()], columns=["task", about.pop("by"), "iou"])
    return frame.assign(**about)


def test_modes_that_are_equal_share_the_first_place():
    table = rows({("a", "mode1"): 0.5, ("a", "mode3"): 0.5, ("b", "mode1"): 0.2, ("b", "mode3"): 0.4}, by="mode")
    found = {item["claim"]: item for item in mode_findings(table, "X")}
    assert (found["best_mode"]["detail"], found["best_mode_tasks"]["value"]) == ("mode3", 1)
    assert found["best_mode_tasks"]["detail"] == "mode3 is the best, 1 more tied"
    assert found["box_minus_point_largest_component"]["value"] == pytest.approx(0.1)
    assert np.isnan(found["best_mode"]["p"])  # two tasks
    assert "boxes_minus_points" not in found


def test_methods_that_are_equal_are_both_not_first():
    table = pd.concat(
        [
            rows({("a", 1): 0.5, ("a", 2): 0.6}, by="step", method="x", selection="first"),
            rows({("a", 1): 0.5, ("a", 2): 0.4}, by="step", method="y", selection="first"),
        ]
    )
    found = pd.DataFrame(click_findings(table, ["x"], {"x": "X", "y": "Y"}))
    assert found.loc[found["claim"] == "first_at_1_click", "value"].tolist() == [0, 0]
    assert pick(found, claim="first_at_2_clicks", method="x")["value"] == 1
    assert pick(found, claim="overtaken")["statement"] == "Y never passes X, on average over tasks."
    assert pick(found, claim="loses_with_clicks", method="y")["statement"] == (
        "Y ends more than 0.02 below its best click in 1 of 1 task, most on a (-0.100)."
    )


def test_our_findings_use_our_titles_and_no_controls():
    values = {"level": "task", "dataset": "d", "protocol": "", "step": 0, "selection": "first"}
    ours = rows({("a", "mode1"): 0.5}, by="mode", method="m", **values)
    both = pd.concat([ours, ours.assign(method="perfect", iou=1.0)])
    table = claims(read_published(PUBLISHED), both, {"m": {"title": "My method"}, "perfect": {"control": True}})
    mine = table[table["source"] == "ours"]
    assert mine["statement"].tolist() == [
        "With one point, the lowest mean IoU of My method is 0.5000, on d: a.",
        "With one point, the highest mean IoU of My method is 0.5000, on d: a.",
    ]


def test_summary_of_the_comparison():
    keys = {"method": "sam", "mode": "mode1", "step": 0, "selection": "first", "our_method": "m", "protocol": ""}
    values = [("a", 0.5, 0.4, "yes"), ("b", 0.6, 0.8, "no"), ("c", 0.9, 0.9, ""), ("d", np.nan, 0.1, "")]
    table = pd.DataFrame(values, columns=["task", "ours", "published", "inside"]).assign(**keys)
    table["difference"] = table["ours"] - table["published"]
    line = compare_summary(table).iloc[0]
    assert list(line.index) == made(COMPARISON_SUMMARY)
    assert (line["n_tasks"], line["n_intervals"], line["inside_share"]) == (3, 2, 0.5)
    assert line["mean_difference"] == pytest.approx(-0.1 / 3)
    assert line["mean_absolute_difference"] == pytest.approx(0.1)
    assert line["largest_absolute_difference"] == pytest.approx(0.2)
    assert line["spearman"] == pytest.approx(1)
    assert compare_summary(table[table["ours"].isna()]).empty
