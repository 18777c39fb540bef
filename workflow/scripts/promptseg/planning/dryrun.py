"""A dry run of Snakemake in a process of its own, and what it says of the jobs."""

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.planning.cluster.submissions import Cluster, Submission
from promptseg.planning.jobs import Job, read_jobs
from promptseg.planning.plan import Plan
from promptseg.planning.watch import PLAN

# Lines of Snakemake's output that say nothing of an error.
_CHATTER = re.compile(
    r"(Using workflow specific profile|Config file .* is extended|Assuming unrestricted|Building DAG|host:)"
)
_REFUSED = re.compile(r"^__main__\.py: error: (.*)", re.MULTILINE)  # after two pages of usage
# The last line of what it says of itself, which `--quiet host` would silence, but then it goes through all jobs.
_HEADER = re.compile(r"^  Config MD5: \w+$", re.MULTILINE)


def dry_run(command: Sequence[str]) -> Plan:
    """Ask Snakemake what it would do.

    Args:
        command: the call without `--dry-run`, targets last.

    Raises:
        PromptsegError: Snakemake ends with an error, whose text it is.
    """
    # Between the module's name and the rest: what follows --quiet up to the next option is taken for kinds of output.
    asked = [*command[:3], "--dry-run", "--quiet", "rules", "progress", *command[3:]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.json"
        told = os.environ | {PLAN: str(file)}
        done = subprocess.run(
            asked,
            env=told,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # Snakemake says errors of dry runs on stdout
            check=False,
        )
        if done.returncode or not file.is_file():
            if refused := _REFUSED.search(done.stdout):
                raise PromptsegError(
                    f"Snakemake does not take this: {refused[1]}. An executor has to be installed: docs/cluster.md."
                )
            said = _HEADER.split(done.stdout)[-1].splitlines()
            lines = [line for line in said if not _CHATTER.match(line)]
            raise PromptsegError("\n".join(lines).strip() or f"{' '.join(asked)} ended with {done.returncode}.")
        jobs, facts = read_jobs(file)
    return plan_of(jobs, facts)


def plan_of(jobs: Sequence[Job], facts: Mapping[str, Any]) -> Plan:
    """A plan from what `read_jobs` returns."""
    cluster = None
    if "submissions" in facts:
        submissions = [Submission(**{**row, "jobs": tuple(row["jobs"])}) for row in facts["submissions"]]
        cluster = Cluster(submissions, facts["at_once"])
    cores = max((one.cores for one in cluster.submissions), default=1) if cluster else facts["cores"]
    return Plan(jobs, facts["config"], cores, facts["left_out"], cluster)
