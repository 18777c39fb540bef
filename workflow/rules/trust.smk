"""What the confidence of a method is worth: confidences beside scores, tables, figures."""


# What may tell good masks from bad ones without a truth, beside how good each mask is.
rule trust:
    input:
        scores="<results>/scores/{method}/{dataset}.parquet",
        predictions="<results>/predictions/{method}/{dataset}.parquet",
        prompts=rules.prompts.output.prompts,
        robustness=branch(
            lambda wildcards: config["robustness"]["enabled"] and wildcards.method not in MASKED_METHODS,
            then="<results>/robustness/{method}/{dataset}.parquet",
        ),
        lib=lambda wildcards: library("trust"),
    output:
        table="<results>/trust/{method}/{dataset}.parquet",
    log:
        "<logs>/trust/{method}/{dataset}.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        method="{method}",
    script:
        "../scripts/trust.py"


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
        trust_curves=report(
            "<results>/tables/trust_curves.csv",
            caption="../report/trust_curves.rst",
            category="Tables",
            labels={"table": "risk-coverage curves"},
        ),
        trust_pairs=report(
            "<results>/tables/trust_pairs.csv",
            caption="../report/trust_pairs.rst",
            category="Tables",
            labels={"table": "trust, confidences compared"},
        ),
        trust_thresholds=report(
            "<results>/tables/trust_thresholds.csv",
            caption="../report/trust_thresholds.rst",
            category="Tables",
            labels={"table": "trust, thresholds"},
        ),
    log:
        "<logs>/tabulate_trust.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_trust.py"


rule plot_trust:
    input:
        trust=rules.tabulate_trust.output.trust,
        curves=rules.tabulate_trust.output.trust_curves,
        thresholds=rules.tabulate_trust.output.trust_thresholds,
        lib=library("plot_trust"),
    output:
        **drawn("trust", "risk_coverage", "thresholds"),
    log:
        "<logs>/plot_trust.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
        protocol=shown_protocol(),
    script:
        "../scripts/plot_trust.py"
