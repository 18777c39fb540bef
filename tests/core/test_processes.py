"""Processes that are ended from outside, by real signals to real processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from promptseg.config.schema import SCRIPTS
from promptseg.core.processes import is_alive

JOB = """
import os, sys, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from promptseg.core.files import atomic
from promptseg.core.jobs import job
from promptseg.core.prefetch import prefetched
from promptseg.core.processes import end_with_parent

def work(path):
    path.write_text(str(os.getpid()))
    time.sleep(60)

with job(SimpleNamespace(rule="predict", log=["logs/predict.log"], resources={})), atomic("out.txt") as temporary:
    items = prefetched(range(10))
    next(items)
    with ProcessPoolExecutor(1, initializer=end_with_parent) as pool:
        temporary.write_text("half")
        pool.submit(work, Path("worker.txt")).result()
"""


def started(folder, prefix=()):
    """A job that writes a file, with a worker; the number of the worker's process."""
    (folder / "logs").mkdir()
    (folder / "job.py").write_text(textwrap.dedent(JOB))
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    process = subprocess.Popen([*prefix, sys.executable, "job.py"], cwd=folder, env=environment, stderr=subprocess.PIPE)
    worker = folder / "worker.txt"
    until(lambda: worker.exists() and worker.read_text())
    assert list(folder.glob(".partial-*/out.txt"))
    return process, int(worker.read_text())


def until(there):
    deadline = time.monotonic() + 60
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_job_that_is_stopped_leaves_nothing(tmp_path, number):
    process, worker = started(tmp_path)
    process.send_signal(number)
    assert process.wait(30) == 128 + number
    said = process.stderr.read().decode()
    assert f"ERROR predict was stopped from outside ({signal.Signals(number).name}): by hand, at a time limit" in said
    assert "Traceback" not in said
    assert said.splitlines()[-1] == (tmp_path / "logs" / "predict.log").read_text().splitlines()[-1]
    assert not is_alive(worker)
    assert {path.name for path in tmp_path.iterdir()} == {"job.py", "logs", "worker.txt"}


def test_workers_end_with_a_job_that_is_killed(tmp_path):
    process, worker = started(tmp_path)
    process.kill()
    process.wait()
    until(lambda: not is_alive(worker))
    assert list(tmp_path.glob(".partial-*")), "SIGKILL leaves it, or this shows nothing"


@pytest.mark.parametrize("between", [[], ["bash", "-c", '"$@"; true', "bash"]], ids=["directly", "by a shell"])
def test_a_job_ends_with_the_process_that_started_it(tmp_path, between):
    """Some versions of bash become the command that they run last, others live on between the two."""
    process, worker = started(
        tmp_path, [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])", *between]
    )
    process.kill()
    process.wait()
    until(lambda: not is_alive(worker))
    until(lambda: "stopped from outside (SIGTERM)" in (tmp_path / "logs" / "predict.log").read_text())
    until(lambda: not list(tmp_path.glob(".partial-*")))


def test_a_hangup_that_is_ignored_stays_so(tmp_path):
    process, _ = started(tmp_path, ["nohup"])
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert process.poll() is None
    process.terminate()
    assert process.wait(30) == 128 + signal.SIGTERM


def test_a_process_that_ended_is_not_alive_before_somebody_waits_for_it():
    process = subprocess.Popen(["true"])
    until(lambda: not is_alive(process.pid))
    assert is_alive(os.getpid())
    process.wait()
