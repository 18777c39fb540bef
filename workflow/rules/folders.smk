# Where the files of a dataset, its images and the weights of a method lie, `{root}` in the rules that make them: in the
# shared folder or, where that holds what was made with other settings, in the run's own (promptseg/core/shared.py).
from promptseg.core.shared import root_of
from promptseg.download.contents import contents
from promptseg.download.dropfolder import drop_folder


def choose_root(part, settings, what):
    root = root_of(part, settings, RESULTS, SHARED)
    if root != SHARED and workflow.is_main_process:
        logger.info(f"{what} in {SHARED} are of other settings; this run has its own in {root}.")
    return root


# Chosen once, because what is made anew is absent meanwhile.
@cache
def root_of_files(dataset):
    entry = config["datasets"][dataset]
    settings = [sources_of(entry), case_patterns(entry)]
    return choose_root(f"raw/{dataset}/files.csv", settings, f"The files of {dataset}")


@cache
def root_of_images(dataset):
    if (root := root_of_files(dataset)) != SHARED:
        return root  # or two runs would remake the shared images in turn, each from files of its own
    settings = [facts.part_of(config, "datasets", dataset, "preprocess"), config["strict"]]
    return choose_root(f"datasets/{dataset}/images.parquet", settings, f"The images of {dataset}")


@cache
def root_of_volumes(dataset):
    if (root := root_of_files(dataset)) != SHARED:
        return root
    settings = [facts.part_of(config, "datasets", dataset, "volumes"), config["strict"]]
    return choose_root(f"datasets/{dataset}/volumes.parquet", settings, f"The volumes of {dataset}")


@cache
def root_of_weights(method):
    settings = config["methods"][method]["checkpoint"]
    return choose_root(f"weights/{method}.pth", settings, f"The weights of {method}")


def of_dataset(dataset, file):
    return f"{root_of_images(dataset)}/datasets/{dataset}/{file}"


def get_files(wildcards):
    return f"{root_of_files(wildcards.dataset)}/raw/{wildcards.dataset}/files.csv"


def get_images(wildcards):
    return of_dataset(wildcards.dataset, "images.parquet")


def get_objects(wildcards):
    return of_dataset(wildcards.dataset, "objects.parquet")


def of_volumes(table):
    """A function that finds one of the tables of volumes of a dataset."""
    return lambda wildcards: f"{root_of_volumes(wildcards.dataset)}/datasets/{wildcards.dataset}/{table}.parquet"


def has_volumes(wildcards):
    return wildcards.dataset in VOLUME_DATASETS


def volume_tables(table):
    """One of the tables of volumes of every dataset that has volumes."""
    return [f"{root_of_volumes(name)}/datasets/{name}/{table}.parquet" for name in VOLUME_DATASETS]


def get_weights(wildcards):
    """Weights of a method that the rule download_weights gets; those of the user are no input, see `OWN_FILES`."""
    method, weights = wildcards.method, method_entry(wildcards).get("checkpoint")
    own = "checkpoint" in OWN_FILES[method]
    return f"{root_of_weights(method)}/weights/{method}.pth" if weights and not own else []


def get_archives(wildcards):
    """The archives that a dataset is unpacked from, if its sources have some."""
    names = map(archive_name, get_sources(wildcards))
    return [f"{SHARED}/raw/archives/{name}" for name in names if name]


def get_downloads(wildcards):
    """The list of what a client fetched, for a dataset that has one."""
    return f"{wildcards.root}/raw/{wildcards.dataset}/downloads.csv" if wildcards.dataset in FETCHED else []


def get_drop_folder(dataset):
    own, shared = (Path(root, "raw", dataset) for root in (root_of_files(dataset), SHARED))
    return drop_folder(sources_of(config["datasets"][dataset]), own, shared)


@cache  # Snakemake asks before a job and may ask after it: what changed in between must not be taken for what was read
def contents_of(dataset):
    entry = config["datasets"][dataset]
    try:
        return contents(sources_of(entry), case_patterns(entry), get_drop_folder(dataset), logger.info)
    except PromptsegError as error:
        stop(error)


def get_contents(wildcards):
    """What the files of the user are that a dataset is read from: a change of a byte or a name reruns the dataset."""
    if workflow.dryrun and not Path(wildcards.root, "raw", wildcards.dataset, "files.csv").exists():
        return ""  # it will run in any case
    return contents_of(wildcards.dataset)
