# What the rules look up: the checked configuration, and what it says of an entry. Nothing here writes a file. Snakemake's
# linter wants functions apart from rules; those of the configuration alone are in promptseg/config/facts.py.
import os
import re
import sys
from functools import cache, partial
from pathlib import Path

WORKFLOW = Path(workflow.current_basedir).parent
sys.path.insert(0, str(WORKFLOW / "scripts"))

from promptseg.core.starting import import_in_jobs

import_in_jobs(WORKFLOW / "scripts")

from promptseg.config import facts, yamlfiles
from promptseg.config.arguments import SHIPPED, stop
from promptseg.config.cases import case_patterns
from promptseg.config.check import check
from promptseg.config.explain import ConfigurationError
from promptseg.config.folders import folders
from promptseg.config.imports import adapter_file, library
from promptseg.config.mask_files import mask_digests
from promptseg.config.own_files import own_digests
from promptseg.config.presets import maps_of, measured, untitled
from promptseg.download.contents import metadata_files
from promptseg.download.own_folders import require_folders
from promptseg.figures import catalogue
from promptseg.figures.translation import words_of
from promptseg.core.errors import PromptsegError
from promptseg.core.routes import CONTOURS
from promptseg.methods.own import require_adapter_files
from promptseg.planning.counts import shards
from promptseg.download.origins import archive_name, archives_of, is_fetched, sources_of


def left_out():
    """Datasets of the run that are left out, with the reason: those not there, if the configuration allows it."""
    if config["run"]["unavailable"] == "stop":
        return {}
    from promptseg.download.availability import unavailable  # takes most of a second

    found = unavailable(config, Path(SHARED, "raw"))
    for name, message in found.items():
        logger.warning(f"Without the dataset {name}: {message}")
    if len(found) == len(config["run"]["datasets"]):
        raise PromptsegError("None of the datasets of the run is there: see the messages above.")
    return found


def look_at_metadata():
    if config["groups"] or any("metadata" in config["datasets"][name] for name in config["run"]["datasets"]):
        from promptseg.analysis.metadata_check import require_metadata  # pandas takes most of a second

        require_metadata(config, config["run"]["datasets"])


try:
    check(config)
    RESULTS, SHARED = folders(config)
    UNAVAILABLE = left_out()
    ARCHIVES = archives_of(config["datasets"], config["run"]["datasets"])
    if workflow.is_main_process:
        require_folders(config, config["run"]["datasets"], Path(SHARED, "raw"))
        require_adapter_files(config, facts.all_methods(config))
        look_at_metadata()
    STYLE = {"width_mm": config["figures"]["width_mm"], "translated": words_of(config["figures"]["language"])}
except ConfigurationError as error:
    # Files named on the command line lie over those of the Snakefile, and `--config` over all.
    files = dict.fromkeys([*SHIPPED, *map(Path, workflow.overwrite_configfiles)])
    stop(error.placed(yamlfiles.Places(files, workflow.config_settings.config).of))
except PromptsegError as error:
    stop(error)


# Every job writes beside its log, into <results>/benchmarks, what it took: promptseg/core/jobs.py.
pathvars:
    results=RESULTS,
    shared=SHARED,
    logs=f"{RESULTS}/logs",


TITLE = "Promptable segmentation of medical images"  # of the page and the explorer
DATASETS = sorted(set(config["run"]["datasets"]) - set(UNAVAILABLE))
METHODS = sorted(config["run"]["methods"])
ASKED_METHODS = facts.asked_methods(config)
MASKED_METHODS = facts.masked(config)  # their masks come from files
ALL_METHODS = facts.all_methods(config)  # also those that are asked about volumes alone
VOLUME_DATASETS = [name for name in facts.volume_datasets(config) if name in DATASETS]
VOLUME_SOURCES = facts.volume_sources(config) if VOLUME_DATASETS else []
PRESET_VOLUME_METHODS = sorted(set(facts.volume_methods(config)) - set(facts.masked(config))) if VOLUME_DATASETS else []
# Priority of all that tables wait for. Figures fill the cores that are free when only the last tables are left.
FIRST = 1
# Of jobs that read images. A machine of two cores seldom has both of them free at a time, and one would wait.
READERS = 2 if (os.cpu_count() or 1) > 2 else 1
ENDINGS = ["png", *config["figures"]["format"]]  # of the files of a figure
# In the order of the file; that of `config` changes with what a user overrides.
REGISTERED = list(yamlfiles.value_of(Path("config/methods.yaml"))["methods"])
SHARDED = [name for name in DATASETS if shards(config["datasets"][name]) > 1]
WHOLE = [name for name in DATASETS if name not in SHARDED]
FETCHED = [name for name in DATASETS if any(map(is_fetched, sources_of(config["datasets"][name])))]
# Digests of what users have themselves, by method: weights, and what options name. As in get_contents, what counts is their
# bytes, not their time. Now, because what a job has read must not be noted later.
try:
    OWN_FILES = own_digests(
        {name: config["methods"][name] for name in ALL_METHODS}, [".", RESULTS, SHARED], logger.info
    )
    MASK_FILES = mask_digests(config, DATASETS, logger.info)
    MAP_FILES = own_digests(maps_of(config), [".", RESULTS, SHARED], logger.info)
except PromptsegError as error:
    stop(error)
METADATA = metadata_files(config, DATASETS)
# Methods whose packages cannot live with those of the others.
OWN_ENVIRONMENTS = {name: own for name in ALL_METHODS if (own := config["methods"][name].get("environment"))}
for name, own in OWN_ENVIRONMENTS.items():
    if not any(str(method) == "conda" for method in workflow.deployment_settings.deployment_method):
        logger.warning(
            f"The method {name} has an environment of its own, {own}, which --use-conda makes. Without it the method runs "
            "in this one and needs its packages here."
        )
LOCK_FILE = "config/datasets.lock.yaml"
PUBLISHED = os.path.relpath(WORKFLOW.parent / "resources" / "published" / "mazurowski2023.csv")


wildcard_constraints:
    dataset="|".join(DATASETS),
    method="|".join(ALL_METHODS),
    shard=r"\d+-of-\d+",
    root="|".join(map(re.escape, sorted({RESULTS, SHARED}))),


# Facts of the configuration, as the rules ask for them.
about_datasets = partial(facts.about_datasets, config, DATASETS)
about_methods = partial(facts.about_methods, config, REGISTERED)
notes_on_methods = partial(facts.notes_on_methods, config)
configuration_summary = partial(facts.configuration_summary, config)
ambiguous_methods = partial(facts.ambiguous_methods, config)
optional_parts = partial(facts.optional_parts, config)
about_protocols = partial(facts.about_protocols, config)
about_presets = partial(facts.about_presets, config)
run_protocols = partial(facts.run_protocols, config)
shown_protocol = partial(facts.shown_protocol, config)


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


def get_preprocess_entry(wildcards):
    return facts.part_of(config, "datasets", wildcards.dataset, "preprocess")


def get_volumes_entry(wildcards):
    return facts.part_of(config, "datasets", wildcards.dataset, "volumes")


def volume_files(pattern):
    """Files below <results>/volumes of each method that is asked about volumes, of true contours, and each dataset."""
    return collect(f"<results>/volumes/{pattern}", method=VOLUME_SOURCES, dataset=VOLUME_DATASETS)


def get_explored(kind, methods=METHODS):
    """Files of methods on each dataset of the run."""
    return collect(f"<results>/{kind}/{{method}}/{{dataset}}.parquet", method=methods, dataset=DATASETS)


def get_preset_scores():
    """Scores of every method under the presets of the run that ask something themselves, on images and on volumes."""
    asked = facts.asked_methods(config) if measured(config, "images") else []
    on_volumes = PRESET_VOLUME_METHODS if measured(config, "volumes") else []
    scores = "<results>/protocols/scores/{method}/{dataset}"
    return [
        *collect(f"{scores}.parquet", method=asked, dataset=DATASETS),
        *collect(f"{scores}.volumes.parquet", method=on_volumes, dataset=VOLUME_DATASETS),
    ]


def get_their_manifest(wildcards):
    if "manifest" not in config:
        stop(PromptsegError("Whose images are to be compared? Give somebody's manifest: --config manifest=PATH."))
    return config["manifest"]


def get_manifests_to_compare(wildcards):
    """Our manifests of those datasets of the run that somebody else's manifest names."""
    from promptseg.preprocess.manifests import datasets_in

    try:
        names = datasets_in(get_their_manifest(wildcards))
    except PromptsegError as error:
        stop(error)
    return [of_dataset(name, "manifest.csv") for name in names if name in DATASETS]


def get_own_files(wildcards):
    return OWN_FILES[wildcards.method]


def get_mask_files(wildcards):
    return MASK_FILES[wildcards.method][wildcards.dataset]


def get_masks(wildcards):
    return facts.part_of(config, "methods", wildcards.method, "masks")["masks"]


def get_predict_entry(wildcards):
    return facts.predict_entry(config, wildcards.method)


def get_environment(wildcards):
    own = OWN_ENVIRONMENTS.get(wildcards.method)
    return os.path.abspath(own) if own else "../../envs/inference.yaml"


def get_gpu(wildcards):
    """A GPU is a token, of which there are as many as cards (profiles/default)."""
    return site.gpus(workflow, config, method_entry(wildcards))


def get_example_facts(wildcards):
    return facts.part_of(config, "datasets", wildcards.dataset, "figures")


def get_figures(volumes=None):
    """All figures of the run as PNG; only those of volumes, or only the others, where `volumes` is true or false."""
    values = {"dataset": DATASETS, "method": METHODS, "protocol": run_protocols(), "volumes": VOLUME_DATASETS}
    return [
        f"{RESULTS}/figures/{name}.png"
        for name in catalogue.names_of_run(values, optional_parts())
        if volumes is None or (catalogue.declared(name)[0].needs == "volumes") == volumes
    ]


def get_runs_to_compare(wildcards):
    """What a comparison reads of the two runs."""
    from promptseg.analysis.compare.runs import to_compare

    try:
        return to_compare(config)
    except PromptsegError as error:
        stop(error)


def get_captions():
    """The captions of all figures, which the page holds."""
    return sorted({os.path.relpath(figure.caption_file) for figure in catalogue.FIGURES.values()})


def figure_files(figure, name):
    """The files of a declared figure, the PNG first; it goes into Snakemake's report with its caption."""
    path = f"<results>/figures/{figure.name(name)}"
    caption = os.path.relpath(figure.caption_file, WORKFLOW / "rules")
    png = report(f"{path}.png", caption=caption, category=figure.category, labels=figure.labels_of(name))
    return [png, *(f"{path}.{ending}" for ending in ENDINGS[1:])]


def drawn(*stems, **names):
    """Figures as outputs `<stem>` of a rule, each with all its files, with the wildcard of a figure that has one.

    If `method`, say, lists names, a job draws the figure of each of them, as outputs `<stem>_<method>`.
    """
    outputs = {}
    for figure in (catalogue.FIGURES[stem] for stem in stems):
        if figure.each in names:
            outputs |= {figure.name(name): figure_files(figure, name) for name in names[figure.each]}
        else:
            key = figure.stem.removesuffix("_published")  # one script draws published and measured values
            outputs[key] = figure_files(figure, figure.wildcard)
    return outputs
