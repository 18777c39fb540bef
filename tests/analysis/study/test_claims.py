"""Findings as sentences, comparison with the study, tables for a paper, and keys of provenance."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.columns import made
from promptseg.analysis.paper import PAPER_TABLES, PaperTable, escape, latex, markdown, paper_tables, write_paper
from promptseg.analysis.provenance import SOURCES, Provenance
from promptseg.analysis.study.claims import CLAIMS, claims, findings
from promptseg.analysis.study.comparison import COMPARISON_SUMMARY, compare_summary
from promptseg.analysis.study.findings import click_findings, mode_findings
from promptseg.analysis.study.published import TITLES, read_published

PUBLISHED = Path(__file__).resolve().parents[3] / "resources" / "published" / "mazurowski2023.csv"


def pick(frame, **keys):
    for name, value in keys.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


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


TABLE = PaperTable("t", "50 % of A_1 & B", ["task", "x|y"], [["a_b", "0.5"], ["a_b", "0.6"], ["c", ""]], 1)


def test_markdown():
    assert markdown(TABLE).splitlines() == [
        "50 % of A_1 & B",
        "",
        r"| task | x\|y |",
        "| --- | ---: |",
        "| a_b | 0.5 |",
        "| a_b | 0.6 |",
        "| c |  |",
    ]


def test_latex():
    assert latex(TABLE).splitlines() == [
        r"% needs \usepackage{booktabs}",
        r"\begin{table*}",
        r"\centering",
        r"\caption{50 \% of A\_1 \& B}\label{tab:t}",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"task & x|y \\",
        r"\midrule",
        r"a\_b & 0.5 \\",
        r"a\_b & 0.6 \\",
        r"c &  \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table*}",
    ]
    assert escape(r"\~^{}#$") == r"\textbackslash{}\textasciitilde{}\textasciicircum{}\{\}\#\$"


def test_long_tables_break_over_pages_and_groups_are_set_apart():
    long = PaperTable("t", "c", ["dataset", "task", "x"], [[f"d{k // 30}", f"t{k}", "1"] for k in range(60)], 2)
    lines = latex(long).splitlines()
    assert lines[1] == r"\begin{longtable}{llr}"
    assert lines[-1] == r"\end{longtable}"
    assert lines.count(r"\addlinespace") == 1
    assert lines[lines.index(r"\addlinespace") + 1].startswith("d1 & t30")


def statistic(level, mode, iou, low=np.nan, **more):
    row = {"level": level, "dataset": "", "task": "", "method": "m", "protocol": "", "mode": mode, "step": 0}
    row |= {"selection": "first", "n_images": 7, "iou": iou, "ci_low": low, "ci_high": iou + 0.1}
    for metric in ("dice", "nsd", "hd95"):
        row |= {metric: iou, f"{metric}_ci_low": low, f"{metric}_ci_high": iou + 0.1}
    return row | {"distance_unit": "mm"} | more


def test_tables_for_a_paper(tmp_path):
    click = {"protocol": "p", "step": 3}
    measured = pd.DataFrame(
        [
            statistic("task", "mode1", 0.25, dataset="d", task="a"),
            statistic("task", "mode4", 0.5, dataset="d", task="a"),
            statistic("all", "mode1", 0.25),
            statistic("all", "mode4", 0.5, 0.4),
            statistic("all", "mode4", 0.75, method="first", selection="oracle"),
            statistic("all", "iterative", 0.625, **click),
        ]
    )
    ours = {
        "task": "CT-Liver",
        "our_method": "m",
        "mode": "iterative",
        "step": 3,
        "selection": "first",
        "protocol": "p",
    }
    ours |= {
        "n": 7,
        "ours": 0.5,
        "ci_low": 0.4,
        "ci_high": 0.6,
        "published": 0.55,
        "difference": -0.05,
        "inside": "yes",
    }
    compared = pd.DataFrame([ours, ours | {"ours": np.nan}])
    about = {"first": {"title": "First"}, "m": {"title": "My method"}}
    tables = paper_tables(measured, compared, {"d": {"title": "Data"}}, about)
    assert [table.name for table in tables] == PAPER_TABLES
    modes, clicks, methods, metrics, published = tables
    assert modes.rows == [["Data", "a", "My method", "first", "7", "0.250", "", "", "0.500", ""]]
    assert (clicks.columns[3:], clicks.rows) == (["3"], [["p", "My method", "first", "0.625"]])
    assert methods.rows == [
        ["First", "oracle", "", "", "", "0.750", ""],
        ["My method", "first", "0.250", "", "", "0.500 [0.400, 0.600]", ""],
    ]
    assert metrics.rows[-1][2:] == ["mode 4", *["0.500 [0.400, 0.600]"] * 3, "0.5 [0.4, 0.6] mm"]
    assert published.rows == [
        ["CT-Liver", "My method", "3 clicks, p", "first", "7", "0.500 [0.400, 0.600]", "0.550", "-0.050", "yes"]
    ]
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    write_paper(tables, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{end}" for name in PAPER_TABLES for end in ("md", "tex")
    }


PARTS = {
    "m/d": {"method": "m", "dataset": "d", "seed": 1, "weights_sha256": "abc", "batch": 4},
    "m/e": {"method": "m", "dataset": "e", "seed": 1, "weights_sha256": "abc"},
    "n/d": {"method": "n", "dataset": "d", "seed": 1, "weights_sha256": None, "versions": {"torch": "2"}},
}


def test_keys_of_provenance():
    origin = Provenance(PARTS, {"d": "m1", "e": "m2"}, "p1")
    frame = pd.DataFrame({"level": ["task", "all", "all_unseen"], "dataset": ["d", "", ""], "method": "m"})
    one, both, unseen = origin.stamp(frame, ["method"], [("m", "d")])["provenance"]
    pair = origin.stamp(pd.DataFrame({"a": ["m"], "b": ["n"], "dataset": ["d"]}), ["a", "b"])["provenance"].iloc[0]
    published = origin.published_key()
    table = origin.table()
    assert list(table.columns) == SOURCES.names
    own = pick(table, provenance=one)
    assert own[["method", "dataset", "manifest_sha256", "weights_sha256", "seed"]].tolist() == [
        "m",
        "d",
        "m1",
        "abc",
        "1",
    ]
    assert own["other"] == '{"batch": 4}'
    assert "statsmodels" in json.loads(own["analysis_versions"])
    assert table.loc[table["provenance"] == both, "dataset"].tolist() == ["d", "e"]
    assert pick(table, provenance=unseen)["dataset"] == "e"
    assert table.loc[table["provenance"] == pair, "method"].tolist() == ["m", "n"]
    assert pick(table, provenance=origin.key(["n"]))["versions"] == '{"torch": "2"}'
    assert pick(table, provenance=published)["published_sha256"] == "p1"
    assert all(re.fullmatch("p[0-9a-f]{10}", key) for key in table["provenance"])
    assert origin.key(["nobody"]) == ""


def test_keys_depend_on_the_facts_alone():
    origin = Provenance(PARTS, {}, "")
    again = Provenance(dict(reversed(PARTS.items())), {}, "")
    assert origin.key(["m", "n"]) == again.key(["n", "m"])
    changed = Provenance({**PARTS, "m/d": {**PARTS["m/d"], "seed": 2}}, {}, "")
    assert origin.key(["m"], "d") != changed.key(["m"], "d")
    assert origin.key(["m"], "e") == changed.key(["m"], "e")
