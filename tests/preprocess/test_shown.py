"""Messages tell apart files of the same name in several folders."""

import os
from pathlib import Path

import nibabel as nib
import numpy as np

from promptseg.config.formats import companions
from promptseg.preprocess.shown import ShownPath, shown_apart
from promptseg.preprocess.volumes import read_volume
from support.builds import GREY, MASK, run, status_of, write


def test_names_with_folders_where_they_are_needed() -> None:
    paths = {
        "images/a.png": Path("/x/images/a.png"),
        "masks/a.png": Path("/x/masks/a.png"),
        "i/b.png": Path("/x/i/b.png"),
    }
    shown = shown_apart(paths)
    assert [path.name for path in shown.values()] == ["images/a.png", "masks/a.png", "b.png"]
    assert [path.suffix for path in shown.values()] == [".png"] * 3
    assert list(shown.values()) == list(paths.values())
    assert list(map(os.fspath, shown.values())) == list(map(str, paths.values()))
    composed, decomposed = "images/M\u00fc.png", "masks/Mu\u0308.png"
    shown = shown_apart({composed: Path("/x", composed), decomposed: Path("/x", decomposed)})
    assert [path.name for path in shown.values()] == [composed, decomposed]


def test_image_and_mask_of_one_name(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write(raw / "images" / "a.png", GREY)
    write(raw / "masks" / "a.png", MASK)
    write(raw / "images" / "b.png", GREY)
    write(raw / "masks" / "b.png", MASK.T)
    write(raw / "images" / "c.tif", GREY)
    (raw / "masks" / "c.png").write_bytes(b"-")
    images, _ = run(raw, tmp_path / "out")
    assert "the image images/b.png has" in status_of(images, "b")
    assert "the mask masks/b.png has" in status_of(images, "b")
    assert status_of(images, "c").startswith("unreadable: c.png is damaged")


def test_masks_of_one_name_in_a_list(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    for index in "ab":
        write(raw / "images" / f"{index}.nii", GREY[:, :, None].astype(np.int16))
        for value, organ in enumerate(("liver", "spleen"), start=1):
            write(raw / organ / f"{index}.png", MASK.T if index == "a" else MASK.T[: 4 - value])
    listed = [{"file": "liver/{case}.png", "value": 1}, {"file": "spleen/{case}.png", "value": 2}]
    cases = [{"image": "images/{case}.nii", "labels": listed}]
    images, _ = run(raw, tmp_path / "out", cases=cases, tasks={"organs": [1, 2]})
    assert "spleen/b.png has" in status_of(images, "b")


def test_pairs_of_files_are_found(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        nib.save(nib.AnalyzeImage(np.ones((2, 3, 4), np.int16), np.eye(4)), tmp_path / folder / "a.hdr")
    path = ShownPath.of(tmp_path / "images" / "a.hdr", "images/a.hdr")
    assert tmp_path / "images" / "a.img" in companions(path)
    assert read_volume([path]).array.shape == (2, 3, 4)
    assert read_volume([path]).name == "images/a.hdr"
