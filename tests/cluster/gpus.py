"""On a machine with NVIDIA cards: `.venv/bin/python -m pytest -v -s tests/cluster/gpus.py`, some minutes.

Each job has one card, all cards are used, masks are those of the processor up to rounding, and what happens where the
memory of a card does not suffice. Without a card most of it is skipped. Its name keeps it out of `make test`.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from promptseg.config.schema import SCRIPTS
from promptseg.core import masks
from promptseg.core.cards import cards
from promptseg.core.tables import read_table
from promptseg.methods import Settings
from promptseg.methods.sam import Sam
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan
from promptseg.predict.tables import PREDICTIONS
from support.objects import disk, image, targets
from support.projects import TINY, Project

CARDS = cards()
NETWORKS = ["sam_small", "ritm_small", "simpleclick_small", "focalclick_small"]
RUN = {**TINY, "run": {**TINY["run"], "methods": NETWORKS}}
SMALL = Path(__file__).resolve().parents[2] / "resources" / "quickstart" / "sam_small.safetensors"
on_card = pytest.mark.skipif(not (CARDS and torch.cuda.is_available()), reason="needs an NVIDIA card")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Predictions of the small networks, on the cards and on the processor."""
    found = {}
    for device in ("auto", "cpu"):
        project = Project.create(tmp_path_factory.mktemp(device) / "project")
        project.configure({**RUN, "device": device})
        done = project.snakemake("--cores", str(max(4, 2 * len(CARDS))), "--until", "predict")
        assert done.returncode == 0, done.stdout[-3000:]
        found[device] = project.path / "results"
    return found


def table(results: Path, method: str, dataset: str) -> pd.DataFrame:
    return read_table(results / "predictions" / method / f"{dataset}.parquet", PREDICTIONS)


@on_card
def test_every_job_has_one_card_and_all_are_used(runs):
    logs = [*(runs["auto"] / "logs" / "predict").rglob("*.log")]
    had = [re.search(r"This job has the GPU (\S+)$", log.read_text(), re.MULTILINE) for log in logs]
    assert len(had) == len(NETWORKS) * len(TINY["run"]["datasets"])
    assert all(had)
    used = {found[1] for found in had if found}
    print("cards:", CARDS, "used:", used)
    assert used <= set(CARDS)
    assert len(used) == min(len(CARDS), len(had))


@on_card
def test_masks_are_those_of_the_processor(runs):
    for method in NETWORKS:
        for dataset in TINY["run"]["datasets"]:
            fast, slow = (table(runs[device], method, dataset) for device in ("auto", "cpu"))
            assert len(fast) == len(slow)
            ious = [
                masks.iou(*map(masks.decode, pair)) for pair in zip(fast["rle"], slow["rle"], strict=True) if all(pair)
            ]
            print(f"{method} on {dataset}: mean IoU of {len(ious)} masks {np.mean(ious):.5f}, least {min(ious):.4f}")
            assert np.mean(ious) > 0.99


@on_card
def test_a_job_that_does_not_fit_says_what_to_change(tmp_path):
    project = Project.create(tmp_path / "project")
    project.configure({**RUN, "run": {**RUN["run"], "methods": ["sam_small"]}})
    done = project.snakemake("--cores", "2", "--until", "predict", "--set-resources", f"predict:gpu_mb={10**7}")
    assert done.returncode != 0
    said = [line for line in done.stdout.splitlines() if "sam_small needs about" in line]
    print(said[0])
    assert "Choose `precision: bf16`" in said[0]


@on_card
def test_batches_that_run_out_of_memory_are_halved(caplog):
    """The share of the card that this process may have is lowered to what it holds and half of what answers took."""
    labels = disk((200, 300)) + 2 * disk((200, 300), centre=(50, 50), radius=20)
    pictures = [(image(labels, f"p{n}"), targets(labels, [1, 2], name=f"p{n}")) for n in range(16)]
    method = Sam(Settings(variant="small", weights=SMALL, device="cuda"))

    def rows():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        held = torch.cuda.memory_reserved()
        found = [row for item in Runner(method, Plan(clicks=2)).run(pictures) for row in item.rows]
        return pd.DataFrame(found), held, torch.cuda.max_memory_reserved()

    whole, _, _ = rows()
    whole, held, most = rows()
    assert "ran out" not in caplog.text
    torch.cuda.set_per_process_memory_fraction((held + (most - held) / 2) / torch.cuda.mem_get_info()[1])
    try:
        halved, _, _ = rows()
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    print(caplog.messages)
    assert "ran out of the GPU's memory" in caplog.text
    assert set(halved["status"]) == {"ok"}
    ious = [masks.iou(*map(masks.decode, pair)) for pair in zip(whole["rle"], halved["rle"], strict=True)]
    assert min(ious) > 0.95


IMPORTS = """
import torch
def asked(*_, **__):
    raise SystemExit("CUDA was asked while modules were imported")
for name in ("is_available", "device_count", "init", "current_device", "get_device_name"):
    setattr(torch.cuda, name, asked)
import promptseg.predict.engine, promptseg.predict.method_run, promptseg.predict.precision
import promptseg.predict.probabilities, promptseg.training.loop, promptseg.volumes.routes.loading
import promptseg.methods.sam, promptseg.methods.sam2, promptseg.methods.hq_sam, promptseg.methods.ritm
"""


def test_imports_ask_cuda_nothing():
    """CUDA reads CUDA_VISIBLE_DEVICES once, so a job has to have its card before."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    subprocess.run([sys.executable, "-c", IMPORTS], env=environment, check=True)
