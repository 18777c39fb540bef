"""Jobs of Snakemake that share a job of Slurm: its groups, with what they lack.

Three processes read this: the main one, which makes groups and submits them; the first one of the job (of the executor
`slurm-jobstep`), which starts the second by `srun`; and that one, which runs the jobs. The last two are given the jobs
of their group as targets, and no profile.

Snakemake 9.27 alone would, where one job of a group fails, start none of the others, delete the outputs of all, make
all again if it tries again, and not print why Slurm refused or ended it. On the node it would run at once what the
machine has cores for, not what Slurm gave.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import snakemake
from snakemake.common.tbdstring import TBDString
from snakemake.jobs import GroupJob
from snakemake.resources import Resources

from promptseg.core.jobs import age
from promptseg.core.queue import WAITED, queue_seconds
from promptseg.planning.cluster import overhead
from promptseg.planning.cluster.again import is_for_good
from promptseg.planning.cluster.sharing import Work, shared
from promptseg.planning.cluster.site import goes_to_cluster
from promptseg.planning.requests import Requests

logger = logging.getLogger("snakemake.logging")

TRIED = "9.27"  # this version of Snakemake; parts of it that are not for others are called here
# Tells the process that runs the jobs what Slurm gave them and since when, as JSON.
GIVEN = "PROMPTSEG_GIVEN"
STARTING = 10  # seconds that a job may take to start where many read the same file system
_LIMITED = ("_cores", "mem_mb", "gpu")
_SINGULAR = ("tmpdir", "mem", "disk")  # texts that jobs of one group may differ in


def arrange(workflow: Any, config: Mapping[str, Any], requests: Requests) -> None:
    """Let jobs of a `snakemake.workflow.Workflow` share jobs of the cluster, if they go to one; after all rules.

    Args:
        config: the checked configuration.
        requests: what the jobs ask for.
    """
    if not config["cluster"]["group_minutes"] or not (goes_to_cluster(workflow) or is_first_in_job(workflow)):
        return
    if not snakemake.__version__.startswith(f"{TRIED}."):
        if workflow.is_main_process:
            logger.warning(
                "Each job is one of the cluster: jobs that share one were tried with Snakemake %s, and this is %s.",
                TRIED,
                snakemake.__version__,
            )
        return
    groups = Groups(workflow, config, requests)
    for rule in workflow.rules:
        if rule.name not in workflow._localrules and not rule.norun:  # a rule with a group is not a local one
            rule.group = groups.of_rule(rule.name)


def is_first_in_job(workflow: Any) -> bool:
    """Whether this is the first process of a job of the cluster; it runs one job, the second process as many as fit."""
    return not workflow.is_main_process and workflow.resource_settings.nodes is not None


def prepare_node(workflow: Any, _: bool) -> None:
    """In the process that runs the jobs of a job of the cluster: go on when one fails, and keep to what Slurm gave."""
    if GIVEN in os.environ and not is_first_in_job(workflow):
        given = json.loads(os.environ.pop(GIVEN))
        workflow.execution_settings.keep_going = True
        for name, value in given["resources"].items():
            workflow.register_resource(name, value)
        logger.addHandler(overhead.Clock(given["began"]))
        os.environ[WAITED] = str(queue_seconds())  # its jobs need not ask Slurm, each for itself


class Groups:
    """The groups of a run. They are found when Snakemake asks for the first one, because its graph is complete then."""

    def __init__(self, workflow: Any, config: Mapping[str, Any], requests: Requests) -> None:
        self._workflow, self._requests = workflow, requests
        self.longest = 60 * config["cluster"]["group_minutes"]
        self.cpus: int = config["cluster"]["group_cpus"]
        self._names: dict[tuple[Any, ...], str] | None = None

    def of_rule(self, rule: str) -> Callable[[Mapping[str, str]], str | None]:
        """A function for Snakemake's `group:`: the group of a job by its wildcards, None for a job that shares none."""

        def group(wildcards: Mapping[str, str]) -> str | None:
            if self._names is None:
                self._names = self._found()
            return self._names.get(_identity(rule, wildcards))

        return group

    def seconds(self, job: Any) -> float:
        """What a job is expected to take."""
        about = job.wildcards_dict
        return float(self._requests.seconds(job.rule.name, about.get("dataset", ""), about.get("method", "")))

    def runtime(self, jobs: Any, attempt: int) -> int:
        """Minutes that jobs ask for together, as if they ran one after the other."""
        together = self._requests.minutes(sum(self.seconds(job) + STARTING for job in jobs), attempt)
        return max(together, *(job.resources.get("runtime", 0) for job in jobs))

    def _found(self) -> dict[tuple[Any, ...], str]:
        dag = self._workflow.dag
        # Jobs of one name are one job of the cluster, also those that nothing connects.
        self._workflow.group_settings.group_components = _Unlimited()
        dag.group_job_factory = _Factory(self)
        due = list(dag.needrun_jobs())
        if not self._workflow.is_main_process:
            return {_identity(job.rule.name, job.wildcards_dict): "given" for job in due}
        works = {job: self._work(job, dag) for job in due}
        return {_identity(job.rule.name, job.wildcards_dict): name for job, name in shared(works, self.longest).items()}

    def _work(self, job: Any, dag: Any) -> Work:
        about, resources = job.wildcards_dict, job.resources
        texts = [f"{name}={value}" for name, value in sorted(resources.items()) if _is_text(name, value)]
        local = job.rule.group is None
        return Work(
            dataset=about.get("dataset", ""),
            parts=tuple(value for name, value in sorted(about.items()) if name not in ("dataset", "root")),
            kind=(str(resources.get("gpu", 0)), *texts),
            seconds=0.0 if local else self.seconds(job),
            needs=tuple(other for other in dag.dependencies[job] if dag.needrun(other)),
            alone=local,
        )


def _is_text(name: str, value: Any) -> bool:
    """Whether Snakemake wants a resource to be the same for all jobs of a group."""
    return isinstance(value, str) and not isinstance(value, TBDString) and name not in _SINGULAR


def _identity(rule: str, wildcards: Mapping[str, str]) -> tuple[Any, ...]:
    return (rule, *sorted(wildcards.items()))


class _Unlimited(dict[str, int]):
    """How many parts of a group that nothing connects go into one job of the cluster: all, of every group."""

    def get(self, _: str, __: Any = None) -> Any:
        return sys.maxsize


class _Factory:
    """Makes groups in place of Snakemake's own."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._made: dict[tuple[str, frozenset[Any]], Group] = {}

    def new(self, name: str, jobs: Any, limits: Resources) -> "Group":
        """The group of these jobs; the same one each time."""
        key = name, frozenset(jobs)
        if key not in self._made:
            self._made[key] = Group(self._groups, name, key[1], limits)
        return self._made[key]


class Group(GroupJob):
    """Jobs that share a job of the cluster."""

    def __init__(self, groups: Groups, name: str, jobs: frozenset[Any], limits: Resources) -> None:
        super().__init__(name, jobs, limits)
        self._groups, self._limits = groups, limits
        self._done: set[Any] = set()
        self._told: dict[str, Any] = {}

    @property
    def resources(self) -> Any:
        """What they ask for: what runs at the same time, on one GPU and few CPUs, and the time of all."""
        if self._resources is None:
            threads = max(job.threads for job in self.jobs)
            on_gpu = any(job.resources.get("gpu") or job.resources.get("gres") for job in self.jobs)
            self.global_resources = Resources(dict(self._limits))
            self.global_resources["_cores"] = threads if on_gpu else max(threads, self._groups.cpus)
            self.global_resources["gpu"] = 1
            asked = dict(super().resources.items())
            self._resources = asked | {"runtime": self._groups.runtime(self.jobs, self.attempt)}  # type: ignore[assignment]
        return super().resources

    def get_target_spec(self) -> list[Any]:
        """The jobs to make: those that an attempt before did not; the shortest, if it ended late and had made all."""
        if not self.dag.workflow.is_main_process:
            given = {name: self.resources[name] for name in _LIMITED if name in self.resources.keys()}  # noqa: SIM118
            os.environ[GIVEN] = json.dumps({"began": time.time() - age(), "resources": given})
        if self._done >= set(self.jobs):
            self._done.discard(min(self.jobs, key=self._groups.seconds))
        left = set(self.jobs) - self._done
        return [target for job in sorted(left, key=self.dag.jobid) for target in job.get_target_spec()]

    def register(self, external_jobid: str | None = None) -> None:
        """Mark the outputs of the jobs that were submitted as incomplete, not those that an attempt before made."""
        for job in set(self.jobs) - self._done:
            job.register(external_jobid=external_jobid)

    def log_error(self, msg: str | None = None, aux_logs: list[Any] | None = None, **kwargs: Any) -> None:
        """Say that the job of the cluster failed; which of its own jobs did is known a little later."""
        if self.dag.workflow.is_main_process:
            text = f"Of the {len(self)} jobs of {self.groupid} not all ended well."
            logger.error(text)
        self._told = {"msg": msg, "aux_logs": aux_logs, **kwargs}

    async def postprocess(self, error: bool = False, **kwargs: Any) -> None:
        """Take over what was made, also where some failed: their outputs are then removed, those of the others stay."""
        if not error:
            await super().postprocess(**kwargs)
        elif self.dag.workflow.is_main_process:  # in the job, the next process has removed what its jobs left
            self.dag.workflow.persistence._clear_cache()  # of what nodes have written since
            states = {job: "made" if job in self._done else await _state(job) for job in self}
            failed = [job for job, state in states.items() if state == "failed"]
            for job in failed or [job for job, state in states.items() if state != "made"]:
                job.log_error(**self._told)
                self._told["aux_logs"] = None  # their common log is printed once
            for job, state in states.items():
                await job.postprocess(error=state != "made", check_output_mtime=False)
            if failed and all(is_for_good(job, self._told.get("msg")) for job in failed):
                self.attempt = self.restart_times + 1  # the others wait for these
            self._done |= {job for job, state in states.items() if state == "made"}


async def _state(job: Any) -> str:
    """Whether a job of a group that failed was `made`, `failed`, or did not end.

    Snakemake marks outputs as incomplete when their job is submitted and when it starts, until it ends; and deletes
    those of a job that fails.
    """
    persistence = job.dag.workflow.persistence
    there = [await output.exists() for output in job.output]
    if persistence._filter_incomplete_keys([persistence._get_key(output) for output in job.output]):
        return "unfinished"
    return "made" if all(there) else "failed"
