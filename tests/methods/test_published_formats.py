"""Files of weights as the training codes of various authors write them."""

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from promptseg.core.errors import PromptsegError
from promptseg.methods.checkpoints import load_state_dict

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.tensor([1.0, 2.0])}
OPTIMIZER = {"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.ones(2, 3)}}, "param_groups": [{"lr": 1e-4}]}
MODULE = "mmengine.logging.history_buffer"


def history_buffer() -> Any:
    """A class as mmengine's, which stores functions of its own among its state."""
    modules = {name: types.ModuleType(name) for name in ("mmengine", "mmengine.logging", MODULE)}
    source = """
class HistoryBuffer:
    def minimum(self):
        pass

    def __init__(self, values):
        self._log_history = values
        self.statistics_methods = {"min": HistoryBuffer.minimum}
"""
    exec(source, modules[MODULE].__dict__)
    return modules


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "content",
    [
        {"model": TENSORS, "optimizer": OPTIMIZER, "epoch": 4},  # SAM-Med2D, SAM 2
        {"model_state": TENSORS, "optimizer_state": OPTIMIZER, "init": {"name": "x"}, "best_metric": 0.5},  # torch_em
        {
            "state_dict": TENSORS,
            "meta": {"epoch": 1, "cfg": "model = dict()"},
            "param_schedulers": [OPTIMIZER],
        },  # mmengine
    ],
)
def test_what_is_beside_the_weights_is_left_out(content: dict[str, Any], zipped: bool, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    found = load_state_dict(tmp_path / "w.pth")
    assert {name: value.tolist() for name, value in found.items()} == {
        "a.weight": [[0, 1, 2], [3, 4, 5]],
        "a.bias": [1, 2],
    }


@pytest.mark.parametrize("zipped", [True, False])
def test_a_history_of_the_training_is_inert(zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        modules = history_buffer()
        for name, module in modules.items():
            patch.setitem(sys.modules, name, module)
        buffer = modules[MODULE].HistoryBuffer(np.array([0.5, 0.25]))
        hub = {"log_scalars": {"train/loss": buffer}, "runtime_info": {"seed": np.int64(3), "iter": 30000}}
        content = {"state_dict": TENSORS, "message_hub": hub}
        torch.save(content, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    assert list(load_state_dict(tmp_path / "w.pth")) == ["a.weight", "a.bias"]


def test_getattr_gets_nothing_of_a_class_that_is_refused(tmp_path: Path) -> None:
    class Gets:
        def __reduce__(self) -> Any:
            return getattr, (Path, "touch")

    torch.save({"state_dict": TENSORS, "message_hub": Gets()}, tmp_path / "w.pth")
    with pytest.raises(PromptsegError, match=r"names pathlib.*Path"):
        load_state_dict(tmp_path / "w.pth")


def test_tensors_of_a_mapped_file_do_not_write_to_it(tmp_path: Path) -> None:
    torch.save(TENSORS, tmp_path / "w.pth")
    before = (tmp_path / "w.pth").read_bytes()
    load_state_dict(tmp_path / "w.pth")["a.bias"].add_(1)
    assert (tmp_path / "w.pth").read_bytes() == before
    assert load_state_dict(tmp_path / "w.pth")["a.bias"].tolist() == [1, 2]
