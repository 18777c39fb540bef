"""Cut points and boxes from the masks."""


rule prompts:
    input:
        images=get_images,
        objects=get_objects,
        lib=library("prompts"),
    output:
        prompts="<results>/prompts/{dataset}.parquet",
    log:
        "<logs>/prompts/{dataset}.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        tasks=get_tasks,
        settings=asked.cut(config),
    script:
        "../scripts/prompts.py"
