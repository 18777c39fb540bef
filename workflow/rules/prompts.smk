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
    conda:
        "../../envs/analysis.yaml"
    params:
        tasks=get_tasks,
        modes=lookup(within=SETTINGS, dpath="prompts/modes"),
        max_components=lookup(within=SETTINGS, dpath="prompts/max_components"),
        equal_components=lookup(within=SETTINGS, dpath="prompts/equal_components"),
        tie_break=lookup(within=SETTINGS, dpath="prompts/tie_break"),
        seed=lookup(within=SETTINGS, dpath="prompts/seed"),
    script:
        "../scripts/prompts.py"
