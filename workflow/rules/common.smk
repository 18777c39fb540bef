# What the rules ask of the configuration. Functions only; every rule is in the file of its stage.
import os
import sys
from functools import cache
from pathlib import Path

import yaml

WORKFLOW = Path(workflow.current_basedir).parent
sys.path.insert(0, str(WORKFLOW / "scripts"))

from promptseg.config.cases import case_patterns
from promptseg.config.check import check
from promptseg.config.imports import adapter_file, library_of
from promptseg.config.protocols import protocols_of
from promptseg.download.dropfolder import own_files
from promptseg.core.errors import PromptsegError
from promptseg.download.origins import archive_name, archives_of, is_fetched, sources_of


def left_out():
    """Datasets of the run that are left out, with the reason: those that a person has to bring, if that is wished."""
    if config["run"]["unavailable"] == "stop":
        return {}
    from promptseg.download.availability import unavailable

    found = unavailable(config)
    for name, message in found.items():
        logger.warning(f"Without the data set {name}: {message}")
    if len(found) == len(config["run"]["datasets"]):
        raise PromptsegError("None of the data sets of the run is there: see the messages above.")
    return found


try:
    check(config)
    UNAVAILABLE = left_out()
    ARCHIVES = archives_of(config["datasets"], config["run"]["datasets"])
except PromptsegError as error:
    raise WorkflowError(str(error)) from None

DATASETS = sorted(set(config["run"]["datasets"]) - set(UNAVAILABLE))
METHODS = sorted(config["run"]["methods"])
SHARDED = [name for name in DATASETS if config["datasets"][name]["shards"] > 1]
WHOLE = [name for name in DATASETS if name not in SHARDED]
FETCHED = [name for name in DATASETS if any(map(is_fetched, sources_of(config["datasets"][name])))]
LOCK_FILE = "config/datasets.lock.yaml"
PUBLISHED = os.path.relpath(WORKFLOW.parent / "resources" / "published" / "mazurowski2023.csv")


wildcard_constraints:
    dataset="|".join(DATASETS),
    method="|".join(METHODS),
    shard=r"\d+-of-\d+",


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


def get_sources(wildcards):
    return sources_of(dataset_entry(wildcards))


def get_patterns(wildcards):
    return case_patterns(dataset_entry(wildcards))


def get_archives(wildcards):
    """The archives that a dataset is unpacked from, if its sources have some."""
    names = map(archive_name, get_sources(wildcards))
    return [f"results/raw/archives/{name}" for name in names if name]


def get_downloads(wildcards):
    """The list of what a client brought, for a dataset that has one."""
    return f"results/raw/{wildcards.dataset}/downloads.csv" if wildcards.dataset in FETCHED else []


def get_own_files(wildcards):
    """Files of the user that a dataset is read from: a change of one of them reruns the dataset."""
    files = own_files(get_sources(wildcards), get_patterns(wildcards), Path("results/raw", wildcards.dataset))
    return [str(path) for path in files]


def get_preprocess_entry(wildcards):
    """The keys of a dataset's entry that its images depend on."""
    keys = (
        "cases",
        "patient",
        "axis",
        "channels",
        "raters",
        "units",
        "intensity",
        "sampling",
        "tasks",
        "other_labels",
        "lowest",
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


def shown_protocol():
    """The protocol of figures that show the clicks of one: what the methods' authors do, if the run has it."""
    protocols = run_protocols()
    return "corrected" if "corrected" in protocols else protocols[0]


def get_shard(wildcards):
    """[i, n] of the shard `i-of-n`."""
    return [int(part) for part in wildcards.shard.split("-of-")]


def shards_of(wildcards):
    count = dataset_entry(wildcards)["shards"]
    return [f"{index}-of-{count}" for index in range(1, count + 1)]


def about_datasets():
    """What tables and figures say of the datasets of the run."""
    keys = ("title", "modality", "published", "truth", "licence")
    return {name: {key: config["datasets"][name][key] for key in keys} for name in DATASETS}


def registered_datasets():
    """What the table of datasets says of those of the run, the ones left out included."""
    keys = ("title", "licence", "study", "sampling", "tasks")
    entries = {name: config["datasets"][name] for name in [*DATASETS, *UNAVAILABLE]}
    return {name: {key: entry[key] for key in keys if key in entry} for name, entry in entries.items()}


def notes_on_methods():
    """What readers have to know of methods of the run, by title."""
    chosen = (config["methods"][name] for name in config["run"]["methods"])
    return {entry["title"]: entry["note"] for entry in chosen if entry["note"]}


@cache
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


def seen_by_methods():
    """Which datasets were in the training set of each method of the run, in the order of `about_methods`."""
    return {name: config["methods"][name]["seen"] for name in about_methods() if name in METHODS}


def get_their_manifest(wildcards):
    if "manifest" not in config:
        raise WorkflowError("Whose images are to be compared? Give somebody's manifest: --config manifest=PATH.")
    return config["manifest"]


def get_manifests_to_compare(wildcards):
    """Our manifests of those datasets of the run that somebody else's manifest names."""
    from promptseg.preprocess.manifests import datasets_in

    try:
        names = datasets_in(get_their_manifest(wildcards))
    except PromptsegError as error:
        raise WorkflowError(str(error)) from None
    return [f"results/datasets/{name}/manifest.csv" for name in names if name in DATASETS]


def get_example_facts(wildcards):
    entry = dataset_entry(wildcards)
    return {key: entry[key] for key in ("title", "truth", "licence", "tasks")}


def get_figures():
    """All figures of the run, as PNG."""
    names = [
        "modes",
        "modes_published",
        "modalities",
        "modalities_published",
        "one_click_published",
        "clicks_mean_published",
        "clicks_tasks_published",
        "ranks",
        "reproduced",
        "size_point",
        "size_box",
        "throughput",
        "contamination",
    ]
    kinds = ("clicks_mean", "clicks_tasks", "one_click", "click_metrics")
    names += [f"{kind}_{protocol}" for protocol in run_protocols() for kind in kinds]
    names += [f"distributions_{name}" for name in METHODS]
    of_datasets = ["examples", "extremes", "trajectories"]
    if ambiguous_methods():
        names += ["calibration", "candidates"]
        of_datasets += ["ambiguity"]
    if "everything" in config["prompts"]["modes"]:
        names += ["recall"]
        of_datasets += ["everything"]
    if config["robustness"]["enabled"]:
        names += ["robustness"]
    names += [f"{kind}_{name}" for name in DATASETS for kind in of_datasets]
    return [f"results/figures/{name}.png" for name in names]


def ambiguous_methods():
    return [name for name in METHODS if config["methods"][name]["ambiguity"]]


def get_prompt_tables():
    """The tables that only some runs have."""
    wanted = {
        "everything": "everything" in config["prompts"]["modes"],
        "ambiguity": ambiguous_methods(),
        "robustness": config["robustness"]["enabled"],
    }
    return [f"results/tables/{name}.csv" for name, needed in wanted.items() if needed]


def configuration_summary():
    """The settings of a run that its numbers depend on."""
    keys = ("run", "prompts", "metrics", "device", "precision", "compile", "strict")
    return {key: config[key] for key in keys} | {
        "protocols": {name: config["protocols"][name] for name in run_protocols()}
    }
