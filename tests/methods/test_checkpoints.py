"""Weights are loaded strictly, and refused when they hold code."""

import io
import json
import os
import pickle
import random
import subprocess
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from promptseg.core.errors import PromptsegError
from promptseg.methods.checkpoints import load_checkpoint, load_state_dict, load_strictly

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


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


class Calls:
    """Pickled as a call of a function."""

    def __init__(self, function: Any, *arguments: Any):
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


LOSS = "isegm.model.modeling.transformer_helper.cross_entropy_loss"


@pytest.fixture
def foreign() -> Iterator[types.ModuleType]:
    """The module of SimpleClick's training code that its checkpoints name, while a file is made."""
    names = [LOSS.rsplit(".", back)[0] for back in range(LOSS.count("."), -1, -1)]
    modules = {name: types.ModuleType(name) for name in names}
    source = """
class CrossEntropyLoss:
    def __init__(self, **state):
        self.__dict__.update(state)

class Evil:
    pass

def cross_entropy():
    pass
"""
    exec(source, modules[LOSS].__dict__)
    sys.modules.update(modules)
    try:
        yield modules[LOSS]
    finally:
        for name in names:
            del sys.modules[name]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_code_is_refused(zipped: bool, suffix: str, tmp_path: Path) -> None:
    path, marker = tmp_path / f"w.{suffix}", tmp_path / "code-was-run"
    content = {"state_dict": TENSORS, "config": Calls(Path.touch, marker)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(PromptsegError, match=r"would run code|cannot be read as weights") as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)
    assert not marker.exists()
    if suffix == "pth":  # the file does what the test thinks it does
        torch.load(path, weights_only=False)
        assert marker.exists()


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("place", ["config", "state_dict", "all"])
@pytest.mark.parametrize(
    "name", ["os.system", "builtins.eval", "torch.load", "bytes", "subprocess.Popen", "loss", "isegm.evil"]
)
def test_refused_names_are_told_and_nothing_runs(
    name: str, place: str, zipped: bool, protocol: int, foreign: types.ModuleType, tmp_path: Path
) -> None:
    marker, inner = tmp_path / "code-was-run", tmp_path / "inner.pth"
    torch.save(Calls(os.system, f"touch {marker}"), inner)
    evil, expected = {
        "os.system": (Calls(os.system, f"touch {marker}"), r"posix\.system"),
        "builtins.eval": (Calls(eval, f"open({str(marker)!r}, 'w')"), r"builtins\.eval"),
        "torch.load": (Calls(torch.load, str(inner), None, None), r"torch\.serialization\.load"),
        "bytes": (
            Calls(torch.storage._load_from_bytes, inner.read_bytes()),  # type: ignore[attr-defined]
            r"torch\.storage\._load_from_bytes",
        ),
        "subprocess.Popen": (Calls(subprocess.Popen, ["touch", str(marker)]), r"(subprocess|commands)\.Popen"),
        "loss": (foreign.Evil(), rf"{LOSS}\.Evil"),
        "isegm.evil": (Calls(sys.modules["isegm.model"].__dict__.setdefault("evil", evil_of("isegm.model"))), "evil"),
    }[name]
    content: Any = {
        "config": {"state_dict": TENSORS, "config": {"loss": [foreign.CrossEntropyLoss(), evil]}},
        "state_dict": {"state_dict": {"a.weight": evil}},
        "all": evil,
    }[place]
    torch.save(content, tmp_path / "w.pth", pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    told = rf"names .*{expected}" if protocol == 2 else "is damaged, or"  # PyTorch reads and writes protocol 2 only
    with pytest.raises(PromptsegError, match=rf"w.pth is refused: it {told}") as caught:
        load_checkpoint(tmp_path / "w.pth")
    assert "would run code" in str(caught.value)
    assert not marker.exists()


def evil_of(module: str) -> Any:
    """A function that a pickle knows under a name of the training code that no checkpoint uses."""
    namespace: dict[str, Any] = {"__name__": module}
    exec("def evil():\n    pass\n", namespace)
    return namespace["evil"]


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", range(6))
def test_bare_pickle_is_refused(protocol: int, tmp_path: Path) -> None:
    marker = tmp_path / "code-was-run"
    (tmp_path / "w.pth").write_bytes(pickle.dumps(Calls(os.system, f"touch {marker}"), protocol=protocol))
    with pytest.raises(PromptsegError, match=r"is refused: it .*would run code"):
        load_checkpoint(tmp_path / "w.pth")
    assert not marker.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_loss_object_beside_the_weights(zipped: bool, foreign: types.ModuleType, tmp_path: Path) -> None:
    """As SimpleClick and CFR-ICL store it, with state of every kind and as an argument of a call."""
    loss = foreign.CrossEntropyLoss(
        cls_criterion=foreign.cross_entropy,
        class_weight=torch.ones(2),
        _modules=OrderedDict(inner=foreign.CrossEntropyLoss(weight={"a": [1.0, None]})),
        _non_persistent_buffers_set={1, "a"},
        __setstate__=foreign.cross_entropy,
    )
    params = {"head": {"value": {"loss_decode": loss, "channels": 256, "size": (448, 448)}}}
    config = {"class": "isegm.model.x.Net", "params": params, "called": Calls(foreign.CrossEntropyLoss, 1, loss)}
    torch.save({"state_dict": TENSORS, "config": config}, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    checkpoint = load_checkpoint(tmp_path / "w.pth")
    assert equal(checkpoint.state_dict)
    assert checkpoint.config is not None
    assert checkpoint.config["class"] == "isegm.model.x.Net"
    value = checkpoint.config["params"]["head"]["value"]
    assert (value["channels"], value["size"]) == (256, (448, 448))
    assert not vars(value["loss_decode"])
    with pytest.raises(pickle.UnpicklingError):  # elsewhere in the program the names are not known
        torch.load(tmp_path / "w.pth", weights_only=True)


def shown(value: Any) -> Any:
    """A value of a configuration as JSON shows it."""
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return value if isinstance(value, str | int | float | None) else "an object"


SAMPLES = sorted((SHARED / "specs" / "checkpoints").glob("*.pth"))


@pytest.mark.parametrize("zipped", [True, False])
def test_optimizer_beside_the_weights(zipped: bool, tmp_path: Path) -> None:
    """SAM-Med2D's training code saves the object itself, with tensors as keys of a dictionary that has a default."""
    layer = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    content = {"model": layer.state_dict(), "optimizer": optimizer}
    torch.save(content, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    found = load_state_dict(tmp_path / "w.pth")
    assert list(found) == ["weight", "bias"]
    assert torch.equal(found["weight"], layer.weight)
    torch.save(content | {"optimizer": torch.optim.Adadelta(layer.parameters())}, tmp_path / "w.pth")
    with pytest.raises(PromptsegError, match=r"is refused: it names torch.optim.adadelta.Adadelta"):
        load_state_dict(tmp_path / "w.pth")


@pytest.mark.skipif(not SAMPLES, reason="the folder shared with checkpoints of the official format is absent")
def test_official_formats() -> None:
    assert len(SAMPLES) >= 8
    for path in SAMPLES:
        checkpoint = load_checkpoint(path)
        assert checkpoint.state_dict == load_state_dict(path) == {}
        described = json.loads(path.with_name(path.name.replace("_only.pth", ".json")).read_text())["config"]
        for parameter in described["params"].values():
            if isinstance(parameter["value"], dict) and "loss_decode" in parameter["value"]:
                parameter["value"]["loss_decode"] = "an object"
        assert shown(checkpoint.config) == described, path


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
    """Any byte may be wrong: the file loads or is refused with the one clear error."""
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
    with pytest.raises(PromptsegError, match="is a web page, not a file of weights"):
        load_checkpoint(tmp_path / "w.pth")


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


@pytest.mark.parametrize("value", [float("nan"), float("-inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    module = nn.Linear(3, 2)
    tensors = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    tensors["weight"][0, 0] = value
    with pytest.raises(PromptsegError, match=r"w\.pth holds NaN or infinite values, in weight: it is damaged"):
        load_strictly(module, tensors, tmp_path / "w.pth")
