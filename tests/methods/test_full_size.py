"""The largest network of each method, built and run once with generated weights; slow, with up to 662 M parameters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import promptseg

RUN = """
import resource, sys
from pathlib import Path
import numpy as np
import torch
from safetensors.torch import save_file
from segment_anything import sam_model_registry
from promptseg.methods.devices import keep_freed_memory
from promptseg.methods import Prompt, Query, Settings, adapter_class
from promptseg.methods.networks import focalclick, hrnet, simpleclick
from promptseg.parity.generated_weights import rule_state

adapter, variant, path = sys.argv[1:]
keep_freed_memory()
builders = {
    "Sam": lambda: sam_model_registry[variant](),
    "Ritm": lambda: hrnet.RitmNet.from_variant(variant),
    "SimpleClick": lambda: simpleclick.SimpleClickNet.from_variant(variant),
    "FocalClick": lambda: focalclick.FocalClickNet.from_variant(variant),
}
with torch.device("meta"):
    network = builders[adapter.split(":")[1]]()
save_file(rule_state(network), path)
method = adapter_class(adapter)(Settings(variant=variant, weights=Path(path)))
image = method.encode(np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8))
prompt = Prompt(np.array([(200, 150)], np.int32), np.array([1], np.int8))
(answer,) = method.predict([Query(image, prompt)])
assert answer.masks.shape == (method.candidates, 300, 400), answer.masks.shape
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("adapter", "variant"),
    [
        ("promptseg.methods.sam:Sam", "vit_h"),
        ("promptseg.methods.ritm:Ritm", "hrnet32"),
        ("promptseg.methods.simpleclick:SimpleClick", "vit_huge"),
        ("promptseg.methods.focalclick:FocalClick", "segformerB3_S2"),
        ("promptseg.methods.focalclick:FocalClick", "hrnet32_S2"),
    ],
)
def test_the_full_size_network_runs_in_16_gib(adapter, variant, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(Path(promptseg.__file__).parents[1])}
    command = [sys.executable, "-c", RUN, adapter, variant, str(tmp_path / "weights.safetensors")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 16
