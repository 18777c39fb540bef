"""Our means beside the study's."""

import pandas as pd
import pytest

from promptseg.analysis.statistics import statistics
from promptseg.analysis.study.comparison import compare
from promptseg.analysis.sums import patient_sums
from support.scores import row


def test_comparison_with_the_study():
    published = pd.DataFrame(
        [
            ["T", "sam", "mode1", 0, "first", 0.5],
            ["T", "sam", "mode2", 0, "first", 0.9],
            ["U", "ritm", "mode1", 0, "first", 0.1],
        ],
        columns=["task", "method", "mode", "step", "selection", "iou"],
    )
    rows = [row("a", f"p{i}", f"i{i}", 0.45 + 0.01 * i, mode=mode) for i in range(10) for mode in ("mode1", "mode2")]
    table = compare(
        published,
        statistics(patient_sums(rows)),
        {"d": {"published": {"a": "T"}}, "e": {}},
        {"m": {"published": "sam"}, "n": {"published": None}},
    )
    assert table["task"].tolist() == ["T", "T", "U"]
    first, second, third = (line for _, line in table.iterrows())
    assert (first["our_method"], first["dataset"], first["our_task"], first["n"]) == ("m", "d", "a", 10)
    assert (first["ours"], first["difference"]) == (pytest.approx(0.495), pytest.approx(-0.005))
    assert (first["inside"], second["inside"], third["inside"]) == ("yes", "no", "")
    assert pd.isna(third["our_method"])
    assert pd.isna(third["ours"])
