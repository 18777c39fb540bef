"""The table of the mode `everything`."""


rule tabulate_everything:
    input:
        scores=collect(
            "<results>/scores/{method}/{dataset}.parquet",
            method=METHODS,
            dataset=DATASETS,
        ),
        proposals=collect(
            "<results>/predictions/{method}/{dataset}.everything.parquet",
            method=METHODS,
            dataset=DATASETS,
        ),
        provenance=rules.aggregate.output.provenance,
        lib=lambda wildcards: library("tabulate_everything"),
    output:
        everything=report(
            "<results>/tables/everything.csv",
            caption="../report/everything.rst",
            category="Tables",
            labels={"table": "segment everything"},
        ),
    log:
        "<logs>/tabulate_everything.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        resamples=lookup(within=config, dpath="metrics/bootstrap_resamples"),
        seed=lookup(within=config, dpath="prompts/seed"),
    script:
        "../scripts/tabulate_everything.py"
