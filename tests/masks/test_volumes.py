"""Masks of whole volumes, beside what routes answer."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from promptseg.core.tables import read_table
from promptseg.masks.answers import Given
from promptseg.masks.volumes import import_volumes
from promptseg.preprocess.inputs import Inputs
from promptseg.score.compared import Tolerance
from promptseg.volumes.data.build import build_volumes
from promptseg.volumes.data.stack import stream_volumes
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS
from promptseg.volumes.scores.run import VolumeScores, score_volumes
from promptseg.volumes.scores.tables import VOLUME_SCORES, VOLUME_SLICES
from support.builds import entry, list_files, write
from support.given import LABELS, TASKS

STEP = np.diag([-1.0, -1, 2, 1])


@pytest.fixture
def folder(tmp_path):
    """Two volumes of four slices with two objects on two of them."""
    labels = np.zeros((4, 3, 5), np.uint8)
    labels[1:3] = LABELS
    for name in ("v", "w"):
        write(tmp_path / "raw" / "images" / f"{name}.nii.gz", np.arange(60, dtype=np.int16).reshape(4, 3, 5).T, STEP)
        write(tmp_path / "raw" / "masks" / f"{name}.nii.gz", labels.T, STEP)
    half = labels.copy()
    half[2] = 0
    turned = nib.as_closest_canonical(nib.Nifti1Image(half.T, STEP))
    (tmp_path / "given").mkdir()
    nib.save(turned, tmp_path / "given" / "v.nii.gz")
    return tmp_path


def take(folder, **said):
    """What is written of the volumes: rows of VOLUME_PREDICTIONS, of VOLUME_SCORES and VOLUME_SLICES."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    about = entry(tasks=TASKS, volumes={"objects": "tasks", "min_voxels": 1})
    files = list_files(folder / "raw", out / "files.csv")
    tables = [out / f"{name}.parquet" for name in ("volumes", "index", "objects")]
    build_volumes(files, tables, "mine", about, True, 1)
    masks = {"path": str(folder / "given"), "pattern": "{case}.nii.gz", **said}
    outputs = out / "predictions.parquet", out / "seconds.parquet"
    import_volumes(Given("unet", "mine", masks, about), Inputs.of(files, about), *tables[1:], outputs, "0" * 64)
    scored = VolumeScores(*(out / f"{name}.parquet" for name in ("scores", "slices", "lesions", "detection")))
    stream = stream_volumes(tables[0], tables[1], tables[2], TASKS)
    score_volumes(stream, Path(tables[1]), outputs[0], scored, Tolerance(2, 2), connectivity=26, dataset="mine",
                  method="unet")  # fmt: skip
    parts = (outputs[0], VOLUME_PREDICTIONS), (scored.scores, VOLUME_SCORES), (scored.slices, VOLUME_SLICES)
    return [read_table(path, table) for path, table in parts]


def test_volumes_are_one_answer_without_prompts(folder):
    rows, scores, slices = take(folder)
    first = rows[rows["object_id"] == "v:a"]
    assert first[["route", "slices", "prompt", "extents", "step"]].drop_duplicates().values.tolist() == [
        ["files", "none", "none", "open", 0]
    ]
    assert first["z"].fillna(-1).tolist() == [-1, 1]
    scores = scores.set_index("object_id")
    assert scores.loc["v:a", "dice"] == pytest.approx(2 * 3 / (3 + 6))
    assert scores.loc["v:a", "n_interactions"] == 0
    assert scores.loc["w:a", "status"].startswith("missing mask: no file w.nii.gz in ")
    assert np.isnan(scores.loc["w:a", "dice"])
    assert slices.empty  # nothing was prompted that a slice could lie away from


@pytest.mark.parametrize("said", [{"pattern": "{mode}/{case}.nii.gz"}, {"datasets": ["other"]}])
def test_what_does_not_apply_is_said(folder, said):
    (folder / "given" / "mode1").mkdir()
    (folder / "given" / "v.nii.gz").rename(folder / "given" / "mode1" / "v.nii.gz")
    rows, scores, _ = take(folder, **said)
    assert set(rows["status"]) == set(scores["status"]) == {"not_applicable"}
    assert rows["object_id"].tolist() == ["v:a", "v:b", "w:a", "w:b"]
