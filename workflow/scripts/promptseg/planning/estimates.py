"""How long jobs take: as measured where that is possible, else by the table of costs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import mean
from typing import Any

from promptseg.config.folders import folders
from promptseg.core import cards
from promptseg.core.files import read_json
from promptseg.core.jobs import measured_file
from promptseg.core.shared import where
from promptseg.planning import costs
from promptseg.planning.counts import Count, count, preset_prompts, prompts, shards
from promptseg.planning.jobs import Job
from promptseg.planning.sizes import downloads

MEASURED, SCALED, TABLE, EXPECTED, UNKNOWN = SOURCES = (
    "measured, the same job before",
    "measured on other data",
    "table",
    "expected, see docs/planning.md",
    "not known yet",
)
_SHARD = "_shard"
_PRESETS = "predict_protocols"
# Rules whose prompts, or slices, are not counted beforehand.
_UNCOUNTED = (
    *("robustness", "probabilities", "predict_volumes", "score_volumes", "predict_protocols_volumes"),
    *("predict_of_user", "score_of_user", "choose_precision"),
)


@dataclass(frozen=True)
class Estimate:
    """Seconds of a job and where they are from, one of `SOURCES`; 0 where they are not known."""

    seconds: float
    source: str


@dataclass(frozen=True)
class Rate:
    """What one method took so far.

    Attributes:
        encode, prompt: seconds per image and per prompt, what lies between prompts included.
        asked: prompts that it answered, as a share of those that `counts.prompts` gives.
        gpu_mb: largest memory on the GPU; 0 where it ran on none.
    """

    encode: float
    prompt: float
    asked: float
    gpu_mb: float = 0.0


class Estimator:
    """Estimates of the jobs of one run.

    Args:
        config: the configuration of the run.
        cores: how many a job can have at most.
    """

    def __init__(self, config: Mapping[str, Any], cores: int = 1) -> None:
        self._config, self._cores = config, cores
        self._results, self._shared = map(Path, folders(config))
        self._counts: dict[str, Count | None] = {}

    def count(self, dataset: str) -> Count | None:
        """What a dataset of the run holds; None where it is not known yet."""
        if dataset not in self._counts:
            entry, most = self._config["datasets"][dataset], self._config["prompts"]["max_components"]
            folder = where(f"datasets/{dataset}", self._results, self._shared)
            self._counts[dataset] = count(folder, entry, most)
        return self._counts[dataset]

    @cached_property
    def rates(self) -> dict[str, Rate]:
        """What was measured of each method on the datasets of the results."""
        found: dict[str, list[dict[str, float]]] = defaultdict(list)
        for path in sorted(self._results.glob("predictions/*/*.throughput.json")):
            row, dataset = read_json(path), path.name.removesuffix(".throughput.json")
            method, known = path.parent.name, dataset in self._config["datasets"] and self.count(dataset)
            if row.get("images") and row.get("prompts") and method in self._config["methods"] and known:
                found[method].append({**row, "expected": prompts(self._config, method, known)})
        return {method: _rate(rows) for method, rows in found.items()}

    @cached_property
    def _measured(self) -> dict[str, list[float]]:
        """Seconds of the jobs of each rule, by the folders and files in `benchmarks`."""
        found: dict[str, list[float]] = defaultdict(list)
        for folder in {self._results / "benchmarks", self._shared / "benchmarks"}:
            for path in sorted(folder.rglob("*.tsv")):
                if (seconds := _seconds(path)) is not None:
                    found[path.relative_to(folder).with_suffix("").parts[0]].append(seconds)
        return found

    def estimate(self, job: Job) -> Estimate:
        """How long a job takes, once Snakemake started it."""
        own = measured_file(Path(job.log)) if job.log else None
        if own and (seconds := _seconds(own)) is not None:
            return Estimate(seconds, MEASURED)
        if job.rule in _UNCOUNTED:
            return Estimate(0, UNKNOWN)
        cut = shards(self._config["datasets"][job.dataset]) if job.rule.endswith(_SHARD) else 1
        if job.rule.removesuffix(_SHARD) in ("predict", _PRESETS):
            return self._prediction(job, cut)
        return self._other(job, cut)

    def _prediction(self, job: Job, cut: int) -> Estimate:
        found = self.count(job.dataset)
        if found is None:
            return Estimate(0, UNKNOWN)
        work = self.work(job, found)
        row = costs.method_cost(job.method)
        start = costs.rule_cost("predict")[0] + (row.load if row else 0)
        return Estimate(start + work.seconds / cut, work.source) if work.source != UNKNOWN else work

    def work(self, job: Job, found: Count) -> Estimate:
        """How long the method of a job takes for so many images and objects, without loading it."""
        rate, row = self.rates.get(job.method), costs.method_cost(job.method)
        if rate:
            asked = self._prompts(job, found) * (1 if job.rule == _PRESETS else rate.asked)
            return Estimate(found.images * rate.encode + asked * rate.prompt, SCALED)
        if row is None or (job.gpu and cards.cards()):
            return Estimate(0, UNKNOWN)
        cores = min(job.threads, self._cores)
        asked = self._prompts(job, found, row.takes)
        network = (found.images * row.encode + asked * row.prompt) / cores
        return Estimate(network + asked * costs.around_prompt(), TABLE)

    def _prompts(self, job: Job, found: Count, takes: str = "both") -> int:
        if job.rule == _PRESETS:
            return preset_prompts(self._config, found)
        return prompts(self._config, job.method, found, takes)

    def _other(self, job: Job, cut: int) -> Estimate:
        known = self._measured.get(job.rule)
        if known and job.stage not in ("download", "preprocess"):
            return Estimate(mean(known), SCALED)
        seconds, per_object = costs.rule_cost(job.rule.removesuffix(_SHARD).removesuffix("_of_user"))
        if fetched := downloads([job], self._config).known:
            return Estimate(seconds + fetched / costs.download_speed(), TABLE)
        found = self.count(job.dataset) if job.dataset in self._config["datasets"] else None
        return Estimate(seconds + per_object * (found.objects / cut if found else 0), TABLE)


def _rate(rows: list[dict[str, float]]) -> Rate:
    def total(key: str) -> float:
        return sum(row.get(key, 0.0) for row in rows)

    return Rate(
        encode=total("encode_seconds") / total("images"),
        prompt=(total("wall_seconds") - total("encode_seconds")) / total("prompts"),
        asked=total("prompts") / total("expected"),
        gpu_mb=max(row.get("peak_gpu_memory_mb", 0.0) for row in rows),
    )


def _seconds(path: Path) -> float | None:
    """The column `s` of what core.jobs writes of a job; None where it is not there, or cut off by a kill."""
    try:
        head, row = path.read_text().splitlines()[:2]
        return float(dict(zip(head.split("\t"), row.split("\t"), strict=True))["s"])
    except (OSError, ValueError, KeyError):
        return None
