"""Groups of jobs that share a job of the cluster, on jobs that look like Snakemake's."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from snakemake.iocontainers import ResourceList
from snakemake.resources import Resources

from promptseg.planning.cluster import groups
from promptseg.planning.cluster.groups import GIVEN, Group, arrange, prepare_node


class Output(str):
    """A file that is there, or not."""

    def __new__(cls, name, there=True):
        made = super().__new__(cls, name)
        made.there = there
        return made

    async def exists(self):
        return self.there


class Job:
    """What a group asks of a job; notes what becomes of it."""

    pipe_group = None
    restart_times = 1

    def __init__(self, dag, number, outputs=(), **resources):
        self.dag, self.number, self.output = dag, number, outputs
        self.resources = ResourceList(fromdict={"_cores": 1, "_nodes": 1, "mem_mb": 1000, "runtime": 5, **resources})
        self.threads = self.resources["_cores"]
        self.said, self.ended = [], []

    def get_target_spec(self):
        return [self.number]

    def log_error(self, **about):
        self.said.append(about)

    def register(self, external_jobid):
        self.dag.marked.update(self.output)

    async def postprocess(self, error, check_output_mtime):
        self.ended.append("failed" if error else "made")


def make_dag(main=True, incomplete=()):
    marked = set(incomplete)
    persistence = SimpleNamespace(
        _clear_cache=lambda: None, _get_key=str, _filter_incomplete_keys=lambda names: marked.intersection(names)
    )
    settings = SimpleNamespace(attempt=1)
    workflow = SimpleNamespace(
        is_main_process=main, persistence=persistence, execution_settings=settings, local_exec=False
    )
    return SimpleNamespace(
        marked=marked, workflow=workflow, jobid=lambda job: job.number, toposorted=lambda jobs, **_: [list(jobs)]
    )


def group(jobs, cpus=4):
    about = SimpleNamespace(cpus=cpus, runtime=lambda jobs, attempt: 7 * attempt, seconds=lambda job: 1 / job.number)
    made = Group(about, "step1-1-1", frozenset(jobs), Resources())
    made.finalize()
    return made


def test_what_was_made_stays_and_the_rest_is_tried_again():
    dag = make_dag(incomplete=["c"])
    made, failed, unfinished = (
        Job(dag, 1, [Output("a")]),
        Job(dag, 2, [Output("b", there=False)]),
        Job(dag, 3, [Output("c")]),
    )
    shared = group([made, failed, unfinished])
    assert shared.get_target_spec() == [1, 2, 3]
    shared.log_error("SLURM-job '5' failed", aux_logs=["5.log"])
    asyncio.run(shared.postprocess(error=True))
    assert [job.ended for job in (made, failed, unfinished)] == [["made"], ["failed"], ["failed"]]
    assert [job.said for job in (made, failed, unfinished)] == [
        [],
        [{"msg": "SLURM-job '5' failed", "aux_logs": ["5.log"]}],
        [],
    ]
    assert shared.get_target_spec() == [2, 3]


def test_a_job_of_the_cluster_that_was_ended_tells_of_all_that_it_did_not_make():
    dag = make_dag(incomplete=["b", "c"])
    jobs = [Job(dag, 1, [Output("a")]), Job(dag, 2, [Output("b", there=False)]), Job(dag, 3, [Output("c")])]
    shared = group(jobs)
    shared.log_error("cancelled", aux_logs=["5.log"])
    asyncio.run(shared.postprocess(error=True))
    assert [len(job.said) for job in jobs] == [0, 1, 1]
    logs = [said["aux_logs"] for job in jobs for said in job.said]
    assert sorted(logs, key=str) == [None, ["5.log"]]  # the log of the cluster's job, which may be long, once


def test_what_an_attempt_made_stays_made_when_the_next_one_fails_too():
    dag = make_dag(incomplete=["b", "c"])
    first, second, third = (Job(dag, number, [Output(name)]) for number, name in ((1, "a"), (2, "b"), (3, "c")))
    shared = group([first, second, third])
    shared.get_target_spec()
    shared.log_error("out of time")
    asyncio.run(shared.postprocess(error=True))
    assert shared.get_target_spec() == [2, 3]
    shared.register("6")
    dag.marked.discard("b")  # on the node, when it was made
    asyncio.run(shared.postprocess(error=True))
    assert [job.ended for job in (first, second, third)] == [["made", "made"], ["failed", "made"], ["failed", "failed"]]
    assert shared.get_target_spec() == [3]


def test_a_job_of_the_cluster_that_ended_late_makes_but_one_again():
    dag = make_dag()
    shared = group([Job(dag, 1, [Output("a")]), Job(dag, 2, [Output("b")])])
    shared.log_error("out of time")
    asyncio.run(shared.postprocess(error=True))
    assert shared.get_target_spec() == [2]


@pytest.mark.parametrize(
    ("told", "message", "attempt"),
    [
        ("2026-11-30 00:00:00,000 ERROR score: nothing to score\n", "SLURM status is: 'FAILED'", 2),
        ("2026-11-30 00:00:00,000 ERROR score: no memory left\n", "SLURM status is: 'FAILED'", 1),
        ("2026-11-30 00:00:00,000 ERROR score: nothing to score\n", "SLURM status is: 'TIMEOUT'", 1),
    ],
)
def test_a_group_is_not_tried_again_where_all_that_failed_said_why(tmp_path, told, message, attempt):
    log = tmp_path / "score.log"
    log.write_text(told)
    dag = make_dag(incomplete=["b"])
    failed, waits = Job(dag, 1, [Output("a", there=False)]), Job(dag, 2, [Output("b", there=False)])
    failed.log, failed.rule = [log], SimpleNamespace(name="score")
    shared = group([failed, waits])
    shared.log_error(message)
    asyncio.run(shared.postprocess(error=True))
    assert shared.attempt == attempt


def test_the_first_process_of_a_job_deletes_nothing_and_hands_on_what_slurm_gave(monkeypatch):
    monkeypatch.delenv(GIVEN, raising=False)
    dag = make_dag(main=False)
    jobs = [Job(dag, number, [Output("a")], gpu=1) for number in (1, 2)]
    shared = group(jobs)
    assert shared.get_target_spec() == [1, 2]
    given = json.loads(groups.os.environ.pop(GIVEN))
    assert given["resources"] == {"_cores": 1, "mem_mb": 1000, "gpu": 1}
    asyncio.run(shared.postprocess(error=True))
    assert [job.ended for job in jobs] == [[], []]


@pytest.mark.parametrize(
    ("asked", "cpus", "expected"),
    [
        ({}, 4, {"_cores": 4, "mem_mb": 4000}),  # six jobs, four at a time
        ({}, 8, {"_cores": 6, "mem_mb": 6000}),
        ({"_cores": 8}, 4, {"_cores": 8, "mem_mb": 1000}),
        ({"gpu": 1}, 4, {"_cores": 1, "mem_mb": 1000, "gpu": 1}),  # one GPU, in turn
        ({"gpu": 0, "gres": "gpu:1"}, 4, {"_cores": 1, "mem_mb": 1000, "gres": "gpu:1"}),
    ],
)
def test_a_group_asks_for_what_runs_at_the_same_time(asked, cpus, expected):
    dag = make_dag()
    found = group([Job(dag, number, **asked) for number in range(6)], cpus).resources
    assert {name: found[name] for name in expected} == expected
    assert found["runtime"] == 7


def test_another_version_of_snakemake_shares_no_jobs(monkeypatch, caplog):
    monkeypatch.setattr(groups.snakemake, "__version__", "9.28.0")
    settings = SimpleNamespace(nodes=100, cores=None)
    rule = SimpleNamespace(name="score", norun=False, group=None)
    workflow = SimpleNamespace(is_main_process=True, resource_settings=settings, rules=[rule], _localrules=set())
    arrange(workflow, {"cluster": {"group_minutes": 30, "group_cpus": 4}}, None)
    assert rule.group is None
    assert "this is 9.28.0" in caplog.text


def test_on_one_machine_no_rule_has_a_group():
    rule = SimpleNamespace(name="score", norun=False, group=None)
    settings = SimpleNamespace(nodes=None, cores=4)
    workflow = SimpleNamespace(is_main_process=True, resource_settings=settings, rules=[rule], _localrules=set())
    arrange(workflow, {"cluster": {"group_minutes": 30, "group_cpus": 4}}, None)
    assert rule.group is None
    settings.nodes, settings.cores = 100, None
    arrange(workflow, {"cluster": {"group_minutes": 0, "group_cpus": 4}}, None)
    assert rule.group is None
    arrange(workflow, {"cluster": {"group_minutes": 30, "group_cpus": 4}}, None)
    assert callable(rule.group)


def test_on_the_node_no_more_runs_than_slurm_gave(monkeypatch):
    given = {}
    workflow = SimpleNamespace(
        is_main_process=False,
        resource_settings=SimpleNamespace(nodes=None),
        execution_settings=SimpleNamespace(keep_going=False),
        register_resource=given.__setitem__,
    )
    prepare_node(workflow, False)
    assert not workflow.execution_settings.keep_going
    monkeypatch.setattr(groups, "queue_seconds", lambda: 3.5)
    monkeypatch.setattr(groups.overhead.atexit, "register", lambda _: None)
    monkeypatch.setattr(groups.logger, "addHandler", lambda _: None)
    monkeypatch.setenv("PROMPTSEG_WAITED", "")  # so that it is undone
    monkeypatch.setenv(GIVEN, json.dumps({"began": 1.0, "resources": {"_cores": 2, "mem_mb": 3000}}))
    prepare_node(workflow, False)
    assert given == {"_cores": 2, "mem_mb": 3000}
    assert workflow.execution_settings.keep_going
    assert groups.os.environ["PROMPTSEG_WAITED"] == "3.5"
