"""All objects of an image or a volume in one label map: who wins a pixel that several hold, and what that costs."""

from promptseg.config.exported import chosen_settings


# Apart from predict, so that predictions are the same with and without it.
rule probabilities:
    input:
        images=get_images,
        objects=get_objects,
        weights=get_weights,
        precision=get_precision,
        lib=lambda wildcards: library("probabilities", method_entry(wildcards)["adapter"], get_helpers(wildcards)),
    output:
        table="<results>/composed/probabilities/{method}/{dataset}.parquet",
    log:
        "<logs>/probabilities/{method}/{dataset}.log",
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
        asked=get_asked_for_probabilities,
        computing=get_computing,
    script:
        "../scripts/probabilities.py"


rule compose:
    input:
        images=get_images,
        objects=get_objects,
        scores="<results>/scores/{method}/{dataset}.parquet",
        predictions="<results>/predictions/{method}/{dataset}.parquet",
        probabilities=get_probabilities,
        lib=lambda wildcards: library("compose"),
    output:
        **composed_maps("images"),
        table="<results>/composed/images/{method}/{dataset}.parquet",
    log:
        "<logs>/compose/{method}/{dataset}.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        method="{method}",
        tasks=get_tasks,
        settings=list(map(list, chosen_settings(config, config["compose"]["settings"]))),
        rules=config["compose"]["rules"],
    script:
        "../scripts/compose.py"


rule compose_volumes:
    input:
        volumes=of_volumes("volumes"),
        index=of_volumes("volume_index"),
        objects=of_volumes("volume_objects"),
        predictions="<results>/volumes/predictions/{method}/{dataset}.parquet",
        files=branch(config["compose"]["label_maps"], then=get_files, otherwise=[]),
        lib=lambda wildcards: library("compose_volumes"),
    output:
        **composed_maps("volumes"),
        table="<results>/composed/volumes/{method}/{dataset}.parquet",
    log:
        "<logs>/compose_volumes/{method}/{dataset}.log",
    wildcard_constraints:
        method="|".join(VOLUME_SOURCES) or "none",
        dataset="|".join(VOLUME_DATASETS) or "none",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        method="{method}",
        tasks=get_tasks,
        entry=get_volumes_entry,
        rules=config["compose"]["rules"],
    script:
        "../scripts/compose_volumes.py"


rule tabulate_composed:
    input:
        tables=[
            *get_explored("composed/images"),
            *collect(
                "<results>/composed/volumes/{method}/{dataset}.parquet", method=VOLUME_SOURCES, dataset=VOLUME_DATASETS
            ),
        ],
        lib=lambda wildcards: library("tabulate_composed"),
    output:
        composed=report(
            "<results>/tables/composed.csv",
            caption="../report/composed.rst",
            category="Tables",
            labels={"table": "objects in one label map"},
        ),
    log:
        "<logs>/tabulate_composed.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_composed.py"
