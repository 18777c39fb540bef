"""The table of what methods find without a prompt."""

import numpy as np
import pytest

from promptseg.analysis.columns import made
from promptseg.analysis.everything import EVERYTHING_MEANS, everything_table
from promptseg.core.tables import write_table
from promptseg.predict.tables import PROPOSALS
from promptseg.score.tables import SCORES


def test_recall_and_gaps(tmp_path):
    """Two patients with one image each, two tasks; one image has three masks and the other none."""
    rows = []
    for patient, task, everything, point, oracle in (
        ("a", "liver", 0.8, 0.5, 0.7),
        ("b", "liver", 0.0, 0.2, 0.2),
        ("a", "spleen", 0.95, 0.9, None),
    ):
        about = {"dataset": "ct", "task": task, "case_id": patient, "image_id": f"{patient}1", "method": "sam"}
        about |= {"object_id": f"{patient}1:{task}", "status": "ok"}
        values = (("everything", "oracle", everything), ("mode1", "first", point), ("mode1", "oracle", oracle))
        rows += [{**about, "mode": m, "selection": s, "iou": iou} for m, s, iou in values if iou is not None]
    write_table(tmp_path / "scores.parquet", rows, SCORES)
    write_table(tmp_path / "all.parquet", [{"image_id": "a1", "candidate": k} for k in range(3)], PROPOSALS)
    write_table(tmp_path / "none.parquet", [], SCORES)
    pairs = [
        (tmp_path / "scores.parquet", tmp_path / "all.parquet"),
        (tmp_path / "none.parquet", tmp_path / "all.parquet"),
    ]
    table = everything_table(pairs, resamples=200, seed=1)
    assert list(table.columns) == made(EVERYTHING_MEANS)
    liver, spleen, total = table.to_dict("records")
    assert (liver["task"], spleen["task"], total["level"]) == ("liver", "spleen", "all")
    names = ("n_objects", "iou", "recall50", "recall75", "recall90", "masks_per_image", "gap_mode1", "gap_mode1_oracle")
    assert [liver[name] for name in names] == pytest.approx([2, 0.4, 0.5, 0.5, 0, 1.5, 0.05, -0.05])
    assert [spleen[name] for name in names[:-1]] == pytest.approx([1, 0.95, 1, 1, 1, 3, 0.05])
    assert np.isnan(spleen["gap_mode1_oracle"])
    images = ("n_images", "n_images_without_masks")
    assert [[row[name] for name in images] for row in (liver, spleen, total)] == [[2, 1], [1, 0], [2, 1]]
    assert [total[name] for name in names] == pytest.approx([3, 0.675, 0.75, 0.75, 0.5, 2.25, 0.05, -0.05])
    assert liver["ci_low"] == 0
    assert liver["ci_high"] == pytest.approx(0.8)
    assert np.isnan(spleen["ci_low"])  # one patient
    assert total["n_tasks"] == 2
    assert everything_table([(tmp_path / "none.parquet", tmp_path / "all.parquet")], 200, 1).empty
