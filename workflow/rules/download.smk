"""Bring data and weights, checked against their checksums."""


rule download_archive:
    output:
        archive="<results>/raw/archives/{archive}",
    log:
        "<logs>/download_archive/{archive}.log",
    wildcard_constraints:
        archive="|".join(map(re.escape, ARCHIVES)) or "none",
    retries: 1
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        source=lambda wildcards: ARCHIVES[wildcards.archive],
    message:
        "Downloading {wildcards.archive}"
    script:
        "../scripts/download_archive.py"


rule collect_files:
    input:
        archive=get_archive,
        own=get_own_files,
        lib=library("collect_files"),
    output:
        files="<results>/raw/{dataset}/files.csv",
    log:
        "<logs>/collect_files/{dataset}.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        source=lambda wildcards: dataset_entry(wildcards)["source"],
        patterns=lambda wildcards: case_patterns(dataset_entry(wildcards)),
    script:
        "../scripts/collect_files.py"


rule download_weights:
    output:
        weights="<results>/weights/{method}.pth",
    log:
        "<logs>/download_weights/{method}.log",
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
