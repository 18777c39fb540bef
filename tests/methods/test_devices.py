"""Memory of the process that runs a network."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import promptseg

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
