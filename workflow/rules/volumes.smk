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
