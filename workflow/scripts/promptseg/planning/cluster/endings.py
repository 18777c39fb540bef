"""Why a job of Slurm ended badly, in words: what Snakemake shows is a state or a signal."""

import re
from pathlib import Path
from typing import Any

_TAIL = 20_000  # bytes at the end of a log
_MEMORY = re.compile(r"exceeded (job |step )?memory limit|oom[-_ ]kill|out of memory", re.IGNORECASE)
_KILLED = re.compile(r"SIGKILL|\bKilled\b")

_REFUSAL = re.compile(
    r"SLURM sbatch failed\. The error message was '(.*?)'\.\n\s*sbatch call:\s*(.*?)(?: --wrap=|$)", re.DOTALL
)
# What `sbatch` refuses for good, to what may have to be said otherwise. A controller that does not answer, or a limit
# of the number of jobs, passes.
_FOR_GOOD = {
    r"partition (name )?specified|permitted to use this partition": "`partition`",
    r"invalid account": "`account`, `partition`",
    r"invalid qos": "`qos`",
    r"invalid feature": "`constraint`",
    r"cpu count": "`group_cpus`, or on the command line `--set-threads RULE=N`",
    r"memory specification": "`max_memory_gb`",
    r"time limit is invalid": "`max_hours`",
    r"generic resource|\btres\b": "`gpus`, `gpu_model`",
    r"node configuration is not available": "`gpus`, `gpu_model`, `partition`, `constraint`",
}


def explained(message: str | None, job: Any) -> str:
    """The executor's message, with what it means and what helps before it; of a refusal its first line says all.

    Args:
        message: such as "SLURM-job '5' failed, SLURM status is: 'TIMEOUT'."
        job: Snakemake's `SubmittedJobInfo`.
    """
    text = message or ""
    if refusal := _REFUSAL.search(text):
        said = "; ".join(line.removeprefix("sbatch: ").removeprefix("error: ") for line in refusal[1].splitlines())
        advice = refused_for_good(text)
        advice = f" Say otherwise in `cluster` (docs/cluster.md): {advice}." if advice else ""
        return f"Slurm refused the job: {said}.{advice}\n    It was asked: {refusal[2]}"
    state = re.search(r"SLURM status is: '(\w+)'", text)
    log = (job.aux or {}).get("slurm_logfile")
    reason = _reason(state.group(1) if state else "", _end_of(log), job.job)
    return f"{reason} {text}".strip()


def refused_for_good(message: str | None) -> str:
    """The keys of `cluster` for which `sbatch` refused a job, as it would the next time; empty for other messages."""
    refusal = _REFUSAL.search(message or "")
    said = refusal[1] if refusal else ""
    return next((keys for words, keys in _FOR_GOOD.items() if re.search(words, said, re.IGNORECASE)), "")


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
