"""Jobs that Slurm takes and never starts, by the reason that it gives for their waiting."""

import contextlib
import subprocess

# What never passes, so that a job is given up: it asked for more than may be had, or could not be started.
_HOPELESS = {
    "AccountNotAllowed": "",
    "InvalidAccount": "",
    "InvalidQOS": "",
    "PartitionTimeLimit": "; max_hours of cluster says what the site grants",
    "QOSNotAllowed": "",
    "launch failed requeued held": "",
}
# What somebody has to change, or has done on purpose. Limits that other jobs use up pass.
_HELD = {
    "BadConstraints",
    "JobHeldAdmin",
    "JobHeldUser",
    "PartitionConfig",
    "PartitionNodeLimit",
    "job requeued in held state",
}


def end_stuck(run: str) -> dict[str, str]:
    """Cancel the jobs of a run that Slurm will never start.

    Args:
        run: id of the run in Slurm.

    Returns:
        Job to what there is to say of it: it was cancelled, or somebody has to release it. Nothing without an answer.
    """
    said = {}
    for job, reason in _stuck(run).items():
        if reason in _HOPELESS:
            with contextlib.suppress(OSError, subprocess.SubprocessError):  # at the next look, then
                subprocess.run(["scancel", job], capture_output=True, timeout=60, check=False)
            said[job] = f"Slurm would never start job {job} ({reason}{_HOPELESS[reason]}): it is given up."
        else:
            said[job] = (
                f"Slurm does not start job {job} until somebody changes why ({reason}). To end it: scancel {job}"
            )
    return said


def _stuck(run: str) -> dict[str, str]:
    command = ["squeue", "--noheader", "--states=PENDING", "--format=%i|%r", f"--name={run}"]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return {}
    return {
        job: reason for job, _, reason in (line.partition("|") for line in lines) if reason in _HOPELESS.keys() | _HELD
    }
