"""What is there, and what is missing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.download.clients.fill import client_of, fill_drop_folder
from support.packed import contents, zip_bytes
from support.sources import client_source


@pytest.mark.parametrize(
    ("kind", "more", "package", "token"),
    [
        ("kaggle", {"dataset": "a/b"}, "kaggle", "~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and KAGGLE_KEY"),
        ("synapse", {"id": "syn1"}, "synapseclient", "set SYNAPSE_AUTH_TOKEN or put it into ~/.synapseConfig"),
        ("tcia", {"collection": "C"}, "tcia-utils", None),
        ("gdrive", {"id": "1Ab"}, "gdown", None),
    ],
)
def test_errors_say_what_to_do(
    kind: str,
    more: dict[str, Any],
    package: str,
    token: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stand_in: Callable[[str, str], None],
) -> None:
    entry, folder = client_source(kind, "*.nii", "*/labels/*", **more), tmp_path / "raw" / "spine"
    client = client_of(entry)
    assert client.package == package
    stand_in(str(client.module), "")
    if token:
        with pytest.raises(PromptsegError) as caught:
            fill_drop_folder("spine", [entry], ["*"], folder)
        for part in ("spine could not be fetched: there is no token", token, str(folder), "*.nii, */labels/*", "Ask."):
            assert part in str(caught.value)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PromptsegError, match=rf"{package} is not installed \(`pip install {package}`\)"):
        fill_drop_folder("spine", [entry], ["*"], folder)
    assert not folder.exists()
    folder.mkdir(parents=True)
    (folder / "by hand.zip").write_bytes(zip_bytes({"a.nii": b"", "x/labels/1": b""}))
    fill_drop_folder("spine", [entry], ["*"], folder)
    assert list(contents(folder)) == ["by hand.zip"]
