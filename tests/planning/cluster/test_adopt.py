"""Jobs of a killed run, against scripts in place of Slurm's programs."""

import logging
import os
import platform

import pytest

from promptseg.planning.cluster import adopt

HOST = platform.node()


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Programs that note how they are called; `squeue` says the next line of the file `jobs`, and fails at a `no`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    (tmp_path / ".snakemake").mkdir()
    (tmp_path / "bin").mkdir()
    take = 'line=$(head -n 1 jobs); sed -i 1d jobs; [ "$line" = no ] && exit 1; echo $line'
    for name, text in (("scancel", ""), ("squeue", take)):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> called\n{text}\n')
        program.chmod(0o755)

    def killed(*answers, host=HOST, process=1):
        adopt.FOLDER.mkdir(parents=True, exist_ok=True)
        (adopt.FOLDER / "abc").write_text(f"{host} {process}\n")
        (tmp_path / "jobs").write_text("\n".join(answers) + "\n")
        return tmp_path

    return killed


def wait(caplog):
    with caplog.at_level(logging.WARNING):
        adopt.wait_for_jobs(pause=0.01, silence=0.1)
    return caplog.text


def test_running_jobs_are_waited_for_and_waiting_ones_cancelled(slurm, caplog):
    folder = slurm("7 8", "no", "8", "")
    said = wait(caplog)
    assert "7, 8" in said
    assert "scancel --name=abc" in said
    assert "ended" in said
    assert (folder / "called").read_text().splitlines()[:2] == [
        "scancel --state=PENDING --name=abc",
        "squeue --noheader --format=%i --name=abc",
    ]
    assert not list(adopt.FOLDER.iterdir())


def test_a_run_without_jobs_is_forgotten_silently(slurm, caplog):
    slurm("")
    assert wait(caplog) == ""
    assert not list(adopt.FOLDER.iterdir())


def test_a_slurm_that_does_not_answer_is_said_and_asked_again_at_the_next_start(slurm, caplog):
    slurm(*["no"] * 100)
    assert "does not answer" in wait(caplog)
    assert [path.name for path in adopt.FOLDER.iterdir()] == ["abc"]


def test_jobs_of_living_runs_are_left_alone(slurm, caplog):
    folder = slurm("7", process=os.getppid())
    (folder / ".snakemake" / f"promptseg.{HOST}.lock").write_text(f"{os.getppid()}\n")
    assert wait(caplog) == ""
    slurm("7", host="other")
    (folder / ".snakemake" / "promptseg.other.lock").write_text("12\n")  # may be alive there
    assert wait(caplog) == ""
    assert not (folder / "called").exists()


def test_a_run_is_noted_with_host_and_process(slurm):
    slurm("")
    adopt.note("def")
    assert (adopt.FOLDER / "def").read_text().split() == [HOST, str(os.getpid())]
