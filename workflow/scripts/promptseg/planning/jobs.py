"""The jobs of a run as plain data, read from Snakemake's graph of jobs."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from promptseg.core.files import digest, read_json
from promptseg.planning.cluster import site

_SMALL = 1_000_000  # bytes of code; what is larger is left to Snakemake
# Rule file (workflow/rules/<stage>.smk) to what its jobs make, in the order of the stages.
STAGES = {
    "download": "downloads",
    "preprocess": "images",
    "prompts": "prompts",
    "predict": "predictions",
    "masks": "masks from files",
    "score": "scores",
    "analysis": "tables",
    "equivalence": "equivalence",
    "trust": "confidences",
    "volumes": "volumes",
    "users": "users",
    "protocols": "presets",
    "exports": "exports",
    "compose": "label maps",
    "figures": "figures",
    "pictures": "pictures",
    "explorer": "explorer",
    "report": "page",
    "notebooks": "notebooks",
    "train": "training",
}


@dataclass(frozen=True)
class Trigger:
    """Why Snakemake runs a job, apart from jobs that it waits for.

    Attributes:
        missing: outputs that are not there.
        updated: inputs that changed since, other than those that a job before it makes.
        params, inputs, software: whether the parameters, the set of inputs or the environment changed.
        incomplete: whether the last run ended within it.
        forced: whether the user asked for it.
    """

    missing: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    params: bool = False
    inputs: bool = False
    software: bool = False
    incomplete: bool = False
    forced: bool = False

    def __bool__(self) -> bool:
        return any(vars(self).values())


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes:
        number: Snakemake's id of it.
        stage: name of the file of its rule, a key of `STAGES`; another word for `all` and the like.
        log: its log file; empty where it has none.
        needs: numbers of the jobs that it waits for, whether these have to run or not.
        due: whether it has to run.
        temporary: whether its outputs are deleted once they were used.
        params: digest of each parameter by its name, of jobs that are due.
    """

    number: int
    rule: str
    stage: str
    wildcards: Mapping[str, str]
    output: tuple[str, ...]
    log: str = ""
    threads: int = 1
    gpu: int = 0
    needs: tuple[int, ...] = ()
    due: bool = True
    temporary: bool = False
    trigger: Trigger = field(default_factory=Trigger)
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """The method that it is about, if any."""
        return self.wildcards.get("method", "")

    @property
    def dataset(self) -> str:
        """The dataset that it is about, if any."""
        return self.wildcards.get("dataset", "")


def param_digests(params: Any) -> dict[str, str]:
    """Twelve hexadecimal digits by name of each parameter of a job of Snakemake."""
    return {
        name: hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]
        for name, value in params.items()
    }


def jobs_of(dag: Any, config: Mapping[str, Any], params: bool) -> list[Job]:
    """All jobs of a `snakemake.dag.DAG`, those that are done included.

    Snakemake has no public way to ask for what is done and why the rest is not: `--summary` tells no reasons, and a dry
    run no dependencies.

    Args:
        config: says what jobs of methods use; Snakemake's own answer may wait for their inputs.
        params: whether to tell parameters, and edited inputs. In a run no job may be asked for them before it starts.
    """
    return [_job(dag, job, config, params) for job in dag.jobs]


def _job(dag: Any, job: Any, config: Mapping[str, Any], params: bool) -> Job:
    due = dag.needrun(job)
    network = config["methods"].get(job.wildcards_dict.get("method")) if "gpu" in job.rule.resources else None
    return Job(
        number=dag.jobid(job),
        rule=job.rule.name,
        stage=Path(str(job.rule.snakefile)).stem,
        wildcards=dict(job.wildcards_dict),
        output=tuple(map(str, job.output)),
        log=str(job.log[0]) if job.log else "",
        threads=network["threads"] if network else _threads(job.rule),
        gpu=site.gpus(dag.workflow, config, network) if network else 0,
        needs=tuple(dag.jobid(other) for other in dag.dependencies[job]),
        due=due,
        temporary=bool(job.temp_output),
        trigger=_trigger(dag.reason(job), _edited(dag, job) if params else ()) if due else Trigger(),
        params=param_digests(job.params) if due and params else {},
    )


def _threads(rule: Any) -> int:
    """What a rule asks for; one where that is a function."""
    threads = rule.resources.get("_cores")
    return 1 if threads.is_evaluable() else int(threads.value)


def _edited(dag: Any, job: Any) -> list[str]:
    """Small inputs that are newer than the outputs of a job and not what it was made of.

    Snakemake does not look at them where a job runs anyway because one before it does.
    """
    outputs = [Path(path) for path in job.output]
    record = dag.workflow.persistence.metadata(job.output[0]) if outputs else None
    if record is None or not all(path.exists() for path in outputs):
        return []
    made = min(path.stat().st_mtime for path in outputs)
    checksums = record.input_checksums or {}
    return [path for path in map(str, job.input) if path in checksums and _differs(path, checksums[path], made)]


def _differs(path: str, checksum: str | None, made: float) -> bool:
    file = Path(path)
    if not file.is_file() or file.stat().st_mtime <= made or file.stat().st_size > _SMALL:
        return False
    return checksum is not None and checksum.removeprefix("sha256:") != _digest(path)


_digest = cache(digest)


def _trigger(reason: Any, edited: Iterable[str]) -> Trigger:
    return Trigger(
        missing=tuple(sorted(map(str, reason.missing_output))),
        updated=tuple(sorted({*map(str, reason.updated_input), *edited} - set(map(str, reason.updated_input_run)))),
        params=bool(reason.params_changed),
        inputs=bool(reason.input_changed),
        software=bool(reason.software_stack_changed),
        incomplete=bool(reason.incomplete_output),
        forced=bool(reason.forced),
    )


def write_jobs(path: Path, jobs: list[Job], **facts: Any) -> None:
    """Hand jobs, and other facts, from the process of Snakemake to the one that called it."""
    path.write_text(json.dumps({"jobs": [asdict(job) for job in jobs], **facts}))


def read_jobs(path: Path) -> tuple[list[Job], dict[str, Any]]:
    """What `write_jobs` wrote: the jobs, and the other facts by name."""
    facts = read_json(path)
    return [Job(**{**_tuples(row), "trigger": Trigger(**_tuples(row["trigger"]))}) for row in facts.pop("jobs")], facts


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has lists only."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
