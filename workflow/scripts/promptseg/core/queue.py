"""How long the job of this process waited in the queue of a cluster."""

import math
import os
import re
import subprocess
from functools import cache

# The Slurm plugin of Snakemake names its jobs by the UUID of the run, after a prefix that users may choose. A whole run
# inside an allocation of the user has another name: its jobs wait for nobody. Slurm knows the name; SLURM_JOB_NAME is
# that of the step, whose command `srun` took for it.
_OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
# Tells jobs that share one of Slurm what it waited.
WAITED = "PROMPTSEG_WAITED"
_PATIENCE = 10  # seconds, where the controller does not answer


@cache
def queue_seconds() -> float:
    """Seconds between the submission of the Slurm job of this process and its start, NaN if Slurm does not say.

    0 where Snakemake started the process itself. Jobs that were submitted together waited together.
    """
    if WAITED in os.environ:
        return float(os.environ[WAITED])
    number = os.environ.get("SLURM_JOB_ID")
    if number is None:
        return 0.0
    asked = ["squeue", "--noheader", "--jobs", number, "--format", "%V %S %j"]
    told = os.environ | {"SLURM_TIME_FORMAT": "%s"}
    try:
        done = subprocess.run(asked, env=told, capture_output=True, text=True, timeout=_PATIENCE, check=True)
        submitted, started, name = done.stdout.split(maxsplit=2)
        return float(max(0, int(started) - int(submitted))) if _OURS.search(name.strip()) else 0.0
    except (OSError, ValueError, subprocess.SubprocessError):
        return math.nan
