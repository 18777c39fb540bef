"""Tables of a dataset: which slices, in which order, from how many workers."""

import logging

import numpy as np
import pyarrow.parquet as pq
import pytest

from promptseg.core.errors import PromptsegError
from support.builds import GREY, MASK, run, volume_case, write


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


def test_empty_mask_is_left_out(raw, tmp_path, caplog):
    caplog.set_level("INFO")
    write(raw / "masks" / "b.png", np.zeros_like(MASK))
    images, objects = run(raw, tmp_path / "out")
    assert images["image_id"].tolist() == ["a"]
    assert objects["image_id"].tolist() == ["a"]
    assert "mine, case b: no object of at least 1 pixels in masks/b.png: left out" in caplog.text


def test_all_masks_empty(raw, tmp_path):
    for name in ("a", "b"):
        write(raw / "masks" / f"{name}.png", np.zeros_like(MASK))
    with pytest.raises(PromptsegError, match=r"^mine: the masks of all 2 cases are empty: none holds an object of the"):
        run(raw, tmp_path / "out")


def test_no_usable_image(raw, tmp_path):
    for name in ("a", "b"):
        (raw / "images" / f"{name}.png").write_bytes(b"nonsense")
    with pytest.raises(PromptsegError, match=r"^mine: no usable image\. 2 of 2 cases failed: 2 unreadable\. a: unrea"):
        run(raw, tmp_path / "out")


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


def test_bytes_do_not_depend_on_the_workers(raw, tmp_path, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setattr("promptseg.preprocess.rows._GROUP_BYTES", 200)
    volume_case(raw, [0, 10, 60, 60, 49, 50])
    rng = np.random.default_rng(0)
    for index in range(9):
        write(raw / "images" / f"r{index}.png", rng.integers(0, 255, (20, 30), np.uint8))
        write(raw / "masks" / f"r{index}.png", rng.integers(0, 2, (20, 30), np.uint8))
    write(raw / "images" / "x.png", GREY)
    write(raw / "masks" / "x.png", np.array([[0, 1, 9], [3, 0, 0]], np.uint8))
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
