"""Release Snakemake's lock where the run that took it died, so that a killed run is simply started again.

Snakemake locks the outputs of a run by files in `.snakemake/locks`, which a killed run leaves behind. Whether its run
is dead is known from a file of our own beside them, one per machine, `.snakemake/promptseg.<host>.lock`:

* Every run holds a shared `flock` on it, which the system drops with the process, however that ends. Whoever gets an
  exclusive one knows that no run of this machine is alive here.
* A run adds its process id to it, and the last one empties it at its end. Where it is not empty and not held, a run
  was killed.

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
        if others:
            atexit.register(
                print,
                f"Another run makes the same files, or one that was killed left its mark: do not unlock. Wait until "
                f"{_named(others)} ends, then start this one again.",
                file=sys.stderr,
            )


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
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = True
    except BlockingIOError:  # a run of this machine is alive
        alone = False
        logger.warning(
            "Another run is at work in this project (%s). Where both make the same files, Snakemake stops this one: "
            "start it again when the other has ended. Runs whose `results` differ may go on side by side.",
            _named(living_processes(folder, host) - {os.getpid()}),
        )
    except OSError as error:  # a file system without flock: nothing can be known of other runs
        logger.debug("%s cannot be locked: %s", own, error)
        return False
    killed = alone and own.stat().st_size > 0
    others = [path for path in folder.glob("promptseg.*.lock") if path != own and path.stat().st_size]
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


def _end(stream: IO[str]) -> None:
    """Leave no sign of this run, unless another one of this machine is alive."""
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        stream.truncate(0)


def living_processes(folder: Path = Path(".snakemake"), host: str | None = None) -> set[int]:
    """Process ids of the runs of this machine that are alive in the project, those that were killed left out."""
    own = folder / f"promptseg.{host or platform.node()}.lock"
    noted = own.read_text().split() if own.is_file() else []
    return {int(number) for number in noted if number.isdigit() and is_alive(int(number))}


def _named(processes: set[int]) -> str:
    return ", ".join(f"process {number}" for number in sorted(processes)) or "process unknown"


def living_runs(folder: Path = Path(".snakemake")) -> dict[str, bool | None]:
    """Host to whether a run of it is alive in the project, None where only that machine can tell. Changes nothing."""
    found: dict[str, bool | None] = {}
    for path in sorted(folder.glob("promptseg.*.lock")):
        host = path.name.removeprefix("promptseg.").removesuffix(".lock")
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
