"""Numbers beside marks."""

import pytest

from promptseg.figures.numbers import count, short, with_interval

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "sign", "text"),
    [
        (0.421, False, ".42"), (1.0, False, "1.00"), (0.999, False, "1.00"), (0.0, False, ".00"),
        (0.421, True, "+.42"), (-0.421, True, f"{MINUS}.42"), (-0.001, True, "+.00"), (-1.0, True, f"{MINUS}1.00"),
        (10.05, False, "10.05"), (float("nan"), True, "-"),
    ],
)  # fmt: skip
def test_short(value, sign, text):
    assert short(value, sign) == text


def test_interval_where_there_is_one():
    row = {"rho": 0.5, "low": float("nan"), "high": float("nan")}
    assert with_interval(row, "rho", "low", "high") == "+.50"
    assert with_interval(row | {"low": -0.25, "high": 1.0}, "rho", "low", "high") == f"+.50 ({MINUS}.25 to +1.00)"


def test_count_stays_in_one_line():
    assert count(142).split(" ") == ["n\xa0=\xa0142"]
