"""What is left with the distance from a prompted slice, against values worked out by hand."""

import numpy as np
import pytest

from promptseg.analysis.columns import made
from promptseg.core.tables import write_table
from promptseg.volumes.analysis.retention import RETENTION, bins_of, half_distance, retention
from promptseg.volumes.scores.tables import VOLUME_SLICES
from support.volume_scores import rows_of


def test_bins_begin_with_the_prompted_slices():
    distances = np.array([0, 0.5, 5, 5.1, 80, 81])
    assert bins_of(distances, "mm").tolist() == [0, 1, 1, 2, 8, 9]
    assert bins_of(np.array([0, 1, 2, 3, 4, 33]), "slices").tolist() == [0, 1, 2, 3, 3, 7]


@pytest.mark.parametrize(
    ("distance", "dice", "half"),
    [
        ([0, 5, 10], [0.8, 0.6, 0.2], 7.5),  # 0.4 lies in the middle between 0.6 and 0.2
        ([0, 3, 6], [0.8, 0.4, 0.6], 3),  # where it falls so far first
        ([0, 5], [0.8, 0.5], np.nan),
        ([5, 10], [0.8, 0.1], np.nan),  # no prompted slice: nothing to compare with
        ([0, 5], [0, 0], np.nan),
        ([], [], np.nan),
    ],
)
def test_half_distance(distance, dice, half):
    assert half_distance(np.array(distance, float), np.array(dice, float)) == pytest.approx(half, nan_ok=True)


def test_curve(tmp_path):
    write_table(
        tmp_path / "m.parquet",
        rows_of(
            VOLUME_SLICES,
            {"z": 3, "distance_mm": 0, "area": 9, "dice": 0.8, "iou": 0.7},
            {"z": 4, "distance_mm": 4, "area": 9, "dice": 0.6, "iou": 0.5},
            {"z": 5, "distance_mm": 8, "area": 9, "dice": 0.0, "iou": 0.0},
            {"z": 6, "distance_mm": 12, "area": 0, "dice": 0.0, "iou": 0.0},  # no object there: no retention
            {"z": 3, "distance_mm": 0, "area": 9, "dice": 1.0, "iou": 1.0, "case_id": "p2"},
            {"z": 4, "distance_mm": 2, "area": 9, "dice": 0.2, "iou": 0.1, "case_id": "p2"},
            {"z": 4, "distance_mm": 2, "area": 9, "dice": 0.1, "iou": 0.1, "case_id": "p2", "step": 1},
            {"z": 4, "distance_mm": None, "distance_slices": 1, "area": 9, "dice": 0.5, "iou": 0.1, "task": "u"},
        ),
        VOLUME_SLICES,
    )
    table = retention([tmp_path / "m.parquet"], resamples=500, seed=1)
    assert list(table) == made(RETENTION)
    curve = table[(table["task"] == "t") & (table["step"] == 0)].set_index("bin_low")
    assert curve.index.tolist() == [0, 0, 5]
    assert curve["bin_high"].tolist() == [0, 5, 10]
    assert curve["distance"].tolist() == [0, 3, 8]
    assert curve["dice"].tolist() == pytest.approx([0.9, 0.4, 0])
    assert curve["n"].tolist() == [2, 2, 1]
    assert curve["n_patients"].tolist() == [2, 2, 1]
    assert curve["ci_low"].tolist() == pytest.approx([0.8, 0.2, np.nan], nan_ok=True)
    assert curve["ci_high"].tolist() == pytest.approx([1.0, 0.6, np.nan], nan_ok=True)
    # From 0.9 at 0 to 0.4 at 3 mm: 0.45 at 2.7 mm.
    assert curve["half_distance"].tolist() == pytest.approx([2.7] * 3)
    (other,) = table[(table["task"] == "u") & (table["level"] == "task")].to_dict("records")
    assert (other["distance_unit"], other["bin_low"], other["bin_high"], other["dice"]) == ("slices", 0, 1, 0.5)
    assert np.isnan(other["half_distance"])


def test_no_slices():
    assert list(retention([])) == made(RETENTION)
