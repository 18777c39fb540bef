"""Jobs that Slurm takes and never starts, by the reason that it gives for their waiting."""

import subprocess

# What no waiting helps against: the request or the site has to change. Limits that other jobs use up pass.
_FOR_EVER = {
    "AccountNotAllowed",
    "BadConstraints",
    "InvalidAccount",
    "InvalidQOS",
    "JobHeldAdmin",
    "JobHeldUser",
    "PartitionConfig",
    "PartitionNodeLimit",
    "PartitionTimeLimit",
    "QOSNotAllowed",
    "ReservationDeleted",
    "launch failed requeued held",
    "job requeued in held state",
}


def stuck(run: str) -> dict[str, str]:
    """Job to reason of those jobs of a run that wait until somebody changes something; none without an answer.

    Args:
        run: id of the run in Slurm.
    """
    command = ["squeue", "--noheader", "--states=PENDING", "--format=%i|%r", f"--name={run}"]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return {}
    return {job: reason for job, _, reason in (line.partition("|") for line in lines) if reason in _FOR_EVER}
