"""What will run, why, and what it will cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from promptseg.config.folders import folders
from promptseg.planning import costs, sizes
from promptseg.planning.causes import Cause, Causes
from promptseg.planning.estimates import UNKNOWN, Estimate, Estimator
from promptseg.planning.history import History
from promptseg.planning.jobs import STAGES, Job
from promptseg.planning.schedule import duration


@dataclass(frozen=True)
class Plan:
    """The jobs of a run and what follows from them.

    Attributes:
        jobs: all of them, those that are done included.
        config: the checked configuration.
        cores: how many of them may run at a time, if each takes one.
        left_out: datasets that the run goes without, with the reason.
    """

    jobs: Sequence[Job]
    config: Mapping[str, Any]
    cores: int
    left_out: Mapping[str, str]

    @cached_property
    def results(self) -> Path:
        """The folder of the run."""
        return Path(folders(self.config)[0])

    @cached_property
    def estimator(self) -> Estimator:
        """Estimates of single jobs."""
        return Estimator(self.config, self.cores)

    @cached_property
    def due(self) -> list[Job]:
        """The jobs that will run, without targets such as `all`."""
        return [job for job in self.jobs if job.due and job.stage in STAGES]

    @cached_property
    def done(self) -> list[Job]:
        """Those that will not."""
        return [job for job in self.jobs if not job.due and job.stage in STAGES]

    @cached_property
    def estimates(self) -> dict[int, Estimate]:
        """How long each job will take."""
        return {job.number: self.estimator.estimate(job) for job in self.due}

    def seconds(self) -> float:
        """How long all of it will take, without the jobs of which nothing is known."""
        times = {number: one.seconds + costs.job_start() for number, one in self.estimates.items()}
        return duration(self.due, times, self.cores)

    def unknown(self) -> list[str]:
        """Methods, or rules, whose time is not known."""
        return sorted({job.method or job.rule for job in self.due if self.estimates[job.number].source == UNKNOWN})

    def causes(self, history: History) -> tuple[list[Cause], list[str]]:
        """Why jobs run, and the changes of the configuration since the last run that no job follows from."""
        found = Causes(self.jobs, self.config, history)
        causes = found.find()
        return causes, found.without_jobs(causes)

    def to_download(self) -> sizes.Size:
        """Bytes that will be fetched."""
        return sizes.downloads(self.due, self.config)

    def to_write(self) -> sizes.Size:
        """Bytes that will be written."""
        return sizes.written(self.due, self.config, self.estimator.count)

    def gpu_mb(self, method: str) -> tuple[float, bool] | None:
        """Memory on a GPU that a method needs, and whether it was measured; None where it needs none or is unknown."""
        if self.config["device"] == "cpu" or not self.config["methods"][method]["gpu"]:
            return None
        measured = self.estimator.rates.get(method)
        if measured and measured.gpu_mb:
            return measured.gpu_mb, True
        row = costs.method_cost(method)
        return (row.gpu_mb, False) if row and row.gpu_mb else None
