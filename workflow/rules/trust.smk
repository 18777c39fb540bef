"""What the confidence of a method is worth: tables and figures."""


rule tabulate_trust:
    input:
        tables=collect(
            "<results>/trust/{method}/{dataset}.parquet",
            method=facts.rivals(config),
            dataset=DATASETS,
        ),
        provenance=rules.aggregate.output.provenance,
        lib=lambda wildcards: library("tabulate_trust"),
    output:
        trust=report(
            "<results>/tables/trust.csv",
            caption="../report/trust.rst",
            category="Tables",
            labels={"table": "trust"},
        ),
        curves=report(
            "<results>/tables/trust_curves.csv",
            caption="../report/trust_curves.rst",
            category="Tables",
            labels={"table": "risk-coverage curves"},
        ),
        pairs=report(
            "<results>/tables/trust_pairs.csv",
            caption="../report/trust_pairs.rst",
            category="Tables",
            labels={"table": "trust, confidences compared"},
        ),
        thresholds=report(
            "<results>/tables/trust_thresholds.csv",
            caption="../report/trust_thresholds.rst",
            category="Tables",
            labels={"table": "trust, thresholds"},
        ),
    log:
        "<logs>/tabulate_trust.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        resamples=lookup(within=SETTINGS, dpath="metrics/bootstrap_resamples"),
        seed=lookup(within=SETTINGS, dpath="prompts/seed"),
    script:
        "../scripts/tabulate_trust.py"
