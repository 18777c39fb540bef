"""Which jobs are not tried again: those that said themselves why they cannot be done, as they would the next time."""

import re
from pathlib import Path
from typing import Any

# What core.jobs.job writes of an error that it knows; with more memory the next attempt may end well.
_TOLD = re.compile(r"^\S+ \S+ ERROR (\w+): (?!.*\bmemory\b)", re.MULTILINE)


def give_up(job: Any, message: str | None) -> None:
    """Let Snakemake not try a failed job again that told its error itself; one that was killed or ran out it does.

    A group is tried again as a whole: only what is missing of it is made then.

    Args:
        job: a `snakemake.jobs.Job`.
        message: the executor's, such as "SLURM-job '5' failed, SLURM status is: 'FAILED'."
    """
    if not job.is_group() and "'FAILED'" in (message or "") and _told(job):
        job.attempt = job.restart_times + 1


def _told(job: Any) -> bool:
    try:
        text = Path(str(job.log[0])).read_text(errors="replace") if job.log else ""
    except OSError:
        return False
    return job.rule.name in _TOLD.findall(text)
