"""What Snakemake is told at its start."""

import asyncio
import gc
import inspect
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.common import get_function_params, get_input_function_aux_params
from snakemake.io import _IOFile, expand
from snakemake.resources import Resource
from snakemake.scheduling.greedy import Scheduler, SchedulerSettings
from snakemake.scheduling.job_scheduler import JobScheduler
from snakemake_interface_logger_plugins.common import LogEvent

from promptseg.core import starting
from promptseg.planning.requests import Requests


def test_parameters_of_our_functions_are_known_to_snakemake(monkeypatch):
    monkeypatch.delattr(Requests.mem_mb, "_overwrite_params", raising=False)
    starting.know_parameters([Requests.mem_mb, expand, "text", Requests])
    monkeypatch.setattr(inspect, "signature", None)  # it is not called any more
    assert list(get_function_params(Requests.mem_mb)) == ["self", "wildcards", "attempt", "rulename"]
    asked = {"attempt": 1, "rulename": "predict", "threads": 2}
    assert get_input_function_aux_params(Requests.mem_mb, asked) == {"attempt": 1, "rulename": "predict"}


def test_functions_of_others_are_left_alone():
    starting.know_parameters([expand])
    assert not hasattr(expand, "_overwrite_params")


def test_what_snakemake_calls_for_each_resource_is_known_to_it():
    starting.know_parameters([])
    evaluate = Resource("mem_mb", 5).evaluate
    assert list(get_function_params(evaluate)) == list(inspect.signature(evaluate).parameters)


def test_snakemake_looks_for_jobs_once_at_the_end_of_a_time_span(monkeypatch):
    monkeypatch.setattr(JobScheduler, "_schedule_reevalutation", JobScheduler._schedule_reevalutation)
    starting.reconsider_once()
    scheduler = JobScheduler.__new__(JobScheduler)
    scheduler._open_jobs = threading.Semaphore(0)
    for _ in range(2):  # and once again after it has looked
        for _ in range(5):
            scheduler._schedule_reevalutation(0.01)
        assert scheduler._open_jobs.acquire(timeout=5)
        assert not scheduler._open_jobs.acquire(timeout=0.05)


def test_snakemake_reads_a_file_once_while_it_stays_as_it_is(tmp_path, monkeypatch):
    asked = []

    async def read(file, *_):
        asked.append(Path(file.file).read_text())
        return f"sha256:{asked[-1]}"

    monkeypatch.setattr(_IOFile, "checksum", read)
    monkeypatch.setattr(JobScheduler, "update_input_sizes", JobScheduler.update_input_sizes)
    starting.read_once()

    def checksum(file, **how):
        return asyncio.run(_IOFile.checksum(file, 100, **how))

    path = tmp_path / "images.parquet"
    file = SimpleNamespace(file=str(path), is_storage=False)
    path.write_text("one")
    assert [checksum(file), checksum(file)] == ["sha256:one"] * 2
    assert asked == ["one"]
    path.write_text("two")  # of the same size
    assert [checksum(file), checksum(file)] == ["sha256:two"] * 2
    assert asked == ["one", "two"]
    checksum(file, force=True)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        checksum(file)
    assert asked == ["one", "two", "two"]


@pytest.mark.parametrize("omit", [True, False])
def test_sizes_of_inputs_are_asked_for_where_they_count(monkeypatch, omit):
    asked = []

    async def weigh(_, jobs):
        asked.extend(jobs)

    monkeypatch.setattr(JobScheduler, "update_input_sizes", weigh)
    monkeypatch.setattr(_IOFile, "checksum", _IOFile.checksum)
    starting.read_once()
    scheduler = JobScheduler.__new__(JobScheduler)
    settings = SchedulerSettings(omit_prioritize_by_temp_and_input=omit)
    scheduler._job_selector = Scheduler(None, settings, None).select_jobs
    asyncio.run(scheduler.update_input_sizes(["job"]))
    assert asked == ([] if omit else ["job"])


def test_the_collector_is_off_until_jobs_are_planned():
    handler = starting.WithoutCollector()
    try:
        assert not gc.isenabled()
        handler.emit(SimpleNamespace(event=LogEvent.WORKFLOW_STARTED))
        assert not gc.isenabled()
        handler.emit(SimpleNamespace(event=LogEvent.RUN_INFO))
        assert gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
