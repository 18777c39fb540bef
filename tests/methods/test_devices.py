"""Memory of the process that runs a network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import promptseg
from promptseg.core.errors import PromptsegError
from promptseg.methods import Settings
from promptseg.methods.devices import gpu_memory_lacking, require_memory

ENV = os.environ | {"PYTHONPATH": str(Path(promptseg.__file__).parents[1])}

FAULTS = """
import resource, sys
import torch
from promptseg.methods.devices import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
for _ in range(10):
    torch.ones(2**24)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    torch.ones(2**24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc only")
def test_freed_memory_is_kept():
    """Pages that the system has to hand out for ten tensors of 64 MB, made and dropped one after the other."""
    faults = {}
    for way in ("drop", "keep"):
        command = [sys.executable, "-c", FAULTS, way]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENV)
        faults[way] = int(done.stdout)
    assert faults["keep"] < faults["drop"] / 10


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("CUDA error: device-side assert triggered"), False),
        (MemoryError(), False),
    ],
)
def test_which_errors_mean_that_a_card_is_too_small(error, expected):
    assert bool(gpu_memory_lacking(error)) is expected


@pytest.fixture
def card(monkeypatch):
    """A card of 4 GB of which 1 GB is free."""
    for name, value in {
        "is_available": True,
        "mem_get_info": (2**30, 2**32),
        "memory_reserved": 2**29,
        "get_device_name": "NVIDIA T400",
    }.items():
        monkeypatch.setattr(torch.cuda, name, lambda value=value: value)


def test_memory_of_a_card_is_looked_at_before_a_method_is_loaded(card, tmp_path):
    weights = tmp_path / "w.pth"
    weights.write_bytes(b"w" * 2**20)
    on_gpu = Settings(device="cuda", weights=weights)
    require_memory("ritm", on_gpu, 1500)
    require_memory("ritm", Settings(device="cpu", weights=weights), 3000)
    with pytest.raises(
        PromptsegError,
        match=r"^ritm needs about 1\.8 GB of a GPU's memory\. NVIDIA T400 has 4\.0 GB; this job holds 0\.5 GB, and "
        r"1\.0 GB are free\. Choose `precision: bf16` or a smaller .* `device: cpu` \(docs.*\), and run again\.$",
    ):
        require_memory("ritm", on_gpu, 2300)
    require_memory("ritm", Settings(device="cuda", weights=weights, precision="bf16"), 2300)  # 1 + 1799 / 2 MB
