"""What tables of trust say as sentences."""

import numpy as np

from promptseg.analysis.columns import made
from promptseg.analysis.study.claims import CLAIMS
from promptseg.analysis.trust.claims import trust_claims
from promptseg.analysis.trust.run import trust_tables
from support.trust import CONFIDENCE, IOU, many, masks, write

TITLES = {"sam": {"title": "SAM ViT-B"}, "net": {}}


def claims(folder, *parts):
    means, _, pairs, _ = trust_tables(write(folder, *parts), 200, 0)
    found = trust_claims(means, pairs, TITLES, "corrected")
    assert list(found) == made(CLAIMS)
    return found


def test_sentences_of_six_masks(tmp_path):
    found = claims(tmp_path, masks(IOU, predicted_iou=CONFIDENCE, stability=[0.9] * 6))
    assert found["claim"].tolist() == ["trust_keep", "trust_best", "trust_failures"]
    assert found["statement"].tolist() == [
        "Keeping the 80 % of the masks of SAM ViT-B in mode 1 with the highest predicted IoU raises their mean IoU "
        "over tasks from 0.5333 to 0.6333; the ideal order would reach 0.6333.",
        "Predicted IoU orders the masks of SAM ViT-B in mode 1 best: its area under the risk-coverage curve is 0.1478 "
        "below that of stability.",
        "A mask of SAM ViT-B in mode 1 with an IoU below 0.5 has a lower predicted IoU than a better one with "
        "probability 0.78.",
    ]
    assert found["value"].round(4).tolist() == [0.1, 0.1478, 0.7778]
    assert found["p"].isna().all()


def test_intervals_are_told_and_chance_is_called_so(tmp_path):
    rows = many(40, 3)
    of_clicks = rows.assign(mode="iterative", protocol="corrected", step=3, predicted_iou=np.nan)
    found = claims(tmp_path, rows, of_clicks)
    statements = found.groupby("claim")["statement"].agg(list)
    assert "95 % interval 0." in found["detail"][0]
    assert "(95 % interval 0." in statements["trust_best"][0]
    assert "after 3 clicks" in statements["trust_failures"][1]
    assert statements["trust_failures"][1].endswith("which may be chance alone.")
    assert "chance" not in statements["trust_failures"][0]


def test_a_confidence_that_misleads(tmp_path):
    found = claims(tmp_path, masks(IOU, predicted_iou=[-value for value in IOU], method="net"))
    assert "net in mode 1 with the highest predicted IoU lowers their mean IoU" in found["statement"][0]
    assert found["value"][0] < 0


def test_nothing_to_say(tmp_path):
    assert claims(tmp_path, masks(IOU, stability=[0.5] * 6, mode="mode2")).empty


def test_a_confidence_that_some_masks_lack_is_no_rival(tmp_path):
    few = [np.nan, np.nan, 0.8, 0.7, 0.3, np.nan]
    found = claims(tmp_path, masks(IOU, predicted_iou=CONFIDENCE, prompts_agree=few))
    assert found["claim"].tolist() == ["trust_keep", "trust_failures"]
    assert "highest predicted IoU" in found["statement"][0]


def test_agreement_of_prompts_is_told_to_know_the_truth(tmp_path):
    found = claims(tmp_path, masks(IOU, predicted_iou=[0.5] * 6, prompts_agree=CONFIDENCE))
    told = found.set_index("claim")["note"].str.contains("cut from the truth")
    assert told.to_dict() == {"trust_keep": True, "trust_best": True, "trust_failures": False}
