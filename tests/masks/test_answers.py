"""Masks that are not there or do not fit are rows with their reason, or refused; never a silent zero."""

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.objects import stream_objects
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score
from support.builds import write
from support.given import GREY, LABELS, TASKS, imported, status_of

A, B = ((value == LABELS).astype(int).tolist() for value in (1, 2))


@pytest.fixture
def two(tmp_path):
    """Two pictures with two objects each, and a method's masks of both."""
    for name in ("p", "q"):
        write(tmp_path / "raw" / "images" / f"{name}.png", GREY)
        write(tmp_path / "raw" / "masks" / f"{name}.png", LABELS)
        write(tmp_path / "given" / f"{name}.png", LABELS)
    return tmp_path


def take(folder, pattern="{case}.png", **said):
    return imported(folder / "raw", folder, path=str(folder / "given"), pattern=pattern, **said)


def test_a_missing_file_is_a_status_and_an_empty_mask_an_answer(two):
    (two / "given" / "p.png").unlink()
    write(two / "given" / "q.png", np.zeros((3, 5), np.uint8))
    found = take(two)
    expected = (
        f"missing mask: no file p.png in {two}/given for the case p; add it, or correct `pattern`; a file without any"
    )
    assert status_of(found, "p:a").startswith(expected)
    assert found.masks()["q:a"] == found.masks()["q:b"] == np.zeros((3, 5), int).tolist()
    assert found.counts["predictions"] == 2

    out = two / "out"
    stream = stream_objects(out / "images.parquet", out / "objects.parquet", TASKS)
    score(stream, out / "predictions.parquet", out / "scores.parquet", Tolerance(2, 2), dataset="mine", method="unet")
    import pandas as pd

    rows = pd.read_parquet(out / "scores.parquet")
    rows = rows[rows["mode"] == "automatic"].set_index("object_id")
    assert rows.loc["q:a", "iou"] == 0
    assert np.isnan(rows.loc["p:a", "iou"])
    assert set(pd.read_parquet(out / "scores.parquet")["mode"]) == {
        "automatic", "mode1", "mode2", "mode3", "mode4", "mode5", "iterative", "everything"
    }  # fmt: skip


def test_strict_stops_at_the_first(two):
    (two / "given" / "q.png").unlink()
    with pytest.raises(PromptsegError, match=r"q:a: missing mask: .*\(`strict` is on, so this ends the run\)"):
        take(two, strict=True)


def test_none_of_all_is_an_error_that_names_files(two):
    with pytest.raises(
        PromptsegError, match=r"methods.unet on mine has none of 4 masks. The first: missing mask: .*none"
    ):
        take(two, "{case}_seg.png")


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (
            (5, 3),
            r"sizes differ: the image images/p.png has 5 x 3 x 1 pixels, the mask p.png has 3 x 5 x 1; masks must",
        ),
        (
            (3, 4),
            r"sizes differ: the image images/p.png has 5 x 3 x 1 pixels, the mask p.png has 4 x 3 x 1; masks must",
        ),
    ],
)
def test_another_grid(two, shape, said):
    write(two / "given" / "p.png", np.ones(shape, np.uint8))
    found = take(two)
    assert status_of(found, "p:a").startswith(said)
    assert found.masks()["q:a"] == A


def test_values_that_no_task_has(two):
    write(two / "given" / "p.png", LABELS * 3)
    found = take(two)
    assert status_of(found, "p:b").startswith("unknown label value: p.png holds 3, 6; say by `labels` of its `masks`")


def test_a_damaged_file(two):
    (two / "given" / "p.png").write_bytes((two / "given" / "p.png").read_bytes()[:40])
    assert status_of(take(two), "p:a").startswith("unreadable: p.png is damaged")


def test_places_of_a_volume_are_checked_as_of_a_truth(tmp_path):
    labels, step = np.zeros((4, 3, 5), np.uint8), np.diag([-1.0, -1, 2, 1])
    labels[1:3] = LABELS
    for kind, array in (("images", np.arange(60, dtype=np.int16).reshape(4, 3, 5)), ("masks", labels)):
        write(tmp_path / "raw" / kind / "v.nii.gz", array.T, step)
        write(tmp_path / "raw" / kind / "w.nii.gz", array.T, step)
    write(tmp_path / "given" / "w.nii.gz", labels.T, step)
    moved = step.copy()
    moved[:3, 3] = 40, 0, 0
    write(tmp_path / "given" / "v.nii.gz", labels.T, moved)
    status = status_of(take(tmp_path, "{case}.nii.gz"), "v_z001:a")
    assert status.startswith("places differ: the image images/v.nii.gz lies at LPS")
    assert "; write `geometry: stored` beside `path`" in status
    assert take(tmp_path, "{case}.nii.gz", geometry="stored").masks()["v_z001:a"] == A
    nib.save(nib.Nifti1Image(labels[:3].T, step), tmp_path / "given" / "v.nii.gz")
    shorter = status_of(take(tmp_path, "{case}.nii.gz"), "v_z001:a")
    assert shorter.startswith("sizes differ: the image images/v.nii.gz has 5 x 3 x 4")
    part = step.copy()
    part[2, 3] = 2  # the slices from the second one on
    write(tmp_path / "given" / "v.nii.gz", labels[1:3].T, part)
    assert take(tmp_path, "{case}.nii.gz", geometry="header").masks()["v_z002:b"] == B


def test_permuted_labels_are_refused(two):
    for name in ("p", "q"):
        write(two / "given" / f"{name}.png", np.array([0, 2, 1], np.uint8)[LABELS])
    said = "labels of methods.unet on mine are permuted: what is read as a overlaps b with an IoU of 1.00, and a with"
    with pytest.raises(PromptsegError, match=said):
        take(two)
    assert take(two, check_labels=False).masks()["p:a"] == B
    assert take(two, labels={"a": [2], "b": [1]}).masks()["p:a"] == A


def test_files_of_tasks_that_were_exchanged_are_refused(two):
    for name in ("p", "q"):
        write(two / "given" / f"{name}_a.png", np.uint8(LABELS == 2))
        write(two / "given" / f"{name}_b.png", np.uint8(LABELS == 1))
    with pytest.raises(PromptsegError, match="are permuted"):
        take(two, "{case}_{task}.png")


def test_a_poor_method_is_told_and_not_refused(two, caplog):
    shifted = np.roll(LABELS, 3, axis=1)
    for name in ("p", "q"):
        write(two / "given" / f"{name}.png", shifted)
    assert take(two).masks()["p:a"] == (shifted == 1).astype(int).tolist()


def test_a_threshold_for_label_maps_of_several_tasks_is_refused(two):
    with pytest.raises(
        PromptsegError, match=r"`threshold` is for maps of one object, and there are the tasks a, b: put"
    ):
        take(two, threshold=0.5)


def test_datasets_that_it_has_no_masks_of_are_not_asked(two):
    found = take(two, datasets=["other"])
    assert found.rows.empty
    assert found.counts == {"images": 0, "objects": 0, "predictions": 0}


def test_masks_that_answer_prompts(two):
    for name in ("p", "q"):
        for mode in ("mode1", "mode5"):
            write(two / "given" / mode / f"{name}_0.png", LABELS)
        write(two / "given" / "mode1" / f"{name}_1.png", np.zeros_like(LABELS))
        for step in (1, 2):
            write(two / "given" / "clicks" / f"{name}-{step}-corrected-oracle.png", LABELS)
    (two / "given" / "mode5" / "q_0.png").unlink()
    found = take(two, "{mode}/{case}_{candidate}.png")
    assert found.provenance["prompt_types"] == ["box", "point"]
    assert found.provenance["candidates"] == 2
    rows = found.rows[["object_id", "mode", "candidate"]].values.tolist()
    one = [["mode1", 0], ["mode1", 1], ["mode5", 0]]
    assert rows == [[name, *row] for name in ("p:a", "p:b", "q:a", "q:b") for row in one]
    assert found.masks(mode="mode5")["q:a"].startswith("missing mask: no file mode5/q_0.png")
    (two / "given" / "clicks").rename(two / "given" / "iterative")
    pattern = "{mode}/{case}-{step}-{protocol}-{selection}.png"
    clicked = take(two, pattern, protocols=["corrected"]).rows
    assert clicked[["protocol", "mode", "step", "selection"]].drop_duplicates().values.tolist() == [
        ["corrected", "iterative", 1, "oracle"],
        ["corrected", "iterative", 2, "oracle"],
    ]
    with pytest.raises(
        PromptsegError, match=r"finds masks of clicks: it needs \{step\} and, with the protocols a, b in"
    ):
        take(two, "{mode}/{case}-{step}-*.png", protocols=["a", "b"])


def test_equal_files_give_equal_bytes(two):
    take(two)
    first = (two / "out" / "predictions.parquet").read_bytes()
    take(two)
    assert (two / "out" / "predictions.parquet").read_bytes() == first


def test_black_and_white_masks_of_the_only_task(two):
    for name in ("p", "q"):
        Image.fromarray(np.uint8(LABELS == 1) * 255).save(two / "given" / f"{name}.png")
    about = {"tasks": {"a": [1]}, "other_labels": [2]}
    assert take(two, dataset=about).masks() == {"p:a": A, "q:a": A}


@pytest.mark.parametrize("pattern", ["{case}*.png", "*{case}.png", "{case}*.png*"])
def test_a_file_that_fits_several_cases_is_refused(two, pattern):
    """Else case p would get the mask of pq where its own is missing, and the union of both where it is there."""
    write(two / "raw" / "images" / "qp.png", GREY)
    write(two / "raw" / "masks" / "qp.png", LABELS)
    write(two / "given" / "qp.png", LABELS)
    (two / "given" / ("p.png" if pattern.startswith("*") else "q.png")).unlink()
    with pytest.raises(PromptsegError, match=r"finds qp.png for \w+ and for \w+: make it narrower"):
        take(two, pattern)


def test_names_that_mean_two_objects_are_refused(two):
    for name in ("p", "p_a"):
        write(two / "raw" / "images" / f"{name}.png", GREY)
        write(two / "raw" / "masks" / f"{name}.png", LABELS)
    write(two / "given" / "p_a_a.png", LABELS == 1)
    with pytest.raises(PromptsegError, match=r"finds p_a_a.png for p, a_a and for p_a, a: make it narrower"):
        take(two, "{case}_{task}.png", dataset={"tasks": {"a": [1], "a_a": [2]}})


def test_several_files_of_one_object_are_no_union(two):
    for name in ("p_a_1", "p_a_2", "p_b_1", "q_a_1", "q_b_1"):
        write(two / "given" / f"{name}.png", LABELS == 1)
    found = take(two, "{case}_{task}_?.png", check_labels=False)
    assert status_of(found, "p:a") == "several files: p_a_1.png, p_a_2.png fit one object; make `pattern` narrower"


@pytest.mark.parametrize("step", ["0", "99999999999"])
def test_clicks_are_counted_from_1(two, step):
    write(two / "given" / step / "iterative" / "p_a.png", LABELS == 1)
    with pytest.raises(PromptsegError, match=rf"finds masks of step {step}, .*clicks are counted from 1"):
        take(two, "{step}/{mode}/{case}_{task}.png", protocols=["corrected"])


def test_no_mask_in_any_mode_is_an_error(two):
    with pytest.raises(PromptsegError, match=r"methods.unet on mine has none of 4 masks. Files that count"):
        take(two, "{mode}/{case}_{task}.png")


def test_a_threshold_below_1_of_whole_numbers_is_refused(two):
    for task, value in (("a", 1), ("b", 2)):
        for case in "pq":
            write(two / "given" / f"{case}_{task}.png", np.uint8((value == LABELS) * 200 + 20))
    with pytest.raises(PromptsegError, match=r"p_a.png holds whole numbers up to 220, of which 0.5 cuts off none"):
        take(two, "{case}_{task}.png", threshold=0.5)
    assert take(two, "{case}_{task}.png", threshold=128).masks()["p:a"] == A


@pytest.mark.parametrize(
    ("turn", "said"),
    [
        (np.flipud, "lie upside down: as they are they overlap the objects with an IoU of 0.00, turned back with 1.00"),
        (np.fliplr, "lie mirrored"),
        (lambda labels: np.rot90(labels, 2), "lie turned by 180 degrees"),
        (np.rot90, "lie turned by 90 degrees to the left"),
        (lambda labels: np.rot90(labels, -1), "lie turned by 90 degrees to the right"),
        (np.transpose, "lie with rows and columns exchanged:"),
        (lambda labels: np.rot90(labels.T, 2), "lie with rows and columns exchanged and turned by 180 degrees"),
    ],
)
def test_masks_that_lie_another_way_up_are_refused(tmp_path, turn, said):
    labels = np.zeros((8, 8), np.uint8)
    labels[0, :3] = labels[1, 0] = 1
    write(tmp_path / "raw" / "images" / "p.png", np.arange(64, dtype=np.uint8).reshape(8, 8))
    write(tmp_path / "raw" / "masks" / "p.png", labels)
    write(tmp_path / "given" / "p.png", np.ascontiguousarray(turn(labels)))
    with pytest.raises(PromptsegError, match=said):
        take(tmp_path, dataset={"tasks": {"a": [1]}})
    turned = take(tmp_path, dataset={"tasks": {"a": [1]}}, check_labels=False).masks()["p:a"]
    assert turned == turn(labels).astype(int).tolist()


def test_tasks_without_an_object_say_nothing_of_turns(tmp_path):
    """One number for all tasks: each image has the mask of the other task as well."""
    for name, value in (("p", 1), ("q", 2)):
        write(tmp_path / "raw" / "images" / f"{name}.png", GREY)
        write(tmp_path / "raw" / "masks" / f"{name}.png", np.uint8(LABELS == 1) * value)
        write(tmp_path / "given" / f"{name}.png", np.ascontiguousarray(np.uint8(255) * (LABELS == 1)[::-1]))
    with pytest.raises(PromptsegError, match="lie upside down"):
        take(tmp_path, labels={"a": [255], "b": [255]})


def test_black_and_white_masks_of_several_tasks(two):
    for name in ("p", "q"):
        write(two / "given" / f"{name}.png", np.uint8(255) * (LABELS == 1))
    with pytest.raises(PromptsegError, match=r"holds 0 and 255 only, .*; say by `labels` beside `path` which task"):
        take(two)
    assert take(two, labels={"a": [255]}).masks()["p:a"] == A
