"""What will run, why, and what it will cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from promptseg.config.folders import folders
from promptseg.core.cards import limit
from promptseg.planning import costs, sizes
from promptseg.planning.causes import Cause, Causes
from promptseg.planning.cluster.submissions import Cluster
from promptseg.planning.estimates import EXPECTED, TABLE, UNKNOWN, Estimate, Estimator
from promptseg.planning.history import History
from promptseg.planning.jobs import STAGES, Job
from promptseg.planning.requests import Requests
from promptseg.planning.schedule import duration


@dataclass(frozen=True)
class Plan:
    """The jobs of a run and what follows from them.

    Attributes:
        jobs: all of them, those that are done included.
        config: the checked configuration.
        cores: how many of them may run at a time, if each takes one; on a cluster, how many one job has at most.
        left_out: datasets that the run goes without, with the reason.
        cluster: what is sent to a cluster, if the run uses one.
    """

    jobs: Sequence[Job]
    config: Mapping[str, Any]
    cores: int
    left_out: Mapping[str, str]
    cluster: Cluster | None = None

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
        return {job.number: self._estimate(job) for job in self.due}

    def _estimate(self, job: Job) -> Estimate:
        """Measured or by the table of costs, which is for processors; on a cluster else what is expected."""
        found = self.estimator.estimate(job)
        if self.cluster and (found.source == UNKNOWN or (found.source == TABLE and job.gpu)):
            wanted = Requests(self.config, any(one.gpus for one in self.cluster.submissions))
            return Estimate(wanted.seconds(job.rule, job.dataset, job.method), EXPECTED)
        return found

    def seconds(self) -> float:
        """How long all of it will take, without the jobs of which nothing is known."""
        if self.cluster:
            return self.cluster.seconds(self.due, self._times)
        return duration(self.due, self._times, self.cores, limit())

    def hours(self) -> tuple[float, float]:
        """Hours for which cores and GPUs are held, without the jobs of which nothing is known."""
        if self.cluster:
            return self.cluster.used(self.due, self._times)
        took = [(job, self._times[job.number] / 3600) for job in self.due]
        cores = sum(min(job.threads, self.cores) * time for job, time in took)
        return cores, sum(job.gpu * time for job, time in took)

    @cached_property
    def _times(self) -> dict[int, float]:
        return {number: one.seconds + costs.job_start() for number, one in self.estimates.items()}

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
