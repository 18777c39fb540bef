"""Which jobs share a job of a cluster."""

from graphlib import TopologicalSorter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptseg.planning.cluster.sharing import Work, shared

CPU, GPU = ("0",), ("1",)


def work(dataset="a", *parts, needs=(), kind=CPU, seconds=10.0, alone=False):
    """A job of ten seconds, without a GPU."""
    return Work(dataset, parts, kind, seconds, tuple(needs), alone)


def chain(dataset, *methods, seconds=10.0):
    """Images, predictions and scores of a dataset, with a GPU for methods in capitals."""
    jobs = {f"images {dataset}": work(dataset, seconds=seconds)}
    for method in methods:
        kind = GPU if method.isupper() else CPU
        predict, score = f"predict {method} {dataset}", f"score {method} {dataset}"
        jobs[predict] = work(dataset, method, needs=[f"images {dataset}"], kind=kind, seconds=seconds)
        jobs[score] = work(dataset, method, needs=[predict], seconds=seconds)
    return jobs


def groups(names):
    """Jobs by the job of the cluster that they share, as sets."""
    return {frozenset(job for job in names if names[job] == name) for name in set(names.values())}


def test_all_of_a_dataset_share_one():
    assert groups(shared(chain("a", "box", "disk"), 100)) == {frozenset(chain("a", "box", "disk"))}


def test_jobs_with_a_gpu_share_another_and_what_waits_for_them_a_third():
    found = groups(shared(chain("a", "box", "SAM", "RITM"), 100))
    assert found == {
        frozenset({"images a", "predict box a", "score box a"}),
        frozenset({"predict SAM a", "predict RITM a"}),
        frozenset({"score SAM a", "score RITM a"}),
    }


def test_small_datasets_share_one_as_long_as_their_work_allows():
    jobs = {name: job for dataset in "abc" for name, job in chain(dataset, "box").items()}  # 30 s each
    assert groups(shared(jobs, 60)) == {
        frozenset({*chain("a", "box"), *chain("b", "box")}),
        frozenset(chain("c", "box")),
    }


def test_a_large_dataset_is_cut_between_methods():
    found = groups(shared(chain("a", "box", "disk", "fill"), 40))
    assert found == {
        frozenset({"images a", "predict box a", "score box a"}),
        frozenset({f"{stage} {method} a" for stage in ("predict", "score") for method in ("disk", "fill")}),
    }


def test_a_job_that_takes_longer_is_alone():
    jobs = chain("a", "box", "disk")
    jobs["predict disk a"] = work("a", "disk", needs=["images a"], seconds=101.0)
    names = shared(jobs, 100)
    assert "predict disk a" not in names
    assert "score disk a" not in names  # nothing is left to share one with
    assert groups(names) == {frozenset({"images a", "predict box a", "score box a"})}


def test_what_runs_at_the_start_of_the_run_shares_none():
    jobs = {
        "files a": work("a", alone=True),
        "images a": work("a", needs=["files a"]),
        "prompts a": work("a", needs=["images a"]),
    }
    assert groups(shared(jobs, 100)) == {frozenset({"images a", "prompts a"})}


def test_figures_of_datasets_go_with_the_tables_that_they_wait_for():
    jobs = {"images a": work("a"), "images b": work("b"), "table": work("", needs=["images a", "images b"])}
    jobs |= {f"figure {name}": work(name, needs=["table"]) for name in "ab"}
    assert groups(shared(jobs, 100)) == {
        frozenset({"images a", "images b"}),
        frozenset({"table", "figure a", "figure b"}),
    }


@pytest.mark.parametrize("longest", [0.0, 9.0])
def test_nothing_is_shared_where_every_job_is_long(longest):
    assert shared(chain("a", "box"), longest) == {}


@st.composite
def runs(draw):
    """Jobs that wait for some of those before them."""
    jobs = {}
    for job in range(draw(st.integers(1, 25))):
        jobs[job] = Work(
            draw(st.sampled_from(["", "a", "b"])),
            draw(st.sampled_from([(), ("m",), ("n",), ("n", "1-of-2")])),
            draw(st.sampled_from([CPU, GPU])),
            draw(st.floats(0, 60)),
            tuple(draw(st.sets(st.integers(0, job - 1), max_size=3))) if job else (),
            draw(st.booleans()),
        )
    return jobs


@given(runs(), st.floats(0, 200))
def test_shared_jobs_never_wait_for_each_other_in_a_circle(jobs, longest):
    names = shared(jobs, longest)
    name = {job: names.get(job, job) for job in jobs}
    edges = {key: set() for key in name.values()}
    for job, about in jobs.items():
        edges[name[job]] |= {name[need] for need in about.needs} - {name[job]}
    TopologicalSorter(edges).prepare()  # raises CycleError
    for members in groups(names):
        assert len(members) > 1
        assert len({jobs[job].kind for job in members}) == 1
        assert not any(jobs[job].alone or jobs[job].seconds > longest for job in members)
