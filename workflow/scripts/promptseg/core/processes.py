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
_SHELLS = {"bash", "sh", "dash", "ksh", "zsh"}


class Stopped(BaseException):
    """A signal asked this process to end."""

    def __init__(self, number: int) -> None:
        """The exit status to end with is that of shells: 128 and the number of the signal."""
        super().__init__(signal.Signals(number).name)
        self.status = 128 + number


@contextmanager
def stopped_tidily() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise `Stopped` in the main thread, so that `finally` blocks run; workers end at once.

    Cluster systems send SIGTERM some seconds before SIGKILL, at a time limit too; a terminal that closes sends SIGHUP.
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

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
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
    try:
        name, _, rest = Path(f"/proc/{parent}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:  # no /proc, or it has just ended
        return [parent]
    return [parent, int(rest.split()[1])] if name in _SHELLS else [parent]


def is_alive(process: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True
