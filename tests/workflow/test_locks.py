"""Snakemake's lock after a run was killed: who releases it, and who must not."""

import platform
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest

from promptseg.config.schema import SCRIPTS
from promptseg.core.locks import living_processes, release_stale_lock
from support import projects

SNAKEFILE = f"""
import sys
sys.path.insert(0, {str(SCRIPTS)!r})
from promptseg.core.locks import release_at_start
from promptseg.core.starting import AtStart
logger.addHandler(AtStart(workflow, release_at_start))

rule write:
    output: "done.txt"
    shell: "touch {{output}}"
"""
# A run of this machine, or of another one in its place, that takes the lock and is killed.
KILLED = f"""
import os, sys
sys.path.insert(0, {str(SCRIPTS)!r})
from pathlib import Path
from promptseg.core.locks import release_stale_lock
release_stale_lock(Path(".snakemake"), *sys.argv[1:])
Path(".snakemake/locks").mkdir()
Path(".snakemake/locks/0.output.lock").write_text("done.txt\\n")
os._exit(9)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    return tmp_path


def kill_a_run(folder, *host):
    assert subprocess.run([sys.executable, "-c", KILLED, *host], cwd=folder, check=False).returncode == 9


def snakemake(folder, *arguments):
    return projects.snakemake(folder, "--cores", "1", *arguments)


def state(folder):
    """What Snakemake's lock and ours hold."""
    files = [*folder.glob(".snakemake/locks/*"), *folder.glob(".snakemake/promptseg.*")]
    return {path.name: path.read_text() for path in files}


def test_the_next_run_goes_on(folder):
    kill_a_run(folder)
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout
    assert (folder / "done.txt").is_file()
    assert state(folder) == {f"promptseg.{platform.node()}.lock": ""}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--dry-run"],
        ["--lint"],
        ["--summary"],
        ["--mode", "subprocess", "done.txt"],
        ["--mode", "remote", "done.txt"],
    ],
)
def test_what_runs_no_jobs_of_its_own_leaves_locks_alone(folder, arguments):
    kill_a_run(folder)
    before = state(folder)
    assert len(before) == 2
    snakemake(folder, *arguments)
    assert state(folder) == before


def test_unlock_is_left_to_snakemake(folder):
    kill_a_run(folder)
    before = state(folder)
    assert snakemake(folder, "--unlock").returncode == 0
    del before["0.output.lock"]
    assert state(folder) == before
    assert snakemake(folder).returncode == 0


def test_a_run_of_another_machine_may_be_alive(folder):
    kill_a_run(folder, "elsewhere")
    before = state(folder)
    done = snakemake(folder)
    assert done.returncode != 0
    assert "locked" in done.stdout.lower()
    own = f"promptseg.{platform.node()}.lock"
    assert state(folder) == before | {own: ""}
    advice = done.stdout.strip().splitlines()[-1]
    assert re.search(
        r"look on elsewhere \(process \d+\)\. Where none is alive, call `snakemake --unlock` and delete", advice
    )
    snakemake(folder, "--unlock")
    (folder / ".snakemake" / "promptseg.elsewhere.lock").unlink()
    assert snakemake(folder).returncode == 0


def test_two_machines_with_killed_runs_need_a_person(folder, caplog):
    kill_a_run(folder, "here")
    (folder / ".snakemake" / "promptseg.elsewhere.lock").write_text("1\n")
    before = state(folder)
    assert not release_stale_lock(folder / ".snakemake", "here")
    assert state(folder) == before
    assert "call `snakemake --unlock` and delete" in caplog.text
    assert "promptseg.elsewhere.lock" in caplog.text


@contextmanager
def living_run(folder):
    """A run of this machine, until its stdin is closed."""
    alive = f"""
import sys; sys.path.insert(0, {str(SCRIPTS)!r})
from pathlib import Path
from promptseg.core.locks import release_stale_lock
release_stale_lock(Path(".snakemake")); print("alive", flush=True); sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", alive], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "alive\n"
        yield process
        process.stdin.close()


def test_a_living_run_of_this_machine_keeps_its_lock(folder):
    with living_run(folder) as process:
        kill_a_run(folder)
        done = snakemake(folder)
        assert f"Another run is at work in this project (process {process.pid})" in done.stdout
        assert done.returncode != 0
        assert "locked" in done.stdout.lower()
        end = f"do not unlock. Wait until process {process.pid} ends, then start this one again."
        assert done.stdout.strip().endswith(end)
        assert state(folder)["0.output.lock"] == "done.txt\n"


def test_a_run_that_was_killed_beside_one_that_ended_well(folder):
    """The last one to end must not wipe out the sign of the other, whose lock is still there."""
    with living_run(folder), living_run(folder):
        kill_a_run(folder)
    assert len(state(folder)) == 2
    done = snakemake(folder)
    assert done.returncode == 0, done.stdout
    assert state(folder) == {f"promptseg.{platform.node()}.lock": ""}


def test_runs_that_end_one_after_the_other_leave_nothing(folder):
    with living_run(folder):
        with living_run(folder):
            pass
        assert len(living_processes(folder / ".snakemake")) == 1
    assert state(folder) == {f"promptseg.{platform.node()}.lock": ""}


def test_a_lock_without_a_sign_of_a_killed_run_stays(tmp_path):
    (tmp_path / "locks").mkdir()
    assert not release_stale_lock(tmp_path)
    assert (tmp_path / "locks").is_dir()
