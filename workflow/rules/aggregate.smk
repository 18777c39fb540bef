"""Tables over all datasets and methods."""


rule aggregate:
    input:
        scores=collect(
            "<results>/scores/{method}/{dataset}.parquet",
            method=METHODS,
            dataset=DATASETS,
        ),
        throughput=collect(
            "<results>/predictions/{method}/{dataset}.throughput.json",
            method=METHODS,
            dataset=DATASETS,
        ),
        published=PUBLISHED,
        lib=library("aggregate"),
    output:
        scores=report(
            "<results>/tables/scores.parquet",
            caption="../report/scores.rst",
            category="Tables",
            labels={"table": "all scores"},
        ),
        summary=report(
            "<results>/tables/summary.csv",
            caption="../report/summary.rst",
            category="Tables",
            labels={"table": "summary"},
        ),
        statistics=report(
            "<results>/tables/statistics.csv",
            caption="../report/statistics.rst",
            category="Tables",
            labels={"table": "statistics"},
        ),
        published=report(
            "<results>/tables/published.csv",
            caption="../report/published.rst",
            category="Tables",
            labels={"table": "published against ours"},
        ),
        claims=report(
            "<results>/tables/claims.csv",
            caption="../report/claims.rst",
            category="Tables",
            labels={"table": "claims"},
        ),
        ablation=report(
            "<results>/tables/ablation.csv",
            caption="../report/ablation.rst",
            category="Tables",
            labels={"table": "ablation"},
        ),
        throughput=report(
            "<results>/tables/throughput.csv",
            caption="../report/throughput.rst",
            category="Tables",
            labels={"table": "throughput"},
        ),
    log:
        "<logs>/aggregate.log",
    benchmark:
        "<benchmarks>/aggregate.tsv"
    conda:
        "../../envs/analysis.yaml"
    params:
        datasets=about_datasets(),
        methods=about_methods(),
        resamples=lookup(within=config, dpath="metrics/bootstrap_resamples"),
        seed=lookup(within=config, dpath="prompts/seed"),
    script:
        "../scripts/aggregate.py"
