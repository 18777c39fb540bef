"""Tables for a paper: their cells, and how they are written as Markdown and LaTeX."""

import numpy as np
import pandas as pd

from promptseg.analysis.paper import PAPER_TABLES, PaperTable, latex, markdown, paper_tables, write_paper

TABLE = PaperTable("t", "50 % of A", ["task", "x|y"], [["a_b", "0.5"], ["a_b", "0.60"], ["c", ""]], 1)


def test_markdown():
    assert markdown(TABLE).splitlines() == [
        "50 % of A",
        "",
        r"| task   |   x\|y |",
        "|:-------|-------:|",
        "| a_b    |    0.5 |",
        "| a_b    |   0.60 |",
        "| c      |        |",
    ]


def test_latex():
    assert latex(TABLE).splitlines() == [
        r"% needs \usepackage{booktabs}",
        r"\begin{table*}",
        r"\centering",
        r"\caption{50 \% of A}",
        r"\label{tab:t}",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"task & x|y \\",
        r"\midrule",
        r"a\_b & 0.5 \\",
        r"a\_b & 0.60 \\",
        r"c &  \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table*}",
    ]


def test_long_tables_break_over_pages():
    long = PaperTable("t", "c", ["dataset", "task", "x"], [[f"d{k // 30}", f"t{k}", "1"] for k in range(60)], 2)
    lines = latex(long).splitlines()
    assert lines[:2] == [r"% needs \usepackage{booktabs,longtable}", r"\begin{longtable}{llr}"]
    assert lines[-1] == r"\end{longtable}"
    assert sum(line.startswith(("d0 &", "d1 &")) for line in lines) == 60


def test_a_table_without_rows_has_its_head():
    empty = PaperTable("t", "c", ["a", "b"], [], 1)
    assert r"a & b \\" in latex(empty).splitlines()
    assert markdown(empty).splitlines()[2].split() == ["|", "a", "|", "b", "|"]


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
    assert modes.rows == [["Data", "a", "My method", "first mask", "7", "0.250", "", "", "0.500", ""]]
    assert (clicks.columns[3:], clicks.rows) == (["3"], [["p", "My method", "first mask", "0.625"]])
    assert methods.rows == [
        ["First", "oracle", "", "", "", "0.750", ""],
        ["My method", "first mask", "0.250", "", "", "0.500 [0.400, 0.600]", ""],
    ]
    assert metrics.rows[-1][2:] == ["mode 4", *["0.500 [0.400, 0.600]"] * 3, "0.5 [0.4, 0.6] mm"]
    assert published.rows == [
        ["CT-Liver", "My method", "3 clicks, p", "first mask", "7", "0.500 [0.400, 0.600]", "0.550", "-0.050", "yes"]
    ]
    assert all(len(row) == len(table.columns) for table in tables for row in table.rows)
    write_paper(tables, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{end}" for name in PAPER_TABLES for end in ("md", "tex")
    }
