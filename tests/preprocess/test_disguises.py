"""Files without the content of an image."""

import shutil

import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.volumes import read_volume
from support.dicoms import save_series
from support.volumes import save_png

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 12345\n"


@pytest.mark.parametrize(
    "name", ["a.png", "a.nii.gz", "a.nii", "a.nrrd", "a.tif", "a.mha", "a.mgz", "a.jpg", "a.dcm", "a"]
)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty file: {} has 0 bytes; fetch it again"),
        (LFS, "pointer file: {} is a pointer of Git LFS; fetch the content: `git lfs pull`"),
        (b"/annex/objects/MD5E-s12--abc.png\n", "pointer file: {} is a pointer of git-annex; fetch the content"),
        (b"../.git/annex/objects/Zx/k3/MD5E-s12--abc.png", "pointer file: {} is a pointer of git-annex; "),
        (b"\n<!DOCTYPE html>\n<title>Sign in</title>", "web page: {} holds HTML or XML; download the file itself"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "web page: {} holds HTML or XML; "),
    ],
)
def test_content_that_is_no_image(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PromptsegError) as caught:
        read_volume([tmp_path / name])
    assert str(caught.value).startswith(message.format(name))


def test_broken_link_and_nothing(tmp_path):
    (tmp_path / "a.png").symlink_to("../b/c.png")
    with pytest.raises(PromptsegError, match=r"^broken link: a\.png leads to \.\./b/c\.png, which is not there; "):
        read_volume([tmp_path / "a.png"])
    with pytest.raises(PromptsegError, match=r"^missing file: b\.png is not there; "):
        read_volume([tmp_path / "b.png"])
    (tmp_path / "e.png").mkdir()
    with pytest.raises(PromptsegError, match=r"^unreadable: e\.png cannot be opened; check its permissions, and that"):
        read_volume([tmp_path / "e.png"])
    (tmp_path / "c.png").symlink_to(save_png(tmp_path / "d.png", np.ones((2, 3), np.uint8)))
    assert read_volume([tmp_path / "c.png"]).shape == (3, 2, 1)


def test_one_of_a_series(tmp_path):
    paths = save_series(tmp_path / "s")
    paths[1].write_bytes(LFS)
    with pytest.raises(PromptsegError, match=rf"^pointer file: {paths[1].name} is a pointer of Git LFS"):
        read_volume(paths)
    paths[1].unlink()
    paths[1].symlink_to("nowhere")
    with pytest.raises(PromptsegError, match=rf"^broken link: {paths[1].name} leads to nowhere"):
        read_volume(paths)


def test_dicom_of_any_name(tmp_path):
    (path,) = save_series(tmp_path / "s")[:1]
    for name in ("a.img", "IM0001", "a.dcm", "a.ima"):
        shutil.copy(path, tmp_path / name)
        assert read_volume([tmp_path / name]).planar


def test_formats_by_name(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(
        PromptsegError, match=r"^unknown format: a\.txt is none of NIfTI, NRRD, MetaImage, MGH, Analyze"
    ):
        read_volume([tmp_path / "a.txt"])
    (tmp_path / "a.dcm").write_text("x")
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.dcm is not DICOM, as its name says; open it in another"):
        read_volume([tmp_path / "a.dcm"])
