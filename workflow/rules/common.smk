# What the rules ask of the configuration. Functions only; every rule is in the file of its stage.
import fcntl
import os
import shutil
import sys
from pathlib import Path

import yaml

WORKFLOW = Path(workflow.current_basedir).parent
sys.path.insert(0, str(WORKFLOW / "scripts"))

from promptseg.config import (
    adapter_file,
    archive_name,
    case_patterns,
    check,
    library_of,
    protocols_of,
)
from promptseg.errors import PromptsegError

try:
    check(config)
except PromptsegError as error:
    raise WorkflowError(str(error)) from None

DATASETS = sorted(config["run"]["datasets"])
METHODS = sorted(config["run"]["methods"])
SHARDED = [name for name in DATASETS if config["datasets"][name]["shards"] > 1]
WHOLE = [name for name in DATASETS if name not in SHARDED]
ARCHIVES = {
    archive_name(config["datasets"][name]["source"]): config["datasets"][name]["source"]
    for name in DATASETS
    if archive_name(config["datasets"][name]["source"])
}
PUBLISHED = os.path.relpath(WORKFLOW.parent / "resources" / "published" / "mazurowski2023.csv")


wildcard_constraints:
    dataset="|".join(DATASETS),
    method="|".join(METHODS),
    shard=r"\d+-of-\d+",


def release_stale_lock():
    """Remove Snakemake's lock if the run that took it is dead, so that a killed run can simply be started again.

    The system drops a file lock with the process that held it, however that process ended. Whoever gets it knows that
    no other run is alive in this folder; whoever does not leaves everything to Snakemake's own lock.
    """
    folder = Path(".snakemake")
    folder.mkdir(exist_ok=True)
    holder = open(folder / "promptseg.lock", "w")
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder.close()
        return None
    shutil.rmtree(folder / "locks", ignore_errors=True)
    return holder


RUN_LOCK = release_stale_lock()


def library(script, adapter=None):
    """Files of the library behind a script, and behind an adapter: inputs, so that an edit reruns what it must."""
    starts = [WORKFLOW / "scripts" / f"{script}.py"]
    own = adapter_file(adapter) if adapter else None
    files = library_of(*starts, *([own] if own and own.is_file() else [])) + ([own] if own else [])
    return sorted({os.path.relpath(file) for file in files})


def dataset_entry(wildcards):
    return config["datasets"][wildcards.dataset]


def method_entry(wildcards):
    return config["methods"][wildcards.method]


def get_tasks(wildcards):
    return dataset_entry(wildcards)["tasks"]


def get_archive(wildcards):
    """The archive that a dataset is unpacked from, if its source has one."""
    name = archive_name(dataset_entry(wildcards)["source"])
    return f"results/raw/archives/{name}" if name else []


def get_own_files(wildcards):
    """Files of the user that a dataset is read from: a change of one of them reruns the dataset."""
    source = dataset_entry(wildcards)["source"]
    folder = {
        "folder": source.get("path"),
        "manual": f"results/raw/{wildcards.dataset}",
    }.get(source["kind"])
    patterns = case_patterns(dataset_entry(wildcards))
    found = {path for pattern in patterns for path in Path(folder).glob(pattern)} if folder else set()
    return sorted(str(path) for path in found if path.is_file())


def get_preprocess_entry(wildcards):
    """The keys of a dataset's entry that its images depend on."""
    keys = (
        "cases",
        "patient",
        "axis",
        "intensity",
        "sampling",
        "tasks",
        "other_labels",
    )
    entry = dataset_entry(wildcards)
    return {key: entry[key] for key in keys if key in entry}


def get_weights(wildcards):
    """Weights of a method: a local file as it is, else what the rule download_weights brings."""
    weights = method_entry(wildcards).get("checkpoint")
    if not weights:
        return []
    return weights.get("path") or f"results/weights/{wildcards.method}.pth"


def get_predict_entry(wildcards):
    """The keys of a method's entry that its predictions depend on."""
    keys = ("adapter", "variant", "options", "gpu", "checkpoint")
    entry = method_entry(wildcards)
    return {key: entry[key] for key in keys if key in entry}


def get_environment(wildcards):
    own = method_entry(wildcards).get("environment")
    return os.path.abspath(own) if own else "../../envs/inference.yaml"


def get_gpu(wildcards):
    """A GPU is a token that at most one job holds (profiles/default)."""
    return int(method_entry(wildcards)["gpu"] and config["device"] != "cpu")


def get_protocols(wildcards):
    return protocols_of(config, wildcards.method)


def run_protocols():
    """The protocols that have figures of their own."""
    return list(dict.fromkeys(config["run"]["protocols"] + config["run"]["ablation"]))


def get_shard(wildcards):
    """[i, n] of the shard `i-of-n`."""
    return [int(part) for part in wildcards.shard.split("-of-")]


def shards_of(wildcards):
    count = dataset_entry(wildcards)["shards"]
    return [f"{index}-of-{count}" for index in range(1, count + 1)]


def about_datasets():
    """What tables and figures say of the datasets of the run."""
    keys = ("title", "published", "truth", "licence")
    return {name: {key: config["datasets"][name][key] for key in keys} for name in DATASETS}


def about_methods():
    """What tables and figures say of methods: all registered ones, in an order that gives each its colour for good.

    That is the order of config/methods.yaml, then of names: the order of `config` changes with what a user overrides.
    """
    with open("config/methods.yaml") as registry:
        shipped = list(yaml.safe_load(registry)["methods"])
    order = shipped + sorted(set(config["methods"]) - set(shipped))
    entries = {name: config["methods"][name] for name in order}
    return {
        name: {"title": entry["title"], "published": entry.get("published"), "control": entry["control"]}
        for name, entry in entries.items()
    }


def get_example_facts(wildcards):
    entry = dataset_entry(wildcards)
    return {key: entry[key] for key in ("title", "truth", "licence", "tasks")}


def get_figures():
    """All figures of the run, as PNG."""
    names = [
        "modes",
        "modes_published",
        "clicks_mean_published",
        "clicks_tasks_published",
        "throughput",
    ]
    names += [f"clicks_{kind}_{protocol}" for protocol in run_protocols() for kind in ("mean", "tasks")]
    names += [f"examples_{name}" for name in DATASETS]
    return [f"results/figures/{name}.png" for name in names]


def configuration_summary():
    """The settings of a run that its numbers depend on."""
    keys = ("run", "prompts", "metrics", "device", "precision", "compile", "strict")
    return {key: config[key] for key in keys} | {
        "protocols": {name: config["protocols"][name] for name in run_protocols()}
    }
