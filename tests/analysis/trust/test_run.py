"""From confidences to the tables of trust."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.bootstrap import draw_patients, interval
from promptseg.analysis.trust.measures import Order, aurc
from promptseg.analysis.trust.run import TABLES, trust_tables
from promptseg.core.randomness import generator
from promptseg.core.tables import read_csv, write_csv
from support.trust import CONFIDENCE, IOU, many, masks, write


def tables(folder, *parts, resamples=200):
    """trust, curves, pairs and thresholds."""
    return trust_tables(write(folder, *parts), resamples, 0)


def one(frame, **at):
    """The only row where columns have these values."""
    rows = frame.loc[(frame[list(at)] == pd.Series(at)).all(axis=1)]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    rows = masks(IOU, patients="aabbcc", predicted_iou=CONFIDENCE, stability=[0.9, np.nan, 0.9, 0.9, 0.9, 0.9])
    return tables(tmp_path_factory.mktemp("six"), rows)


def test_six_masks(six):
    means, curves, _, _ = six
    assert list(means["level"].drop_duplicates()) == ["all", "pooled", "dataset", "task"]
    for level in ("task", "dataset", "all", "pooled"):
        row = one(means, level=level, confidence="predicted_iou")
        assert (row["aurc"], row["share"], row["auroc_50"]) == pytest.approx((0.3188889, 0.7368421, 0.7777778))
        assert (row["gain_20"], row["gain_20_ideal"], row["gain_20_share"]) == pytest.approx((0.1, 0.1, 1))
        assert (row["below_50"], row["below_80"], row["n_objects"], row["n_patients"]) == (
            0.5,
            pytest.approx(2 / 3),
            6,
            3,
        )
        assert row["aurc_ci_low"] < row["aurc"] < row["aurc_ci_high"]
        assert row["gain_20_ci_low"] <= row["gain_20_ci_high"]
    assert one(means, level="all", confidence="predicted_iou")["n_tasks"] == 1
    curve = curves[(curves["level"] == "all") & (curves["confidence"] == "predicted_iou")].set_index("coverage")
    assert curve.loc[[0.5, 0.8, 1.0], "risk"].tolist() == pytest.approx([0.95 / 3, 1.76 / 4.8, 2.8 / 6])
    assert curve.loc[0.5, "risk_ideal"] == pytest.approx(0.2)
    assert (curve["ci_low"] <= curve["ci_high"]).all()


def test_masks_without_the_confidence_are_counted(six):
    row = one(six[0], level="pooled", confidence="stability")
    assert (row["n_objects"], row["n_without"]) == (5, 1)
    assert row["aurc"] == pytest.approx(1 - 2.8 / 5)  # all equal
    assert set(six[0]["confidence"]) == {"predicted_iou", "stability"}


def test_pairs_are_of_the_masks_that_have_both(six):
    pairs = six[2]
    row = one(pairs, level="pooled", a="predicted_iou", b="stability")
    risks = 1 - np.array(IOU)[[0, 2, 3, 4, 5]]
    order = Order.by(np.array(CONFIDENCE)[[0, 2, 3, 4, 5]])
    assert (row["n_objects"], row["aurc_b"]) == (5, pytest.approx(0.44))
    assert row["aurc_a"] == pytest.approx(aurc(risks, order).mean())
    assert row["difference"] == pytest.approx(row["aurc_a"] - row["aurc_b"])
    row = one(pairs, level="pooled", a="predicted_iou", b="random")
    assert (row["n_objects"], row["aurc_b"]) == (6, pytest.approx(2.8 / 6))
    assert row["difference_ci_low"] <= row["difference"] <= row["difference_ci_high"]


def test_thresholds(six):
    rows = six[3]
    assert set(rows["level"]) == {"dataset", "pooled"}
    rows = rows[(rows["level"] == "pooled") & (rows["confidence"] == "predicted_iou")].set_index("threshold")
    assert rows.index[[0, 1, -1]].tolist() == [0.2, 0.25, 0.95]  # 0.2 keeps all, 0.98 none
    assert rows.loc[0.5, ["n", "coverage", "iou", "below_50"]].tolist() == pytest.approx([5, 5 / 6, 0.62, 0.4])
    assert rows.loc[0.95, ["n", "n_patients", "coverage", "iou", "below_50"]].tolist() == pytest.approx(
        [1, 1, 1 / 6, 0.9, 0]
    )
    assert np.isnan(rows.loc[0.95, "iou_ci_low"])  # one patient
    assert rows.loc[0.5, "iou_ci_low"] < 0.62 < rows.loc[0.5, "iou_ci_high"]


def test_a_mean_over_tasks_and_one_order_of_all(tmp_path):
    spleen = masks([0.5, 0.6], patients="ab", predicted_iou=[0.1, 0.2], task="spleen")
    means = tables(tmp_path, masks(IOU, patients="aabbcc", predicted_iou=CONFIDENCE), spleen)[0]
    row = one(means, level="all")
    assert (row["n_tasks"], row["n_objects"], row["n_patients"]) == (2, 8, 3)
    assert row["aurc"] == pytest.approx((0.3188889 + (0.4 + 0.45) / 2) / 2)
    assert row["auroc_50"] == pytest.approx(7 / 9)  # of the only task with failures and successes
    assert row["aurc_ideal"] == pytest.approx((0.2661111 + 0.425) / 2)
    pooled = one(means, level="pooled")
    assert pooled["aurc"] == pytest.approx(
        aurc(1 - np.array([*IOU, 0.5, 0.6]), Order.by(np.array([*CONFIDENCE, 0.1, 0.2]))).mean()
    )
    assert one(means, level="dataset")["aurc"] == pooled["aurc"]


def test_intervals_are_those_of_resampled_patients(tmp_path):
    rows = many(40, 5)
    means = tables(tmp_path, rows, resamples=1000)[0]
    row = one(means, level="task", confidence="predicted_iou")
    weights = draw_patients(40, 1000, generator(0, "bootstrap", "ct"))
    iou, confidence = (rows[name].to_numpy().reshape(40, 5) for name in ("iou", "predicted_iou"))
    exact = []
    for drawn in weights.astype(int):
        at = np.repeat(np.arange(40), drawn)
        ious = iou[at].ravel()
        exact.append([ious.mean(), aurc(1 - ious, Order.by(confidence[at].ravel())).mean()])
    low, high = interval(np.array(exact))
    assert (row["iou_ci_low"], row["iou_ci_high"]) == pytest.approx((low[0], high[0]))
    assert (row["aurc_ci_low"], row["aurc_ci_high"]) == pytest.approx((low[1], high[1]), abs=0.004)


def test_a_paired_difference_is_surer_than_its_parts(tmp_path):
    means, _, pairs, _ = tables(tmp_path, many(60, 4))
    row = one(pairs, level="all", a="predicted_iou", b="stability")
    assert row["difference_ci_high"] < 0  # predicted IoU orders better
    noise = one(pairs, level="all", a="stability", b="random")
    assert noise["difference_ci_low"] < 0 < noise["difference_ci_high"]
    area = one(means, level="all", confidence="predicted_iou")
    assert noise["difference_ci_high"] - noise["difference_ci_low"] < area["aurc_ci_high"] - area["aurc_ci_low"]


def test_no_interval_where_a_dataset_has_one_patient(tmp_path):
    alone = masks([0.2, 0.9], predicted_iou=[0.1, 0.8], dataset="mr")
    means, curves, pairs, thresholds = tables(tmp_path, masks(IOU, patients="aabbcc", predicted_iou=CONFIDENCE), alone)
    wide = means.set_index(["level", "dataset"])["aurc_ci_low"].notna()
    assert wide[[("dataset", "ct"), ("task", "ct")]].all()
    assert not wide[[("dataset", "mr"), ("task", "mr"), ("all", ""), ("pooled", "")]].any()
    for frame in (
        curves,
        pairs.rename(columns={"difference_ci_low": "ci_low"}),
        thresholds.rename(columns={"iou_ci_low": "ci_low"}),
    ):
        assert frame.loc[frame["level"] == "pooled", "ci_low"].isna().all()


def test_predicted_iou_may_exceed_1(tmp_path):
    means, _, _, thresholds = tables(tmp_path, masks([0.9, 0.4], patients="ab", predicted_iou=[1.03, np.float32(0.9)]))
    assert one(means, level="all")["share"] == 1
    rows = thresholds[thresholds["level"] == "pooled"]
    assert rows["threshold"].tolist() == [0.9, 0.95, 0.98, 1.0]  # 0.9 in single precision is 0.9
    assert rows["iou"].tolist() == pytest.approx([0.65, 0.9, 0.9, 0.9])


def test_clicks_of_a_protocol(tmp_path):
    steps = [
        masks(IOU, predicted_iou=CONFIDENCE, mode="iterative", protocol="corrected", step=step) for step in range(1, 6)
    ]
    means, curves, pairs, thresholds = tables(tmp_path, *steps)
    assert sorted(means["step"].unique()) == [1, 2, 3, 4, 5]
    for frame in (curves, pairs, thresholds):
        assert sorted(frame["step"].unique()) == [1, 3, 5]
    assert set(means["protocol"]) == {"corrected"}


def test_the_order_of_files_and_rows_does_not_matter(tmp_path):
    rows = pd.concat([many(5, 4), many(6, 3, seed=1).assign(dataset="mr"), many(4, 3, seed=2).assign(method="net")])
    files = write(tmp_path / "a", rows)
    shuffled = write(tmp_path / "b", rows.sample(frac=1, random_state=0))
    for ours, theirs in zip(trust_tables(files, 50, 0), trust_tables(shuffled[::-1], 50, 0), strict=True):
        pd.testing.assert_frame_equal(ours, theirs)


def test_nothing_to_trust(tmp_path):
    frames = tables(
        tmp_path,
        masks([0.5], predicted_iou=[0.5]).assign(predicted_iou=np.nan),
        masks([0.5], dataset="mr", stability=0.9).iloc[:0],
    )
    for frame, table in zip(frames, TABLES, strict=True):
        write_csv(tmp_path / table.name, frame.assign(provenance=""), table)
        assert read_csv(tmp_path / table.name, table).empty
