# What jobs are asked, and which changes concern them: no more than what their results depend on.
from promptseg.config import adapters, asked, users

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
        asked_of = [ADAPTERS.get(name, asked.CONTOURS_FACTS) for name in VOLUME_SOURCES if name not in MASKED_METHODS]
        if asked_of or not MASKED_METHODS:
            asked.require_routes(config, asked_of)
    except PromptsegError as error:
        stop(error)


def get_shard(wildcards):
    """[i, n] of the shard `i-of-n`."""
    return [int(part) for part in wildcards.shard.split("-of-")]


def shard_names(dataset):
    count = shards(config["datasets"][dataset])
    return [f"{index}-of-{count}" for index in range(1, count + 1)]


def shards_of(wildcards):
    return shard_names(wildcards.dataset)


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


# Users other than the ideal one: rules and files of theirs are those of the ideal one below a folder of their own.
USERS = users.users_of(config)
RECORDED_USERS = users.recorded_users(config)
# Masks from files answer no prompt that is given here.
USER_METHODS = [name for name in METHODS if name not in MASKED_METHODS]
about_users = partial(users.about_users, config)
OF_USER = {"results": f"{RESULTS}/users/{{user}}", "logs": f"{RESULTS}/logs/users/{{user}}"}
if USERS:
    from promptseg.prompts.chosen import noise_from  # takes most of a second

    try:
        OWN_OF_USERS = own_digests(users.own_of_users(config), [".", RESULTS, SHARED], logger.info)
        for name in USERS:
            noise_from(config["users"][name].get("noise", {}))
    except PromptsegError as error:
        stop(error)


def get_user(wildcards):
    return users.user_entry(config, wildcards.user)


def get_own_of_user(wildcards):
    """Digests of what a user's entry names: prompts that people gave, maps."""
    return OWN_OF_USERS[wildcards.user]


def get_recorded(wildcards):
    """The prompts that people gave for a dataset, of a user who is these people."""
    path = f"{RESULTS}/users/{wildcards.user}/recorded/{wildcards.dataset}.parquet"
    return path if wildcards.user in RECORDED_USERS else []


def get_noise(wildcards):
    """The noise of the user whom a user is like."""
    like = config["users"][wildcards.user].get("like")
    return f"{RESULTS}/users/{like}/noise.json" if like else []


def get_asked_of_user(wildcards):
    """As `get_asked`, without the mode that has no prompt."""
    found = get_asked(wildcards)
    return {**found, "modes": [mode for mode in found["modes"] if mode != "everything"]}


def scores_of_users():
    """The scores of each user, the ideal one first."""
    folders = {users.IDEAL: RESULTS} | {name: f"{RESULTS}/users/{name}" for name in USERS}
    return {
        f"of_{name}": expand(
            "{folder}/scores/{method}/{dataset}.parquet", folder=folder, method=USER_METHODS, dataset=DATASETS
        )
        for name, folder in folders.items()
    }


def get_computing(wildcards):
    return asked.computing(config, wildcards.method, ADAPTERS[wildcards.method])


def get_precision(wildcards):
    """What was chosen for a method and a dataset, where the configuration leaves it open."""
    chosen = get_computing(wildcards).get("precision") == "auto"
    return f"{RESULTS}/precision/{wildcards.method}/{wildcards.dataset}.json" if chosen else []


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
