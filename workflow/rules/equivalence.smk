"""Whether methods are still those that they should equal, as `same_as` of their entries says."""


rule tabulate_equivalence:
    input:
        scores=collect(
            "<results>/scores/{method}/{dataset}.parquet",
            method=sorted({*facts.same_as(config), *facts.same_as(config).values()}),
            dataset=DATASETS,
        ),
        throughput=rules.aggregate.output.throughput,
        provenance=rules.aggregate.output.provenance,
        lib=lambda wildcards: library("tabulate_equivalence"),
    output:
        equivalence=report(
            "<results>/tables/equivalence.csv",
            caption="../report/equivalence.rst",
            category="Tables",
            labels={"table": "still the same model?"},
        ),
    log:
        "<logs>/tabulate_equivalence.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        pairs=facts.same_as(config),
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_equivalence.py"


rule plot_equivalence:
    input:
        equivalence=rules.tabulate_equivalence.output.equivalence,
        lib=lambda wildcards: library("plot_equivalence"),
    output:
        **drawn("equivalence"),
    log:
        "<logs>/plot_equivalence.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
        datasets=about_datasets(),
    script:
        "../scripts/plot_equivalence.py"
