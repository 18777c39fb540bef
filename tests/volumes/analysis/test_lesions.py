"""Components found and invented, and what routes cost, against values worked out by hand."""

import pytest

from promptseg.analysis.columns import made
from promptseg.core.tables import write_table
from promptseg.volumes.analysis.lesions import LESIONS, LESIONS_BY_SIZE, lesions, lesions_by_size
from promptseg.volumes.analysis.seconds import VOLUME_TIMES, volume_times
from promptseg.volumes.routes.tables import VOLUME_SECONDS
from promptseg.volumes.scores.tables import VOLUME_DETECTION, VOLUME_LESIONS
from support.volume_scores import rows_of


def test_lesions_of_volumes(tmp_path):
    rows = rows_of(
        VOLUME_DETECTION,
        {"n_lesions": 4, "n_predicted": 3, "tp": 1, "fp": 2, "fn": 3, "recall_any": 0.25, "precision_any": 1 / 3},
        {"n_lesions": 1, "n_predicted": 1, "tp": 1, "recall_any": 1.0, "precision_any": 1.0, "case_id": "p2"},
        {"n_lesions": 2, "n_predicted": 0, "fn": 2, "recall_any": 0.0, "precision_any": None, "task": "u"},
    )
    write_table(tmp_path / "d.parquet", rows, VOLUME_DETECTION)
    table = lesions([tmp_path / "d.parquet"], resamples=500, seed=1)
    assert list(table) == made(LESIONS)
    task, _other, every = table.to_dict("records")
    assert (task["n_volumes"], task["n_lesions"], task["tp"], task["fp"], task["fn"]) == (2, 5, 2, 2, 3)
    assert [task[name] for name in ("recall_any", "recall_any_ci_low", "recall_any_ci_high")] == [0.625, 0.25, 1.0]
    assert task["precision_any"] == pytest.approx(2 / 3)
    assert (every["n_volumes"], every["n_lesions"], every["recall_any"]) == (3, 7, 0.3125)
    assert every["precision_any"] == pytest.approx(2 / 3)  # of the one task that has some
    assert list(lesions([])) == made(LESIONS)


def test_lesions_by_quarters_of_their_size(tmp_path):
    sizes = {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0}
    rows = [{"lesion": i, "ml": ml, "found": i > 1, "dice": 0.5 if i > 1 else 0.0} for i, ml in sizes.items()]
    both = [*rows, *({**row, "route": "carry_mask", "found": True, "dice": 0.8} for row in rows)]
    write_table(tmp_path / "d.parquet", rows_of(VOLUME_LESIONS, *both), VOLUME_LESIONS)
    table = lesions_by_size([tmp_path / "d.parquet"], resamples=50)
    assert list(table) == made(LESIONS_BY_SIZE)
    box = table[(table["route"] == "carry_box") & (table["level"] == "task")]
    assert box["quarter"].tolist() == [1, 2, 3, 4]
    assert box["ml_low"].tolist() == box["ml_high"].tolist() == [1, 2, 3, 4]
    assert box["found"].tolist() == [0, 0, 1, 1]
    assert box["dice"].tolist() == [0, 0, 0.5, 0.5]
    every = table[(table["route"] == "carry_mask") & (table["level"] == "all")]
    assert every["found"].tolist() == [1] * 4
    assert every["ml_low"].isna().all()
    assert list(lesions_by_size([])) == made(LESIONS_BY_SIZE)


def test_time_per_object_and_slice(tmp_path):
    row = {"n_objects": 2, "n_slices": 10, "encode_seconds": 3.0, "seconds": 1.0, "peak_memory_mb": 500}
    (tmp_path / "m").mkdir()
    rows = rows_of(VOLUME_SECONDS, row, {"route": "each", "n_objects": 0, "n_slices": 0})
    write_table(tmp_path / "m" / "d.seconds.parquet", rows, VOLUME_SECONDS)
    table = volume_times([tmp_path / "m" / "d.seconds.parquet"])
    assert list(table) == VOLUME_TIMES.names
    box, each = table.to_dict("records")
    assert (box["dataset"], box["method"], box["seconds_per_object"], box["seconds_per_slice"]) == ("d", "m", 2.0, 0.4)
    assert each["seconds_per_object"] != each["seconds_per_object"]
    assert volume_times([]).empty
