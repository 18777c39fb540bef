"""Why jobs run: each cause in one line, with all jobs that follow from it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promptseg.planning.changes import Change, differences, of_run, stages_of
from promptseg.planning.history import History, Made
from promptseg.planning.jobs import STAGES, Job

NEW = "not made yet"
UNKNOWN = "settings of the jobs changed; what they were was not recorded"
EDITED, DELETED = "edited: ", "deleted: "
FORM = "the same settings, which were noted in another form"
RULES = "the workflow's own rules changed"
# Files of users that count by their content: parameters of rules (common.smk), and what they hold, by that of a job.
_CONTENTS = {
    "contents": ("files of the dataset {dataset} changed, or came or went", "datasets", "source"),
    "own_files": ("weights of {method}, or files of its options, were replaced", "methods", "checkpoint options"),
}
# Keys that a run can grow by: what was never made may be due to one of them.
_GROWS = ("run", "prompts", "robustness", "compose", "protocols")


@dataclass
class Cause:
    """Why jobs run.

    Attributes:
        text: in one line.
        jobs: numbers of those that follow from it, directly or because they use what others make.
    """

    text: str
    jobs: set[int] = field(default_factory=set)


class Causes:
    """Finds the causes of all jobs that are due.

    Args:
        config: the configuration of the run that is planned.
        history: how outputs were made.
    """

    def __init__(self, jobs: Sequence[Job], config: Mapping[str, Any], history: History) -> None:
        self._jobs = {job.number: job for job in jobs if job.due and job.stage in STAGES}
        self._config, self._history, self._made = of_run(config), history, history.made()
        self._changes: dict[str, list[Change]] = {}
        self.since_last = self._since_last()

    def find(self) -> list[Cause]:
        """The causes in the order of the first job that each concerns."""
        texts: dict[int, list[str]] = {}
        for number in _in_order(self._jobs):
            job = self._jobs[number]
            before = dict.fromkeys(text for need in job.needs for text in texts.get(need, ()))
            texts[number] = list(dict.fromkeys([*before, *self._own(job, bool(before))]))
        for number in reversed(list(_in_order(self._jobs))):  # deleted after use, made again for those after it
            if not texts[number] and self._jobs[number].temporary:
                users = (other for other, job in self._jobs.items() if number in job.needs)
                texts[number] = list(dict.fromkeys(text for other in users for text in texts[other]))
        found: dict[str, Cause] = {}
        for number in _in_order(self._jobs):
            for text in texts[number]:
                found.setdefault(text, Cause(text)).jobs.add(number)
        return list(found.values())

    def without_jobs(self, causes: Iterable[Cause]) -> list[str]:
        """Changes since the last run of this folder of results that no job follows from."""
        texts = {cause.text for cause in causes}
        return [str(change) for change in self.since_last if str(change) not in texts]

    def _own(self, job: Job, follows: bool) -> Iterator[str]:
        """The causes of a job itself; `follows`: it also runs because one before it does."""
        trigger = job.trigger
        if trigger.forced:
            yield "asked for by an option of Snakemake"
        if trigger.incomplete:
            yield "the last run was interrupted in the middle of it"
        if trigger.missing and not job.temporary:
            yield from self._missing(job, follows)
        if trigger.software:
            yield "environment files changed"
        if not trigger.missing:
            yield from map(_updated, trigger.updated)
            # An edited file may say something else of a method, or import other files: it is the cause of that, too.
            rules = [] if any(path.endswith(".py") for path in trigger.updated) else [RULES]
            changed = list(self._parameters(job, rules))
            yield from changed
            if trigger.inputs and not (changed or follows):
                yield from self._growth(job) or rules

    def _missing(self, job: Job, follows: bool) -> Iterator[str]:
        gone = [path for path in job.trigger.missing if path in self._made]
        if gone:
            yield from (f"{DELETED}{path}" for path in gone)
        elif growth := self._growth(job):
            yield from growth
        elif not follows:
            yield NEW

    def _growth(self, job: Job) -> list[str]:
        """Changes since the last run that made the run larger or smaller, as far as they concern a job."""
        named = [
            str(change)
            for change in self.since_last
            if change.path[0] == "run" and {job.method, job.dataset} & set(change.added())
        ]
        if named or job.method or job.dataset:
            return named or [str(one) for one in self.since_last if one.path[0] in _GROWS[1:] and one.concerns(job)]
        return [str(one) for one in self.since_last if one.path[0] in _GROWS and stages_of(one.path)]

    def _parameters(self, job: Job, rules: Iterable[str]) -> Iterator[str]:
        """What changed of the parameters of a job since its outputs were made; `rules` where no setting did."""
        made = next((self._made[path] for path in job.output if path in self._made), None)
        if made is None:
            if job.trigger.params:
                yield UNKNOWN
            return
        names = {name for name in {*job.params, *made.params} if job.params.get(name) != made.params.get(name)}
        if not names:
            if job.trigger.params:  # equal to us, not to Snakemake
                yield FORM
            return
        settings = [str(change) for change in self._since(made) if change.concerns(job)]
        for name in [name for name in _CONTENTS if name in names and name in made.params]:
            named = list(self._named_files(name, job, made))
            settings += named or [_CONTENTS[name][0].format(dataset=job.dataset, method=job.method)]
        yield from settings or self._growth(job) or rules

    def _named_files(self, name: str, job: Job, made: Made) -> Iterator[str]:
        """Changes of the settings that say which files of the user a job reads."""
        _, registry, keys = _CONTENTS[name]
        entry = job.dataset if registry == "datasets" else job.method
        for change in self._since(made):
            if change.path[:2] == (registry, entry) and {*change.path[2:3]} & {*keys.split()}:
                yield str(change)

    def _since_last(self) -> list[Change]:
        """The changes since something was made last by a run with this folder of results; none without one."""
        for made in {one.config: one for one in reversed(self._made.values())}.values():
            old = self._history.config(made.config)
            if old and old.get("results") == self._config.get("results"):
                return self._since(made)
        return []

    def _since(self, made: Made) -> list[Change]:
        """The changes of the configuration since an output was made."""
        if made.config not in self._changes:
            old = self._history.config(made.config)
            self._changes[made.config] = list(differences(old, self._config)) if old else []
        return self._changes[made.config]


def _updated(path: str) -> str:
    if path.startswith("workflow/") or path.endswith(".py"):
        return f"{EDITED}{path.removeprefix('workflow/scripts/promptseg/')}"
    return f"changed: {path}"


def _in_order(jobs: Mapping[int, Job]) -> Iterator[int]:
    """Numbers of jobs, each after those that it needs."""
    done: set[int] = set()
    for start in jobs:
        waiting = [start]
        while waiting:
            number = waiting[-1]
            open_needs = [need for need in jobs[number].needs if need in jobs and need not in done]
            if number in done or not open_needs:
                waiting.pop()
                if number not in done:
                    done.add(number)
                    yield number
            else:
                waiting += open_needs


def by_stage(jobs: Iterable[Job]) -> str:
    """ "prompts 5, predictions 55", in the order of the stages."""
    counts = Counter(job.stage for job in jobs)
    return ", ".join(f"{word} {counts[stage]}" for stage, word in STAGES.items() if counts[stage])
