"""Manifests: what is listed, and how two of them are seen to agree or to differ."""

import hashlib

import pandas as pd
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.tables import write_table
from promptseg.preprocess.manifests import (
    MANIFEST_COMPARISON,
    compare,
    compare_files,
    datasets_in,
    read_manifest,
    verdict,
    write_manifest,
)
from promptseg.preprocess.tables import IMAGES


def sha(name):
    return hashlib.sha256(name.encode()).hexdigest()


def manifest(dataset="d", **images):
    """Image to the name of its pixels; None: a case that failed."""
    rows = [(dataset, image, sha(pixels) if pixels else "") for image, pixels in images.items()]
    return pd.DataFrame(rows, columns=["dataset", "image_id", "sha256"])


def matched(ours, theirs):
    frame = compare(ours, theirs)
    assert frame.columns.tolist() == MANIFEST_COMPARISON.names
    return [tuple(row) for row in frame[["status", "image_id", "their_image_id"]].itertuples(index=False)]


def test_manifest_lists_images_sorted_and_failed_cases(tmp_path):
    picture = {"bytes": b"png", "path": None}
    whole = {"image": picture, "labels": picture, "height": 40, "width": 50, "status": "ok", "source": "a/b.nii.gz"}
    rows = [
        whole | {"image_id": "p2_z010", "case_id": "p2", "slice": 10, "sha256": sha("x")},
        whole | {"image_id": "p1", "case_id": "p1", "slice": None, "sha256": sha("y")},
        {"image_id": "p3", "case_id": "p3", "source": "c.nii.gz", "status": "unreadable: c.nii.gz, cut off"},
    ]
    write_table(tmp_path / "images.parquet", rows, IMAGES)
    write_manifest(tmp_path / "images.parquet", "heart", tmp_path / "manifest.csv")
    assert (tmp_path / "manifest.csv").read_text().splitlines() == [
        "dataset,image_id,case_id,source,slice,height,width,sha256,status",
        f"heart,p1,p1,a/b.nii.gz,,40,50,{sha('y')},ok",
        f"heart,p2_z010,p2,a/b.nii.gz,10,40,50,{sha('x')},ok",
        'heart,p3,p3,c.nii.gz,,,,,"unreadable: c.nii.gz, cut off"',
    ]
    assert datasets_in(tmp_path / "manifest.csv") == ["heart"]
    assert read_manifest(tmp_path / "manifest.csv")["slice"].tolist() == ["", "10", ""]


def test_every_kind_of_difference():
    ours = manifest(a="1", b="2", c="3", d="4", e="5")
    theirs = manifest(a="1", b="other", c2="3", d="4", f="6")
    assert matched(ours, theirs) == [
        ("only here", "e", ""),
        ("only there", "", "f"),
        ("other id", "c", "c2"),
        ("other pixels", "b", "b"),
        ("same", "a", "a"),
        ("same", "d", "d"),
    ]


def test_slices_that_are_numbered_differently_are_the_same_images():
    ours = manifest(z0="1", z1="2", z2="3")
    theirs = manifest(z1="1", z2="2", z3="3")
    assert matched(ours, theirs) == [("other id", "z0", "z1"), ("other id", "z1", "z2"), ("other id", "z2", "z3")]


def test_equal_pixels_that_occur_twice_are_paired_one_to_one():
    ours = manifest(a="1", b="1", c="1")
    assert matched(ours, manifest(a="1", x="1")) == [
        ("only here", "c", ""),
        ("other id", "b", "x"),
        ("same", "a", "a"),
    ]


def test_failed_cases_are_no_images():
    assert matched(manifest(a="1", b=None), manifest(a="1", b="2", c=None)) == [
        ("only there", "", "b"),
        ("same", "a", "a"),
    ]


def test_datasets_are_told_apart():
    ours = pd.concat([manifest("d", a="1"), manifest("not theirs", a="1")])
    theirs = pd.concat([manifest("d", a="1"), manifest("not ours", a="1")])
    frame = compare(ours, theirs)
    assert frame[["dataset", "status", "their_image_id"]].to_numpy().tolist() == [
        ["d", "same", "a"],
        ["not ours", "dataset not in this run", "a"],
    ]


def test_verdict_counts_and_names_the_first_differences(tmp_path):
    many = {f"z{index}": f"here {index}" for index in range(8)}
    ours, theirs, table = (tmp_path / name for name in ("ours.csv", "theirs.csv", "comparison.csv"))
    manifest(a="1", c="3", **many).to_csv(ours, index=False)
    manifest(a="1", c2="3").to_csv(theirs, index=False)
    compare_files([ours], theirs, table)
    agree, text = verdict(table)
    assert not agree
    assert [line.split() for line in text.splitlines()[:2]] == [
        ["dataset", "same", "other", "id", "only", "here"],
        ["d", "1", "1", "8"],
    ]
    assert text.splitlines()[2:] == [
        "d, only here: z0, z1, z2, z3, z4 and 3 more",
        "d, other id: c (theirs c2)",
    ]
    compare_files([ours], ours, table)
    agree, text = verdict(table)
    assert agree
    assert text.split() == ["dataset", "same", "d", "10"]


def test_dataset_that_was_not_run_is_no_agreement(tmp_path):
    manifest(a="1").to_csv(tmp_path / "theirs.csv", index=False)
    compare_files([], tmp_path / "theirs.csv", tmp_path / "table.csv")
    agree, text = verdict(tmp_path / "table.csv")
    assert not agree
    assert text.splitlines()[2:] == [
        "d, dataset not in this run: a",
        "Datasets that are not in this run are compared when run.datasets names them.",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is not a file. Give the path"),
        (b"", "is not a manifest: it is empty, or no table of values"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "is not a manifest: it is empty, or no table of values"),
        (b"dataset,image_id,sha256\n", "names no image"),
        (b"dataset,image\nd,a\n", "lacks the columns image_id, sha256"),
        (b"dataset,image_id,sha256\nd,a,12ab\n", "the sha256 of d, a is no SHA-256 checksum"),
        (b"dataset,image_id,sha256\nd,a,\nd,a,\n", "names the image a of d twice"),
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, content, message):
    path = tmp_path / "theirs.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PromptsegError, match=message):
        read_manifest(path)
