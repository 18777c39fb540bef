"""What the main process of a run notes and says: settings of what it made, how far it is, and how it ended."""

import atexit
import logging
import os
import platform
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from promptseg.config.arguments import stop
from promptseg.config.facts import optional_parts
from promptseg.config.folders import folders
from promptseg.core.cards import limit
from promptseg.core.errors import PromptsegError
from promptseg.core.files import write_json
from promptseg.planning.changes import of_run
from promptseg.planning.cluster.site import goes_to_cluster
from promptseg.planning.estimates import Estimator
from promptseg.planning.history import History
from promptseg.planning.jobs import STAGES, Job, jobs_of, param_digests
from promptseg.planning.progress_line import Line, Progress
from promptseg.planning.room import full_disk, require_writable

# In the folder of logs: when and with which configuration a run was made, and how it ended.
LAST_RUN = "logs/last_run.json"
RUNNING, DONE, FAILED, STOPPED = "running", "done", "failed", "stopped"
_PAGE = "build_page"
_REASON = re.compile(r"^\S+ \S+ ERROR (?:\w+: )?(.*)")
_EXCEPTION = re.compile(r"^[\w.]+(?:Error|Exception)\b.*")


class Run:
    """Begins when the jobs of a run are known, also if there are none, and ends with the process."""

    def __init__(self, workflow: Any, config: Mapping[str, Any]) -> None:
        self._workflow, self._config = workflow, config
        self._results = Path(folders(config)[0])
        dag = workflow.dag
        jobs = jobs_of(dag, config, params=False)
        # What makes nothing, as `datasets_status`, is no run to speak of.
        self._jobs = {job.number: job for job in jobs if job.due and job.stage in STAGES and job.output}
        self._theirs = {dag.jobid(job): job for job in dag.jobs}
        self._whole = any(job.rule == _PAGE for job in jobs)
        self._history = History()
        self._about = self._describe()
        cores = _cores(workflow)
        estimator = Estimator(config, cores)
        estimates = {number: estimator.estimate(job) for number, job in self._jobs.items()}
        gpus = cores if goes_to_cluster(workflow) else limit()
        self._progress = Progress(list(self._jobs.values()), estimates, cores, gpus)
        self._ended: set[int] = set()
        self._told: dict[int, str] = {}
        self._line: Line | None = None
        if not workflow.touch:
            _require_room(self._jobs.values())
        if self._jobs:
            self._digest = self._history.keep(config)
        if self._jobs and not workflow.touch:
            self._write(RUNNING)
            self._line = None if self._is_quiet() else Line(self._progress, logging.getLogger("snakemake.logging"))
        atexit.register(self._end)

    def started(self, numbers: Sequence[int]) -> None:
        """Jobs started."""
        self._progress.started(numbers)

    def finished(self, number: int) -> None:
        """A job ended well: note the settings that it was made with."""
        self._ended.add(number)
        self._progress.finished(number)
        if number in self._jobs:
            params = param_digests(self._theirs[number].params)
            self._history.note(replace(self._jobs[number], params=params), self._digest)

    def failed(self, number: int, message: str | None) -> None:
        """A job ended with an error; a cluster says in the first line of a message how."""
        self._told[number] = (message or "").partition("\n")[0].partition("For further error details")[0].strip()
        self._progress.failed(number)

    def _is_quiet(self) -> bool:
        return any(str(kind).lower().endswith("all") for kind in self._workflow.output_settings.quiet or ())

    def _describe(self) -> dict[str, Any]:
        return {
            "started": _now(),
            "host": platform.node(),
            "process": os.getpid(),
            "command": ["snakemake", *sys.argv[1:]],
            "configfiles": [os.path.relpath(str(file)) for file in self._workflow.overwrite_configfiles],
            "config": of_run(self._config),
        }

    def _write(self, outcome: str, **facts: Any) -> None:
        counts = {"jobs": len(self._jobs), "jobs_done": self._progress.done}
        write_json(self._results / LAST_RUN, {"outcome": outcome, **self._about, **counts, **facts})

    def _end(self) -> None:
        """Say how it ended, after all that Snakemake says."""
        if self._line:
            self._line.end()
        # Under `--quiet` and `--quiet progress` Snakemake does not tell of jobs that end well.
        for number in self._jobs.keys() - self._ended:
            if self._workflow.dag.finished(self._theirs[number]):
                self.finished(number)
        errors = [(job, reason(job.log, self._told[job.number])) for job in self._progress.errors]
        done = self._progress.done
        outcome = FAILED if errors else DONE if done == len(self._jobs) else STOPPED
        try:
            if self._jobs and not self._workflow.touch:
                self._write(outcome, ended=_now(), failed=[failure(*error) for error in errors])
            if self._is_quiet():
                return
            if errors:
                print("\n".join(closing(errors)), file=sys.stderr)
            elif outcome == STOPPED:
                print(f"Stopped: {done} of {len(self._jobs)} jobs are done. Start it again to go on.", file=sys.stderr)
            elif self._whole:
                from promptseg.report.terminal import overview

                volumes = "volumes" in optional_parts(self._config)
                print(f"\n{overview(self._results, volumes=volumes)}", flush=True)
        except (PromptsegError, OSError) as error:
            print(error, file=sys.stderr)


def _require_room(jobs: Iterable[Job]) -> None:
    """End the process where the jobs could not write what they make."""
    try:
        require_writable(output for job in jobs for output in job.output)
    except PromptsegError as error:
        stop(error)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _cores(workflow: Any) -> int:
    """Cores of this machine that Snakemake uses, or as many as there are jobs at a time elsewhere."""
    return int(workflow.resource_settings.cores or workflow.resource_settings.nodes or 1)


def reason(log: str, told: str) -> str:
    """Why a job failed in one sentence: the last error in its log, the exception that ended it, a full disk, or `told`.

    Args:
        log: its log file; empty where it has none.
        told: what the scheduler of a cluster said; empty on one machine.
    """
    lines = Path(log).read_text(errors="replace").splitlines() if log and Path(log).is_file() else []
    for line in reversed(lines):
        if found := _REASON.match(line):
            return found[1]
        if _EXCEPTION.match(line):
            return line
    if full := full_disk([".", Path(log).parent, tempfile.gettempdir()]):
        return full
    return told or "it was ended from outside before it could say anything, often for lack of memory"


def failure(job: Job, why: str) -> dict[str, Any]:
    """What is kept of a job that failed."""
    return {"rule": job.rule, "wildcards": dict(job.wildcards), "reason": why, "log": job.log}


def closing(errors: Sequence[tuple[Job, str]]) -> Iterator[str]:
    """Lines about jobs that failed, given with the reason: how many, and for each reason which they are and a log."""
    yield f"{len(errors)} job{'s' if len(errors) > 1 else ''} failed; what does not need them is done:"
    grouped: dict[str, list[Job]] = defaultdict(list)
    for job, why in errors:
        grouped[why].append(job)
    for text, alike in grouped.items():
        names = [" ".join(filter(None, [job.rule, *job.wildcards.values()])) for job in alike]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield f"  {names[0]}{more}: {text} ({alike[0].log})" if alike[0].log else f"  {names[0]}{more}: {text}"
