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
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    threads: READERS
    params:
        dataset="{dataset}",
        entry=get_volumes_entry,
        strict=config["strict"],
    script:
        "../scripts/build_volumes.py"


# Asked for by methods whose class says `needs_raw = True`: no window, no 8 bits.
rule raw_volumes:
    input:
        files=get_files,
        index=of_volumes("volume_index"),
        lib=library("raw_volumes"),
    output:
        folder=directory("{root}/datasets/{dataset}/raw_volumes"),
    log:
        "{root}/logs/raw_volumes/{dataset}.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    threads: READERS
    params:
        entry=get_volumes_entry,
    script:
        "../scripts/raw_volumes.py"


# The method `contours` stands for the controls, which no network answers.
rule predict_volumes:
    input:
        volumes=of_volumes("volumes"),
        index=of_volumes("volume_index"),
        objects=of_volumes("volume_objects"),
        raw=of_method(get_raw_volumes, []),
        weights=of_method(get_weights, []),
        precision=of_method(get_precision, []),
        lib=partial(volume_library, "predict_volumes"),
    output:
        predictions="<results>/volumes/predictions/{method}/{dataset}.parquet",
        seconds="<results>/volumes/predictions/{method}/{dataset}.seconds.parquet",
    log:
        "<logs>/predict_volumes/{method}/{dataset}.log",
    wildcard_constraints:
        method="|".join(sorted(set(VOLUME_SOURCES) - set(MASKED_METHODS))) or "none",
        dataset="|".join(VOLUME_DATASETS) or "none",
    priority: FIRST
    conda:
        get_environment
    threads: of_method(lambda wildcards: method_entry(wildcards)["threads"], 1)
    resources:
        gpu=of_method(get_gpu, 0),
        cache_embeddings=int(config["cache_embeddings"]),
    params:
        dataset="{dataset}",
        method="{method}",
        entry=of_method(get_predict_entry, {}),
        own_files=of_method(get_own_files, {}),
        tasks=get_tasks,
        asked=get_asked_of_volumes,
        computing=of_method(get_computing, {}),
    script:
        "../scripts/predict_volumes.py"


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
        method="|".join(VOLUME_SOURCES) or "none",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        method="{method}",
        tasks=get_tasks,
        tolerance={"mm": config["metrics"]["nsd_tolerance_mm"], "px": config["metrics"]["nsd_tolerance_px"]},
        connectivity=config["volumes"]["connectivity"],
    script:
        "../scripts/score_volumes.py"


rule tabulate_volumes:
    input:
        scores=volume_files("scores/{method}/{dataset}.parquet"),
        slices=volume_files("scores/{method}/{dataset}.slices.parquet"),
        lesions=volume_files("scores/{method}/{dataset}.lesions.parquet"),
        detection=volume_files("scores/{method}/{dataset}.detection.parquet"),
        seconds=volume_files("predictions/{method}/{dataset}.seconds.parquet"),
        manifests=[of_dataset(name, "manifest.csv") for name in VOLUME_DATASETS],
        lib=lambda wildcards: library("tabulate_volumes"),
    output:
        scores=report(
            "<results>/tables/volume_scores.parquet",
            caption="../report/volume_scores.rst",
            category="Tables",
            labels={"table": "all scores of volumes"},
        ),
        routes=report(
            "<results>/tables/routes.csv",
            caption="../report/routes.rst",
            category="Tables",
            labels={"table": "volumes: routes"},
        ),
        pairs=report(
            "<results>/tables/route_pairs.csv",
            caption="../report/route_pairs.rst",
            category="Tables",
            labels={"table": "volumes: paired comparisons of routes"},
        ),
        retention=report(
            "<results>/tables/retention.csv",
            caption="../report/retention.rst",
            category="Tables",
            labels={"table": "volumes: retention"},
        ),
        lesions=report(
            "<results>/tables/lesions.csv",
            caption="../report/lesions.rst",
            category="Tables",
            labels={"table": "volumes: lesions"},
        ),
        lesions_by_size=report(
            "<results>/tables/lesions_by_size.csv",
            caption="../report/lesions_by_size.rst",
            category="Tables",
            labels={"table": "volumes: lesions by size"},
        ),
        seconds=report(
            "<results>/tables/volume_seconds.csv",
            caption="../report/volume_seconds.rst",
            category="Tables",
            labels={"table": "volumes: time and memory"},
        ),
        provenance="<results>/tables/volume_provenance.csv",
        readme="<results>/tables/volumes.md",
    log:
        "<logs>/tabulate_volumes.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        seen=facts.seen_by_methods(config, REGISTERED, facts.volume_methods(config)),
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_volumes.py"


rule plot_volumes:
    input:
        routes=rules.tabulate_volumes.output.routes,
        retention=rules.tabulate_volumes.output.retention,
        lib=lambda wildcards: library("plot_volumes"),
    output:
        **drawn("routes", "retention", "overrun"),
    log:
        "<logs>/plot_volumes.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
    script:
        "../scripts/plot_volumes.py"


rule plot_volume_strips:
    input:
        volumes=of_volumes("volumes"),
        index=of_volumes("volume_index"),
        objects=of_volumes("volume_objects"),
        predictions=collect("<results>/volumes/predictions/{method}/{{dataset}}.parquet", method=VOLUME_SOURCES),
        scores=rules.tabulate_volumes.output.scores,
        lib=lambda wildcards: library("plot_volume_strips"),
    output:
        **drawn("volume_strips"),
    log:
        "<logs>/plot_volume_strips/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        dataset=get_example_facts,
        methods=about_methods(),
        prompts=config["prompts"],
    script:
        "../scripts/plot_volume_strips.py"
