"""What is done when Snakemake starts: for the jobs that it will run, and once before it runs or plans any."""

import gc
import inspect
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from promptseg.core.digests import State, state_of
from promptseg.core.exhausted import exhausted

_WORKFLOW = Path(__file__).resolve().parents[3]


def import_in_jobs(folder: Path) -> None:
    """Let jobs import the library that lies here, not one that is installed from another copy of the project."""
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(folder), *filter(None, others)]))


def know_parameters(objects: Iterable[object]) -> None:
    """Tell Snakemake the parameters of those objects that are functions of ours; else it inspects them for each job."""
    from snakemake.common import FUNC_OVERWRITE_PARAMS_ATTR
    from snakemake.resources import Resource

    _, *parameters = inspect.signature(Resource.evaluate).parameters.items()  # called by Snakemake for each of a job
    setattr(Resource.evaluate, FUNC_OVERWRITE_PARAMS_ATTR, dict(parameters))
    for function in filter(inspect.isfunction, objects):
        if Path(function.__code__.co_filename).is_relative_to(_WORKFLOW):
            setattr(function, FUNC_OVERWRITE_PARAMS_ATTR, inspect.signature(function).parameters)


def reconsider_once() -> None:
    """Let Snakemake look for jobs to start at the end of a time span once, not once for each time that it did before.

    Because of its limit of jobs per second it sets a timer whenever it has looked while jobs were waiting; each timer
    makes it look, which sets the next one, so that a run looks as often in a second as it has ended jobs, and every
    time it asks the disk for the size of every input of every waiting job. Read off Snakemake 9.27.1,
    `scheduling/job_scheduler.py`. One timer is enough: where jobs still wait when it goes off, another one is set.
    """
    from snakemake.scheduling.job_scheduler import JobScheduler

    def schedule(scheduler: Any, delay: float) -> None:
        def look() -> None:
            scheduler._timer = None  # before it looks, because it may set the next one
            scheduler._open_jobs.release()

        if getattr(scheduler, "_timer", None) is None:
            scheduler._timer = threading.Timer(delay, look)
            scheduler._timer.daemon = True  # a run that ends need not wait for it
            scheduler._timer.start()

    JobScheduler._schedule_reevalutation = schedule  # type: ignore[method-assign, assignment]


def read_once() -> None:
    """Let Snakemake read a file for its checksum once while it stays as it is, and look for sizes only if they matter.

    After a job it notes checksums of all inputs for each of the outputs, reading each file for each: images, those of
    100,000 pictures too, for every method. And before it chooses jobs it asks the disk for the size of every input of
    every job that is ready, also where the scheduler is told to leave them aside. Meanwhile no job starts. Read off
    Snakemake 9.27.1, `persistence/__init__.py` and `scheduling/job_scheduler.py`.
    """
    from snakemake.io import _IOFile
    from snakemake.scheduling.job_scheduler import JobScheduler

    known: dict[str, tuple[State, str | None]] = {}
    read, weigh = _IOFile.checksum, JobScheduler.update_input_sizes

    async def checksum(file: Any, threshold: int | None = None, force: bool = False, algorithm: Any = None) -> Any:
        state = None if force or algorithm or file.is_storage else state_of(file.file)
        if state is None:
            return await read(file, threshold, force, algorithm)
        if file.file not in known or known[file.file][0] != state:
            known[file.file] = state, await read(file, threshold)
        return known[file.file][1]

    async def update_input_sizes(scheduler: Any, jobs: Any) -> None:
        settings = getattr(scheduler._job_selector.__self__, "settings", None)
        if not getattr(settings, "omit_prioritize_by_temp_and_input", False):
            await weigh(scheduler, jobs)

    _IOFile.checksum = checksum  # type: ignore[method-assign, assignment]
    JobScheduler.update_input_sizes = update_input_sizes  # type: ignore[method-assign, assignment]


class WithoutCollector(logging.Handler):
    """Leaves Python's collector of unused objects off until Snakemake has planned, for a sixth of the time.

    Nearly everything that planning makes is used until the end of the process. Snakemake tells the numbers of jobs
    before it runs them.
    """

    def __init__(self) -> None:
        """Switch the collector off."""
        super().__init__()
        gc.disable()

    def emit(self, record: logging.LogRecord) -> None:
        """Switch it on, for what is made from here on."""
        if getattr(record, "event", None) == LogEvent.RUN_INFO:
            gc.freeze()
            gc.enable()


class AtStart(logging.Handler):
    """Listens to Snakemake's log for the event that a run starts, and does something then.

    The event comes after the rules were read, and before Snakemake builds the graph of jobs and looks at its lock (a
    handler in `onstart:` would run after that); and only from commands that run or plan jobs, not from `--lint`,
    `--unlock`, `--summary` and the like. Either in the process that the user started, or in those that Snakemake starts
    for jobs.
    """

    def __init__(self, workflow: Any, action: Callable[[bool], object], main: bool = True) -> None:
        """Listen for one `snakemake.workflow.Workflow`; `action` is told whether it is a dry run."""
        super().__init__()
        self._workflow, self._action, self._main = workflow, action, main
        self._done = False  # to take the handler away instead would make the logger skip the next one

    def emit(self, record: logging.LogRecord) -> None:
        """Act on the first event of a run."""
        if self._done or getattr(record, "event", None) != LogEvent.WORKFLOW_STARTED:
            return
        self._done = True
        if self._workflow.is_main_process != self._main:
            return
        try:
            self._action(self._workflow.output_settings.dryrun)
        except OSError as error:  # a folder of the project that is full or cannot be written
            if not (reason := exhausted(error)):
                raise
            print(reason, file=sys.stderr, flush=True)
            sys.exit(1)
