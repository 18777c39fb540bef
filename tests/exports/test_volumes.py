"""Masks of volumes for other programs."""

import nibabel as nib
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.masks import encode
from promptseg.core.tables import write_table
from promptseg.exports.volumes import VolumeRun, Wish, export, setting_of
from promptseg.volumes.data.build import build_volumes
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS
from support.builds import entry, list_files, write

AFFINE = np.array([[0.0, 0, 3, -9], [2, 0, 0, 4], [0, 1, 0, 1], [0, 0, 0, 1]])  # stored as anterior, superior, right
SHAPE = (6, 5, 4)
CASES = [{"image": "images/{case}.nii.gz", "labels": "masks/{case}.nii.gz"}]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    mask = np.zeros(SHAPE, np.uint8)
    mask[1:4, 2:4, 1:3] = 1
    for case in ("a", "b"):
        write(folder / "mine" / "images" / f"{case}.nii.gz", np.arange(120, dtype=np.int16).reshape(SHAPE), AFFINE)
        write(folder / "mine" / "masks" / f"{case}.nii.gz", mask, AFFINE)
    about = entry(cases=CASES, volumes=True)
    raw, datasets = folder / "raw" / "mine", folder / "datasets" / "mine"
    raw.mkdir(parents=True)
    files = list_files(folder / "mine", raw / "files.csv")
    outputs = [datasets / name for name in ("volumes.parquet", "volume_index.parquet", "volume_objects.parquet")]
    build_volumes(files, outputs, "mine", about, strict=True, threads=1)
    found = VolumeRun(folder, folder, {"mine": about})
    truths = {item.object_id: item.truth for volume in found.stream("mine") for item in volume.objects}
    write_table(folder / "volumes" / "predictions" / "m" / "mine.parquet", list(rows(truths)), VOLUME_PREDICTIONS)
    return found


def rows(truths):
    """Answers with the truth where ends are given, and with a mask of everything where they are open."""
    for object_id, truth in truths.items():
        for extents in ("given", "open"):
            setting = {"object_id": object_id, "route": "carry_box", "slices": "largest", "prompt": "box", "step": 0}
            row = {**dict.fromkeys(VOLUME_PREDICTIONS.names), **setting, "extents": extents}
            yield {**row, "status": "ok", "prompted": [2], "k": 1}
            for z, mask in truth:
                yield {**row, "z": z, "rle": encode(mask if extents == "given" else np.ones_like(mask))}


def test_a_mask_of_the_truth_is_the_file_of_the_truth(run, tmp_path):
    problems = export(run, ["m"], Wish(extents="given"), ["nifti"], tmp_path / "out")
    assert problems == []
    for case in ("a", "b"):
        ours = nib.load(tmp_path / "out" / "m" / "mine" / f"{case}__lesion.nii.gz")
        theirs = nib.load(run.folder / "mine" / "masks" / f"{case}.nii.gz")
        np.testing.assert_array_equal(np.asarray(ours.dataobj), np.asarray(theirs.dataobj))
        np.testing.assert_allclose(ours.affine, theirs.affine)
        assert (ours.header["qform_code"], ours.header["sform_code"]) == (
            theirs.header["qform_code"],
            theirs.header["sform_code"],
        )
    assert "* m: `--route carry_box --slices largest --prompt box --extents given`" in (
        tmp_path / "out" / "README.md"
    ).read_text().replace("\n  ", " ")


def test_of_several_settings_one_has_to_be_chosen(run):
    with pytest.raises(PromptsegError, match="2 settings of m fit: choose one") as error:
        setting_of(run, "m", Wish())
    assert str(error.value).splitlines()[1:] == [
        "  --route carry_box --slices largest --prompt box --extents given",
        "  --route carry_box --slices largest --prompt box --extents open",
    ]
    with pytest.raises(PromptsegError, match="No setting of m fits; it has"):
        setting_of(run, "m", Wish(route="memory"))


def test_what_cannot_be_written_is_told_and_the_rest_is_there(run, tmp_path):
    problems = export(run, ["m"], Wish(extents="open"), ["nifti", "seg"], tmp_path / "out")
    assert [problem.split(" is no DICOM series")[0] for problem in problems] == ["a: a.nii.gz", "b: b.nii.gz"]
    assert len(list((tmp_path / "out").rglob("*.nii.gz"))) == 2


def test_another_configuration_than_that_of_the_run(run, tmp_path):
    other = VolumeRun(run.folder, run.shared, {})
    with pytest.raises(PromptsegError, match="The configuration has no dataset mine: give that of the run"):
        export(other, ["m"], Wish(extents="given"), ["nifti"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
