"""Which jobs are not tried again: those that said why they cannot be done, or that Slurm refused for good."""

import re
from pathlib import Path
from typing import Any

from promptseg.planning.cluster.endings import refused_for_good

# What core.jobs.job writes of an error that it knows; with more memory the next attempt may end well.
_TOLD = re.compile(r"^\S+ \S+ ERROR (\w+): (?!.*\bmemory\b)", re.MULTILINE)


def give_up(job: Any, message: str | None) -> None:
    """Let Snakemake not try a job again that Slurm refused or that told its error; one that was killed it does.

    Of a group all that failed must have told (`groups.Group`); only what is missing of it is made otherwise.

    Args:
        job: a `snakemake.jobs.Job`.
        message: the executor's, such as "SLURM-job '5' failed, SLURM status is: 'FAILED'."
    """
    if refused_for_good(message) or (not job.is_group() and is_for_good(job, message)):
        job.attempt = job.restart_times + 1


def is_for_good(job: Any, message: str | None) -> bool:
    """Whether a job would fail the next time too: it, no group, told its error, and its Slurm job ended by itself."""
    if "'FAILED'" not in (message or ""):
        return False
    try:
        text = Path(str(job.log[0])).read_text(errors="replace") if job.log else ""
    except OSError:
        return False
    return job.rule.name in _TOLD.findall(text)
