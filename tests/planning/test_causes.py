"""Each cause with the jobs that follow from it."""

from dataclasses import replace

import pytest

from promptseg.planning.causes import FORM, NEW, RULES, UNKNOWN, Causes, by_stage
from promptseg.planning.history import History
from promptseg.planning.jobs import Job, Trigger

CONFIG = {
    "run": {"datasets": ["d"], "methods": ["m"], "protocols": ["p"], "ablation": []},
    "prompts": {"seed": 1, "modes": ["mode1"]},
    "datasets": {"d": {"axis": "axial"}, "other": {}},
    "methods": {"m": {}, "n": {}},
    "protocols": {"p": {}},
}


def chain(params=(), **triggers):
    """Images, prompts, predictions, scores and a table, one of each, with `triggers` by stage."""
    rules = ("preprocess", "prompts", "predict", "score", "analysis")
    jobs = []
    for number, stage in enumerate(rules):
        wildcards = {} if stage == "analysis" else {"dataset": "d"}
        if stage in ("predict", "score"):
            wildcards["method"] = "m"
        trigger = triggers.get(stage, Trigger())
        due = bool(trigger) or any(job.due for job in jobs)
        needs = (number - 1,) if number else ()
        own = dict(params) if due or not triggers else {}
        output = (f"{stage}.out",)
        jobs.append(Job(number, stage, stage, wildcards, output, needs=needs, due=due, trigger=trigger, params=own))
    return jobs


@pytest.fixture
def history(tmp_path):
    return History(tmp_path)


def made(history, jobs, config=CONFIG):
    name = history.keep(config)
    for job in jobs:
        history.note(job, name)


def with_params(jobs, number, **params):
    jobs[number] = replace(jobs[number], params={**jobs[number].params, **params})
    return jobs


def found(jobs, history, config=CONFIG):
    return {cause.text: sorted(cause.jobs) for cause in Causes(jobs, config, history).find()}


def missing(*stages):
    return {stage: Trigger(missing=(f"{stage}.out",)) for stage in stages}


def test_nothing_was_made_yet(history):
    jobs = chain(**missing("preprocess", "prompts", "predict", "score", "analysis"))
    assert found(jobs, history) == {NEW: [0, 1, 2, 3, 4]}


def test_a_setting_touches_what_it_concerns_and_what_follows(history):
    made(history, chain({"seed": "a"}))
    jobs = with_params(chain({"seed": "a"}, prompts=Trigger(params=True)), 1, seed="b")
    changed = {**CONFIG, "prompts": {"seed": 2, "modes": ["mode1"]}}
    assert found(jobs, history, changed) == {"prompts.seed: 1 -> 2": [1, 2, 3, 4]}


def test_jobs_that_an_interrupted_run_finished_are_compared_with_that_run(history):
    made(history, chain({"seed": "a"}))
    changed = {**CONFIG, "prompts": {"seed": 2, "modes": ["mode1"]}}
    made(history, chain({"seed": "b"})[1:2], changed)  # then it was killed, and the seed is set back
    jobs = chain({"seed": "a"}, prompts=Trigger(params=True))
    assert found(jobs, history) == {"prompts.seed: 2 -> 1": [1, 2, 3, 4]}


def test_files_of_users_and_weights(history):
    same = {"contents": "a", "own_files": "a"}
    made(history, chain(same))
    jobs = chain(same, preprocess=Trigger(params=True), predict=Trigger(params=True))
    jobs = with_params(with_params(jobs, 0, contents="b"), 2, own_files="b")
    assert found(jobs, history) == {
        "files of the dataset d changed, or came or went": [0, 1, 2, 3, 4],
        "weights of m, or files of its options, were replaced": [2, 3, 4],
    }


def test_weights_of_another_name_are_a_setting(history):
    old, new = ({**CONFIG, "methods": {"m": {"checkpoint": {"path": path}}}} for path in ("a.pth", "b.pth"))
    made(history, chain({"own_files": "a"}), old)
    jobs = with_params(chain({"own_files": "a"}, predict=Trigger(params=True)), 2, own_files="b")
    assert found(jobs, history, new) == {"methods.m.checkpoint.path: a.pth -> b.pth": [2, 3, 4]}


def test_deleted_files_are_told_from_those_never_made(history):
    made(history, chain()[:4])
    jobs = chain(**missing("score", "analysis"))
    assert found(jobs, history) == {"deleted: score.out": [3, 4]}
    jobs = chain(**missing("analysis"))
    assert found(jobs, history) == {NEW: [4]}


def test_an_added_method(history):
    made(history, chain())
    config = {**CONFIG, "run": {**CONFIG["run"], "methods": ["m", "n"]}}
    jobs = chain(analysis=Trigger(inputs=True))
    wildcards = {"method": "n", "dataset": "d"}
    new = Job(5, "predict", "predict", wildcards, ("n.out",), trigger=Trigger(missing=("n.out",)), needs=(1,))
    jobs[4] = replace(jobs[4], needs=(3, 5))
    assert found([*jobs, new], history, config) == {"run.methods: +n": [4, 5]}


def test_edited_code(history):
    made(history, chain())
    jobs = chain(
        preprocess=Trigger(updated=("workflow/scripts/promptseg/core/masks.py", "my_method.py")),
        score=Trigger(updated=("workflow/scripts/promptseg/score/metrics.py",)),
        analysis=Trigger(updated=("results/weights/m.pth",)),
    )
    assert found(jobs, history) == {
        "edited: core/masks.py": [0, 1, 2, 3, 4],
        "edited: my_method.py": [0, 1, 2, 3, 4],
        "edited: score/metrics.py": [3, 4],
        "changed: results/weights/m.pth": [4],
    }


def test_what_is_deleted_after_use_runs_for_those_that_use_it(history):
    shard = Job(0, "predict_shard", "predict", {}, ("s",), temporary=True, trigger=Trigger(missing=("s",)))
    gather = Job(1, "gather", "predict", {}, ("g",), needs=(0,), trigger=Trigger(missing=("g",)))
    made(history, [gather])
    assert found([shard, gather], history) == {"deleted: g": [0, 1]}


def test_the_last_run_is_that_of_the_same_folder(history):
    first, other = ({**CONFIG, "results": name} for name in ("results", "runs/b"))
    made(history, chain(), {**first, "device": "cpu"})
    made(history, chain()[1:2], {**other, "device": "cuda"})
    assert Causes(chain(), {**first, "device": "auto"}, history).without_jobs([]) == ["device: cpu -> auto"]
    assert Causes(chain(), {**first, "results": "runs/c"}, history).without_jobs([]) == []


def test_an_adapter_that_says_something_else_of_itself_was_edited(history):
    made(history, chain({"asked": "a"}))
    jobs = with_params(chain({"asked": "a"}, predict=Trigger(updated=("../thr.py",), params=True)), 2, asked="b")
    assert found(jobs, history) == {"edited: ../thr.py": [2, 3, 4]}
    jobs = chain({"asked": "a"}, predict=Trigger(updated=("../thr.py",), inputs=True))
    assert found(jobs, history) == {"edited: ../thr.py": [2, 3, 4]}


def test_what_cannot_be_explained_is_said(history):
    jobs = chain(score=Trigger(params=True))
    assert found(jobs, history) == {UNKNOWN: [3, 4]}
    made(history, chain({"x": "a"}))
    assert found(with_params(chain({"x": "a"}, score=Trigger(params=True)), 3, x="b"), history) == {RULES: [3, 4]}
    assert found(chain({"x": "a"}, score=Trigger(params=True)), history) == {FORM: [3, 4]}


def test_changes_without_a_job(history):
    made(history, chain())
    changed = {**CONFIG, "run": {**CONFIG["run"], "unavailable": "skip"}}
    causes = Causes(chain(), changed, history)
    assert causes.find() == []
    assert causes.without_jobs([]) == ["run.unavailable: not given -> skip"]


def test_a_record_that_was_cut_off_is_left_out(history, tmp_path):
    made(history, chain())
    with (tmp_path / "promptseg.made.jsonl").open("a") as stream:
        stream.write('{"config": "x", "outp')
    assert list(history.made()) == [
        f"{stage}.out" for stage in ("preprocess", "prompts", "predict", "score", "analysis")
    ]


def test_counts_by_stage():
    jobs = chain(**missing("preprocess", "prompts", "predict", "score", "analysis"))
    assert by_stage([*jobs, jobs[2]]) == "images 1, prompts 1, predictions 2, scores 1, tables 1"
