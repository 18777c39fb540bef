"""How long a job waited in a queue, as Slurm says it."""

import math

import pytest

from promptseg.core.queue import queue_seconds

RUN = "0b8a1c2d-1111-4222-8333-0123456789ab"


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Make this process a job of Slurm: called with what `squeue` does, a line of a shell."""

    def job(does):
        program = tmp_path / "squeue"
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        monkeypatch.setenv("SLURM_JOB_ID", "62")
        monkeypatch.setenv("SLURM_JOB_NAME", "python")  # of the step
        queue_seconds.cache_clear()
        return queue_seconds()

    yield job
    queue_seconds.cache_clear()


ANSWER = '[ "$*$SLURM_TIME_FORMAT" = "--noheader --jobs 62 --format %V %S %j%s" ] && echo 1795994100 1795994190'


@pytest.mark.parametrize("name", [RUN, f"mine_{RUN}"])
def test_a_job_of_the_plugin_asks_slurm(slurm, name):
    assert slurm(f"{ANSWER} {name}") == 90


@pytest.mark.parametrize("name", ["bash", "my run", f"{RUN}-again"])
def test_a_run_inside_an_allocation_of_the_user_has_no_queue(slurm, name):
    assert slurm(f"{ANSWER} {name}") == 0


@pytest.mark.parametrize("does", ["exit 1", f"echo N/A N/A {RUN}", "true"])
def test_a_controller_that_does_not_answer_leaves_it_unknown(slurm, does):
    assert math.isnan(slurm(does))


def test_without_slurm_there_is_no_queue(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    queue_seconds.cache_clear()
    assert queue_seconds() == 0


def test_jobs_that_share_one_of_slurm_do_not_ask_each_for_itself(slurm, monkeypatch):
    monkeypatch.setenv("PROMPTSEG_WAITED", "12.5")
    assert slurm("exit 1") == 12.5
