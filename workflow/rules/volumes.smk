"""Objects over all slices of a volume: data, routes, scores and tables beside those of the images."""


rule build_volumes:
    input:
        files=get_files,
        lib=library("build_volumes"),
    output:
        volumes="{root}/datasets/{dataset}/volumes.parquet",
        index="{root}/datasets/{dataset}/volume_index.parquet",
        objects="{root}/datasets/{dataset}/volume_objects.parquet",
    log:
        "{root}/logs/build_volumes/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 2
    params:
        dataset="{dataset}",
        entry=get_volumes_entry,
        strict=lookup(within=SETTINGS, dpath="strict"),
    script:
        "../scripts/build_volumes.py"


rule score_volumes:
    input:
        volumes=of_volumes("volumes"),
        index=of_volumes("volume_index"),
        objects=of_volumes("volume_objects"),
        predictions="<results>/volumes/predictions/{method}/{dataset}.parquet",
        lib=library("score_volumes"),
    output:
        scores="<results>/volumes/scores/{method}/{dataset}.parquet",
        slices="<results>/volumes/scores/{method}/{dataset}.slices.parquet",
        lesions="<results>/volumes/scores/{method}/{dataset}.lesions.parquet",
        detection="<results>/volumes/scores/{method}/{dataset}.detection.parquet",
    log:
        "<logs>/score_volumes/{method}/{dataset}.log",
    wildcard_constraints:
        method="|".join(facts.volume_sources(config)) or "none",
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        method="{method}",
        tasks=get_tasks,
        tolerance={"mm": config["metrics"]["nsd_tolerance_mm"], "px": config["metrics"]["nsd_tolerance_px"]},
        connectivity=lookup(within=SETTINGS, dpath="volumes/connectivity"),
    script:
        "../scripts/score_volumes.py"
