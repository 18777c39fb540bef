"""Which jobs of a run share a job of a cluster.

A job of a cluster costs a place in its queue and two starts of Snakemake, more than many jobs of a run take. So jobs of
one dataset share one, and small ones of several datasets, until their work is worth it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Any, TypeAlias, TypeVar

_Job = TypeVar("_Job", bound=Hashable)
_Some = TypeVar("_Some", bound=Any)
_Part: TypeAlias = tuple[tuple[str, ...], str, tuple[str, ...]]  # kind, dataset, parts
_Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True)
class Work:
    """What is known of a job that has to run.

    Attributes:
        dataset: what it is about; empty where it is about no single one.
        parts: what else it is about: its method, its shard.
        kind: what jobs must have in common to share one: whether they hold a GPU, their partition and so on.
        seconds: what it is expected to take.
        needs: the jobs that it waits for and that have to run, too.
        alone: whether it never shares a job, as one that runs where the run was started.
    """

    dataset: str
    parts: tuple[str, ...]
    kind: tuple[str, ...]
    seconds: float
    needs: tuple[Any, ...]
    alone: bool = False


def shared(jobs: Mapping[_Job, Work], longest: float) -> dict[_Job, str]:
    """The name of the job of the cluster by job, of those that share one.

    No path leaves the jobs of one name and comes back to them: steps never fall along a path, rise where it goes from
    one key to another, and jobs of one name have one step.

    Args:
        longest: seconds of expected work; jobs that take longer share none, others no more than that together.
    """
    order = list(TopologicalSorter({job: work.needs for job, work in jobs.items()}).static_order())
    jobs = _of_all(jobs, order)
    keys = _keys(jobs, longest)
    steps: dict[_Job, int] = {}
    for job in order:
        steps[job] = max((steps[need] + (keys[need] != keys[job]) for need in jobs[job].needs), default=0)
    names = _packed(jobs, {job: (steps[job], keys[job]) for job in jobs if keys[job]}, longest)
    members = Counter(names.values())
    return {job: name for job, name in names.items() if members[name] > 1}


def _of_all(jobs: Mapping[_Job, Work], order: Iterable[_Job]) -> dict[_Job, Work]:
    """The jobs, those that wait for one that is about all datasets, as a figure does for a table, like that one."""
    found: dict[_Job, Work] = {}
    for job in order:
        waits = any(not found[need].dataset and not found[need].alone for need in jobs[job].needs)
        found[job] = replace(jobs[job], dataset="", parts=()) if waits else jobs[job]
    return found


def _keys(jobs: Mapping[_Job, Work], longest: float) -> dict[_Job, _Key]:
    """Kind, dataset and piece of it by job; empty where it is alone.

    A dataset with more work than `longest` is cut between methods, or shards.
    """
    sums: dict[_Part, float] = defaultdict(float)
    for work in jobs.values():
        if not _alone(work, longest):
            sums[work.kind, work.dataset, work.parts] += work.seconds
    pieces = _filled(sums, lambda part: part[:2], longest)
    return {
        job: () if _alone(work, longest) else (work.kind, work.dataset, pieces[work.kind, work.dataset, work.parts])
        for job, work in jobs.items()
    }


def _alone(work: Work, longest: float) -> bool:
    return work.alone or work.seconds > longest


def _packed(jobs: Mapping[_Job, Work], keys: Mapping[_Job, tuple[int, _Key]], longest: float) -> dict[_Job, str]:
    """A name by job. Keys of one step and kind share it as long as their work allows: none waits for another."""
    sums: dict[tuple[int, _Key], float] = defaultdict(float)
    for job, key in keys.items():
        sums[key] += jobs[job].seconds
    numbers = _filled(sums, lambda key: (key[0], key[1][0]), longest)
    kinds = sorted({kind for _, (kind, *_) in sums})
    return {job: f"step{step + 1}-{kinds.index(key[0]) + 1}-{numbers[step, key]}" for job, (step, key) in keys.items()}


def _filled(sums: Mapping[_Some, float], within: Callable[[_Some], Hashable], longest: float) -> dict[_Some, int]:
    """Numbers from 1, in order, of bins of no more than `longest` each; a bin holds what `within` says the same of."""
    numbers: dict[_Some, int] = {}
    filled: dict[Hashable, tuple[int, float]] = {}
    for one in sorted(sums):
        number, seconds = filled.get(within(one), (1, 0.0))
        if seconds and seconds + sums[one] > longest:
            number, seconds = number + 1, 0.0
        filled[within(one)] = number, seconds + sums[one]
        numbers[one] = number
    return numbers
