# What jobs are asked, and which changes concern them: no more than what their results depend on.
from promptseg.config import adapters, asked

# What the adapters say of themselves. One that cannot be imported here may live in an environment that is made for it.
CONDA = any(str(method) == "conda" for method in workflow.deployment_settings.deployment_method)
try:
    ADAPTERS = adapters.facts_of(
        {name: facts.predict_entry(config, name) for name in ALL_METHODS if name not in MASKED_METHODS},
        adapters.RECORD,
        again=workflow.is_main_process,
        say=logger.info,
    )
except PromptsegError as error:
    stop(error)
for name, found in ADAPTERS.items():
    if problem := found.get("problem") or (not CONDA and found.get("missing")):
        stop(PromptsegError(problem))
    if found.get("modes") == [] and name in METHODS:
        stop(
            PromptsegError(
                f"run.methods names {name}, whose adapter {config['methods'][name]['adapter']} is for volumes and answers no "
                "image. Name it under volumes.methods instead."
            )
        )
    if "missing" in found:
        ADAPTERS[name] = asked.UNKNOWN
        if workflow.is_main_process:
            logger.warning(
                f"The adapter of {name} cannot be imported here, so that nobody knows which files it imports besides its "
                "own: after an edit of one of those, delete the method's predictions."
            )


if VOLUME_DATASETS:
    try:
        asked.require_routes(config, [ADAPTERS.get(name, asked.CONTOURS_FACTS) for name in VOLUME_SOURCES])
    except PromptsegError as error:
        stop(error)


def get_helpers(wildcards):
    """Files of a user that an adapter imports, besides its own."""
    return ADAPTERS[wildcards.method].get("helpers", [])


def get_asked(wildcards):
    return asked.asked(config, wildcards.method, ADAPTERS[wildcards.method])


def get_asked_of_presets(wildcards):
    return asked.asked_of_presets(config, "images")


def get_inexact_lines(wildcards):
    modes = config["robustness"]["modes"]
    return asked.asked_of_lines(config, ADAPTERS[wildcards.method], modes)


def get_computing(wildcards):
    return asked.computing(config, ADAPTERS[wildcards.method])


def get_asked_for_probabilities(wildcards):
    return asked.asked_for_probabilities(config, wildcards.method, ADAPTERS[wildcards.method])


def get_probabilities(wildcards):
    """Those of a method that knows them, in the settings that are composed."""
    if "largest_probability" not in config["compose"]["rules"] or wildcards.method in MASKED_METHODS:
        return []
    return rules.probabilities.output.table if get_asked_for_probabilities(wildcards)["modes"] else []


def composed_maps(kind):
    """The output of label maps, where they are wanted."""
    folder = f"<results>/composed/{kind}/{{method}}/{{dataset}}.label_maps"
    return {"folder": directory(folder)} if config["compose"]["label_maps"] else {}


def get_asked_of_presets_on_volumes(wildcards):
    return asked.asked_of_presets_on_volumes(config)


def get_asked_of_volumes(wildcards):
    return asked.asked_of_volumes(config, ADAPTERS.get(wildcards.method, asked.CONTOURS_FACTS))


def of_method(get, otherwise):
    """What `get` says of a method for volumes; `otherwise` of the controls, which have no entry."""
    return lambda wildcards: otherwise if wildcards.method == CONTOURS else get(wildcards)


def get_raw_volumes(wildcards):
    """The volumes of a dataset in stored units, for a method that reads them."""
    folder = f"{root_of_volumes(wildcards.dataset)}/datasets/{wildcards.dataset}/raw_volumes"
    return folder if ADAPTERS[wildcards.method].get("needs_raw") else []


def volume_library(script, wildcards):
    """As `library`, with the adapter of a method and what tracks with its weights."""
    if wildcards.method == CONTOURS:
        return library(script)
    tracker = ADAPTERS[wildcards.method].get("tracker")
    behind = [adapter_file(tracker)] if tracker else []
    return library(script, method_entry(wildcards)["adapter"], [*get_helpers(wildcards), *behind])
