"""The tables of the page."""

import pandas as pd

from promptseg.analysis.summary import SUMMARY
from promptseg.core.tables import read_csv
from promptseg.report.tables import ablation_table, unseen_table
from support import synthetic
from support.reports import ABLATED


def test_ablation_is_a_row_for_the_protocol_and_one_for_each_switch():
    table = ablation_table(ABLATED, synthetic.METHODS, {})
    assert table["columns"] == [
        *("method", "mask", "protocol", "tasks"),
        *("1 click", "3 clicks", "5 clicks", "9 clicks"),
    ]
    assert table["rows"] == [
        ["Perfect", "first mask", "as released", "3 to 4", "0.375", "0.500", "0.500", "0.500"],
        ["Perfect", "first mask", "without click label", "3", "0.500 (+0.250)", "", "", ""],
        [
            *("Perfect", "first mask", "without error region", "3 to 4"),
            *("0.500 (+0.125)", "0.750 (+0.250)", "0.250 (-0.250)", "0.500 (+0.000)"),
        ],
        ["GrabCut", "first mask", "as released", "4", "0.500", "", "", "0.600"],
        ["GrabCut", "first mask", "without click label", "4", "0.500 (+0.000)", "", "", "0.550 (-0.050)"],
    ]


def test_method_that_has_seen_everything_has_no_mean_without_it(results):
    summary = read_csv(results[1]["summary"], SUMMARY)
    summary = summary[(summary["level"] != "all_unseen") | (summary["method"] != "grabcut")]
    answers = pd.DataFrame({"method": ["grabcut"], "dataset": ["chest_xray"], "answer": ["yes"], "source": [""]})
    rows = unseen_table(summary, answers, synthetic.METHODS, {})["rows"]
    assert rows[1] == ["GrabCut", "first mask", "not seen", "0", *[""] * 8]
