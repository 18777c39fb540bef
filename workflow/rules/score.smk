"""Score every prediction against the truth."""


rule score:
    input:
        images=get_images,
        objects=get_objects,
        predictions="<results>/predictions/{method}/{dataset}.parquet",
        lib=library("score"),
    output:
        scores="<results>/scores/{method}/{dataset}.parquet",
    log:
        "<logs>/score/{method}/{dataset}.log",
    wildcard_constraints:
        dataset="|".join(WHOLE) or "none",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        method="{method}",
        tasks=get_tasks,
        lines=asked.line_modes(config),
        shard=[1, 1],
        tolerance={"mm": config["metrics"]["nsd_tolerance_mm"], "px": config["metrics"]["nsd_tolerance_px"]},
    script:
        "../scripts/score.py"


use rule score as score_shard with:
    output:
        scores=temp("<results>/scores/{method}/{dataset}/{shard}.parquet"),
    log:
        "<logs>/score/{method}/{dataset}/{shard}.log",
    wildcard_constraints:
        dataset="|".join(SHARDED) or "none",
    params:
        shard=get_shard,


rule gather_scores:
    input:
        tables=lambda wildcards: expand(
            rules.score_shard.output.scores,
            shard=shards_of(wildcards),
            allow_missing=True,
        ),
        lib=library("gather"),
    output:
        table="<results>/scores/{method}/{dataset}.parquet",
    log:
        "<logs>/gather_scores/{method}/{dataset}.log",
    wildcard_constraints:
        dataset="|".join(SHARDED) or "none",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    script:
        "../scripts/gather.py"


# Of the methods that give three masks for a prompt: how these differ from one another.
rule ambiguity:
    input:
        images=get_images,
        objects=get_objects,
        prompts=rules.prompts.output.prompts,
        predictions="<results>/predictions/{method}/{dataset}.parquet",
        lib=lambda wildcards: library("ambiguity"),
    output:
        table="<results>/ambiguity/{method}/{dataset}.parquet",
    log:
        "<logs>/ambiguity/{method}/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        method="{method}",
        tasks=get_tasks,
        region_growing=config["methods"]["region_growing"]["options"],
    script:
        "../scripts/ambiguity.py"
