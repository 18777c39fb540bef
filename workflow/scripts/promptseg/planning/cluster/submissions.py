"""What the scheduler of a cluster is asked for: jobs of Snakemake are sent to it one by one, or several as a group."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptseg.planning import costs
from promptseg.planning.jobs import Job
from promptseg.planning.schedule import duration

_HOUR = 3600
_GRES = re.compile(r"gpu:(?:\w+:)?(\d+)$")


@dataclass(frozen=True)
class Submission:
    """One job of the scheduler.

    Attributes:
        jobs: numbers of the jobs of Snakemake in it.
        cores, memory_mb, minutes, gpus: what it asks for; 0 where it leaves that to the site.
    """

    jobs: tuple[int, ...]
    cores: int = 1
    memory_mb: int = 0
    minutes: int = 0
    gpus: int = 0


def submissions_of(dag: Any) -> list[Submission]:
    """Those of all jobs of a `snakemake.dag.DAG` that have to run, and not on this machine.

    What a job asks for may be a function of files that are not made yet: that counts as 0.
    """
    found = []
    for one in dag.get_jobs_or_groups():
        members = [job for job in (one if one.is_group() else [one]) if dag.needrun(job)]
        if members and not any(map(_is_local, members)):
            asked = _resources(one)
            cores, memory, minutes = (_whole(asked.get(name)) for name in ("_cores", "mem_mb", "runtime"))
            gpus = _whole(asked.get("gpu")) or int((_GRES.match(str(asked.get("gres"))) or [0, 0])[1])
            found.append(Submission(tuple(sorted(map(dag.jobid, members))), cores, memory, minutes, gpus))
    return found


def _is_local(job: Any) -> bool:
    """As `snakemake.workflow.Workflow.is_local` says it in a run; in a dry run all jobs are."""
    rule = job.rule
    return rule.group is None and (rule.norun or rule.is_template_engine or rule.name in rule.workflow._localrules)


def _resources(one: Any) -> Mapping[str, Any]:
    """Of a job; of a group as the executor of a cluster asks for it, while a dry run counts as if it ran here."""
    if not one.is_group():
        return dict(one.resources.items())
    from snakemake.resources import GroupResources, Resource, Resources

    from promptseg.planning.cluster.groups import Group

    one.finalize()
    ours = {"runtime": one.resources["runtime"]} if isinstance(one, Group) else {}  # and with that it sets its limits
    # A dry run has one core.
    limits = one.global_resources if ours else Resources({**one.global_resources, "_cores": Resource("_cores", None)})
    return dict(GroupResources.basic_layered(one.toposorted, limits, run_local=False)) | ours


def _whole(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0


@dataclass(frozen=True)
class Cluster:
    """What is sent to a cluster.

    Attributes:
        submissions: see there.
        at_once: how many of them Snakemake has there at a time.
    """

    submissions: Sequence[Submission]
    at_once: int

    def asked(self) -> tuple[float, float]:
        """Hours of cores and of GPUs, if each submission took all the time that it asks for."""
        hours = [one.minutes / 60 for one in self.submissions]
        cores = sum(one.cores * time for one, time in zip(self.submissions, hours, strict=True))
        return cores, sum(one.gpus * time for one, time in zip(self.submissions, hours, strict=True))

    def used(self, jobs: Sequence[Job], seconds: Mapping[int, float]) -> tuple[float, float]:
        """Hours that cores and GPUs are held, by the seconds that each job takes."""
        cores = gpus = 0.0
        for one, time in self._times(jobs, seconds):
            cores, gpus = cores + one.cores * time / _HOUR, gpus + one.gpus * time / _HOUR
        return cores, gpus

    def _times(self, jobs: Sequence[Job], seconds: Mapping[int, float]) -> Iterator[tuple[Submission, float]]:
        """Each submission with the seconds from its start to its end."""
        known = {job.number: job for job in jobs}
        for one in self.submissions:
            own = [known[number] for number in one.jobs if number in known]
            times = {job.number: seconds[job.number] for job in own}
            yield one, costs.cluster_start() + duration(own, times, max(1, one.cores), max(1, one.gpus))

    def seconds(self, jobs: Sequence[Job], seconds: Mapping[int, float]) -> float:
        """Seconds until the last job ends, if nothing waits in the queue of the cluster."""
        place = {number: one.jobs[0] for one in self.submissions for number in one.jobs}
        needs: dict[int, set[int]] = {place.get(job.number, job.number): set() for job in jobs}
        for job in jobs:
            own = place.get(job.number, job.number)
            needs[own] |= {place.get(need, need) for need in job.needs} - {own}
        took = {number: seconds[number] for number in needs}
        took |= {one.jobs[0]: time for one, time in self._times(jobs, seconds) if one.jobs[0] in took}
        sent = [Job(number, "", "", {}, (), needs=tuple(others)) for number, others in needs.items()]
        return duration(sent, took, self.at_once)
