"""Why a job of Slurm ended badly, in words: what Snakemake shows is a state or a signal."""

import re
from pathlib import Path
from typing import Any

_TAIL = 20_000  # bytes at the end of a log
_MEMORY = re.compile(r"exceeded (job |step )?memory limit|oom[-_ ]kill|out of memory", re.IGNORECASE)
_KILLED = re.compile(r"SIGKILL|\bKilled\b")


def explained(message: str | None, job: Any) -> str:
    """The executor's message, with what it means and what helps before it.

    Args:
        message: such as "SLURM-job '5' failed, SLURM status is: 'TIMEOUT'."
        job: Snakemake's `SubmittedJobInfo`.
    """
    text = message or ""
    state = re.search(r"SLURM status is: '(\w+)'", text)
    log = (job.aux or {}).get("slurm_logfile")
    reason = _reason(state.group(1) if state else "", _end_of(log), job.job)
    return f"{reason} {text}".strip()


def _reason(state: str, log: str, job: Any) -> str:
    if state == "OUT_OF_MEMORY" or (state == "FAILED" and _MEMORY.search(log)):
        return f"It ran out of memory ({job.resources.get('mem_mb', '?')} MB); tried again it asks for more."
    if state == "FAILED" and _KILLED.search(log):
        return "It was killed, often for lack of memory."
    if state == "TIMEOUT":
        return f"It ran out of time ({job.resources.get('runtime', '?')} minutes); tried again it asks for more."
    if state == "CANCELLED":
        return "It was cancelled, by a person or by the cluster."
    return ""


def _end_of(log: Any) -> str:
    try:
        with Path(log).open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - _TAIL))
            return stream.read().decode(errors="replace")
    except (OSError, TypeError):  # not written, or not known
        return ""
