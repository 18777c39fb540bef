"""What is said of jobs of Slurm that ended badly."""

from types import SimpleNamespace

import pytest

from promptseg.planning.cluster.endings import explained, refused_for_good


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
    assert explained("SLURM sbatch vanished.", job) == "SLURM sbatch vanished."
    assert explained(None, job) == ""
    assert "(? MB)" in explained("SLURM status is: 'OUT_OF_MEMORY'.", job)


def refused(said):
    return (
        f"SLURM sbatch failed. The error message was '{said}'.\n    sbatch call:\n        sbatch -p cpu --wrap=\"x\"\n"
    )


FAILED = "\nsbatch: error: Batch job submission failed:"


@pytest.mark.parametrize(
    ("said", "key"),
    [
        (f"sbatch: error: invalid partition specified: x{FAILED} Invalid partition name specified", "partition"),
        (f"sbatch: error: CPU count per node can not be satisfied{FAILED} Requested node", "group_cpus"),
        (f"sbatch: error: Memory specification can not be satisfied{FAILED} Requested node", "max_memory_gb"),
        (f"{FAILED} Requested node configuration is not available", "gpu_model"),
        (f"{FAILED} Invalid account or account/partition combination specified", "account"),
        (f"{FAILED} Invalid qos specification", "qos"),
        (f"{FAILED} Invalid feature specification", "constraint"),
        ("sbatch: error: Invalid generic resource (gres) specification", "gpus"),
        (f"{FAILED} Requested time limit is invalid (missing or exceeds some limit)", "max_hours"),
        (f"{FAILED} Unable to contact slurm controller (connect failure)", None),
        (f"{FAILED} Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)", None),
    ],
)
def test_what_slurm_refuses_is_told_with_the_key_that_mends_it(said, key):
    text = explained(refused(said), SimpleNamespace(aux=None, job=None))
    first, last = text.split("\n")
    assert first.startswith("Slurm refused the job: ")
    assert "sbatch" not in first
    assert last == "    It was asked: sbatch -p cpu"
    assert (f"`{key}`" in first) == bool(key) == bool(refused_for_good(refused(said)))


def test_a_key_named_in_another_message_refuses_nothing():
    assert refused_for_good("SLURM status is: 'FAILED'. invalid partition specified") == ""
    assert refused_for_good(None) == ""
