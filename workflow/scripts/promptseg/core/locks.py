"""Release Snakemake's lock where the run that took it died, so that a killed run is simply started again.

Snakemake locks the outputs of a run by files in `.snakemake/locks`, which a killed run leaves behind. Whether its run
is dead is known from a file of our own beside them, one per machine, `.snakemake/promptseg.<host>.lock`:

* Every run holds a shared `flock` on it, which the system drops with the process, however that ends. Whoever gets an
  exclusive one knows that no run of this machine is alive here.
* A run writes its process id into it and empties it at its end. Where it is not empty and not held, a run was killed.

A file system may keep a `flock` on the machine that asks for it. Hence the name of the host: while another machine's
file is not empty, a run there may be alive, and the decision is left to Snakemake and to `snakemake --unlock`.
"""

import atexit
import fcntl
import logging
import os
import platform
import shutil
from pathlib import Path
from typing import IO

logger = logging.getLogger(__name__)


def release_at_start(dryrun: bool) -> None:
    """For `starting.AtStart`: a run releases a stale lock, a dry run does not."""
    if not dryrun:
        release_stale_lock(Path(".snakemake"))


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
            "Another run is at work in this project (process %s). Where both make the same files, Snakemake stops this "
            "one: start it again when the other has ended. Runs whose `results` differ may go on side by side.",
            own.read_text().strip() or "unknown",
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
    if own.stat().st_size == 0:
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
