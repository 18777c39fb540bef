"""Weights: fetched, refused when they hold code, and loaded strictly."""

import hashlib
import io
import pickle
import random
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from servers import Server, serve
from torch import nn

from promptseg.checkpoints import fetch_weights, load_state_dict, load_strictly
from promptseg.errors import PromptsegError

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        running.files["/w.pth"] = CONTENT
        yield running


def test_fetch(server: Server, tmp_path: Path) -> None:
    checkpoint = {"url": server.url + "/w.pth", "sha256": SHA256, "bytes": 7, "licence": "MIT"}
    fetch_weights("m", checkpoint, tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == CONTENT


def test_fetch_error_names_the_method_and_the_way_out(server: Server, tmp_path: Path) -> None:
    checkpoint = {"url": server.url + "/gone.pth", "sha256": SHA256}
    with pytest.raises(
        PromptsegError, match=r"Weights of m: .*404.*`methods: \{m: \{checkpoint: \{path: \.\.\.\}\}\}`"
    ):
        fetch_weights("m", checkpoint, tmp_path / "gone.pth")


TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.tensor([1.0, 2.0])}


def equal(found: dict[str, torch.Tensor]) -> bool:
    return list(found) == list(TENSORS) and all(torch.equal(found[key], TENSORS[key]) for key in TENSORS)


@pytest.mark.parametrize("key", [None, "state_dict", "model_state_dict", "model"])
@pytest.mark.parametrize("new_format", [True, False])
def test_load_pytorch(key: str | None, new_format: bool, tmp_path: Path) -> None:
    content: Any = {key: TENSORS, "epoch": 3, "config": {"width": [1]}} if key else TENSORS
    torch.save(content, tmp_path / "w.pth", _use_new_zipfile_serialization=new_format)
    assert equal(load_state_dict(tmp_path / "w.pth"))


def test_load_safetensors(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "w.safetensors")
    found = load_state_dict(tmp_path / "w.safetensors")
    assert {key: value.tolist() for key, value in found.items()} == {key: v.tolist() for key, v in TENSORS.items()}


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, {"state_dict": {"a": "text"}}, torch.zeros(2)])
def test_file_without_tensors_by_name(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(PromptsegError, match="holds no tensors by name"):
        load_state_dict(tmp_path / "w.pth")


class Malicious:
    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("new_format", [True, False])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_code_is_refused(new_format: bool, suffix: str, tmp_path: Path) -> None:
    path, marker = tmp_path / f"w.{suffix}", tmp_path / "code-was-run"
    content = {"state_dict": TENSORS, "config": Malicious(marker)}
    torch.save(content, path, _use_new_zipfile_serialization=new_format)
    with pytest.raises(PromptsegError, match=r"would run code|cannot be read as weights") as caught:
        load_state_dict(path)
    assert str(path) in str(caught.value)
    assert not marker.exists()
    if suffix == "pth":  # the file does what the test thinks it does
        torch.load(path, weights_only=False)
        assert marker.exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_bare_pickle_is_refused(tmp_path: Path) -> None:
    marker = tmp_path / "code-was-run"
    (tmp_path / "w.pth").write_bytes(pickle.dumps(Malicious(marker)))
    with pytest.raises(PromptsegError, match="would run code"):
        load_state_dict(tmp_path / "w.pth")
    assert not marker.exists()


@pytest.fixture
def foreign_module() -> Iterator[types.ModuleType]:
    """A module of the training code of SimpleClick, as far as checkpoints name it, while a file is made."""
    modules = {name: types.ModuleType(name) for name in ("isegm", "isegm.model", "isegm.model.loss")}
    sys.modules.update(modules)
    try:
        yield modules["isegm.model.loss"]
    finally:
        for name in modules:
            del sys.modules[name]


def test_loss_object_beside_the_weights(foreign_module: types.ModuleType, tmp_path: Path) -> None:
    source = "class Loss:\n    def __init__(self):\n        self.weight = 1.0\n\ndef cross_entropy():\n    pass\n"
    exec(source, foreign_module.__dict__)
    foreign_module.Loss.__module__ = foreign_module.cross_entropy.__module__ = foreign_module.__name__
    loss = foreign_module.Loss()
    loss.function = foreign_module.cross_entropy
    torch.save({"state_dict": TENSORS, "config": {"loss": loss}}, tmp_path / "w.pth")
    torch.save({"state_dict": TENSORS, "config": [loss, Malicious(tmp_path / "run")]}, tmp_path / "evil.pth")
    assert equal(load_state_dict(tmp_path / "w.pth"))
    with pytest.raises(PromptsegError, match="would run code"):
        load_state_dict(tmp_path / "evil.pth")
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(not SHARED.exists(), reason="the folder shared with checkpoints of the official format is absent")
@pytest.mark.parametrize("name", ["simpleclick_vit_huge", "ritm_hrnet32", "focalclick_segformerB3_S2"])
def test_official_formats(name: str) -> None:
    assert load_state_dict(SHARED / "specs" / "checkpoints" / f"{name}.config_only.pth") == {}


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9])
def test_truncated(part: float, suffix: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(TENSORS, buffer)
    if suffix == "safetensors":
        save_file(TENSORS, tmp_path / "whole.safetensors")
        buffer = io.BytesIO((tmp_path / "whole.safetensors").read_bytes())
    path = tmp_path / f"w.{suffix}"
    path.write_bytes(buffer.getvalue()[: int(part * len(buffer.getvalue()))])
    with pytest.raises(PromptsegError, match="damaged"):
        load_state_dict(path)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_damaged_anywhere(tmp_path: Path) -> None:
    """Whatever byte is wrong, the file loads or is refused with the one clear error."""
    buffer = io.BytesIO()
    torch.save({"state_dict": TENSORS, "config": {"width": [1, "a"]}}, buffer, _use_new_zipfile_serialization=False)
    path, chance, refused = tmp_path / "w.pth", random.Random(0), 0
    for _ in range(300):
        content = bytearray(buffer.getvalue())
        content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        try:
            load_state_dict(path)
        except PromptsegError:
            refused += 1
    assert refused > 50


def test_page_in_place_of_weights(tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_text("<!DOCTYPE html><html>Quota exceeded</html>")
    with pytest.raises(PromptsegError, match="damaged"):
        load_state_dict(tmp_path / "w.pth")


def test_load_strictly(tmp_path: Path) -> None:
    module = nn.Sequential()
    module.add_module("a", nn.Linear(3, 2))
    load_strictly(module, TENSORS, tmp_path / "w.pth")
    assert equal(module.state_dict())


def test_load_strictly_lists_what_does_not_fit(tmp_path: Path) -> None:
    module = nn.Sequential(*(nn.Linear(1, 1) for _ in range(4)))
    tensors = {"0.weight": torch.zeros(2, 3), "0.bias": torch.zeros(1), "x": torch.zeros(1)}
    with pytest.raises(PromptsegError) as caught:
        load_strictly(module, tensors, tmp_path / "w.pth")
    text = str(caught.value)
    assert "w.pth does not fit the network Sequential: " in text
    assert "6 missing: 1.weight, 1.bias, 2.weight, 2.bias, 3.weight, ...; " in text
    assert "1 unexpected: x; " in text
    assert "1 of another shape: 0.weight (2, 3) instead of (1, 1)." in text
    assert module.state_dict()["0.bias"].item() != 0  # nothing was loaded
