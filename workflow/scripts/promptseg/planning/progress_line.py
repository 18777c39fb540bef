"""One line about a run: what is done, in time rather than in steps, and when it will end."""

import logging
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from snakemake_interface_logger_plugins.common import LogEvent

from promptseg.planning.costs import job_start
from promptseg.planning.estimates import UNKNOWN, Estimate
from promptseg.planning.jobs import STAGES, Job
from promptseg.planning.schedule import duration
from promptseg.planning.words import duration_text

LOG_EVERY = 30.0  # seconds between lines where there is no terminal
_CLEAR = "\r\x1b[K"


class Progress:
    """What is done of the jobs of a run.

    Args:
        jobs: those that have to run.
        estimates: of each, by number; corrected by what the run itself takes.
        cores, gpus: of the run: of one machine, or as many as jobs run at a time elsewhere.
        clock: seconds from any start.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        estimates: dict[int, Estimate],
        cores: int,
        gpus: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.RLock()  # events come from Snakemake, the line from a thread of its own
        self._jobs = {job.number: job for job in jobs}
        self._estimates, self._cores, self._gpus, self._clock = estimates, cores, gpus, clock
        self._begun = clock()
        self._running: dict[int, float] = {}
        self._took: dict[int, float] = {}
        self._failed: set[int] = set()
        # Jobs of the same rule and method, and those of the same rule.
        self._alike: dict[tuple[str, str], list[int]] = defaultdict(list)
        for job in jobs:
            for kind in {(job.rule, job.method), (job.rule, "")}:
                self._alike[kind].append(job.number)

    def started(self, numbers: Sequence[int]) -> None:
        """Jobs started now, or once more after an error."""
        with self._lock:
            self._failed -= set(numbers)
            self._running.update({number: self._clock() for number in numbers if number in self._jobs})

    def finished(self, number: int) -> None:
        """A job ended well. One that shared a job of a cluster was not seen to start, and its time is not known."""
        with self._lock:
            if number in self._jobs:
                start = self._running.pop(number, None)
                self._took[number] = self._estimated(number) if start is None else self._clock() - start
                self._failed.discard(number)

    def failed(self, number: int) -> None:
        """A job ended with an error; it may be started once more."""
        with self._lock:
            self._running.pop(number, None)
            self._failed |= {number} & set(self._jobs)

    @property
    def done(self) -> int:
        """Number of jobs that ended well."""
        return len(self._took)

    @property
    def errors(self) -> list[Job]:
        """Jobs that ended with an error."""
        return [self._jobs[number] for number in sorted(self._failed)]

    def remaining(self) -> float:
        """Seconds until the end, without jobs of which nothing is known."""
        lost = self._after_errors()
        times = {
            number: self._seconds(number) for number in self._jobs if number not in self._took and number not in lost
        }
        now = self._clock()
        # A job that takes longer than was estimated: a tenth of what it took so far is left.
        left = {
            number: max(times[number] - (now - start), 0.1 * (now - start)) for number, start in self._running.items()
        }
        return duration(list(self._jobs.values()), times, self._cores, self._gpus, left)

    def _after_errors(self) -> set[int]:
        """Jobs that failed, and those that cannot run because they need them."""
        lost, grew = set(self._failed), bool(self._failed)
        while grew:
            new = {number for number, job in self._jobs.items() if number not in lost and lost & set(job.needs)}
            grew = bool(new)
            lost |= new
        return lost

    def _seconds(self, number: int) -> float:
        """The estimate of a job, corrected by what its kind took in this run compared with the estimates."""
        job, own = self._jobs[number], self._estimates[number]
        for alike in (self._alike[job.rule, job.method], self._alike[job.rule, ""]):
            took = [self._took[other] for other in alike if other in self._took]
            if took and own.source == UNKNOWN:
                return sum(took) / len(took)
            expected = sum(self._estimated(other) for other in alike if other in self._took)
            if took and expected:
                return self._estimated(number) * sum(took) / expected
        return self._estimated(number)

    def _estimated(self, number: int) -> float:
        return self._estimates[number].seconds + job_start()

    def text(self) -> str:
        """The line."""
        with self._lock:
            return self._text()

    def _text(self) -> str:
        total, done = Counter(job.stage for job in self._jobs.values()), Counter[str]()
        done.update(self._jobs[number].stage for number in self._took)
        now = {self._jobs[number].stage for number in self._running}
        stages = [f"{word} {done[stage]} of {total[stage]}" for stage, word in STAGES.items() if stage in now]
        gone, left = self._clock() - self._begun, self.remaining()
        end = time.strftime("%H:%M", time.localtime(time.time() + left))
        days = f" in {duration_text(left)}" if left > 20 * 3600 else f" about {end}"
        failed = f"; {len(self._failed)} failed" if self._failed else ""
        return (
            f"{', '.join(stages) or 'jobs'}: about {duration_text(gone)} of {duration_text(gone + left)} done, "
            f"ends{days}{failed}"
        )


class Line:
    """Shows `Progress.text`: in one line of a terminal that is written anew, elsewhere as a line now and then."""

    def __init__(self, progress: Progress, logger: logging.Logger) -> None:
        """Begin; Snakemake's own line of steps is left out of `logger`'s terminal."""
        self._progress = progress
        self._terminal = sys.stderr.isatty()
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._shown = False
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
                handler.addFilter(self._before)
        threading.Thread(target=self._tick, daemon=True).start()

    def _before(self, record: logging.LogRecord) -> bool:
        """Make room for what Snakemake prints, unless it is its line of steps."""
        if getattr(record, "event", None) == LogEvent.PROGRESS:
            return False
        self._clear()
        return True

    def _tick(self) -> None:
        while not self._end.wait(1.0 if self._terminal else LOG_EVERY):
            with self._lock:
                text = self._progress.text()
                sys.stderr.write(f"{_CLEAR}{text}\r" if self._terminal else f"{text}\n")
                sys.stderr.flush()
                self._shown = True

    def _clear(self) -> None:
        with self._lock:
            if self._terminal and self._shown:
                sys.stderr.write(_CLEAR)
                sys.stderr.flush()
                self._shown = False

    def end(self) -> None:
        """Take it away."""
        self._end.set()
        self._clear()
