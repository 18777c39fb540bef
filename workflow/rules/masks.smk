"""Masks that somebody else made, as predictions: one job per method and dataset, in the place of asking the method."""


# The files are no inputs, because of files that users keep the time says nothing: their digest is a parameter.
rule import_masks:
    input:
        files=get_files,
        images=get_images,
        objects=get_objects,
        lib=lambda wildcards: library("import_masks"),
    output:
        predictions="<results>/predictions/{method}/{dataset}.parquet",
        everything="<results>/predictions/{method}/{dataset}.everything.parquet",
        throughput="<results>/predictions/{method}/{dataset}.throughput.json",
    log:
        "<logs>/import_masks/{method}/{dataset}.log",
    wildcard_constraints:
        method="|".join(MASKED_METHODS) or "none",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        method="{method}",
        masks=get_masks,
        files_sha256=get_mask_files,
        entry=get_preprocess_entry,
        protocols=run_protocols(),
        strict=config["strict"],
    script:
        "../scripts/import_masks.py"


# Of datasets with volumes the same masks over all slices, in the place of what routes answer.
rule import_volume_masks:
    input:
        files=get_files,
        index=of_volumes("volume_index"),
        objects=of_volumes("volume_objects"),
        lib=lambda wildcards: library("import_volume_masks"),
    output:
        predictions="<results>/volumes/predictions/{method}/{dataset}.parquet",
        seconds="<results>/volumes/predictions/{method}/{dataset}.seconds.parquet",
    log:
        "<logs>/import_volume_masks/{method}/{dataset}.log",
    wildcard_constraints:
        method="|".join(facts.masked_volumes(config)) or "none",
        dataset="|".join(VOLUME_DATASETS) or "none",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        method="{method}",
        masks=get_masks,
        files_sha256=get_mask_files,
        entry=get_preprocess_entry,
    script:
        "../scripts/import_volume_masks.py"
