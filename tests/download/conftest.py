"""A server with two files, and a place for one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.served import DATA, WEIGHTS
from support.servers import Server, serve


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        running.files |= {"/data.bin": DATA, "/w.pth": WEIGHTS}
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "archives" / "data.bin"
