"""Lets the scripts of jobs start as forks of one process that has imported what most of them need (`core/forks.py`)."""

import atexit
import itertools
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import snakemake
from snakemake.script import PythonScript
from snakemake.shell import STDOUT

from promptseg.core.forks import SIGNALS
from promptseg.core.processes import is_alive

logger = logging.getLogger("snakemake.logging")

TRIED = "9.27"  # this version of Snakemake, whose way to start a script is taken over here
SWITCH = "PROMPTSEG_FORK"  # in the environment: `no` lets every job start afresh, `always` none
_FRESH = 2  # scripts that start afresh before, unless `always`: for so few the other process does not pay
_NETWORKS = ("predict", "choose_precision")  # what the names of scripts begin with that run them
_PACKAGES = ("torch", "torchvision")  # which take seconds to import
_CODE = "from promptseg.core.forks import main; main({})"
# What Snakemake sets for a script, see `snakemake.shell`.
_THREADS = ("OMP_NUM", "GOTO_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM", "NUMEXPR_NUM")
_TEMPORARY = ("TMPDIR", "TMP", "TEMPDIR", "TEMP")
# For glibc: freed memory stays with a job, which soon asks for as much again; new memory costs a page fault per 4 kB.
# Networks go further (`methods.devices.keep_freed_memory`).
_KEEP = {"MALLOC_TRIM_THRESHOLD_": str(2**28), "MALLOC_MMAP_THRESHOLD_": str(2**25)}
_PATIENCE = 10  # seconds, for a process that has nothing to do any more


@cache
def install() -> None:
    """Let the scripts of this process of Snakemake be forks, where that is safe.

    That is on Linux (on macOS libraries do not survive a fork), in this Python (not that of conda, a container or
    environment modules), and while the process that forks lives; else they start as ever.
    """
    known, asked = snakemake.__version__.startswith(f"{TRIED}."), os.environ.get(SWITCH, "").lower()
    if sys.platform != "linux" or not known or asked == "no":
        return
    afresh, forks = PythonScript.execute_script, Forks(0 if asked == "always" else _FRESH)

    def execute_script(script: PythonScript, fname: str, edit: bool = False) -> None:
        status = forks.run(fname, environment(script)) if _is_plain(script) else None
        if status is None:
            afresh(script, fname, edit)
        elif status:
            raise subprocess.CalledProcessError(status, f"{sys.executable} {fname}")

    PythonScript.execute_script = execute_script  # type: ignore[method-assign]


def _is_plain(script: PythonScript) -> bool:
    special = (script.conda_env, script.container_img, script.env_modules, script.shadow_dir, script.bench_record)
    return all(one is None for one in special) and script.resources.get("shell_exec", None) is None


def environment(script: PythonScript) -> dict[str, str]:
    """The environment that Snakemake gives a script, by way of a shell."""
    more = {f"{name}_THREADS": str(script.threads) for name in _THREADS}
    if folder := script.resources.get("tmpdir", None):
        more |= dict.fromkeys(_TEMPORARY, folder)
    return os.environ | more | {"PWD": str(Path.cwd())}


class Forks:
    """The processes that fork, started when they are needed; threads may ask at a time.

    Scripts that run networks have one of their own, because PyTorch makes each fork of it 60 ms more expensive.
    """

    def __init__(self, fresh: int = 0) -> None:
        """`fresh` scripts are not run in a fork before a process is started."""
        self._asked, self._fresh = itertools.count(), fresh
        self._processes = {"networks": _Process(*_PACKAGES), "others": _Process()}

    def run(self, script: str, environment: Mapping[str, str]) -> int | None:
        """Run a script in a fork, and wait for it.

        Args:
            script: Snakemake's copy, `<random>.<name>.py`.

        Returns:
            Its exit status, negative if a signal ended it; None if it has to be started afresh.
        """
        if next(self._asked) < self._fresh:
            return None
        name = Path(script).name.partition(".")[2]
        return self._processes["networks" if name.startswith(_NETWORKS) else "others"].run(script, environment)


class _Process:
    """One process that forks."""

    def __init__(self, *packages: str) -> None:
        """`packages` are imported beside what all jobs need."""
        self._packages = packages
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._lost = False

    def run(self, script: str, environment: Mapping[str, str]) -> int | None:
        request = {"script": script, "folder": str(Path.cwd()), "environment": dict(environment)}
        process = status = ""
        with suppress(OSError), self._ask() as reply, reply.makefile("rw") as lines:
            lines.write(json.dumps(request) + "\n")
            lines.flush()
            process = lines.readline()
            status = lines.readline()
        if status:
            return int(status)
        self._give_up()
        while process and is_alive(int(process)):  # a job ends when the process that started it is gone
            time.sleep(0.1)
        return None

    def _ask(self) -> socket.socket:
        with self._lock:
            if self._lost:
                raise BrokenPipeError
            self._control = self._control or _started(self._packages)
            ours, theirs = socket.socketpair()
            with theirs:
                socket.send_fds(self._control, [b"j"], [theirs.fileno()])
            return ours

    def _give_up(self) -> None:
        with self._lock:
            told, self._lost = self._lost, True
        if not told:
            logger.warning("From here on each job starts afresh: the process that they were forks of does not answer.")


def _started(packages: Iterable[str]) -> socket.socket:
    """Start the process that forks; it ends when the other end of its socket, the one returned, is closed."""
    ours, theirs = socket.socketpair()
    single = {f"{name}_THREADS": "1" for name in _THREADS}  # no threads when libraries are loaded
    arguments = ", ".join(map(repr, (theirs.fileno(), *packages)))
    command = [sys.executable, "-c", _CODE.format(arguments)]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        with theirs:
            process = subprocess.Popen(
                command, stdout=STDOUT, pass_fds=[theirs.fileno()], env=os.environ | single | _KEEP
            )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    atexit.register(_end, ours, process)
    return ours


def _end(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    control.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
