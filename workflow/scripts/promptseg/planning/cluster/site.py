"""What the jobs of all rules ask a cluster for, apart from memory and time: the key `cluster` of the configuration."""

import os
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from promptseg.core import cards

# Key of `cluster` to the resource that Snakemake's executor for Slurm reads.
_RESOURCES = {"account": "slurm_account", "partition": "slurm_partition", "qos": "qos", "constraint": "constraint"}

# One of them is set where Slurm gave GPUs to a job or to a step of it.
_GIVEN = {"SLURM_JOB_GPUS", "SLURM_STEP_GPUS"}


def goes_to_cluster(workflow: Any) -> bool:
    """Whether the jobs of a `snakemake.workflow.Workflow` go to a cluster; false in these jobs themselves.

    Known while the rules are read, before Snakemake chooses how it runs jobs: with an executor for clusters, and in dry
    runs of its profile, the number of jobs is limited and that of cores is not (a dry run takes one then).
    """
    settings = workflow.resource_settings
    return bool(workflow.is_main_process and settings.nodes is not None and settings.cores in (None, 1))


def gpus(workflow: Any, config: Mapping[str, Any], method: Mapping[str, Any]) -> int:
    """How many GPUs a job of a method holds, 0 or 1. Whether a cluster has any is told by `gpu_request`.

    Args:
        method: its entry in the configuration.
    """
    device = config["device"]
    return int(method["gpu"] and (device != "cpu" if goes_to_cluster(workflow) else cards.wanted(device)))


def gpu_request(config: Mapping[str, Any]) -> str:
    """How a job asks for a GPU: `gpus`, `gres`, or `none` where it runs without one.

    Args:
        config: a checked configuration. Under `gpus: auto` the program `sinfo` is asked.
    """
    wanted: str = config["cluster"]["gpus"]
    if wanted == "auto":
        partition = _site(config, gpu=True).get("partition")
        wanted = "gpus" if config["device"] == "cuda" or _has_gpus(partition) else "none"
    return wanted


def _has_gpus(partition: str | None) -> bool:
    command = ["sinfo", "--noheader", "--format=%G", *([f"--partition={partition}"] if partition else [])]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return any(line.startswith("gpu") for line in answer.replace(",", "\n").split("\n"))


def _site(config: Mapping[str, Any], gpu: bool) -> dict[str, str]:
    """Account, partition, quality of service and constraint, as far as they are given."""
    site = config["cluster"]
    return {name: value for name in _RESOURCES if (value := (gpu and site["gpu_jobs"].get(name)) or site.get(name))}


def resources(config: Mapping[str, Any], request: str, gpus: int) -> dict[str, int | str | None]:
    """The resources of one job.

    Args:
        config: a checked configuration.
        request: answer of `gpu_request`.
        gpus: how many GPUs the job would hold on one machine.
    """
    gpus = gpus if request != "none" else 0
    model = config["cluster"].get("gpu_model")
    by_gres = ":".join(["gpu", *([model] if model else []), str(gpus)])
    return {
        **{resource: _site(config, bool(gpus)).get(name) for name, resource in _RESOURCES.items()},
        "gpu": gpus if request == "gpus" else 0,
        "gres": by_gres if gpus and request == "gres" else None,
        "gpu_model": model if gpus and request == "gpus" else None,
    }


def ask(workflow: Any, config: Mapping[str, Any]) -> bool:
    """Give the rules of a workflow these resources; what the command line sets for a rule stays.

    In a job of Slurm that was given no GPU none is asked for: its step would be refused.

    They stand here and not in the rules, because they are the same in all of them, nor in a profile, where those of
    `default-resources` and of `set-resources` would replace one another.

    Returns:
        Whether jobs of methods that can use a GPU may have one, as far as the cluster is concerned.
    """
    if not workflow.is_main_process and "SLURM_JOB_ID" in os.environ and not _GIVEN & os.environ.keys():
        for rule in workflow.rules:
            if "gpu" in rule.resources:
                rule.resources["gpu"] = 0
    if not goes_to_cluster(workflow):
        return True
    request = gpu_request(config)
    for rule in workflow.rules:
        fixed = workflow.resource_settings._parsed_overwrite_resources.get(rule.name, {})
        held = rule.resources["gpu"] if "gpu" in rule.resources else None  # noqa: SIM401 - its `get` has another default
        for name, value in resources(config, request, gpus=0).items():
            if name in fixed or (held is None and not value):
                continue
            if held is None:
                rule.resources[name] = value
            else:
                rule.resources[name] = partial(_one, name, partial(resources, config, request), held)
    return request != "none"


def _one(name: str, of_gpus: Callable[[int], Mapping[str, Any]], held: Any, wildcards: Any) -> int | str | None:
    """One resource of a job that may hold a GPU; `held` is Snakemake's resource that says how many."""
    value: int | str | None = of_gpus(held.evaluate(wildcards).value)[name]
    return value
