"""The protocols of others: what methods answer under presets, beside the ordinary run."""


# One job asks a method under all presets of the run, so that each image is encoded once. It is not cut into shards.
rule predict_protocols:
    input:
        images=get_images,
        objects=get_objects,
        weights=get_weights,
        precision=get_precision,
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
    priority: FIRST
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
        maps=MAP_FILES,
        computing=get_computing,
    script:
        "../scripts/predict_protocols.py"


rule predict_protocols_volumes:
    input:
        volumes=of_volumes("volumes"),
        index=of_volumes("volume_index"),
        objects=of_volumes("volume_objects"),
        raw=get_raw_volumes,
        weights=get_weights,
        precision=get_precision,
        lib=partial(volume_library, "predict_protocols_volumes"),
    output:
        answers="<results>/protocols/answers/{method}/{dataset}.volumes.parquet",
        seconds="<results>/protocols/answers/{method}/{dataset}.volumes.seconds.json",
    log:
        "<logs>/predict_protocols_volumes/{method}/{dataset}.log",
    wildcard_constraints:
        method="|".join(PRESET_VOLUME_METHODS) or "none",
        dataset="|".join(VOLUME_DATASETS) or "none",
    priority: FIRST
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
        asked=get_asked_of_presets_on_volumes,
        computing=get_computing,
    script:
        "../scripts/predict_protocols_volumes.py"


rule score_protocols:
    input:
        images=get_images,
        objects=get_objects,
        answers="<results>/protocols/answers/{method}/{dataset}.parquet",
        lib=library("score_protocols"),
    output:
        scores="<results>/protocols/scores/{method}/{dataset}.parquet",
    log:
        "<logs>/score_protocols/{method}/{dataset}.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        method="{method}",
        tasks=get_tasks,
        on="images",
        presets=measured(config, "images"),
    script:
        "../scripts/score_protocols.py"


use rule score_protocols as score_protocols_of_volumes with:
    input:
        volumes=of_volumes("volumes"),
        index=of_volumes("volume_index"),
        objects=of_volumes("volume_objects"),
        answers="<results>/protocols/answers/{method}/{dataset}.volumes.parquet",
        lib=library("score_protocols"),
    output:
        scores="<results>/protocols/scores/{method}/{dataset}.volumes.parquet",
    log:
        "<logs>/score_protocols_of_volumes/{method}/{dataset}.log",
    params:
        dataset="{dataset}",
        method="{method}",
        tasks=get_tasks,
        on="volumes",
        presets=measured(config, "volumes"),


rule tabulate_protocols:
    input:
        tables=get_preset_scores(),
        scores=rules.aggregate.output.scores,
        provenance=rules.aggregate.output.provenance,
        lib=lambda wildcards: library("tabulate_protocols"),
    output:
        protocols=report(
            "<results>/tables/protocols.csv",
            caption="../report/protocols.rst",
            category="Tables",
            labels={"table": "protocols of others"},
        ),
        protocol_effects=report(
            "<results>/tables/protocol_effects.csv",
            caption="../report/protocol_effects.rst",
            category="Tables",
            labels={"table": "protocols of others, what they hide"},
        ),
        protocol_agreement=report(
            "<results>/tables/protocol_agreement.csv",
            caption="../report/protocol_agreement.rst",
            category="Tables",
            labels={"table": "protocols of others, orders of methods"},
        ),
        readme="<results>/tables/protocols.md",
    log:
        "<logs>/tabulate_protocols.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        presets=untitled(config),
        rivals=facts.rivals(config),
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_protocols.py"


rule plot_protocols:
    input:
        values=rules.tabulate_protocols.output.protocols,
        agreement=rules.tabulate_protocols.output.protocol_agreement,
        lib=lambda wildcards: library("plot_protocols"),
    output:
        **drawn("protocols"),
    log:
        "<logs>/plot_protocols.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
        protocols=about_presets(),
    script:
        "../scripts/plot_protocols.py"
