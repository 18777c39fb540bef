"""Data files that belong to a header."""

import pytest

from promptseg.config.formats import companions


@pytest.mark.parametrize(
    ("name", "header", "expected"),
    [
        ("a.nhdr", "NRRD0004\n# note\ntype: short\ndata file: a.raw.gz\n", ["a.raw.gz"]),
        ("a.nhdr", "NRRD0004\ndatafile: ./part two.raw\n", ["part two.raw"]),
        ("a.nrrd", "NRRD0004\ndata file: a.raw\n\n", ["a.raw"]),
        ("a.nrrd", "NRRD0004\nencoding: raw\n\ndata file: b.raw\n", []),
        ("a.nhdr", "NRRD0004\nencoding: raw\ndata file: LIST 2\ns/1.raw\ns/2.raw\n", ["s/1.raw", "s/2.raw"]),
        ("a.nhdr", "NRRD0004\ndata file: s%02d.raw 9 11 1\n", ["s09.raw", "s10.raw", "s11.raw"]),
        ("a.nhdr", "NRRD0004\ndata file: s%d.raw 5 1 -2 2\n", ["s1.raw", "s3.raw", "s5.raw"]),
        ("a.nhdr", "NRRD0004\ndata file: s%s.raw 1 x 1\n", ["s%s.raw 1 x 1"]),
        ("A.MHD", "ObjectType = Image\nElementDataFile = a.zraw\n", ["a.zraw"]),
        ("a.mhd", "NDims = 2\nElementDataFile=LIST 2D\n1.raw\n2.raw\n", ["1.raw", "2.raw"]),
        ("a.mhd", "ElementDataFile = s%03d.raw 1 2 1\n", ["s001.raw", "s002.raw"]),
        ("a.mha", "NDims = 2\nElementDataFile = LOCAL\nElementDataFile = b.raw\n", []),
        ("a.nhdr", "", []),
        ("a.png", "data file: a.raw\n", []),
    ],
)
def test_headers_of_text(tmp_path, name, header, expected):
    path = tmp_path / name
    path.write_text(header)
    assert companions(path) == [tmp_path / file for file in expected]


def test_a_header_that_cannot_be_read(tmp_path):
    assert companions(tmp_path / "a.nhdr") == []
    (tmp_path / "b.mhd").write_bytes(b"\xff\x00" * 100_000)
    assert companions(tmp_path / "b.mhd") == []
    (tmp_path / "c.nhdr").write_text("NRRD0004\ndata file: s%d%d.raw 1 2 1\n")
    assert companions(tmp_path / "c.nhdr") == [tmp_path / "s%d%d.raw 1 2 1"]


def test_pairs(tmp_path):
    for name in ("a.hdr", "a.img", "a.mat", "b.HDR", "b.IMG", "c.hdr", "c.img.gz", "d.img"):
        (tmp_path / name).touch()
    assert companions(tmp_path / "a.hdr") == [tmp_path / "a.img", tmp_path / "a.mat"]
    assert companions(tmp_path / "a.img") == [tmp_path / "a.hdr", tmp_path / "a.mat"]
    assert companions(tmp_path / "b.HDR") == [tmp_path / "b.IMG"]
    assert companions(tmp_path / "c.hdr") == [tmp_path / "c.img.gz"]
    assert companions(tmp_path / "d.img") == []
