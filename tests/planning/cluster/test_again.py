"""Jobs that told their error are not tried again; those that were killed, or ran out of memory, are."""

from types import SimpleNamespace

import pytest

from promptseg.planning.cluster.again import give_up

FAILED = "SLURM-job '5' failed, SLURM status is: 'FAILED'."
TIMEOUT = "SLURM-job '5' failed, SLURM status is: 'TIMEOUT'."
AT = "2026-01-01 12:00:00,000"
TOLD = f"{AT} INFO score begins\n{AT} ERROR score: images.parquet has no column height\n"


@pytest.mark.parametrize(
    ("log", "message", "attempt"),
    [
        (TOLD, FAILED, 3),
        (TOLD, TIMEOUT, 1),
        (TOLD, None, 1),
        (f"{AT} INFO score begins\n", FAILED, 1),
        (f"{AT} ERROR score failed\nTraceback (most recent call last):\n", FAILED, 1),
        (f"{AT} ERROR score: There is not enough memory for this image.\n", FAILED, 1),
        (f"{AT} ERROR sam_small: one image could not be read\n", FAILED, 1),  # and the job went on
        (None, FAILED, 1),
    ],
)
def test_what_is_tried_again(tmp_path, log, message, attempt):
    path = tmp_path / "score.log"
    if log is not None:
        path.write_text(log)
    job = SimpleNamespace(is_group=lambda: False, log=[str(path)], rule=SimpleNamespace(name="score"), attempt=1)
    job.restart_times = 2
    give_up(job, message)
    assert job.attempt == attempt  # Snakemake tries again where `restart_times > attempt - 1`


def test_a_group_is_tried_again(tmp_path):
    job = SimpleNamespace(is_group=lambda: True, attempt=1)
    give_up(job, FAILED)
    assert job.attempt == 1


def test_what_slurm_refuses_is_not_tried_again():
    job = SimpleNamespace(is_group=lambda: True, attempt=1, restart_times=2)
    give_up(job, "SLURM sbatch failed. The error message was 'Invalid qos specification'.\n    sbatch call: sbatch\n")
    assert job.attempt == 3
