"""Release Snakemake's lock where the run that took it died, so that a killed run is simply started again.

Snakemake locks the outputs of a run by files in `.snakemake/locks`, which a killed run leaves behind. Whether its run
is dead is known from a file of our own beside them, one per machine, `.snakemake/promptseg.<host>.lock`:

* Every run holds a shared `flock` on it, which the system drops with the process, however that ends. Whoever gets an
  exclusive one knows that no run of this machine is alive here.
* A run adds its process id to it, and at its end the same with a minus; the last one leaves only ids of runs that did
  not come to their end. Where it is not empty and not held, a run was killed.

A file system may keep a `flock` on the machine that asks for it. Hence the name of the host: while another machine's
file is not empty, a run there may be alive, and the decision is left to Snakemake and to `snakemake --unlock`.
"""

import atexit
import fcntl
import logging
import os
import platform
import shutil
import sys
import time
from pathlib import Path
from typing import IO

from promptseg.core.processes import is_alive

logger = logging.getLogger(__name__)


def release_at_start(dryrun: bool) -> None:
    """For `starting.AtStart`: a run releases a stale lock, a dry run does not."""
    if not dryrun:
        release_stale_lock(Path(".snakemake"))
        logging.getLogger("snakemake.logging").addHandler(_Refused())


class _Refused(logging.Handler):
    """Listens for Snakemake's refusal of its lock, and says last what to do while another run is alive."""

    def emit(self, record: logging.LogRecord) -> None:
        """The advice of Snakemake, `--unlock`, would let two runs write the same files."""
        if "Directory cannot be locked" not in record.getMessage():
            return
        others = living_processes(Path(".snakemake")) - {os.getpid()}
        elsewhere = _of_other_hosts(Path(".snakemake"), platform.node())
        if others:
            advice = (
                "Another run makes the same files, or one that was killed left its mark: do not unlock. Wait until "
                f"{_named(others)} ends, then start this one again."
            )
        elif elsewhere:
            hosts = ", ".join(f"{_host(path)} ({_named(_unended(path))})" for path in elsewhere)
            advice = (
                f"A run of another machine makes the same files, or was killed there: look on {hosts}. Where none is "
                f"alive, call `snakemake --unlock` and delete {', '.join(map(str, elsewhere))}, then start again."
            )
        else:
            return
        atexit.register(print, advice, file=sys.stderr)


def release_stale_lock(folder: Path, host: str | None = None) -> bool:
    """Remove `folder/locks` if a killed run of this machine left it, and mark this run as alive until it ends.

    Args:
        folder: Snakemake's own folder, `.snakemake`.
        host: name of this machine, the one that the system gives by default.

    Returns:
        Whether the locks were removed.
    """
    folder.mkdir(exist_ok=True)
    own = folder / f"promptseg.{host or platform.node()}.lock"
    stream = own.open("a+")
    try:
        alone = _alone(stream)
    except OSError as error:  # a file system without flock: nothing can be known of other runs
        logger.debug("%s cannot be locked: %s", own, error)
        return False
    if not alone:
        logger.warning(
            "Another run is at work in this project (%s). Where both make the same files, Snakemake stops this one: "
            "start it again when the other has ended. Runs whose `results` differ may go on side by side.",
            _named(living_processes(folder, host) - {os.getpid()}),
        )
    killed = alone and own.stat().st_size > 0
    others = _of_other_hosts(folder, _host(own))
    if killed and others:
        logger.warning(
            "A run was killed here, but a run of another machine may be alive, so Snakemake's lock stays. If none is, "
            "call `snakemake --unlock` and delete %s.",
            ", ".join(map(str, others)),
        )
        atexit.register(stream.close)  # what is open stays locked; the sign of the killed run stays, too
    else:
        if killed:
            shutil.rmtree(folder / "locks", ignore_errors=True)
            stream.truncate(0)
        atexit.register(_end, stream)
    fcntl.flock(stream, fcntl.LOCK_SH)
    if not (killed and others):
        stream.write(f"{os.getpid()}\n")
        stream.flush()
    return killed and not others


def _alone(stream: IO[str]) -> bool:
    """Whether no other run of this machine is alive; `promptseg status` holds the file for a moment, to see that."""
    for _ in range(5):
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def _end(stream: IO[str]) -> None:
    """Leave no sign of this run, but those of runs that were killed beside it: their lock is still there."""
    with stream:
        stream.write(f"-{os.getpid()}\n")
        stream.flush()
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # another run of this machine is alive
            return
        killed = _unended(Path(stream.name))
        stream.truncate(0)
        stream.writelines(f"{process}\n" for process in sorted(killed))


def _unended(own: Path) -> set[int]:
    """Process ids of runs of a machine that have not come to their end: they are alive or were killed."""
    noted = own.read_text().split() if own.is_file() else []
    return {int(number) for number in noted if number.isdigit() and f"-{number}" not in noted}


def _host(own: Path) -> str:
    return own.name.removeprefix("promptseg.").removesuffix(".lock")


def _of_other_hosts(folder: Path, host: str) -> list[Path]:
    """The files of other machines on which a run may be alive."""
    files = sorted(folder.glob("promptseg.*.lock"))
    return [path for path in files if _host(path) != host and path.stat().st_size]


def living_processes(folder: Path = Path(".snakemake"), host: str | None = None) -> set[int]:
    """Process ids of the runs of this machine that are alive in the project, those that were killed left out."""
    own = folder / f"promptseg.{host or platform.node()}.lock"
    return {process for process in _unended(own) if is_alive(process)}


def _named(processes: set[int]) -> str:
    return ", ".join(f"process {number}" for number in sorted(processes)) or "process unknown"


def living_runs(folder: Path = Path(".snakemake")) -> dict[str, bool | None]:
    """Host to whether a run of it is alive in the project, None where only that machine can tell. Changes nothing."""
    found: dict[str, bool | None] = {}
    for path in sorted(folder.glob("promptseg.*.lock")):
        host = _host(path)
        if not path.stat().st_size:
            continue
        found[host] = None
        if host == platform.node():
            with path.open() as stream:
                try:
                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    found[host] = False
                except BlockingIOError:
                    found[host] = True
                except OSError:
                    pass
    return found
