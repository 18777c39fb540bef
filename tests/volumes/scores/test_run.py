"""From volumes and answers to the four tables of scores."""

import numpy as np
import pytest

from promptseg.core.tables import read_provenance, read_table, write_table
from promptseg.score.compared import Tolerance
from promptseg.volumes.data.tables import VOLUME_INDEX
from promptseg.volumes.scores.run import VolumeScores, score_volumes
from promptseg.volumes.scores.tables import VOLUME_DETECTION, VOLUME_LESIONS, VOLUME_SCORES, VOLUME_SLICES
from support.answers import answer_rows, write_answers
from support.bodies import cylinder
from support.stacks import write_volumes

SHAPE, SPACING = (12, 20, 24), (5.0, 0.5, 1.0)
TABLES = {"scores": VOLUME_SCORES, "slices": VOLUME_SLICES, "lesions": VOLUME_LESIONS, "detection": VOLUME_DETECTION}
TASKS = {"organ": [1, 2], "tumour": [2], "nerve": [3]}


def volumes(folder, spacing=SPACING):
    """One with an organ that holds a tumour, and a nerve beside it; one with an organ alone."""
    labels = cylinder(SHAPE, radius=6, first=2, last=7, centre=(10, 8)).astype(np.uint8)
    labels[4:6, 8:12, 6:10] = 2
    labels[3:9, 2:4, 20:22] = 3
    pixels = np.zeros(SHAPE, np.uint8)
    alone = (labels == 1).astype(np.uint8)
    return labels, write_volumes(folder, {"v": (pixels, labels, spacing), "w": (pixels, alone, spacing)}, TASKS)


def scored(folder, rows, spacing=SPACING):
    """The labels of the first volume, and the four tables by name."""
    labels, stream = volumes(folder, spacing)
    return labels, run(folder, stream, rows(labels))


def run(folder, stream, rows):
    """The four tables by name."""
    predictions = write_answers(folder / "predictions.parquet", rows, {"weights": "w1"})
    outputs = VolumeScores(**{name: folder / f"{name}.parquet" for name in TABLES})
    score_volumes(
        stream,
        folder / VOLUME_INDEX.name,
        predictions,
        outputs,
        Tolerance(),
        connectivity=26,
        dataset="d",
        method="m",
    )
    assert all(read_provenance(folder / f"{name}.parquet") == {"weights": "w1"} for name in TABLES)
    return {name: read_table(folder / f"{name}.parquet", table) for name, table in TABLES.items()}


def test_perfect_answers(tmp_path):
    def rows(labels):
        return [
            *answer_rows("v:organ", np.isin(labels, [1, 2]), [4]),
            *answer_rows("v:tumour", labels == 2, [4, 5], k=2),
            *answer_rows("w:organ", labels == 1, [4]),
        ]

    labels, tables = scored(tmp_path, rows)
    scores = tables["scores"]
    assert scores["object_id"].tolist() == ["v:organ", "v:tumour", "w:organ"]
    for name in ("dice", "iou", "nsd", "nsd_area", "slice_dice", "end_slice_dice"):
        assert scores[name].tolist() == [1, 1, 1], name
    for name in ("hd95", "hd95_area", "overrun_mm", "overrun_ml", "short_mm", "false_slices", "conflict_voxels"):
        assert scores[name].tolist() == [0, 0, 0], name
    organ = scores.iloc[0]
    assert organ["voxels"] == organ["predicted_voxels"] == np.isin(labels, [1, 2]).sum()
    assert organ["ml"] == organ["predicted_ml"] == pytest.approx(organ["voxels"] * 2.5 / 1000, rel=1e-12)
    assert organ[["n_slices", "n_gaps", "length_mm", "n_empty", "k", "n_prompted"]].tolist() == [6, 0, 30, 6, 1, 1]
    assert (organ["distance_unit"], organ["coarse"], organ["uneven"], organ["truncated"]) == ("mm", True, False, False)
    assert tables["detection"][["rq", "sq", "pq", "recall_any"]].to_numpy().tolist() == [[1, 1, 1, 1]] * 3
    assert tables["lesions"]["found"].tolist() == [True, True, True]
    near = tables["slices"].query("object_id == 'v:tumour'")
    assert near["z"].tolist() == list(range(12))
    assert near["distance_mm"].tolist() == [20, 15, 10, 5, 0, 0, 5, 10, 15, 20, 25, 30]
    assert near["beyond"].tolist() == [4, 3, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6]
    assert near["dice"].dropna().tolist() == [1, 1]


def test_failures_are_rows_without_scores(tmp_path):
    def rows(labels):
        nothing = np.zeros(SHAPE, bool)
        return [
            *answer_rows("v:organ", nothing, [4], status="out of memory", first=None, last=None),
            *answer_rows("v:organ", nothing, None, slices="9", status="not_applicable", first=None),
            *answer_rows("v:tumour", nothing, [4]),
        ]

    _, tables = scored(tmp_path, rows)
    scores = tables["scores"]
    assert scores["status"].tolist() == ["out of memory", "not_applicable", "ok"]
    assert scores["dice"].isna().tolist() == [True, True, False]
    assert scores["voxels"].notna().all()
    diagonal = np.linalg.norm(np.array(SHAPE) * SPACING)
    missed = scores.iloc[2]
    assert missed[["dice", "nsd", "nsd_area", "short_slices", "overrun_mm"]].tolist() == [0, 0, 0, 2, 0]
    assert missed[["hd95", "hd95_area"]].tolist() == [diagonal, diagonal]
    assert set(tables["slices"]["object_id"]) == {"v:tumour"}
    assert tables["detection"]["status"].tolist() == ["out of memory", "not_applicable", "ok"]
    assert tables["detection"]["pq"].tolist()[2:] == [0]
    assert tables["lesions"][["found", "matched"]].to_numpy().tolist() == [[False, False]]


def test_other_objects_conflict_unless_they_truly_overlap(tmp_path):
    def into_the_organ(labels):
        return np.roll(labels == 3, (6, -10), axis=(1, 2))

    def rows(labels):
        organ = np.isin(labels, [1, 2])
        wide = (labels == 3) | into_the_organ(labels)
        return [
            *answer_rows("v:organ", organ, [4]),
            *answer_rows("v:tumour", labels == 2, [4]),
            *answer_rows("v:nerve", wide, [4]),
            *answer_rows("v:nerve", wide, [4], prompt="point"),
        ]

    labels, tables = scored(tmp_path, rows)
    shared = int((np.isin(labels, [1, 2]) & into_the_organ(labels)).sum())
    assert shared > 0
    assert tables["scores"]["conflict_voxels"].tolist() == [shared, 0, shared, 0]


def test_parts_are_objects_and_their_task_is_counted_as_one(tmp_path):
    """Two lesions, each an object: the mask of one is false, and the row of the task joins both."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:5, 4:8, 4:8] = labels[7:9, 12:14, 16:18] = 2
    tasks = {"tumour": [2]}
    stream = write_volumes(tmp_path, {"v": (labels, labels, SPACING)}, tasks, parts=True)
    nothing = np.zeros(SHAPE, bool)
    rows = [*answer_rows("v:tumour:1", labels > 0, [3]), *answer_rows("v:tumour:2", nothing, [7])]
    tables = run(tmp_path, stream, rows)
    scores = tables["scores"]
    assert scores["object_id"].tolist() == ["v:tumour:1", "v:tumour:2"]
    assert scores["voxels"].tolist() == [48, 8]
    assert scores["dice"].tolist() == pytest.approx([96 / 104, 0])
    assert tables["detection"][["n_lesions", "tp", "fp"]].to_numpy().tolist() == [[2, 2, 0]]
    assert tables["lesions"]["ml"].tolist() == pytest.approx([48 * 0.0025, 8 * 0.0025])


def test_an_unknown_spacing_is_said(tmp_path):
    _, tables = scored(tmp_path, lambda labels: answer_rows("v:organ", np.roll(labels > 0, 1, axis=0), [4]), None)
    row = tables["scores"].iloc[0]
    assert row["distance_unit"] == "voxels"
    assert row[["hd95", "overrun_slices", "short_slices"]].tolist()[1:] == [2, 1]
    assert row[["ml", "predicted_ml", "overrun_mm", "short_mm", "overrun_ml"]].isna().all()
    slices = tables["slices"]
    assert slices["distance_mm"].isna().all()
    assert slices["distance_slices"].tolist() == [4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7]


def test_a_volume_that_could_not_be_read_is_a_row(tmp_path):
    _, stream = volumes(tmp_path)
    index = tmp_path / VOLUME_INDEX.name
    write_table(index, [{"volume_id": "x", "case_id": "x", "status": "damaged"}], VOLUME_INDEX)
    (row,) = run(tmp_path, stream, [])["scores"].to_dict("records")
    assert (row["volume_id"], row["case_id"], row["status"], row["dataset"]) == ("x", "x", "damaged", "d")
