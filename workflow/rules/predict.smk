"""Run every method on every dataset: one job per method and dataset, so that a network is loaded once."""


# Where `precision: auto` is asked for: of a whole dataset, so that all its shards compute alike.
rule choose_precision:
    input:
        images=get_images,
        objects=get_objects,
        weights=get_weights,
        lib=lambda wildcards: library("choose_precision", method_entry(wildcards)["adapter"], get_helpers(wildcards)),
    output:
        choice="<results>/precision/{method}/{dataset}.json",
    log:
        "<logs>/choose_precision/{method}/{dataset}.log",
    wildcard_constraints:
        method="|".join(ASKED_METHODS) or "none",
    priority: FIRST
    conda:
        get_environment
    threads: lambda wildcards: method_entry(wildcards)["threads"]
    resources:
        gpu=get_gpu,
    params:
        dataset="{dataset}",
        method="{method}",
        entry=get_predict_entry,
        own_files=get_own_files,
        tasks=get_tasks,
        asked=get_asked,
        computing=get_computing,
    script:
        "../scripts/choose_precision.py"


# It cuts the prompts that its method takes itself. The table of prompts holds those of all modes, drawn ones too, and
# would make all methods run again with any of them.
rule predict:
    input:
        images=get_images,
        objects=get_objects,
        weights=get_weights,
        precision=get_precision,
        lib=lambda wildcards: library("predict", method_entry(wildcards)["adapter"], get_helpers(wildcards)),
    output:
        predictions="<results>/predictions/{method}/{dataset}.parquet",
        everything="<results>/predictions/{method}/{dataset}.everything.parquet",
        throughput="<results>/predictions/{method}/{dataset}.throughput.json",
    log:
        "<logs>/predict/{method}/{dataset}.log",
    wildcard_constraints:
        dataset="|".join(WHOLE) or "none",
        method="|".join(ASKED_METHODS) or "none",
    priority: FIRST
    conda:
        get_environment
    threads: lambda wildcards: method_entry(wildcards)["threads"]
    resources:
        gpu=get_gpu,
        # Not a parameter: what is kept does not change results, so switching it must not rerun anything.
        cache_embeddings=int(config["cache_embeddings"]),
    params:
        dataset="{dataset}",
        method="{method}",
        entry=get_predict_entry,
        own_files=get_own_files,
        tasks=get_tasks,
        shard=[1, 1],
        asked=get_asked,
        computing=get_computing,
    script:
        "../scripts/predict.py"


use rule predict as predict_shard with:
    output:
        predictions=temp("<results>/predictions/{method}/{dataset}/{shard}.parquet"),
        everything=temp("<results>/predictions/{method}/{dataset}/{shard}.everything.parquet"),
        throughput=temp("<results>/predictions/{method}/{dataset}/{shard}.throughput.json"),
    log:
        "<logs>/predict/{method}/{dataset}/{shard}.log",
    wildcard_constraints:
        dataset="|".join(SHARDED) or "none",
        method="|".join(ASKED_METHODS) or "none",
    params:
        shard=get_shard,


rule gather_predictions:
    input:
        tables=lambda wildcards: expand(
            rules.predict_shard.output.predictions,
            shard=shards_of(wildcards),
            allow_missing=True,
        ),
        everything=lambda wildcards: expand(
            rules.predict_shard.output.everything,
            shard=shards_of(wildcards),
            allow_missing=True,
        ),
        throughput=lambda wildcards: expand(
            rules.predict_shard.output.throughput,
            shard=shards_of(wildcards),
            allow_missing=True,
        ),
        lib=library("gather"),
    output:
        table="<results>/predictions/{method}/{dataset}.parquet",
        everything="<results>/predictions/{method}/{dataset}.everything.parquet",
        throughput="<results>/predictions/{method}/{dataset}.throughput.json",
    log:
        "<logs>/gather_predictions/{method}/{dataset}.log",
    wildcard_constraints:
        dataset="|".join(SHARDED) or "none",
        method="|".join(ASKED_METHODS) or "none",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    script:
        "../scripts/gather.py"


# Inexact prompts: cut, run and scored in one job, because there are many and only their IoU is kept.
rule robustness:
    input:
        images=get_images,
        objects=get_objects,
        weights=get_weights,
        precision=get_precision,
        lib=lambda wildcards: library("robustness", method_entry(wildcards)["adapter"], get_helpers(wildcards)),
    output:
        table="<results>/robustness/{method}/{dataset}.parquet",
    log:
        "<logs>/robustness/{method}/{dataset}.log",
    priority: FIRST
    conda:
        get_environment
    threads: lambda wildcards: method_entry(wildcards)["threads"]
    resources:
        gpu=get_gpu,
    params:
        dataset="{dataset}",
        method="{method}",
        entry=get_predict_entry,
        own_files=get_own_files,
        tasks=get_tasks,
        changes=config["robustness"],
        lines=get_inexact_lines,
        multimask=config["prompts"]["multimask"],
        max_components=config["prompts"]["max_components"],
        equal_components=config["prompts"]["equal_components"],
        tie_break=config["prompts"]["tie_break"],
        seed=config["prompts"]["seed"],
        computing=get_computing,
        strict=config["strict"],
    script:
        "../scripts/robustness.py"
