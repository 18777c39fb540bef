"""A user without any token, a local server in the place of all archives, and modules that stand in for clients."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.servers import Server, serve


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without any token."""
    for name in list(os.environ):
        if name.startswith(("KAGGLE_", "SYNAPSE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serve() as running:
        monkeypatch.setenv("PROMPTSEG_ZENODO", running.url)
        monkeypatch.setenv("PROMPTSEG_DRIVE", running.url + "/drive")
        yield running


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Installs a module of a dotted name, with the given code, in place of whatever has that name."""
    kept = dict(sys.modules)

    def install(name: str, code: str) -> None:
        for module in list(sys.modules):
            if module.split(".")[0] == name.split(".")[0]:
                del sys.modules[module]
        parts = name.split(".")
        folder = tmp_path / "modules"
        for part in parts[:-1]:
            folder = folder / part
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").touch()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{parts[-1]}.py").write_text(code)
        monkeypatch.syspath_prepend(str(tmp_path / "modules"))

    yield install
    for module in set(sys.modules) - set(kept):
        if getattr(sys.modules[module], "__file__", None) and str(tmp_path) in str(sys.modules[module].__file__):
            del sys.modules[module]
    sys.modules.update(kept)
