"""From files to images and objects: matching, sampling, failures as rows, the same bytes whatever the workers."""

import csv
import logging
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from promptseg.config.cases import match_cases
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_provenance, read_table
from promptseg.preprocess.build import build
from promptseg.preprocess.images import decode_png, pixel_digest, read_images
from promptseg.preprocess.tables import IMAGES, OBJECTS

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FOLDER = [{"image": "images/{case}.*", "labels": "masks/{case}.*"}]
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def entry(**changes):
    return {
        "cases": FOLDER,
        "patient": None,
        "axis": "axial",
        "intensity": {"kind": "none"},
        "sampling": {"every": 1, "min_area": 1},
        "tasks": {"lesion": [1]},
        "other_labels": [],
        **changes,
    }


def write(path: Path, array: np.ndarray, affine: np.ndarray = LPS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith((".nii", ".nii.gz")):
        nib.save(nib.Nifti1Image(array, affine), path)
    else:
        Image.fromarray(array).save(path)


def list_files(root: Path, out: Path) -> Path:
    with out.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["name", "path", "bytes", "sha256"])
        for path in sorted(root.rglob("*")):
            if path.is_file():
                rows.writerow([path.relative_to(root).as_posix(), path, path.stat().st_size, "0" * 64])
    return out


def run(root: Path, out: Path, strict: bool = False, threads: int = 1, **changes) -> tuple[pd.DataFrame, pd.DataFrame]:
    out.mkdir(exist_ok=True)
    files = list_files(root, out / "files.csv")
    images, objects = out / "images.parquet", out / "objects.parquet"
    build(files, images, objects, "mine", entry(**changes), strict, threads)
    return read_table(images, IMAGES), read_table(objects, OBJECTS)


GREY = np.array([[0, 50, 100], [200, 10, 20]], np.uint8)
MASK = np.array([[0, 1, 1], [0, 0, 0]], np.uint8)


@pytest.fixture
def raw(tmp_path) -> Path:
    """Two good cases; tests add a bad one."""
    for name in ("a", "b"):
        write(tmp_path / "raw" / "images" / f"{name}.png", GREY)
        write(tmp_path / "raw" / "masks" / f"{name}.png", MASK)
    return tmp_path / "raw"


def status_of(images: pd.DataFrame, case: str) -> str:
    rows = images[images["image_id"] == case]
    assert len(rows) == 1
    row = rows.iloc[0]
    assert row["image"] is None
    assert row["labels"] is None
    assert pd.isna(row["height"])
    assert pd.isna(row["sha256"])
    assert row["case_id"] == case
    return row["status"]


# -- matching


def test_patterns():
    names = ["x-1.0/data/brain1_image.nrrd", "x-1.0/data/brain1_label.nrrd", "x-1.0/data/lung1_image.nrrd"]
    entries = [{"image": "*/data/{case}_image.nrrd", "labels": "*/data/{case}_label.nrrd", "only": ["brain1"]}]
    (case,) = match_cases(names, entries)
    assert (case.name, case.patient, case.image, case.problem) == ("brain1", "brain1", (names[0],), None)
    assert case.labels[0].names == (names[1],)


def test_extension_placeholder_takes_nii_gz_in_one_piece():
    names = [
        "images/a.nii.gz",
        "images/b.1.png",
        "images/._c.png",
        "masks/a.nii.gz",
        "masks/b.1.png",
        "masks/.DS_Store",
    ]
    assert [(case.name, case.problem) for case in match_cases(names, FOLDER)] == [("a", None), ("b.1", None)]


def test_masks_beside_images_are_no_images():
    names = ["p/c (1).png", "p/c (1)_mask.png", "p/c (1)_mask_1.png", "p/c (2).png", "p/c (2)_mask.png"]
    entries = [{"image": "*/{case}.png", "labels": [{"file": "*/{case}_mask*.png", "value": 1}]}]
    cases = match_cases(names, entries)
    assert [case.name for case in cases] == ["c (1)", "c (2)"]
    assert cases[0].labels[0].names == ("p/c (1)_mask.png", "p/c (1)_mask_1.png")


def test_placeholder_may_stand_twice():
    names = ["s1/s1_flair.nii", "s1/s1_seg.nii", "s2/s1_flair.nii"]
    (case,) = match_cases(names, [{"image": "{case}/{case}_flair.nii", "labels": "{case}/{case}_seg.nii"}])
    assert case.image == ("s1/s1_flair.nii",)


def test_characters_in_brackets():
    names = ["i/a.png", "i/b.png", "i/c.png", "m/a.png", "m/b.png", "m/c.png"]
    entries = [{"image": "i/[ab].png", "labels": "m/[!bc].png", "case": "x"}]
    (case,) = match_cases(names, entries)
    assert case.names == ["i/a.png", "i/b.png", "m/a.png"]


def test_series_and_fixed_case():
    names = ["d/CT.2", "d/CT.1", "seg.nii.gz"]
    (case,) = match_cases(names, [{"image": "d/*", "labels": "seg.nii.gz", "case": "ct"}])
    assert (case.name, case.image) == ("ct", ("d/CT.1", "d/CT.2"))


def test_cases_are_sorted_over_all_entries():
    names = ["i/b.png", "m/b.png", "j/a.png", "n/a.png"]
    entries = [{"image": f"{i}/{{case}}.png", "labels": f"{m}/{{case}}.png"} for i, m in ("im", "jn")]
    assert [case.name for case in match_cases(names, entries)] == ["a", "b"]


def test_patient():
    names = ["images/sub-1_z1.png", "images/sub-1_z2.png", "masks/sub-1_z1.png", "masks/sub-1_z2.png"]
    assert [case.patient for case in match_cases(names, FOLDER, r"^(sub-\d+)")] == ["sub-1", "sub-1"]
    with pytest.raises(PromptsegError, match=r"case sub-1_z1 does not match `patient: \^\(pat\\d\)`"):
        match_cases(names, FOLDER, r"^(pat\d)")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [{"image": "x/{case}.png", "labels": "y/{case}.png"}],
            r"No file matches x/\{case\}\.png or y/\{case\}\.png\.",
        ),
        ([*FOLDER, {"image": "images/a.png", "labels": "masks/a.png", "case": "a"}], "case a is found by two entries"),
        ([{"image": "images/*", "labels": "masks/*"}], r"needs either the placeholder \{case\} or the key `case`"),
        ([{**FOLDER[0], "only": ["a", "z"]}], "`only` names the cases z, but no file"),
    ],
)
def test_patterns_that_cannot_work(entries, message):
    with pytest.raises(PromptsegError, match=message):
        match_cases(["images/a.png", "masks/a.png"], entries)


# -- what is written


def test_two_dimensional_files(raw, tmp_path):
    write(raw / "images" / "c.png", np.dstack([GREY, GREY, GREY]))
    write(raw / "masks" / "c.png", np.array([[255, 0, 0], [0, 0, 255]], np.uint8))
    write(raw / "images" / "d.png", np.dstack([GREY, GREY, GREY // 2]))
    write(raw / "masks" / "d.png", MASK)
    images, objects = run(raw, tmp_path / "out")
    assert images["image_id"].tolist() == ["a", "b", "c", "d"]
    assert images["status"].tolist() == ["ok"] * 4
    assert images["slice"].isna().all()
    assert images["spacing_y"].isna().all()
    first = images.iloc[0]
    assert (first["height"], first["width"], first["source"]) == (2, 3, "images/a.png")
    scaled = [[0, 63, 127], [255, 12, 25]]
    assert decode_png(first["image"]["bytes"]).tolist() == scaled
    assert first["sha256"] == pixel_digest(np.array(scaled, np.uint8))
    assert decode_png(first["labels"]["bytes"]).tolist() == MASK.tolist()
    assert decode_png(images.iloc[2]["image"]["bytes"]).tolist() == scaled  # equal channels are stored once
    assert decode_png(images.iloc[3]["image"]["bytes"]).shape == (2, 3, 3)
    assert decode_png(images.iloc[2]["labels"]["bytes"]).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert objects.drop(columns="case_id").values.tolist() == [
        ["a:lesion", "a", "lesion", 2, 1, 1, 0, 2, 0],
        ["b:lesion", "b", "lesion", 2, 1, 1, 0, 2, 0],
        ["c:lesion", "c", "lesion", 2, 2, 0, 0, 2, 1],
        ["d:lesion", "d", "lesion", 2, 1, 1, 0, 2, 0],
    ]
    assert [image.pixels.shape for image in read_images(tmp_path / "out" / "images.parquet")] == [(2, 3, 3)] * 4
    assert read_provenance(tmp_path / "out" / "images.parquet")["dataset"] == "mine"


def test_components_are_eight_connected(tmp_path):
    write(tmp_path / "raw" / "images" / "a.png", np.ones((3, 4), np.uint8))
    write(tmp_path / "raw" / "masks" / "a.png", np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1]], np.uint8))
    _, objects = run(tmp_path / "raw", tmp_path / "out")
    assert objects["n_components"].tolist() == [3]


def volume_case(root: Path, areas: list[int]) -> None:
    """Slices of 8 x 10 pixels with so many pixels of label 1."""
    labels = np.zeros((8, 10, len(areas)), np.uint8)
    for index, area in enumerate(areas):
        labels[:, :, index].reshape(-1)[:area] = 1
    write(root / "images" / "v.nii.gz", np.full(labels.shape, 9, np.int16), np.diag([-0.5, -0.75, 3, 1]))
    write(root / "masks" / "v.nii.gz", labels, np.diag([-0.5, -0.75, 3, 1]))


@pytest.mark.parametrize(
    ("every", "least", "ids"),
    [
        (1, 1, ["v_z001", "v_z002", "v_z003", "v_z004", "v_z005"]),
        (1, 50, ["v_z002", "v_z003", "v_z005"]),
        (2, 50, ["v_z002"]),
        (3, 1, ["v_z003"]),
        (5, 50, ["v_z005"]),
    ],
)
def test_sampling(tmp_path, every, least, ids):
    volume_case(tmp_path / "raw", [0, 10, 60, 60, 49, 50])
    images, objects = run(tmp_path / "raw", tmp_path / "out", sampling={"every": every, "min_area": least})
    assert images["image_id"].tolist() == ids
    assert [f"v_z{index:03d}" for index in images["slice"]] == ids
    assert objects["image_id"].tolist() == ids
    assert images[["spacing_y", "spacing_x"]].drop_duplicates().values.tolist() == [[0.75, 0.5]]
    assert images[["height", "width"]].drop_duplicates().values.tolist() == [[10, 8]]


def test_small_objects_give_no_row_beside_a_large_one(tmp_path):
    write(tmp_path / "raw" / "images" / "a.png", np.ones((3, 4), np.uint8))
    write(tmp_path / "raw" / "masks" / "a.png", np.array([[1, 1, 1, 1], [2, 2, 0, 0], [0, 0, 0, 7]], np.uint8))
    tasks = {"large": [1], "small": [2], "both": [1, 2]}
    images, objects = run(
        tmp_path / "raw", tmp_path / "out", tasks=tasks, other_labels=[7], sampling={"every": 1, "min_area": 3}
    )
    assert objects[["task", "area"]].values.tolist() == [["large", 4], ["both", 6]]
    assert decode_png(images.iloc[0]["labels"]["bytes"])[2, 3] == 7


def test_labels_above_255_are_sixteen_bit(tmp_path):
    write(tmp_path / "raw" / "images" / "a.png", np.ones((1, 2), np.uint8))
    write(tmp_path / "raw" / "masks" / "a.png", np.array([[1, 1001]], np.uint16))
    images, _ = run(tmp_path / "raw", tmp_path / "out", other_labels="any")
    assert decode_png(images.iloc[0]["labels"]["bytes"]).tolist() == [[1, 1001]]


def test_value_255_that_a_task_declares_is_kept(raw, tmp_path):
    for name in ("a", "b"):
        write(raw / "masks" / f"{name}.png", MASK * 255)
    _, objects = run(raw, tmp_path / "out", tasks={"lesion": [255]})
    assert objects["area"].tolist() == [2, 2]


def test_masks_with_values_and_thresholds(tmp_path):
    write(tmp_path / "raw" / "t1.nii", np.ones((3, 2, 1), np.uint8))
    write(tmp_path / "raw" / "gm.nii", np.array([[0.5, 0.4], [0.9, 0.1], [0.0, 0.6]], np.float32)[:, :, None])
    write(tmp_path / "raw" / "wm.nii", np.array([[0, 0], [9, 0], [0, 0]], np.float32)[:, :, None])
    cases = [
        {
            "image": "t1.nii",
            "labels": [{"file": "gm.nii", "value": 1, "threshold": 0.5}, {"file": "wm.nii", "value": 2}],
            "case": "mni",
        }
    ]
    images, objects = run(tmp_path / "raw", tmp_path / "out", cases=cases, tasks={"both": [1, 2], "grey": [1]})
    assert images["image_id"].tolist() == ["mni"]
    assert objects[["task", "area"]].values.tolist() == [["both", 3], ["grey", 2]]


# -- what goes wrong


def test_missing_image_and_missing_mask(raw, tmp_path, caplog):
    write(raw / "masks" / "m.png", MASK)
    write(raw / "images" / "n.png", GREY)
    images, objects = run(raw, tmp_path / "out")
    assert images["image_id"].tolist() == ["a", "b", "m", "n"]
    assert status_of(images, "m") == "missing image for mask masks/m.png: no file matches images/{case}.*"
    assert status_of(images, "n") == "missing mask for image images/n.png: no file matches masks/{case}.*"
    assert objects["image_id"].tolist() == ["a", "b"]
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors[0].startswith("mine, case m: missing image for mask masks/m.png")


def bad_size(raw):
    write(raw / "images" / "x.png", GREY)
    write(raw / "masks" / "x.png", MASK.T)


def bad_value(raw):
    write(raw / "images" / "x.png", GREY)
    write(raw / "masks" / "x.png", np.array([[0, 1, 9], [3, 0, 0]], np.uint8))


def bad_float(raw):
    write(raw / "images" / "x.nii", np.ones((3, 2, 1), np.uint8))
    write(raw / "masks" / "x.nii", np.full((3, 2, 1), 0.5, np.float32))


def bad_file(raw):
    (raw / "images" / "x.png").write_bytes(b"nonsense")
    write(raw / "masks" / "x.png", MASK)


def bad_intensity(raw):
    write(raw / "images" / "x.nii", np.full((3, 2, 1), -5, np.int16))
    write(raw / "masks" / "x.nii", np.ones((3, 2, 1), np.uint8))


def bad_axis(raw):
    write(raw / "images" / "x.nii", np.ones((3, 1, 4), np.uint8))
    write(raw / "masks" / "x.nii", np.ones((3, 1, 4), np.uint8))


def bad_checksum(raw):
    write(raw / "images" / "x.nii.gz", np.random.default_rng(0).integers(0, 99, (20, 20, 20), np.uint8))
    write(raw / "masks" / "x.nii.gz", np.ones((20, 20, 20), np.uint8))
    content = bytearray((raw / "images" / "x.nii.gz").read_bytes())
    content[-8] ^= 1
    (raw / "images" / "x.nii.gz").write_bytes(content)


def bad_pair(raw):
    bad_file(raw)
    (raw / "images" / "x.jpg").write_bytes(b"nonsense")


BAD = [
    (bad_size, "sizes differ: the image x.png has 3 x 2 x 1 pixels, the mask x.png has 2 x 3 x 1"),
    (bad_value, "unknown label value: x.png holds 3, 9; add what it stands for to `tasks`, or to `other_labels`"),
    (bad_float, "float labels that are not integers: x.nii holds 0.5"),
    (bad_file, "unreadable: x.png: cannot identify image file"),
    (bad_intensity, "negative intensities: x.nii goes down to -5; choose `intensity: {kind: window"),
    (bad_axis, "wrong axis: slices of x.nii along axial have 3 x 1 pixels"),
    (bad_checksum, "unreadable: x.nii.gz: CRC check failed"),
    (bad_pair, "several files: x.jpg, x.png are not one DICOM series"),
]


@pytest.mark.parametrize(("spoil", "status"), BAD)
def test_bad_case_is_a_row_and_the_run_goes_on(raw, tmp_path, caplog, spoil, status):
    spoil(raw)
    images, objects = run(raw, tmp_path / "out")
    assert status_of(images, "x").startswith(status)
    assert images["status"].tolist()[:2] == ["ok", "ok"]
    assert len(objects) == 2
    assert f"mine, case x: {status}" in caplog.text
    assert [image.image_id for image in read_images(tmp_path / "out" / "images.parquet")] == ["a", "b"]


@pytest.mark.parametrize(("spoil", "status"), BAD)
def test_strict_ends_the_run(raw, tmp_path, spoil, status):
    spoil(raw)
    with pytest.raises(PromptsegError) as caught:
        run(raw, tmp_path / "out", strict=True)
    assert str(caught.value).startswith(f"mine, case x: {status}")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["files.csv"]


def test_strict_ends_the_workers_as_well(raw, tmp_path, monkeypatch):
    monkeypatch.setattr("promptseg.preprocess.build._GROUP_BYTES", 200)
    volume_case(raw, [60] * 40)
    (raw / "images" / "0.png").write_bytes(b"nonsense")
    write(raw / "masks" / "0.png", MASK)
    with pytest.raises(PromptsegError, match=r"^mine, case 0: unreadable: 0\.png"):
        run(raw, tmp_path / "out", strict=True, threads=2)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["files.csv"]


def test_empty_mask_is_left_out(raw, tmp_path, caplog):
    caplog.set_level("INFO")
    write(raw / "masks" / "b.png", np.zeros_like(MASK))
    images, objects = run(raw, tmp_path / "out")
    assert images["image_id"].tolist() == ["a"]
    assert objects["image_id"].tolist() == ["a"]
    assert "mine, case b: no object of at least 1 pixels in b.png: left out" in caplog.text


def test_all_masks_empty(raw, tmp_path):
    for name in ("a", "b"):
        write(raw / "masks" / f"{name}.png", np.zeros_like(MASK))
    with pytest.raises(PromptsegError, match=r"^mine: the masks of all 2 cases are empty: none holds an object of the"):
        run(raw, tmp_path / "out")


def test_no_usable_image(raw, tmp_path):
    for name in ("a", "b"):
        (raw / "images" / f"{name}.png").write_bytes(b"nonsense")
    with pytest.raises(PromptsegError, match=r"^mine: no usable image\. 2 of 2 cases failed.*a: unreadable: a\.png"):
        run(raw, tmp_path / "out")


def test_rgba_and_sixteen_bit_are_logged(raw, tmp_path, caplog):
    caplog.set_level("INFO")
    write(raw / "images" / "a.png", np.dstack([GREY, GREY, GREY, GREY]))
    write(raw / "images" / "b.png", GREY.astype(np.uint16) * 256)
    images, _ = run(raw, tmp_path / "out")
    logged = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert ("WARNING", "mine, case a: a.png has an alpha channel; it is dropped") in logged
    assert ("INFO", "mine, case b: b.png has 16 bits a channel; all are used") in logged
    scaled = [[0, 63, 127], [255, 12, 25]]
    assert [decode_png(row["bytes"]).tolist() for row in images["image"]] == [scaled, scaled]


# -- slices, raters, channels, and labels that may be confused


def test_all_is_every_slice_with_an_object(tmp_path):
    volume_case(tmp_path / "raw", [0, 10, 60])
    images, _ = run(tmp_path / "raw", tmp_path / "out", sampling="all")
    assert images["slice"].tolist() == [1, 2]


def test_drawn_slices(tmp_path):
    raw = tmp_path / "raw"
    volume_case(raw, [0, 10, 60, 60, 49, 50, 70, 80])
    (raw / "images" / "w.nii.gz").write_bytes((raw / "images" / "v.nii.gz").read_bytes())
    (raw / "masks" / "w.nii.gz").write_bytes((raw / "masks" / "v.nii.gz").read_bytes())
    sampling = {"per_case": 3, "seed": 7, "min_area": 50}
    images, objects = run(raw, tmp_path / "out", sampling=sampling)
    drawn = images.groupby("case_id")["slice"].apply(list)
    assert objects["image_id"].tolist() == images["image_id"].tolist()
    for slices in drawn:
        assert len(slices) == 3
        assert slices == sorted(slices)
        assert set(slices) <= {2, 3, 5, 6, 7}
    # The draw is a function of seed and case.
    (raw / "images" / "v.nii.gz").unlink()
    (raw / "masks" / "v.nii.gz").unlink()
    again, _ = run(raw, tmp_path / "again", sampling=sampling)
    assert again["slice"].tolist() == drawn["w"]
    draws = {tuple(run(raw, tmp_path / "x", sampling={**sampling, "seed": seed})[0]["slice"]) for seed in range(6)}
    assert len(draws) > 1
    few, _ = run(raw, tmp_path / "few", sampling={"per_case": 9, "min_area": 50})
    assert few["slice"].tolist() == [2, 3, 5, 6, 7]
    every, _ = run(raw, tmp_path / "every", sampling={"every": 2, "per_case": 9})
    assert every["slice"].tolist() == [2, 4, 6]


def rated(root: Path) -> list[dict]:
    """Case a with three raters, case b with two."""
    for case, raters in (("a", ((1, 1, 0), (1, 2, 0), (0, 2, 2))), ("b", ((1, 1, 0), (2, 0, 0)))):
        write(root / f"{case}-image.nii.gz", np.arange(3, dtype=np.int16).reshape(3, 1, 1))
        for number, labels in enumerate(raters, start=1):
            write(root / f"{case}-mask-r{number}.nii.gz", np.array(labels, np.uint8).reshape(3, 1, 1))
    return [{"image": "{case}-image.nii.gz", "labels": "{case}-mask-r{rater}.nii.gz"}]


@pytest.mark.parametrize(
    ("how", "labels"),
    [("majority", [[1, 2, 0], [2, 0, 0]]), ("1", [[1, 1, 0], [1, 1, 0]]), ("2", [[1, 2, 0], [2, 0, 0]])],
)
def test_raters(tmp_path, caplog, how, labels):
    options = {"cases": rated(tmp_path / "raw"), "tasks": {"cord": [1, 2], "grey": [1]}, "raters": how}
    images, _ = run(tmp_path / "raw", tmp_path / "out", strict=True, **options)
    assert [decode_png(row["bytes"])[0].tolist() for row in images["labels"]] == labels
    assert "mine, case b: no mask of rater 3; those that are there count" in caplog.text


def test_rater_who_is_not_there(tmp_path):
    options = {"cases": rated(tmp_path / "raw"), "tasks": {"cord": [1, 2]}, "raters": "3"}
    images, _ = run(tmp_path / "raw", tmp_path / "out", **options)
    assert images["status"].tolist()[0] == "ok"
    assert status_of(images, "b").startswith("no mask of rater 3: this case has those of 1, 2;")


def test_measurements_as_colours_are_scaled_one_by_one(tmp_path):
    raw = tmp_path / "raw"
    values = np.array([0, 50, 100], np.int16).reshape(3, 1, 1)
    for name, channel in (("r", values), ("g", values * 30), ("b", values[::-1] - 1000)):
        write(raw / f"p_{name}.nii.gz", channel)
    write(raw / "p_seg.nii.gz", np.ones((3, 1, 1), np.uint8))
    cases = [{"image": ["{case}_r.nii.gz", "{case}_g.nii.gz", "{case}_b.nii.gz"], "labels": "{case}_seg.nii.gz"}]
    intensity = {"kind": "percentiles", "low": 0, "high": 100}
    expected = [[[0, 0, 255], [127, 127, 127], [255, 255, 0]]]
    images, _ = run(raw, tmp_path / "out", strict=True, cases=cases, intensity=intensity)
    assert decode_png(images.iloc[0]["image"]["bytes"]).tolist() == expected
    assert images["source"].tolist() == ["p_r.nii.gz"]
    four = np.stack([values, values - 7, values * 2, values[::-1]], axis=3)
    write(raw / "images" / "q.nii.gz", four)
    write(raw / "masks" / "q.nii.gz", np.ones((3, 1, 1), np.uint8))
    images, _ = run(raw, tmp_path / "four", strict=True, channels=[0, 2, 3], intensity=intensity)
    assert decode_png(images.iloc[0]["image"]["bytes"]).tolist() == expected


def test_orientations_of_one_dataset(tmp_path):
    labels = np.zeros((6, 8, 2), np.uint8)
    labels[1:3, 4:, 1] = 1
    values = np.arange(96, dtype=np.int16).reshape(6, 8, 2)
    turned = np.array([[1.0, 0, 0, -5], [0, 1, 0, -7], [0, 0, 1, 0], [0, 0, 0, 1]])
    for name, flip, affine in (("a", 1, LPS), ("b", -1, turned)):
        write(tmp_path / "raw" / "images" / f"{name}.nii.gz", values[::flip, ::flip], affine)
        write(tmp_path / "raw" / "masks" / f"{name}.nii.gz", labels[::flip, ::flip], affine)
    images, objects = run(tmp_path / "raw", tmp_path / "out", strict=True)
    assert images["sha256"].nunique() == 1
    assert objects.loc[:, "area":"bbox_y1"].drop_duplicates().values.tolist() == [[8, 1, 1, 4, 2, 7]]


def test_lowest(tmp_path):
    raw = tmp_path / "raw"
    low, high, alone = np.zeros((3, 9, 4), np.uint8)
    low[7:], low[:2] = 1, 2
    high[6:], high[:1] = 2, 1
    alone[4:] = 1
    for index, labels in enumerate([low, low, high, alone]):
        write(raw / "images" / f"{index}.png", np.ones((9, 4), np.uint8))
        write(raw / "masks" / f"{index}.png", labels)
    images, _ = run(raw, tmp_path / "out", tasks={"ilium": [2], "femur": [1]}, lowest="femur")
    assert len(images) == 4
    with pytest.raises(
        PromptsegError,
        match=r"femur ought to lie lowest, but in 2 of 3 images ilium does\. Swap .* femur: \[1\], ilium: \[2\]",
    ):
        run(raw, tmp_path / "swapped", tasks={"ilium": [1], "femur": [2]}, lowest="femur")
    assert not (tmp_path / "swapped" / "images.parquet").exists()
    assert not (tmp_path / "swapped" / "objects.parquet").exists()


def test_masks_of_every_kind_are_joined(tmp_path):
    raw = tmp_path / "raw"
    write(raw / "a.png", GREY)
    Image.fromarray(np.array([[True, False, False], [False] * 3])).save(raw / "a_mask.png")
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[..., 3] = 255
    rgba[0, 1, :3] = 255
    write(raw / "a_mask_1.png", rgba)
    palette = Image.fromarray(np.array([[0, 0, 0], [0, 0, 1]], np.uint8), mode="P")
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.save(raw / "a_mask_2.png")
    cases = [{"image": "{case}.png", "labels": [{"file": "{case}_mask*.png", "value": 1, "threshold": 0.5}]}]
    images, objects = run(raw, tmp_path / "out", strict=True, cases=cases)
    assert decode_png(images.iloc[0]["labels"]["bytes"]).tolist() == [[1, 1, 0], [0, 0, 1]]
    assert objects["area"].tolist() == [3]


# -- streaming and workers


def test_bytes_do_not_depend_on_the_workers(raw, tmp_path, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setattr("promptseg.preprocess.build._GROUP_BYTES", 200)
    volume_case(raw, [0, 10, 60, 60, 49, 50])
    rng = np.random.default_rng(0)
    for index in range(9):
        write(raw / "images" / f"r{index}.png", rng.integers(0, 255, (20, 30), np.uint8))
        write(raw / "masks" / f"r{index}.png", rng.integers(0, 2, (20, 30), np.uint8))
    bad_value(raw)
    written, logged = [], []
    for threads in (1, 2, 3):
        caplog.clear()
        out = tmp_path / f"out{threads}"
        run(raw, out, threads=threads)
        written.append([(out / name).read_bytes() for name in ("images.parquet", "objects.parquet")])
        logged.append([(record.levelno, record.getMessage()) for record in caplog.records])
    assert written[0] == written[1] == written[2]
    assert logged[0] == logged[1] == logged[2]
    assert any(level == logging.ERROR for level, _ in logged[0])
    assert pq.ParquetFile(tmp_path / "out1" / "images.parquet").num_row_groups > 5
    left = sorted(path.name for path in (tmp_path / "out1").iterdir())
    assert left == ["files.csv", "images.parquet", "objects.parquet"]


# -- real data in folders


def shared(name: str) -> Path:
    if not (SHARED / name).is_dir():
        pytest.skip(f"{SHARED / name} is absent")
    return SHARED / name


@pytest.mark.parametrize(
    ("name", "patient", "tasks", "other", "patients", "counts"),
    [
        ("xray_hip", None, {"femur": [1]}, [], 5, {"femur": 5}),
        ("mri_spine_gm", r"^(errsm\d+)", {"grey_matter": [1]}, [], 1, {"grey_matter": 11}),
        ("ct_abdomen", None, {"liver": [1], "aorta": [3], "bone": [7]}, "any", 4, {"liver": 2, "aorta": 3, "bone": 2}),
        ("mri_heart", None, {"myocardium": [2]}, [1], 3, {"myocardium": 3}),
    ],
)
def test_folder_source(tmp_path, name, patient, tasks, other, patients, counts):
    images, objects = run(shared(name), tmp_path / "out", strict=True, patient=patient, tasks=tasks, other_labels=other)
    assert images["case_id"].nunique() == patients
    assert objects.groupby("task").size().to_dict() == counts
    first = images.iloc[0]
    stored = np.asarray(Image.open(SHARED / name / "masks" / f"{first['image_id']}.png"))
    assert np.array_equal(decode_png(first["labels"]["bytes"]), stored)


def test_undeclared_labels_of_real_data(tmp_path):
    images, _ = run(shared("ct_abdomen"), tmp_path / "out", tasks={"liver": [1]}, other_labels=[3, 4])
    failed = images[images["status"] != "ok"]
    assert failed["image_id"].tolist() == ["amos_0006_90", "s0114_111", "s0619_32"]
    assert failed.iloc[0]["status"].startswith("unknown label value: amos_0006_90.png holds 2;")


def test_nifti_spine(tmp_path):
    cases = [
        {"image": "t2s.nii.gz", "labels": "t2s_gmseg_manual.nii.gz", "case": "cropped"},
        {"image": "t2s_uncropped.nii.gz", "labels": "t2s_uncropped_gmseg_manual.nii.gz", "case": "whole"},
    ]
    images, objects = run(
        shared("volumes/spine_t2s"), tmp_path / "out", strict=True, cases=cases, tasks={"grey_matter": [1]}
    )
    assert images.groupby("case_id").size().to_dict() == {"cropped": 9, "whole": 11}
    assert len(objects) == 20
    assert np.allclose(images[["spacing_y", "spacing_x"]].to_numpy(float), 0.5)
    # The slices of mri_spine_gm were cut from the uncropped volume: the same objects, whatever way up.
    flat = [np.asarray(Image.open(path)).sum() for path in sorted((shared("mri_spine_gm") / "masks").iterdir())]
    assert objects[objects["case_id"] == "whole"]["area"].tolist() == flat


def test_dicom_folder_with_its_segmentation(tmp_path):
    images, objects = run(
        shared("volumes/ct_dicom_3slice"),
        tmp_path / "out",
        strict=True,
        cases=[{"image": "*.dcm", "labels": "liver.dcm", "case": "ct"}],
        intensity={"kind": "window", "low": -160, "high": 240},
        tasks={"liver": [1]},
    )
    assert images["image_id"].tolist() == ["ct_z000", "ct_z001", "ct_z002"]
    assert objects["area"].sum() == 107098
