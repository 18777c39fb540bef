"""The tables that set one thing against another."""

import numpy as np
import pandas as pd
import pytest

from promptseg.report.comparisons import pairs_table, versus
from support import synthetic


@pytest.mark.parametrize(("p", "text"), [(1e-12, "< 0.001"), (0.0, "< 0.001"), (0.031, "0.031"), (np.nan, "")])
def test_a_p_value_does_not_read_as_zero(p, text):
    row = {"kind": "methods", "unit": "tasks", "a": "perfect", "b": "grabcut", "mode": "mode1", "step": 0, "note": ""}
    row |= {"protocol": "", "selection": "first", "n": 9, "mean_difference": 0.5, "ci_low": 0.4, "ci_high": 0.6}
    table = pairs_table(pd.DataFrame([{**row, "p_holm": p, "effect": 1.0}]), synthetic.METHODS, {}, shared=False)
    assert dict(zip(table["columns"], table["rows"][0], strict=True))["p (Holm)"] == text


def test_the_first_mask_of_a_method_with_a_single_one_stands_in_for_the_oracle():
    row = {"a": "ritm", "b": "sam", "mode": "iterative", "step": 3, "protocol": "corrected", "selection": "oracle"}
    own, other = "iterative.corrected.3.first", "iterative.corrected.3.oracle"
    ends = "&sort=diff&dir=asc"
    assert versus(row, {"ritm"}) == f"../explorer/index.html#m=ritm&s={own}&vs=sam@{other}{ends}"
