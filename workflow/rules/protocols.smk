"""The protocols of others: what methods answer under presets, beside the ordinary run."""


# One job asks a method under all presets of the run, so that each image is encoded once. It is not cut into shards.
rule predict_protocols:
    input:
        images=get_images,
        objects=get_objects,
        weights=get_weights,
        lib=lambda wildcards: library(
            "predict_protocols",
            method_entry(wildcards)["adapter"],
            get_helpers(wildcards),
        ),
    output:
        answers="<results>/protocols/answers/{method}/{dataset}.parquet",
        seconds="<results>/protocols/answers/{method}/{dataset}.seconds.json",
    log:
        "<logs>/predict_protocols/{method}/{dataset}.log",
    conda:
        get_environment
    threads: lambda wildcards: method_entry(wildcards)["threads"]
    resources:
        gpu=get_gpu,
        cache_embeddings=int(config["cache_embeddings"]),
    params:
        dataset="{dataset}",
        method="{method}",
        entry=get_predict_entry,
        own_files=get_own_files,
        tasks=get_tasks,
        asked=get_asked_of_presets,
        computing=get_computing,
    script:
        "../scripts/predict_protocols.py"
