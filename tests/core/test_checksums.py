"""The form of checksums."""

import pytest

from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError


def test_checksum_from_mapping() -> None:
    md5, sha256 = "a" * 32, "B" * 64
    assert Checksum.from_mapping({"md5": md5, "sha256": sha256}) == Checksum("sha256", sha256)
    assert Checksum.from_mapping({"md5": md5}) == Checksum("md5", md5)
    assert Checksum.from_mapping({"url": "x", "sha256": None}) is None
    with pytest.raises(PromptsegError, match="no checksum"):
        Checksum.from_mapping({"md5": "12"})
    with pytest.raises(PromptsegError, match="no checksum"):
        Checksum("crc32", "00000000")
