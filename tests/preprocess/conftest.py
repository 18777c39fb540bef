"""A folder with two cases."""

from pathlib import Path

import pytest

from support.builds import GREY, MASK, write


@pytest.fixture
def raw(tmp_path) -> Path:
    """Two good cases; tests add a bad one."""
    for name in ("a", "b"):
        write(tmp_path / "raw" / "images" / f"{name}.png", GREY)
        write(tmp_path / "raw" / "masks" / f"{name}.png", MASK)
    return tmp_path / "raw"
