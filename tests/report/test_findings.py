"""The sentences at the top of the page."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from promptseg.analysis.pairs import PAIRS
from promptseg.analysis.study.claims import CLAIMS
from promptseg.report.findings import Finding, findings, shared_patients, strongest

METHODS = {"a": {"title": "A"}, "b": {"title": "B"}, "c": {"title": "C"}}


def pairs(*rows):
    """PAIRS of mode 4 from (unit, a, b, difference, p_holm); the interval is 0.02 wide, p over patients uncorrected."""
    records = []
    for unit, a, b, difference, p in rows:
        ends = {"mean_difference": difference, "ci_low": difference - 0.01, "ci_high": difference + 0.01}
        setting = {"kind": "methods", "mode": "mode4", "step": 0, "selection": "first", "unit": unit, "a": a, "b": b}
        texts = dict.fromkeys(["dataset", "task", "protocol", "note"], "")
        records.append({**setting, **ends, **texts, "n": 17 if unit == "tasks" else 9, "p": p / 3, "p_holm": p})
    return pd.DataFrame(records, columns=PAIRS.names)


def claims(*rows):
    """CLAIMS of this run from (claim, method, value, p, detail)."""
    names = ["claim", "method", "value", "p", "detail"]
    frame = pd.DataFrame(rows, columns=names).reindex(columns=CLAIMS.names)
    return frame.assign(source="ours", selection="first", statement=[f"{row[0]} of {row[1]}." for row in rows])


NONE = claims()
TASKS = [("tasks", "a", "b", 0.02, 0.3), ("tasks", "a", "c", 0.1, 0.001), ("tasks", "b", "c", 0.08, 0.01)]


def test_the_best_method_stands_against_the_next_one_that_it_is_certainly_better_than():
    (found,) = findings(NONE, pairs(*TASKS), METHODS, {}, shared=False)
    assert found.sentence == (
        "With a box around each component, the mean IoU of A is 0.100 above that of C, and not certainly above that of "
        "B."
    )
    assert found.proof == "95 % interval 0.090 to 0.110, p = 0.001 over 17 tasks"
    assert (found.effect, found.certain, found.method) == (0.1, True, "a")
    assert found.href == "../explorer/index.html#m=a&s=mode4.first&vs=c@mode4.first&sort=diff&dir=asc"


def test_pairs_are_read_from_both_sides():
    turned = [("tasks", "a", "c", -0.1, 0.0001), ("tasks", "b", "c", -0.2, 0.0001), ("tasks", "a", "b", 0.1, 0.5)]
    (found,) = findings(NONE, pairs(*turned), METHODS, {}, shared=False)
    assert (
        found.sentence == "With a box around each component, the mean IoU of C is 0.100 above that of A, the next best."
    )
    assert found.proof == "95 % interval 0.090 to 0.110, p < 0.001 over 17 tasks"


def test_tasks_that_share_patients_need_the_patients_to_agree():
    over_patients = [
        ("patients", "a", "b", 0.02, 0.9),
        ("patients", "a", "c", 0.1, 0.06),
        ("patients", "b", "c", 0.1, 1),
    ]
    (found,) = findings(NONE, pairs(*TASKS, *over_patients), METHODS, {}, shared=True)
    assert found.proof == "95 % interval 0.090 to 0.110, p = 0.001 over 17 tasks\u2020; p = 0.020 over 9 patients"
    doubtful = [("patients", "a", "b", 0.02, 0.9), ("patients", "a", "c", 0.1, 0.6), ("patients", "b", "c", 0.1, 1)]
    (found,) = findings(NONE, pairs(*TASKS, *doubtful), METHODS, {}, shared=True)
    assert not found.certain
    assert found.sentence.endswith("no method is certainly the best; A and B differ by 0.020.")
    assert found.proof.endswith("p = 0.300 over 17 tasks\u2020; p = 0.300 over 9 patients: not certain")


def test_claims_are_corrected_for_their_number_and_published_ones_left_out():
    ours = [("gain", "a", 0.3, 0.02, ""), ("boxes_minus_points", "a", 0.2, 0.03, ""), ("gain", "b", 0.1, np.nan, "")]
    published = claims(("gain", "c", 0.9, 0.001, "")).assign(source="published")
    found = findings(pd.concat([claims(*ours), published]), pairs(), METHODS, {}, shared=False)
    assert [(one.sentence, one.proof) for one in found] == [
        ("gain of a.", "p = 0.040 over tasks"),
        ("boxes_minus_points of a.", "p = 0.040 over tasks"),
    ]


@pytest.mark.parametrize(
    ("detail", "proof", "certain"),
    [
        ("stability, 95 % interval 0.01 to 0.04", "95 % interval 0.01 to 0.04 over patients", True),
        ("stability, 95 % interval -0.01 to 0.04", "95 % interval -0.01 to 0.04 over patients: not certain", False),
        ("stability", "no interval over patients: not certain", False),
    ],
)
def test_what_a_confidence_is_worth_is_certain_if_its_interval_is_above_zero(detail, proof, certain):
    (found,) = findings(claims(("trust_keep", "a", 0.03, np.nan, detail)), pairs(), METHODS, {}, shared=False)
    assert (found.proof, found.certain) == (proof, certain)


@pytest.mark.parametrize(
    ("claim", "detail", "statement", "where"),
    [
        (
            *("gain", "0.2 at click 1, 0.7 at click 9", "It rises."),
            "s=iterative.corrected.9.first&vs=a@iterative.corrected.1.first&sort=diff&dir=asc",
        ),
        ("boxes_minus_points_each_component", "", "Boxes.", "s=mode4.first&vs=a@mode2.first&sort=diff&dir=asc"),
        (
            *(
                "trust_keep",
                "stability",
                "Keeping the 80 % of the masks of A after 5 clicks with the highest stability.",
            ),
            "s=iterative.corrected.5.first&sort=stability&dir=asc",
        ),
        (
            *("trust_keep", "soft_dice, 95 % interval 0.01 to 0.04", "The masks of A in mode 4 with the highest one."),
            "s=mode4.first&sort=soft_dice&dir=asc",
        ),
    ],
)
def test_a_claim_leads_to_the_objects_of_its_prompts(claim, detail, statement, where):
    made = claims((claim, "a", 0.3, 0.001, detail)).assign(protocol="corrected", statement=statement)
    (found,) = findings(made, pairs(), METHODS, {}, shared=False)
    assert found.href == f"../explorer/index.html#m=a&{where}"


def test_one_of_each_question_comes_before_a_second_one_about_another_method():
    def one(question, method, effect, certain=True):
        return Finding(question, method, f"{question} {method} {effect}", "", effect, certain, "")

    many = [one("clicks", name, effect) for name, effect in (("a", 0.9), ("a", 0.8), ("b", 0.7), ("c", 0.6))]
    others = [one("boxes", "a", 0.3), one("best", "a", 0.5, certain=False), one("trust", "a", 0.1)]
    assert [found.sentence for found in strongest([*many, *others])] == [
        "clicks a 0.9", "clicks b 0.7", "boxes a 0.3", "trust a 0.1", "best a 0.5",
    ]  # fmt: skip
    assert len(strongest(many)) == 3
    assert strongest([]) == []


def test_shared_patients_are_counted_from_the_scores(tmp_path):
    def write(*rows):
        path = tmp_path / "scores.parquet"
        pq.write_table(pa.table(dict(zip(("dataset", "task", "case_id"), zip(*rows, strict=True), strict=True))), path)
        return path

    assert shared_patients(write(("d", "liver", "1"), ("d", "spleen", "2"), ("e", "liver", "1"), ("e", "", "3"))) == ""
    assert shared_patients(write(("d", "liver", "1"), ("d", "spleen", "1"), ("e", "liver", "1"))).startswith(
        "\u2020 The 3 tasks of this run come from 2 patients."
    )
