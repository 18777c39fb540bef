"""Predictions that were written as files and read again get the same scores; a foreign tool answers our prompts."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.exports.folders import export
from promptseg.exports.prompts import Prompted
from promptseg.exports.prompts import export as export_prompts
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score
from support.builds import write
from support.round_trip import ENTRY, METHODS, MODES, ROOT, Run, read_again, source_of, write_run


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def theirs(ours, tmp_path_factory):
    """The same run, with masks from the files that were exported in the place of methods."""
    folder = tmp_path_factory.mktemp("theirs")
    export(source_of(ours), "masks", folder / "{dataset}")  # the name of the dataset stands for itself in `path`
    (folder / "{dataset}").rename(folder / "mine")
    made = Run(folder / "run", ours.built)
    for name in METHODS:
        read_again(made, name, folder / "{dataset}" / name)
    made.tabulate(METHODS)
    return made


@pytest.mark.parametrize("kind", ["predictions", "scores", "trust"])
def test_rows_of_each_method_come_back(ours, theirs, kind):
    for name in METHODS:
        one, two = (pq.read_table(run.file(kind, name)) for run in (ours, theirs))
        assert one.num_rows > 10
        assert one.equals(two), name


def test_what_is_compared_is_not_trivial(ours):
    table = pq.read_table(ours.file("predictions", "sam_small")).to_pandas()
    assert set(table["mode"]) == set(MODES)
    clicks = table[table["mode"] == "iterative"]
    assert set(clicks["selection"]) == {"first", "best_score", "oracle"}
    assert clicks["click_x"].notna().sum() > 6
    assert table[["score", "stability", "soft_dice"]].notna().any().all()
    assert table["candidate"].max() == 2
    assert pq.read_table(ours.file("predictions", "sam_small", "everything.parquet")).num_rows > 0


def test_proposals_come_back(ours, theirs):
    files = [run.file("predictions", "sam_small", "everything.parquet") for run in (ours, theirs)]
    assert pq.read_table(files[0]).equals(pq.read_table(files[1]))


def test_tables_are_equal_byte_by_byte(ours, theirs):
    """But for the column that leads to where numbers come from: that they were read from files is said there."""
    names = sorted(path.relative_to(ours.folder) for path in (ours.folder / "tables").rglob("*.csv"))
    assert len(names) > 10
    one, two = (pq.read_table(run.folder / "tables" / "scores.parquet") for run in (ours, theirs))
    assert one.equals(two)
    for name in set(names) - {Path("tables/provenance.csv"), Path("tables/throughput.csv")}:
        texts = [without_provenance(run.folder / name) for run in (ours, theirs)]
        assert texts[0] == texts[1], name


def without_provenance(path: Path) -> str:
    """The text of a CSV file without its last column, if that is the key of provenance."""
    text = path.read_text()
    return re.sub(r",[^,\n]*$", "", text, flags=re.MULTILINE) if ",provenance\n" in text else text


def test_a_mask_that_is_changed_changes_scores(ours, tmp_path):
    """The comparison above can fail."""
    export(source_of(ours), "masks", tmp_path / "masks")
    file = tmp_path / "masks" / "click_disk" / "manifest.json"
    manifest = json.loads(file.read_text())
    row = next(row for row in manifest["masks"] if row["mode"] == "mode1")
    row["page"] = max(one.get("page", 0) for one in manifest["masks"] if one["file"] == row["file"])
    file.write_text(json.dumps(manifest))
    made = Run(tmp_path / "run", ours.built)
    read_again(made, "click_disk", tmp_path / "masks" / "click_disk")
    scores = made.file("scores", "click_disk")
    score(made.stream, made.file("predictions", "click_disk"), scores, Tolerance(), dataset="mine", method="click_disk")
    assert not pq.read_table(scores).equals(pq.read_table(ours.file("scores", "click_disk")))


def written(folder: Path, rows, **head) -> Path:
    """A folder with a manifest of these rows."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"schema": "promptseg-masks/1", **head, "masks": rows}))
    return folder


def test_answers_in_the_grid_of_the_source(ours, tmp_path):
    """One file for a volume, stored in another direction than the image; each row means the slice of its object."""
    labels = np.asarray(nib.load(ours.built.parent / "data/masks/a.nii.gz").dataobj)
    write(tmp_path / "answers" / "a.nii.gz", labels[::-1], np.diag([0.5, -1, 2, 1]) @ shift(-31))
    rows = [
        {"object_id": f"a_z00{number}:bright", "mode": "mode1", "file": "a.nii.gz", "value": 1} for number in range(2)
    ]
    rows += [{"object_id": f"a_z00{number}:both", "mode": "mode1", "file": "a.nii.gz"} for number in range(2)]
    made = Run(tmp_path / "run", ours.built)
    read_again(made, "volumes", written(tmp_path / "answers", rows, grid="source"))
    scores = made.file("scores", "volumes")
    score(made.stream, made.file("predictions", "volumes"), scores, Tolerance(), dataset="mine", method="volumes")
    table = pq.read_table(scores).to_pandas()
    good = table[table["status"] == "ok"]
    assert (len(good), set(good["iou"])) == (4, {1.0})


def shift(columns: int) -> np.ndarray:
    """The affine that moves by so many columns."""
    found = np.eye(4)
    found[0, 3] = columns
    return found


def test_a_file_that_is_gone_is_a_failure_of_what_it_answers(ours, tmp_path):
    export(source_of(ours), "masks", tmp_path / "masks")
    folder = tmp_path / "masks" / "perfect"
    (folder / "a_z000_bright.tif").unlink()
    made = Run(tmp_path / "run", ours.built)
    read_again(made, "perfect", folder, strict=False)
    table = pq.read_table(made.file("predictions", "perfect")).to_pandas()
    failed = table[table["status"] != "ok"]
    assert set(failed["object_id"]) == {"a_z000:bright"}
    assert failed["status"].str.contains(r"a_z000_bright\.tif is not there, which manifest\.json names").all()
    with pytest.raises(PromptsegError, match=r"a_z000_bright\.tif is not there"):
        read_again(made, "perfect", folder)


@pytest.fixture(scope="module")
def prompts(ours, tmp_path_factory):
    """The exported prompts of the run."""
    folder = tmp_path_factory.mktemp("prompts")
    prompted = Prompted(
        dataset="mine",
        about={"title": "Mine"},
        entry=ENTRY,
        files=ours.built / "files.csv",
        images=ours.built / "images.parquet",
        objects=ours.built / "objects.parquet",
        prompts=ours.built / "prompts.parquet",
        predictions={name: ours.file("predictions", name) for name in METHODS},
        modes=MODES,
        first_clicks={"corrected": "exact"},
    )
    export_prompts(prompted, folder / "mine.json", folder / "mine.parquet")
    return folder / "mine.json"


def answered(run: Run, folder: Path, script: int, *arguments: Path) -> pd.DataFrame:
    """Scores of what a script of docs/prompts_export.md answers, as it stands there."""
    text = (ROOT / "docs" / "prompts_export.md").read_text()
    (folder / "answer.py").write_text(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)[script])
    call = [sys.executable, "answer.py", *map(str, arguments), "answers/mine"]
    subprocess.run(call, cwd=folder, check=True)
    made = Run(folder / "run", run.built)
    read_again(made, "theirs", folder / "answers" / "{dataset}")
    scores = made.file("scores", "theirs")
    score(made.stream, made.file("predictions", "theirs"), scores, Tolerance(), dataset="mine", method="theirs")
    return pq.read_table(scores).to_pandas()


def test_a_foreign_tool_answers(ours, prompts, tmp_path):
    table = answered(ours, tmp_path, 0, prompts, ours.built / "images.parquet")
    good = table[table["status"] == "ok"]
    assert set(good["mode"]) == set(MODES) - {"iterative", "everything"}
    bright = good[good["task"] == "bright"]
    assert (bright["iou"] > 0.9).all()  # a square on a dark background: whatever it is asked with
    assert len(bright) == 2 * 5
    assert set(table.loc[table["status"] != "ok", "status"]) == {"not_applicable"}


def test_a_foreign_tool_answers_in_the_grid_of_the_source(ours, prompts, tmp_path):
    good = answered(ours, tmp_path, 1, prompts).query("status == 'ok'")
    assert set(good["mode"]) == {"mode3", "mode4", "mode5"}
    assert set(good.loc[good["task"] == "bright", "iou"]) == {1.0}  # a square is its box
    # Of both squares, each filled: the second slice has these alone; the box around both holds 22 x 19 pixels.
    second = good[good["object_id"] == "a_z001:both"].set_index("mode")["iou"]
    assert second.to_dict() == pytest.approx({"mode3": 100 / 164, "mode4": 1, "mode5": 164 / (22 * 19)})
