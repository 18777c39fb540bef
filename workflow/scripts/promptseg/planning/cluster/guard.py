"""Guards a run against what Snakemake's executor for Slurm, the plugin, does not survive by itself.

Read in snakemake-executor-plugin-slurm 2.8.0, and met on a real Slurm:

* Where all attempts to ask for the states of jobs fail, it forgets all of its jobs and waits for ever. Without an
  accounting database it asks `sacct` all the same, which always fails.
* `sacct` says `CANCELLED by 1000`, which it takes for a job that still runs; so it does `PREEMPTED`, for good.
* A job that Slurm has forgotten counts as one that still runs, and nothing is said of one that Slurm will never start.
* `sacct` names the tasks of an array by numbers of their own, so that one task's end is taken for that of all.
* An array asks for the memory, time and GPUs of its first job.
* When a run is interrupted, jobs that it is just asking about are not cancelled, nor are those still to be submitted.
* Accounts are checked by programs of the accounting database; without these no job is submitted.
"""

import functools
import importlib.metadata
import logging
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any

from promptseg.planning.cluster.adopt import note, wait_for_jobs
from promptseg.planning.cluster.again import give_up
from promptseg.planning.cluster.endings import explained
from promptseg.planning.cluster.waiting import end_stuck

logger = logging.getLogger(__name__)
PACKAGE = "snakemake-executor-plugin-slurm"
TRIED = "2.8.0"
_WRAPPED = ("__post_init__", "check_active_jobs", "run_array_jobs", "run_job", "report_job_error", "cancel_jobs")
_LONGEST = 60  # seconds between two looks at jobs; the plugin goes up to 180
_LOOKS = 3  # that a job must be missing in to be given up
# What `sacct` may say of a job that Slurm runs again.
_UNSURE = {None, "NODE_FAIL", "PREEMPTED", "REQUEUED"}
# What a job asks for; jobs of an array have to agree in it.
_ASKED = ("mem_mb", "runtime", "gpu", "gres", "gpu_model", "slurm_partition", "slurm_account", "qos", "constraint")


def at_start(on_cluster: bool, dryrun: bool) -> None:
    """For `starting.AtStart`: wait for jobs of a killed run, and guard this one if its jobs go to a cluster."""
    if not dryrun:
        wait_for_jobs()
        if on_cluster:
            install(note)


def install(begun: Callable[[str], object]) -> None:
    """Put the guard around the plugin, if Snakemake has loaded it.

    Args:
        begun: is told the id of the run in Slurm before its first job is submitted; the name of all its jobs.
    """
    plugin = sys.modules.get(PACKAGE.replace("-", "_"))
    if plugin is None:
        return
    version = importlib.metadata.version(PACKAGE)
    if version != TRIED:
        logger.warning("%s is %s here; promptseg was tried with %s (docs/cluster.md).", PACKAGE, version, TRIED)
    missing = [name for name in _WRAPPED if not hasattr(plugin.Executor, name)]
    missing += [name for name in ("query_job_status", "query_job_status_squeue") if not hasattr(plugin, name)]
    if missing:
        logger.warning("It is not guarded against failing queries, because it has no %s.", ", ".join(missing))
        return
    _Guard(plugin, begun).put_around()


class _Guard:
    """Stands between the plugin and Slurm; one per process, as the executor."""

    def __init__(self, plugin: ModuleType, begun: Callable[[str], object]) -> None:
        self._plugin, self._begun = plugin, begun
        self._query: Callable[..., Any] = plugin.query_job_status
        self._methods = {name: getattr(plugin.Executor, name) for name in _WRAPPED}
        self._run = ""
        self._active: set[str] = set()
        self._states: dict[str, str] | None = None  # of the last query; None where it failed
        self._looks: dict[str, int] = defaultdict(int)  # in a row in which a job was missing or preempted
        self._silent = False
        self._stuck: set[str] = set()  # jobs of which that was said

    def put_around(self) -> None:
        """Replace functions and methods of the plugin by those of the guard, which call them."""
        self._plugin.query_job_status = self._answer  # type: ignore[attr-defined]
        for name, ours in (
            ("__post_init__", self._begin),
            ("check_active_jobs", self._check),
            ("run_array_jobs", self._submit_array),
            ("report_job_error", self._report_error),
            ("cancel_jobs", self._cancel),
        ):
            method = functools.partialmethod(_call, ours)
            setattr(self._plugin.Executor, name, method)

    def _begin(self, executor: Any, *arguments: Any, **settings: Any) -> None:
        self._methods["__post_init__"](executor, *arguments, **settings)
        executor._fallback_account_arg = ""  # none is guessed; `sbatch` itself refuses one that is wrong
        self._plugin.validate_account = lambda account, _: account  # type: ignore[attr-defined]
        self._run = executor.run_uuid
        if not _accounting():
            executor.workflow.executor_settings.status_command = "squeue"
        self._begun(self._run)

    async def _answer(self, command: str, log: Any) -> tuple[dict[str, str], float]:
        """States by job as the plugin asks for them; empty where Slurm does not answer, so that all jobs are kept."""
        squeue = self._plugin.query_job_status_squeue(self._run).replace("squeue", "squeue --array", 1)
        accounting = command.startswith("sacct")
        states, seconds = await self._query(command.replace("JobIdRaw", "JobID") if accounting else squeue, log)
        states = states and {job: state.split()[0] for job, state in states.items() if state}
        if accounting and (states is None or any(states.get(job) in _UNSURE for job in self._active)):
            now, more = await self._query(squeue, log)  # the controller knows first
            if now is not None:
                states, seconds = {**(states or {}), **now}, (seconds or 0.0) + more
        self._states = states
        self._say(states is None)
        return states or {}, seconds or 0.0

    def _say(self, silent: bool) -> None:
        if silent and not self._silent:
            logger.warning("Slurm does not answer. Its jobs go on, and are asked for until it does.")
        elif self._silent and not silent:
            logger.warning("Slurm answers again.")
        self._silent = silent

    def _end_stuck(self) -> None:
        found = end_stuck(self._run) if "PENDING" in (self._states or {}).values() else {}
        for job in found.keys() - self._stuck:
            logger.warning(found[job])
        self._stuck |= found.keys()

    async def _check(self, executor: Any, active: list[Any]) -> AsyncIterator[Any]:
        """Yield the jobs that go on, as the plugin does, but for those that never end."""
        self._active = {job.external_jobid for job in active}
        self._states = None
        async for job in self._methods["check_active_jobs"](executor, active):
            state = (self._states or {}).get(job.external_jobid)
            if self._states is not None:  # what could not be asked says nothing
                missed = state in (None, "PREEMPTED")
                self._looks[job.external_jobid] = self._looks[job.external_jobid] + 1 if missed else 0
            if self._looks[job.external_jobid] < _LOOKS:
                yield job
                continue
            del self._looks[job.external_jobid]  # a controller that lost its state gives numbers once more
            if state:
                executor.report_job_error(
                    job, msg=f"Slurm has preempted job {job.external_jobid} and does not resume it."
                )
            else:
                logger.warning("Slurm knows nothing of job %s any more: its outputs decide.", job.external_jobid)
                executor.report_job_success(job)  # Snakemake looks for the outputs, and takes it for failed without
        self._end_stuck()
        pause = executor.next_seconds_between_status_checks
        executor.next_seconds_between_status_checks = min(pause, _LONGEST)

    def _submit_array(self, executor: Any, jobs: list[Any]) -> None:
        """One array for the jobs that ask for the same."""
        alike: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
        for job in jobs:
            alike[job.threads, *(job.resources.get(name) for name in _ASKED)].append(job)
        for some in alike.values():
            if len(some) > 1:
                self._methods["run_array_jobs"](executor, some)
            else:
                self._methods["run_job"](executor, some[0])

    def _report_error(self, executor: Any, job: Any, msg: str | None = None, **more: Any) -> None:
        text = explained(msg, job)
        if job.job.is_group():  # of whose errors Snakemake shows no text
            logger.error(text)
            text = text.split("\n", 1)[0]  # what each of its jobs repeats
        give_up(job.job, msg)
        self._methods["report_job_error"](executor, job, msg=text, **more)

    def _cancel(self, executor: Any, _active: list[Any]) -> None:
        """Cancel all jobs of the run by their name; what was not submitted yet will not be."""
        executor._job_submission_executor.shutdown(wait=True, cancel_futures=True)
        try:
            subprocess.run(["scancel", f"--name={self._run}"], timeout=60, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            logger.warning("The jobs could not be cancelled (%s). Later: scancel --name=%s", error, self._run)


def _accounting() -> bool:
    """Whether there is a database that `sacct` may ask."""
    try:
        return not subprocess.run(["sacct", "--noheader", "--jobs=1"], capture_output=True, timeout=60).returncode
    except (OSError, subprocess.SubprocessError):
        return False


def _call(executor: Any, ours: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
    return ours(executor, *arguments, **settings)
