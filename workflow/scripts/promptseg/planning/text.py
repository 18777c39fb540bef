"""A plan in words."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tabulate import tabulate

from promptseg.planning import costs
from promptseg.planning.causes import DELETED, EDITED, Cause, by_stage
from promptseg.planning.cluster.submissions import Cluster
from promptseg.planning.counts import Count, prompts
from promptseg.planning.estimates import SOURCES, TABLE, UNKNOWN, Estimate
from promptseg.planning.history import History
from promptseg.planning.jobs import STAGES, Job
from promptseg.planning.plan import Plan
from promptseg.planning.sizes import Size, free
from promptseg.planning.words import duration_text, number_text, size_text

_OF_FILES = (EDITED, DELETED)
_NAMED = 4  # files or names in a line, at most


def plan_text(plan: Plan, history: History) -> str:
    """What will run and why, how much of it there is, and what it costs."""
    if not plan.due:
        parts = [f"Nothing to do: all {len(plan.done)} jobs are done.", *_unplanned(plan.causes(history)[1])]
        return "\n\n".join([*parts, *_left_out(plan)])
    causes, unplanned = plan.causes(history)
    parts = [
        f"{len(plan.due)} jobs will run, {len(plan.done)} are done:\n" + _stages(plan),
        "Why:\n" + "\n".join(_reasons(causes, plan.due)),
        *_unplanned(unplanned),
        *_left_out(plan),
        "How much:\n" + _amounts(plan),
        "How long:\n" + _times(plan),
        *(["On the cluster:\n" + _sent(plan.cluster, plan.due)] if plan.cluster else []),
        "\n".join(_disk(plan)),
    ]
    return "\n\n".join(parts)


def _plain(rows: Sequence[Sequence[object]], heads: Sequence[str] = ()) -> str:
    text = tabulate(rows, heads, tablefmt="plain", disable_numparse=True)
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def _stages(plan: Plan) -> str:
    rows = []
    due, done = Counter(job.stage for job in plan.due), Counter(job.stage for job in plan.done)
    for stage, word in STAGES.items():
        if due[stage] or done[stage]:
            to_do = f"{due[stage]} to do" if due[stage] else ""
            detail = _methods(job for job in plan.due if job.stage == stage) if stage == "predict" else ""
            rows.append((word, to_do, f"{done[stage]} done" if done[stage] else "", detail))
    return _plain(rows)


def _methods(jobs: Iterable[Job]) -> str:
    counts = Counter(job.method for job in jobs)
    return ", ".join(f"{method} {count}" for method, count in sorted(counts.items()))


def _named(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _reasons(causes: Sequence[Cause], due: Sequence[Job]) -> Iterator[str]:
    """A line per cause and one with its jobs; edited files that lead to the same jobs, and deleted ones, are one."""
    grouped: dict[tuple[str, frozenset[int]], list[Cause]] = defaultdict(list)
    for cause in causes:
        kind = next((kind for kind in _OF_FILES if cause.text.startswith(kind)), cause.text)
        grouped[kind, frozenset() if kind == DELETED else frozenset(cause.jobs)].append(cause)
    for (kind, _), alike in grouped.items():
        numbers = set().union(*(cause.jobs for cause in alike))
        yield f"  {kind}{_named(cause.text.removeprefix(kind) for cause in alike)}"
        yield f"    -> {by_stage(job for job in due if job.number in numbers)}"


def _unplanned(changes: Sequence[str]) -> list[str]:
    lines = [f"  {change}" for change in changes]
    return ["Changed since the last run, without a job that follows from it:\n" + "\n".join(lines)] if lines else []


def _left_out(plan: Plan) -> list[str]:
    if not plan.left_out:
        return []
    return [
        f"Left out, because their files are not there: {', '.join(plan.left_out)}.\n"
        "  `snakemake --cores 1 datasets_status` says what to do for each."
    ]


def _amounts(plan: Plan) -> str:
    rows: list[tuple[str, str, str]] = []
    total = [0, 0]
    names = [name for name in sorted(plan.config["run"]["datasets"]) if name not in plan.left_out]
    for name in names:
        found = plan.estimator.count(name)
        if found is None:
            rows.append((name, "not known yet", ""))
            continue
        about = "" if found.counted else "about "
        rows.append((name, f"{about}{found.images} images", f"{about}{found.objects} objects"))
        total = [total[0] + found.images, total[1] + found.objects]
    if len(names) > 1 and all(map(plan.estimator.count, names)):
        rows.append(("together", f"{total[0]} images", f"{total[1]} objects"))
    guessed = any((one := plan.estimator.count(name)) and not one.counted for name in names)
    note = "\n  about: the registry's number of images, each task once in each" if guessed else ""
    return _plain(rows) + note


def _times(plan: Plan) -> str:
    groups: dict[str, list[Job]] = defaultdict(list)
    for job in sorted(plan.due, key=lambda job: (list(STAGES).index(job.stage), job.method)):
        groups[f"predictions {job.method}" if job.method and job.stage == "predict" else STAGES[job.stage]].append(job)
    rows = []
    for name, jobs in groups.items():
        seconds = sum(plan.estimates[job.number].seconds for job in jobs)
        sources = Counter(plan.estimates[job.number].source for job in jobs)
        text = duration_text(seconds + costs.job_start() * len(jobs))
        origin = ", ".join(source for source in SOURCES if sources[source])
        rows.append(
            (
                name,
                f"{len(jobs)} job{'s' if len(jobs) > 1 else ''}",
                "" if set(sources) == {UNKNOWN} else f"about {text}",
                origin,
                _asked(plan, jobs),
            )
        )
    where = f"{plan.cores} core{'s' if plan.cores > 1 else ''}"
    if plan.cluster:
        where = f"the cluster, {plan.cluster.at_once} jobs at a time and none waiting in its queue"
    lines = [_plain(rows), f"  in all about {duration_text(plan.seconds())} on {where}" + _without(plan.unknown())]
    lines += [f"  that is about {_hours(*plan.hours())}"]
    if any(one.source == TABLE for one in plan.estimates.values()):
        lines.append(
            f"  table: resources/costs.yaml, made on {costs.machine()}; a run here replaces it by measurements"
        )
    return "\n".join(lines)


def _hours(cores: float, gpus: float) -> str:
    return f"{cores:.1f} core-hours" + (f" and {gpus:.1f} GPU-hours" if gpus else "")


def _sent(cluster: Cluster, due: Sequence[Job]) -> str:
    """What is sent to a cluster, and what that is asked for."""
    sent = cluster.submissions
    here = len(due) - sum(len(one.jobs) for one in sent)
    lines = [f"{len(sent)} job{'s' * (len(sent) != 1)} for {len(due) - here} of these; {here} run on this machine"]
    if gpus := sum(one.gpus > 0 for one in sent):
        lines.append(f"{gpus} of them with a GPU")
    if sent:
        cores, memory, minutes = (max(getattr(one, name) for one in sent) for name in ("cores", "memory_mb", "minutes"))
        most = [f"{cores} core{'s' if cores > 1 else ''}", *([size_text(memory * 1e6)] if memory else [])]
        lines.append(
            f"for one at most {' and '.join(most)}" + (f", for {duration_text(minutes * 60)}" if minutes else "")
        )
        if minutes:
            lines.append(f"together at most {_hours(*cluster.asked())}, if each took all the time that it asks for")
    return "\n".join(f"  {line}" for line in lines)


def _without(unknown: Sequence[str]) -> str:
    return f", and what is not known yet: {', '.join(unknown)}" if unknown else ""


def _asked(plan: Plan, jobs: Sequence[Job]) -> str:
    """Prompts and GPU memory of the predictions of a method."""
    method = jobs[0].method
    if not method or jobs[0].stage != "predict":
        return ""
    counts = [
        plan.estimator.count(job.dataset) for job in jobs if job.rule == "predict" or job.rule.startswith("gather")
    ]
    row = costs.method_cost(method)
    asked = sum(prompts(plan.config, method, one, row.takes if row else "both") for one in counts if one)
    single = Estimate(0, UNKNOWN) if all(counts) else plan.estimator.work(jobs[0], Count(1, {1: 1}))
    each = f"about {single.seconds:.2g} s for an image of one object" if single.source != UNKNOWN else ""
    memory = plan.gpu_mb(method)
    gpu = f"GPU memory {memory[0] / 1000:.1f} GB ({'measured' if memory[1] else 'estimate'})" if memory else ""
    return ", ".join(filter(None, [each, f"about {number_text(asked)} prompts" if asked else "", gpu]))


def _disk(plan: Plan) -> Iterator[str]:
    fetched, written, left = plan.to_download(), plan.to_write(), free(plan.results)
    yield f"To download: {_size(fetched)}"
    yield f"To write:    {_size(written)}; {size_text(left)} are free on the disk of {plan.results}"
    if written.known > left:
        lacking = size_text(written.known - left)
        yield f"WARNING: that does not fit. Free {lacking}, or name folders on another disk by results: and shared:."


def _size(size: Size) -> str:
    if not size.unknown:
        return f"about {size_text(size.known)}" if size.known else "nothing"
    return f"about {size_text(size.known)}, and what is not known: {_named(size.unknown)}"
