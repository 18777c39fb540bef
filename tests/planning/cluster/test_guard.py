"""The guard around a stand-in of the plugin that forgets jobs as the real one does, which tests/cluster has."""

import asyncio
import logging
import sys
from types import ModuleType, SimpleNamespace

import pytest

from promptseg.planning.cluster import guard


@pytest.fixture
def slurm(monkeypatch):
    """The plugin; `answers` are the next ones of each program, None for a failure; `reported` what is reported."""
    plugin = ModuleType("snakemake_executor_plugin_slurm")
    plugin.answers = {"sacct": [], "squeue": []}
    plugin.asked, plugin.reported, plugin.submitted = [], [], []

    async def query_job_status(command, logger):
        plugin.asked.append(command)
        states = plugin.answers[command.split()[0]].pop(0)
        return (None, None) if states is None else (states, 0.1)

    class Executor:
        status = "sacct --format=JobIdRaw,State --name abc"
        next_seconds_between_status_checks = 180
        workflow = SimpleNamespace(executor_settings=SimpleNamespace(status_command="sacct"))
        _job_submission_executor = SimpleNamespace(shutdown=lambda **settings: plugin.submitted.append(settings))

        def __post_init__(self, test_mode=False):
            self.run_uuid = "abc"

        async def check_active_jobs(self, active):
            states, _ = await plugin.query_job_status(self.status, None)
            if states is None:
                return
            for job in active:
                state = states.get(job.external_jobid)
                if state == "COMPLETED":
                    self.report_job_success(job)
                elif state in ("CANCELLED", "FAILED"):
                    self.report_job_error(job, msg=f"SLURM status is: '{state}'")
                else:
                    yield job

        def report_job_success(self, job):
            plugin.reported.append(("success", job.external_jobid))

        def report_job_error(self, job, msg=None, **more):
            plugin.reported.append((msg, job.external_jobid))

        def run_array_jobs(self, jobs):
            plugin.submitted.append([job.name for job in jobs])

        def run_job(self, job):
            plugin.submitted.append(job.name)

        def cancel_jobs(self, active):
            raise AssertionError("jobs are cancelled by the name of the run")

    plugin.Executor, plugin.query_job_status = Executor, query_job_status
    plugin.query_job_status_squeue = lambda run: f"squeue --name {run}"
    monkeypatch.setitem(sys.modules, "snakemake_executor_plugin_slurm", plugin)
    monkeypatch.setattr("importlib.metadata.version", lambda name: guard.TRIED)
    return plugin


def started(slurm):
    begun = []
    guard.install(begun.append)
    executor = slurm.Executor()
    executor.__post_init__(test_mode=True)
    assert begun == ["abc"]
    return executor


def submitted(*numbers):
    job = SimpleNamespace(is_group=lambda: False, resources={})
    return [SimpleNamespace(external_jobid=number, aux=None, job=job) for number in numbers]


def look(executor, jobs):
    async def check():
        return [job async for job in executor.check_active_jobs(jobs)]

    return asyncio.run(check())


def test_the_plugin_alone_forgets_jobs_when_slurm_does_not_answer(slurm):
    slurm.answers["sacct"] = [None]
    assert look(slurm.Executor(), submitted("1")) == []
    assert slurm.reported == []


def test_no_job_is_forgotten_when_slurm_does_not_answer(slurm, caplog):
    executor, jobs = started(slurm), submitted("1", "2")
    slurm.answers = {"sacct": [None] * 5, "squeue": [*[None] * 4, {"1": "COMPLETED", "2": "RUNNING"}]}
    for _ in range(4):
        assert look(executor, jobs) == jobs
    assert [job.external_jobid for job in look(executor, jobs)] == ["2"]
    assert slurm.reported == [("success", "1")]
    assert [record.message.split(".")[0] for record in caplog.records] == [
        "Slurm does not answer",
        "Slurm answers again",
    ]
    assert executor.next_seconds_between_status_checks == 60


def test_without_accounting_squeue_answers_task_by_task(slurm):
    executor, jobs = started(slurm), submitted("1_1")
    slurm.answers = {"sacct": [None], "squeue": [{"1_1": "COMPLETED"}]}
    assert look(executor, jobs) == []
    assert slurm.asked == ["sacct --format=JobID,State --name abc", "squeue --array --name abc"]


@pytest.mark.parametrize(("code", "command"), [(0, "sacct"), (1, "squeue")])
def test_what_states_are_asked_of(slurm, tmp_path, monkeypatch, code, command):
    (tmp_path / "sacct").write_text(f"#!/bin/sh\nexit {code}\n")
    (tmp_path / "sacct").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert started(slurm).workflow.executor_settings.status_command == command


def test_accounting_is_enough_for_jobs_that_it_is_sure_of(slurm):
    executor = started(slurm)
    slurm.answers["sacct"] = [{"1": "RUNNING", "2": "CANCELLED by 1000"}]
    assert [job.external_jobid for job in look(executor, submitted("1", "2"))] == ["1"]
    assert slurm.reported == [("It was cancelled, by a person or by the cluster. SLURM status is: 'CANCELLED'", "2")]


def test_the_controller_knows_better_of_a_job_that_is_queued_again(slurm):
    executor, jobs = started(slurm), submitted("1")
    slurm.answers = {"sacct": [{"1": "NODE_FAIL"}], "squeue": [{"1": "PENDING"}]}
    assert look(executor, jobs) == jobs


def test_a_job_that_slurm_forgot_ends_after_three_looks_that_succeeded(slurm):
    executor, jobs = started(slurm), submitted("1")
    slurm.answers = {"sacct": [{}, {}, None, {}], "squeue": [{}, {}, None, {}]}
    for _ in range(3):
        assert look(executor, jobs) == jobs
    assert look(executor, jobs) == []
    assert slurm.reported == [("success", "1")]


def test_a_job_that_stays_preempted_has_failed(slurm):
    executor, jobs = started(slurm), submitted("1")
    slurm.answers = {"sacct": [{"1": "PREEMPTED"}] * 3, "squeue": [None] * 3}
    assert [bool(look(executor, jobs)) for _ in range(3)] == [True, True, False]
    assert "preempted" in slurm.reported[0][0]


def test_jobs_that_will_never_start_are_given_up_and_held_ones_said_once(slurm, tmp_path, monkeypatch, caplog):
    lines = "".join(f"echo '{line}'\n" for line in ("1|PartitionTimeLimit", "2|Priority", "3|JobHeldUser"))
    for name, text in (("squeue", lines), ("scancel", f"echo $* >> {tmp_path}/called")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    executor, jobs = started(slurm), submitted("1", "2", "3")
    slurm.answers["sacct"] = [{"1": "PENDING", "2": "PENDING", "3": "PENDING"}] * 2
    assert look(executor, jobs) == look(executor, jobs) == jobs
    held, hopeless = sorted(record.message for record in caplog.records)
    assert held == "Slurm does not start job 3 until somebody changes why (JobHeldUser). To end it: scancel 3"
    assert hopeless.startswith("Slurm would never start job 1 (PartitionTimeLimit; max_hours of cluster says")
    assert set((tmp_path / "called").read_text().split()) == {"1"}


def test_arrays_hold_jobs_that_ask_for_the_same(slurm):
    executor = started(slurm)
    asked = [("a", 1000, 1), ("b", 2000, 1), ("c", 1000, 1), ("d", 1000, 4)]
    jobs = [SimpleNamespace(name=name, threads=threads, resources={"mem_mb": mem}) for name, mem, threads in asked]
    executor.run_array_jobs(jobs)
    assert slurm.submitted == [["a", "c"], "b", "d"]


def test_an_interrupted_run_cancels_all_of_its_jobs(slurm, tmp_path, monkeypatch):
    executor = started(slurm)
    (tmp_path / "scancel").write_text(f"#!/bin/sh\necho $* > {tmp_path}/called\n")
    (tmp_path / "scancel").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    executor.cancel_jobs([])
    assert (tmp_path / "called").read_text() == "--name=abc\n"
    assert slurm.submitted == [{"wait": True, "cancel_futures": True}]


def test_another_version_is_said_and_left_alone_without_what_is_wrapped(slurm, caplog, monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda name: "3.0.0")
    monkeypatch.delattr(slurm.Executor, "check_active_jobs")
    query = slurm.query_job_status
    with caplog.at_level(logging.WARNING):
        guard.install(print)
    assert "3.0.0" in caplog.text
    assert "check_active_jobs" in caplog.text
    assert slurm.query_job_status is query


def test_without_the_plugin_nothing_is_guarded(monkeypatch):
    monkeypatch.delitem(sys.modules, "snakemake_executor_plugin_slurm", raising=False)
    guard.install(print)
