"""What is said of jobs of Slurm that ended badly."""

from types import SimpleNamespace

import pytest

from promptseg.planning.cluster.endings import explained


@pytest.mark.parametrize(
    ("state", "log", "expected"),
    [
        ("OUT_OF_MEMORY", "", "It ran out of memory (800 MB); tried again it asks for more. SLURM"),
        ("FAILED", "slurmstepd: error: Exceeded job memory limit", "It ran out of memory (800 MB); tried again"),
        ("FAILED", "died with <Signals.SIGKILL: 9>", "It was killed, often for lack of memory. SLURM"),
        ("FAILED", "ValueError: 7", "SLURM status"),
        ("TIMEOUT", "Killed", "It ran out of time (5 minutes); tried again it asks for more. SLURM"),
        ("CANCELLED", "", "It was cancelled, by a person or by the cluster. SLURM"),
    ],
)
def test_states_in_words(tmp_path, state, log, expected):
    path = tmp_path / "1.log"
    path.write_text("x" * 50_000 + log)
    resources = {"mem_mb": 800, "runtime": 5}
    job = SimpleNamespace(aux={"slurm_logfile": path}, job=SimpleNamespace(resources=resources))
    assert explained(f"SLURM status is: '{state}'.", job).startswith(expected)


def test_without_a_log_or_a_state():
    job = SimpleNamespace(aux=None, job=SimpleNamespace(resources={}))
    assert explained("SLURM sbatch failed.", job) == "SLURM sbatch failed."
    assert explained(None, job) == ""
    assert "(? MB)" in explained("SLURM status is: 'OUT_OF_MEMORY'.", job)
