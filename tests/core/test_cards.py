"""Which cards there are, and who gets which: with lists as users, Slurm and NVIDIA's driver give them."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from functools import partial

import pytest
from yte import process_yaml

from promptseg.config.schema import SCRIPTS
from promptseg.core import cards
from promptseg.core.cards import VISIBLE, limit, listed, own_card, wanted
from support.nvidia import pretend

# As the driver prints them: whole cards, one divided into two parts, a card that was lost.
WHOLE = """GPU 0: NVIDIA RTX A6000 (UUID: GPU-5f1c6e5a-0000-4b1e-9f7a-000000000000)
GPU 1: NVIDIA T400 4GB (UUID: GPU-5f1c6e5a-0000-4b1e-9f7a-111111111111)
"""
DIVIDED = """GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa)
  MIG 3g.20gb     Device  0: (UUID: MIG-bbbb)
  MIG 2g.10gb     Device  1: (UUID: MIG-GPU-aaaa/1/0)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-cccc)
Unable to determine the device handle for GPU0000:C1:00.0: GPU is lost.  Reboot the system to recover this GPU
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return partial(pretend, monkeypatch, tmp_path / "nvidia")


@pytest.mark.parametrize(
    ("visible", "names"),
    [
        ("0,1", ["0", "1"]),
        ("2", ["2"]),
        (" 1 , 0", ["1", "0"]),
        ("GPU-5f1c,MIG-GPU-aaaa/1/0", ["GPU-5f1c", "MIG-GPU-aaaa/1/0"]),
        ("", []),
        ("-1", []),
        ("NoDevFiles", []),
        ("0,-1,1", ["0"]),  # CUDA stops at what is no card
        ("1,1", ["1"]),
    ],
)
def test_what_the_environment_says_counts(visible, names):
    assert cards.cards({VISIBLE: visible, "SLURM_JOB_ID": "7"}) == names


def test_cards_that_the_driver_lists(machine):
    assert listed(WHOLE) == (
        "GPU-5f1c6e5a-0000-4b1e-9f7a-000000000000",
        "GPU-5f1c6e5a-0000-4b1e-9f7a-111111111111",
    )
    assert listed(DIVIDED) == ("MIG-bbbb", "MIG-GPU-aaaa/1/0", "GPU-cccc")
    machine(WHOLE)
    assert cards.cards() == list(listed(WHOLE))
    assert limit(["snakemake", "--cores", "8"]) == 2
    assert limit(["snakemake", "--mode", "subprocess"]) == 1
    assert cards.cards({"SLURM_JOB_ID": "7"}) == []  # the job was given none


@pytest.mark.parametrize(
    ("said", "code"),
    [("No devices found.\n", 0), ("Failed to initialize NVML: Driver/library version mismatch\n", 18)],
)
def test_a_driver_without_cards(machine, said, code):
    machine(said, code=code)
    assert cards.cards() == []
    assert [wanted(device) for device in ("cpu", "auto", "cuda")] == [False, False, True]
    assert limit() == 1  # for `device: cuda`, whose jobs say what is wrong


def test_a_driver_that_does_not_answer(machine, tmp_path, monkeypatch):
    machine(WHOLE)
    (tmp_path / "nvidia" / "bin" / "nvidia-smi").write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(cards, "_SECONDS", 0.1)
    assert cards.cards() == []


def test_cards_are_spread_and_freed(tmp_path, monkeypatch):
    monkeypatch.setenv(VISIBLE, "0,1")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    with own_card(True, tmp_path):
        assert os.environ[VISIBLE] == "0"
        monkeypatch.setenv(VISIBLE, "0,1")
        second = ExitStack()
        second.enter_context(own_card(True, tmp_path))
        assert os.environ[VISIBLE] == "1"
        monkeypatch.setenv(VISIBLE, "0,1")
        with own_card(True, tmp_path):  # more jobs than cards: two on the first
            assert os.environ[VISIBLE] == "0"
        assert os.environ[VISIBLE] == "0,1"
        second.close()
        monkeypatch.setenv(VISIBLE, "0,1")
        with own_card(True, tmp_path):
            assert os.environ[VISIBLE] == "1"
        # Another job of Slurm counts its own cards from 0.
        monkeypatch.setenv("SLURM_JOB_ID", "8")
        with own_card(True, tmp_path):
            assert os.environ[VISIBLE] == "0"


def test_a_job_without_a_gpu_sees_none(tmp_path, monkeypatch):
    monkeypatch.setenv(VISIBLE, "0,1")
    with own_card(False, tmp_path):
        assert os.environ[VISIBLE] == ""
    assert os.environ[VISIBLE] == "0,1"
    monkeypatch.delenv(VISIBLE)
    with own_card(False, tmp_path):
        assert os.environ[VISIBLE] == ""
    assert VISIBLE not in os.environ
    assert not list(tmp_path.iterdir())


def test_what_no_tool_finds_is_left_to_pytorch(tmp_path, monkeypatch):
    """`device: cuda` where nothing lists the card: nothing is hidden."""
    monkeypatch.delenv(VISIBLE, raising=False)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    with own_card(True, tmp_path):
        assert VISIBLE not in os.environ


def test_the_card_with_most_free_memory_comes_first(machine, tmp_path):
    """A small card for the screen, and one that somebody else uses."""
    names = [f"GPU-{letter}" for letter in "abc"]
    free = [f"{name}, {number}, {mb}" for number, (name, mb) in enumerate(zip(names, (3600, 700, 47000), strict=True))]
    text = "".join(f"GPU {number}: NVIDIA (UUID: {name})\n" for number, name in enumerate(names))
    machine(text, queried="\n".join([*free, "GPU-d, 3, [N/A]"]))
    with own_card(True, tmp_path):
        assert os.environ.pop(VISIBLE) == "GPU-c"
        with own_card(True, tmp_path):
            assert os.environ[VISIBLE] == "GPU-a"


HOLD = """
import os, sys
from pathlib import Path
from promptseg.core.cards import own_card
with own_card(True, Path(sys.argv[1])):
    print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
    sys.stdin.read()
"""


def test_a_killed_job_frees_its_card(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), VISIBLE: "0,1"}
    command = [sys.executable, "-c", HOLD, str(tmp_path)]

    def job():
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = subprocess.Popen(command, env=environment, text=True, **pipes)
        return process, process.stdout.readline().strip()

    (first, one), (second, two) = job(), job()
    assert [one, two] == ["0", "1"]
    first.send_signal(signal.SIGKILL)
    first.wait()
    third, again = job()
    assert again == "0"
    for process in (first, second, third):
        process.stdin.close()
        process.wait()
        process.stdout.close()


def test_where_nothing_can_be_locked_the_first_card_is_taken(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv(VISIBLE, "1,0")
    (tmp_path / "file").touch()
    with own_card(True, tmp_path / "file" / "cards"):
        assert os.environ[VISIBLE] == "1"
    assert "Jobs cannot share out 2 GPUs, this one takes the first: [Errno" in caplog.text


def test_the_profile_hands_out_as_many_gpus_as_there_are_cards(monkeypatch):
    root = SCRIPTS.parents[1]
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "argv", ["snakemake", "--cores", "8"])
    for visible, expected in (("0,1,2", 3), ("", 1)):
        monkeypatch.setenv(VISIBLE, visible)
        profile = process_yaml((root / "profiles" / "default" / "profile.yaml").read_text())
        assert profile["resources"] == {"gpu": expected}
