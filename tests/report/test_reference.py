"""What the page says of the line to beat."""

import pandas as pd
import pytest

from promptseg.analysis.columns import made
from promptseg.analysis.pairs import PAIRS
from promptseg.report.reference import against_reference, answers_unasked, reference_table, reference_title

METHODS = {"sam": {"title": "SAM"}, "ritm": {"title": "RITM"}, "unet": {"title": "My U-Net", "reference": True}}
PROTOCOLS = {"corrected": {"title": "corrected"}}


def pairs(*rows):
    """Rows of each method against the reference over patients: (a, mode, step, difference, p)."""
    empty = dict.fromkeys(made(PAIRS), "")
    found = [
        {
            **empty,
            "kind": "reference",
            "unit": "patients",
            "a": a,
            "b": "unet",
            "mode": mode,
            "step": step,
            "p": p,
            "p_holm": p,
            "mean_difference": difference,
            "n": 30,
            "selection": "first",
            "effect": 0.5,
            "ci_low": difference - 0.01,
            "ci_high": difference + 0.01,
            "protocol": "corrected" if mode == "iterative" else "",
        }
        for a, mode, step, difference, p in rows
    ]
    return pd.DataFrame(found, columns=made(PAIRS))


@pytest.mark.parametrize(
    ("difference", "p", "sentence", "certain"),
    [
        (0.05, 0.001, "The mean IoU of {best} over patients is 0.050 above that of the reference My U-Net.", True),
        (
            -0.05,
            0.001,
            "No method reaches the reference My U-Net: {best} comes closest, 0.050 below in mean IoU over patients.",
            True,
        ),
        (
            0.05,
            0.03,
            "The mean IoU of {best} over patients is 0.050 above that of the reference My U-Net, which is not certain.",
            False,
        ),
    ],
)
def test_the_finding(difference, p, sentence, certain):
    table = pairs(("sam", "mode1", 0, -0.2, 0.5), ("ritm", "iterative", 5, difference, p))
    (found,) = against_reference(table, METHODS, PROTOCOLS, True)
    assert found.sentence == sentence.format(best="RITM (5 clicks, corrected)")
    assert found.certain == certain
    # p is corrected for both comparisons
    assert f"95 % interval {difference - 0.01:.3f} to {difference + 0.01:.3f}, p = {2 * p:.3f}" in found.proof
    assert "over 30 patients" in found.proof
    assert "automatic.first" in found.href


def test_without_a_reference_nothing_is_said():
    table = pairs().assign(kind="methods")
    assert against_reference(table, METHODS, PROTOCOLS, False) == []
    assert reference_table(table, METHODS, PROTOCOLS, False)["rows"] == []
    assert reference_title(table, METHODS) == ""


def test_the_table():
    table = reference_table(pairs(("sam", "mode1", 0, -0.2, 0.5)), METHODS, PROTOCOLS, True)
    assert table["rows"] == [["SAM", "mode 1", "first mask", "30", "-0.200", "-0.210 to -0.190", "0.500", "+0.50", ""]]
    assert reference_title(pairs(("sam", "mode1", 0, -0.2, 0.5)), METHODS) == "My U-Net"


def test_whether_its_masks_answer_prompts():
    rows = pd.DataFrame({"method": ["unet", "sam"], "mode": ["automatic", "mode1"], "n_images": [3, 3]})
    assert answers_unasked(rows, METHODS)
    assert not answers_unasked(rows.assign(method=["sam", "unet"]), METHODS)
    assert not answers_unasked(rows.assign(n_images=0), METHODS)
