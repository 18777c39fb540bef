"""The tables of the page."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.summary import SUMMARY
from promptseg.core.tables import read_csv
from promptseg.report.tables import ablation_table, pairs_table, precision_notes, throughput_table, unseen_table
from support import synthetic
from support.reports import ABLATED, BF16, FP32, speeds


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


def test_speed_shows_precision_prompts_and_gpu_memory():
    table = throughput_table(speeds(FP32, BF16), synthetic.DATASETS, synthetic.METHODS)
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    assert [(row["precision"], row["prompts"], row["peak GPU MB"]) for row in rows] == [
        ("fp32", "70", ""), ("bf16", "", "3072")
    ]  # fmt: skip
    assert "peak GPU MB" not in throughput_table(speeds(FP32), {}, {})["columns"]


def test_what_a_reduced_precision_does_to_the_iou():
    more = BF16 | {"dataset": "breast_us", "checked_images": 2, "iou_difference": 0.003, "largest_iou_difference": 0.04}
    assert precision_notes(speeds(FP32, BF16, more), synthetic.METHODS) == [
        "SAM ViT-B, bf16 against fp32 on 10 images: mean IoU changes by -0.0010, at most 0.0400 for a single mask."
    ]
    tiny = BF16 | {"checked_images": 1, "iou_difference": -0.00001, "largest_iou_difference": None}
    assert precision_notes(speeds(tiny), {}) == [
        "sam vit b, bf16 against fp32 on 1 image: mean IoU changes by +0.0000."
    ]
    assert precision_notes(speeds(FP32), synthetic.METHODS) == []


@pytest.mark.parametrize(("p", "text"), [(1e-12, "< 0.001"), (0.0, "< 0.001"), (0.031, "0.031"), (np.nan, "")])
def test_a_p_value_does_not_read_as_zero(p, text):
    row = {"kind": "methods", "unit": "tasks", "a": "perfect", "b": "grabcut", "mode": "mode1", "step": 0, "note": ""}
    row |= {"protocol": "", "selection": "first", "n": 9, "mean_difference": 0.5, "ci_low": 0.4, "ci_high": 0.6}
    table = pairs_table(pd.DataFrame([{**row, "p_holm": p, "effect": 1.0}]), synthetic.METHODS, {})
    assert dict(zip(table["columns"], table["rows"][0], strict=True))["p (Holm)"] == text


def test_method_that_has_seen_everything_has_no_mean_without_it(results):
    summary = read_csv(results[1]["summary"], SUMMARY)
    summary = summary[(summary["level"] != "all_unseen") | (summary["method"] != "grabcut")]
    answers = pd.DataFrame({"method": ["grabcut"], "dataset": ["chest_xray"], "answer": ["yes"], "source": [""]})
    rows = unseen_table(summary, answers, synthetic.METHODS, {})["rows"]
    assert rows[1] == ["GrabCut", "first mask", "not seen", "0", *[""] * 8]
