"""What is known of masks without a truth, beside how good they are."""

import numpy as np
import pytest

from promptseg.core import masks
from promptseg.core.tables import read_provenance, read_table, write_table
from promptseg.predict.tables import PREDICTIONS, ROBUSTNESS
from promptseg.predict.trajectories import prediction
from promptseg.prompts.tables import PROMPTS
from promptseg.score.tables import SCORES, TRUST
from promptseg.score.trust import confidences, write_trust

KEYS = {"dataset": "toy", "task": "cell", "case_id": "p", "image_id": "a", "object_id": "a:cell", "method": "m"}


def code(first, last, size=10):
    """A row of pixels from the first to the last."""
    mask = np.zeros((1, size), bool)
    mask[0, first : last + 1] = True
    return masks.encode(mask)


def answer(mode, rle, **more):
    numbers = {"candidate": 0, "score": None, "stability": None, "soft_dice": None, "protocol": None, "switch": None}
    numbers |= {"selection": None, "click_x": None, "click_y": None}
    return numbers | prediction("a:cell", mode, rle=rle) | more


def prompt(mode, points=(), boxes=()):
    return {"object_id": "a:cell", "mode": mode, "points": list(points), "point_labels": [1] * len(points),
            "boxes": list(boxes), "exact_points": None}  # fmt: skip


PROMPTS_OF = {
    "mode1": prompt("mode1", [(4, 0)]),
    "mode2": prompt("mode2", [(4, 0)]),
    "mode3": prompt("mode3", boxes=[(0, 0, 7, 0)]),
    "mode5": prompt("mode5", boxes=[(0, 0, 9, 0)]),
}
ANSWERS = [
    answer("mode1", code(0, 3), score=0.5, stability=0.25, soft_dice=0.75),
    answer("mode1", code(0, 7), candidate=1, score=0.9, stability=0.5, soft_dice=0.25),
    answer("mode1", code(8, 9), candidate=2, score=0.1),
    answer("mode2", code(0, 3)),
    answer("mode3", code(0, 7)),
    answer("mode5", code(0, 9)),
    answer("iterative", code(0, 3), step=1, protocol="corrected", selection="first", click_x=4, click_y=0),
    answer("iterative", code(0, 4), step=2, protocol="corrected", selection="first", click_x=9, click_y=0),
    answer("iterative", code(0, 4), step=2, protocol="corrected", selection="oracle", click_x=9, click_y=0),
]


def test_literal_values():
    found = confidences(ANSWERS, PROMPTS_OF, {"mode1": 0.7})
    # Modes 1 and 2 showed the same point, so that they say nothing of each other.
    assert found[None, "mode1", 0, "first"] == {
        "predicted_iou": 0.5,
        "stability": 0.25,
        "soft_dice": 0.75,
        "candidates_agree": pytest.approx((0.5 + 0 + 0) / 3),
        "prompts_agree": pytest.approx((4 / 8 + 4 / 10) / 2),
        "jitter_agrees": 0.7,
    }
    best = found[None, "mode1", 0, "best_score"]
    assert (best["predicted_iou"], best["stability"], best["jitter_agrees"]) == (0.9, 0.5, None)
    assert best["candidates_agree"] == pytest.approx(1 / 6)
    assert best["prompts_agree"] is None  # no other mode has predicted IoUs to choose by
    box = found[None, "mode3", 0, "first"]
    assert (box["predicted_iou"], box["candidates_agree"]) == (None, None)
    assert box["prompts_agree"] == pytest.approx((4 / 8 + 4 / 8 + 8 / 10) / 3)
    clicks = {key[2]: row["prompts_agree"] for key, row in found.items() if key[1] == "iterative"}
    assert clicks[1] == pytest.approx((4 / 8 + 4 / 10) / 2)  # the first click is the prompt of modes 1 and 2
    assert clicks[2] == pytest.approx((4 / 5 + 4 / 5 + 5 / 8 + 5 / 10) / 4)
    assert {key[3] for key in found} == {"first", "best_score"}


def test_a_single_prompt_has_nothing_to_agree_with():
    (row,) = confidences([answer("mode1", code(0, 3))], PROMPTS_OF, {}).values()
    assert set(row.values()) == {None}


def test_rows_of_scores_get_their_confidences(tmp_path):
    failed = answer("mode5", None, status="method_failed") | {"object_id": "b:cell", "candidate": None}
    write_table(tmp_path / "predictions", [*ANSWERS, failed], PREDICTIONS)
    write_table(tmp_path / "prompts", [*PROMPTS_OF.values(), prompt("mode5") | {"object_id": "b:cell"}], PROMPTS)
    rows = [
        {**KEYS, "mode": row["mode"], "step": row["step"], "protocol": row["protocol"], "iou": 0.5, "status": "ok",
         "selection": row["selection"] or "first"}
        for row in ANSWERS if row["candidate"] == 0
    ]  # fmt: skip
    rows += [
        {**rows[0], "selection": "best_score", "iou": 0.8},
        {**rows[0], "selection": "oracle", "iou": 0.9},
        {**rows[-1], "switch": "tie_break", "selection": "first"},
        {**KEYS, "object_id": "b:cell", "mode": "mode5", "step": 0, "selection": "first", "status": "method_failed"},
    ]
    write_table(tmp_path / "scores", rows, SCORES, {"seed": 3})
    jitter = [
        {**KEYS, "mode": "mode1", "kind": kind, "amount": amount, "seed": 1, "agreement": value, "status": "ok"}
        for kind, amount, value in (("point_offset", 0, 1.0), ("point_offset", 0.5, 0.4), ("seed", 0, 0.8))
    ]
    write_table(tmp_path / "robustness", jitter, ROBUSTNESS)
    parts = [tmp_path / name for name in ("scores", "predictions", "prompts", "robustness")]
    write_trust(*parts, tmp_path / "trust", method="m")
    found = read_table(tmp_path / "trust", TRUST)
    assert read_provenance(tmp_path / "trust") == {"seed": 3}
    assert set(found["object_id"]) == {"a:cell"}
    setting = found["mode"] + " " + found["step"].astype(str) + " " + found["selection"]
    assert setting.tolist() == [
        *("mode1 0 first", "mode2 0 first", "mode3 0 first", "mode5 0 first"),
        *("iterative 1 first", "iterative 2 first", "mode1 0 best_score"),
    ]
    first, *_, best = found.to_dict("records")
    assert (first["iou"], first["jitter_agrees"]) == (0.5, pytest.approx(0.6))
    assert (best["iou"], best["predicted_iou"]) == (0.8, pytest.approx(0.9))
    write_trust(*parts[:3], None, tmp_path / "again", method="m")
    assert read_table(tmp_path / "again", TRUST)["jitter_agrees"].isna().all()
