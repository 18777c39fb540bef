"""What Snakemake is told at its start."""

import gc
import inspect
import threading
from types import SimpleNamespace

from snakemake.common import get_function_params, get_input_function_aux_params
from snakemake.io import expand
from snakemake.resources import Resource
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
