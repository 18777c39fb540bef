"""Processes that end from outside: a job that is stopped tidies up, and one whose run died does not work on alone."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_WAIT = 1.0  # seconds between two looks at the parent
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
_SHELLS = {"bash", "sh", "dash", "ksh", "zsh"}


class Stopped(BaseException):
    """A signal asked this process to end."""

    def __init__(self, number: int) -> None:
        """The exit status to end with is that of shells: 128 and the number of the signal."""
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


@contextmanager
def stopped_tidily() -> Iterator[None]:
    """Let a signal to end raise `Stopped` in the main thread, so that `finally` blocks run; workers end at once.

    Cluster systems send SIGTERM some seconds before SIGKILL, at a time limit too; a terminal that closes sends SIGHUP,
    and at Ctrl-C it sends SIGINT to all processes of a run.
    """
    mine = os.getpid()

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        if os.getpid() != mine:  # a worker, forked with this handler
            os._exit(Stopped(number).status)
        for one in before:  # tidying up is not cut short
            signal.signal(one, signal.SIG_IGN)
        for child in multiprocessing.active_children():
            child.terminate()
        raise Stopped(number)

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    before = {number: handler for number, handler in before.items() if handler != signal.SIG_IGN}  # as of nohup
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_with_parent() -> None:
    """Send this process SIGTERM once the one that started it is gone, as after `kill -9`.

    What it would still make nobody waits for, and the next run makes it again.
    """
    threading.Thread(target=_watch, args=(_parents(),), daemon=True, name="end with parent").start()


def _watch(parents: list[int]) -> None:
    while _parents() == parents:
        time.sleep(_WAIT)
    os.kill(os.getpid(), signal.SIGTERM)


def _parents() -> list[int]:
    """The parent, and its own if it is the shell that some versions of bash put between Snakemake and a script."""
    parent = os.getppid()
    stat = _stat(parent)
    return [parent, int(stat[2])] if stat and stat[0] in _SHELLS else [parent]


def _stat(process: int) -> list[str] | None:
    """Name, state and parent of a process; None without /proc, or when it is gone."""
    try:
        name, _, rest = Path(f"/proc/{process}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return None
    return [name, *rest.split()[:2]]


def is_alive(process: int) -> bool:
    """Whether there is a process of this number on this machine, one that has ended but that nobody waited for apart.

    In a container the first process often waits for none of those that it inherits.
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        pass
    stat = _stat(process)
    return stat is None or stat[1] != "Z"
