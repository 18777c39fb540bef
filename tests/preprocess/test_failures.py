"""Cases that fail: rows, messages, and the end of the run if `strict`."""

import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.images import read_images
from support.builds import GREY, MASK, run, status_of, volume_case, write


def test_missing_image_and_missing_mask(raw, tmp_path, caplog):
    write(raw / "masks" / "m.png", MASK)
    write(raw / "images" / "n.png", GREY)
    images, objects = run(raw, tmp_path / "out")
    assert images["image_id"].tolist() == ["a", "b", "m", "n"]
    assert status_of(images, "m").startswith(
        "missing image: no file matches images/{case}.* for the mask masks/m.png; "
    )
    assert status_of(images, "n").startswith(
        "missing mask: no file matches masks/{case}.* for the image images/n.png; "
    )
    assert objects["image_id"].tolist() == ["a", "b"]
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors[0].startswith("mine, case m: missing image: no file")


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
    (bad_size, "sizes differ: the image images/x.png has 3 x 2 x 1 pixels, the mask masks/x.png has 2 x 3 x 1"),
    (
        bad_value,
        "unknown label value: masks/x.png holds 3, 9; add what they stand for to `tasks`, or to `other_labels`",
    ),
    (bad_float, "label values are not whole: masks/x.nii holds 0.5"),
    (bad_file, "unreadable: images/x.png is damaged"),
    (bad_intensity, "negative intensities: images/x.nii goes down to -5; choose `intensity: {kind: window"),
    (bad_axis, "wrong axis: slices of images/x.nii along axial have 3 x 1 pixels"),
    (bad_checksum, "unreadable: images/x.nii.gz is damaged"),
    (bad_pair, "several files: x.jpg, images/x.png are not one DICOM series"),
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


def test_the_log_ends_with_the_reasons_and_the_first_case_of_each(raw, tmp_path, caplog):
    bad_size(raw)
    for name in ("y", "z"):
        write(raw / "masks" / f"{name}.png", MASK)
        (raw / "images" / f"{name}.png").write_bytes(b"nonsense")
    run(raw, tmp_path / "out")
    last = caplog.records[-1].getMessage()
    assert last.startswith(
        "mine: 3 of 5 cases failed: 2 unreadable, 1 sizes differ. x: sizes differ: the image images/x.png"
    )
    assert " | y: unreadable: images/y.png is damaged" in last
    assert "z.png" not in last


@pytest.mark.parametrize(("spoil", "status"), BAD)
def test_strict_ends_the_run(raw, tmp_path, spoil, status):
    spoil(raw)
    with pytest.raises(PromptsegError) as caught:
        run(raw, tmp_path / "out", strict=True)
    assert str(caught.value).startswith(f"mine, case x: {status}")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["files.csv"]


def test_strict_ends_the_workers_as_well(raw, tmp_path, monkeypatch):
    monkeypatch.setattr("promptseg.preprocess.rows._GROUP_BYTES", 200)
    volume_case(raw, [60] * 40)
    (raw / "images" / "0.png").write_bytes(b"nonsense")
    write(raw / "masks" / "0.png", MASK)
    with pytest.raises(PromptsegError, match=r"^mine, case 0: unreadable: images/0\.png"):
        run(raw, tmp_path / "out", strict=True, threads=2)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["files.csv"]
