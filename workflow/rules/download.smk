"""Fetch data and weights, checked against their checksums."""


rule download_archive:
    output:
        archive="<shared>/raw/archives/{archive}",
    log:
        "<shared>/logs/download_archive/{archive}.log",
    wildcard_constraints:
        archive="|".join(map(re.escape, ARCHIVES)) or "none",
    priority: FIRST
    # A transfer that breaks off is tried again within the job (download/transfer.py); what is left cannot change.
    retries: 0
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        source=lambda wildcards: ARCHIVES[wildcards.archive],
        lock=LOCK_FILE,
    message:
        "Downloading {wildcards.archive}"
    script:
        "../scripts/download_archive.py"


rule download_files:
    output:
        files="{root}/raw/{dataset}/downloads.csv",
    log:
        "{root}/logs/download_files/{dataset}.log",
    wildcard_constraints:
        dataset="|".join(FETCHED) or "none",
    priority: FIRST
    retries: 0
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        sources=get_sources,
        patterns=get_patterns,
    message:
        "Fetching the files of {wildcards.dataset}"
    script:
        "../scripts/download_files.py"


rule collect_files:
    input:
        archives=get_archives,
        downloads=get_downloads,
        lib=library("collect_files"),
    output:
        files="{root}/raw/{dataset}/files.csv",
    log:
        "{root}/logs/collect_files/{dataset}.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        sources=get_sources,
        patterns=get_patterns,
        contents=get_contents,
        lock=LOCK_FILE,
    # A message is put together when the job starts, and the parameters with it: the contents are those before the job.
    message:
        "Listing the files of {wildcards.dataset}"
    script:
        "../scripts/collect_files.py"


rule datasets_status:
    log:
        "<logs>/datasets_status.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        raw=f"{SHARED}/raw",
    message:
        "Looking at the datasets of the registry"
    script:
        "../scripts/datasets_status.py"


rule download_weights:
    output:
        weights="{root}/weights/{method}.pth",
    log:
        "{root}/logs/download_weights/{method}.log",
    priority: FIRST
    retries: 0
    localrule: True
    conda:
        "../../envs/inference.yaml"
    params:
        method="{method}",
        checkpoint=lambda wildcards: method_entry(wildcards)["checkpoint"],
    message:
        "Getting the weights of {wildcards.method}"
    script:
        "../scripts/download_weights.py"
