import numpy as np
import pytest

from promptseg.parity.comparison import Comparison
from promptseg.parity.fixtures import FixtureError, Name


def test_numbers_that_are_none_never_pass():
    comparison = Comparison(Name("sam", "vit_b", "prompts"))
    assert not comparison.passed  # nothing was compared
    comparison.numbers("logits", "here", [1, np.inf], [1, np.inf], 0.1)
    assert comparison.passed
    comparison.numbers("logits", "there", [1, np.nan], [1, 2], 0.1)
    assert not comparison.passed
    assert comparison.summary().startswith("first difference: there: logits differ by inf (limit 1e-01)")
    with pytest.raises(FixtureError, match=r"there: logits have the shape \(3,\), ours have \(2,\)"):
        comparison.numbers("logits", "there", [1, 2], [1, 2, 3], 0.1)
