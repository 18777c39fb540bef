"""Jobs of a killed run that Slurm still has: those that run are waited for, so that nothing runs twice.

A run notes its id in Slurm, the name of all its jobs, in `.snakemake/promptseg.slurm/<id>`. Results of jobs that end
well are taken over by Snakemake itself, which looks for them after this.
"""

import logging
import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

from promptseg.core.locks import living_processes, living_runs

logger = logging.getLogger(__name__)
FOLDER = Path(".snakemake/promptseg.slurm")
_PAUSE = 10.0  # seconds between two looks
_SILENCE = 60.0  # seconds that Slurm may take to answer at all


def note(run: str) -> None:
    """Note the id of this run in Slurm, with host and process."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / run).write_text(f"{platform.node()} {os.getpid()}\n")


def wait_for_jobs(pause: float = _PAUSE, silence: float = _SILENCE) -> None:
    """Cancel the jobs of killed runs that wait in Slurm, and wait until those that run have ended.

    Runs that are alive here, or may be on another machine (see `core.locks`), keep theirs.

    Args:
        pause: seconds between two looks.
        silence: seconds after which a Slurm that does not answer is said and left alone.
    """
    for path in sorted(FOLDER.glob("*")) if FOLDER.is_dir() else ():
        if _may_live(*path.read_text().split()[:2]):
            continue
        if _ended(path.name, pause, silence):
            path.unlink()


def _may_live(host: str = "", process: str = "0") -> bool:
    if host == platform.node():
        return int(process) in living_processes() - {os.getpid()}
    return host in living_runs()


def _ended(run: str, pause: float, silence: float) -> bool:
    """Wait for the jobs of a run; whether it is known that none is left."""
    said, answered = False, time.monotonic()
    while (running := _running(run)) or running is None:
        if running is not None:
            answered = time.monotonic()
        elif not shutil.which("squeue") or time.monotonic() - answered > silence:
            logger.warning(
                "A run was killed whose jobs Slurm may still have, but it does not answer. Once squeue --name=%s names "
                "none, delete %s.",
                run,
                FOLDER / run,
            )
            return False
        if running and not said:
            said = True
            logger.warning(
                "A run was killed whose jobs Slurm still runs: %s. This one begins when they have ended and takes over "
                "their results. To begin at once, end them: scancel --name=%s",
                ", ".join(running),
                run,
            )
        time.sleep(pause)
    if said:
        logger.warning("They have ended.")
    return True


def _running(run: str) -> list[str] | None:
    """Numbers of the jobs of a run that go on, after those that wait were cancelled; None without an answer."""
    try:
        for command in (
            ["scancel", "--state=PENDING", f"--name={run}"],
            ["squeue", "--noheader", "--format=%i", f"--name={run}"],
        ):
            answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.split()
