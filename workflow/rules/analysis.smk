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
        manifests=[of_dataset(name, "manifest.csv") for name in DATASETS],
        objects=[of_dataset(name, "objects.parquet") for name in DATASETS],
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
        contamination=report(
            "<results>/tables/contamination.csv",
            caption="../report/contamination.rst",
            category="Tables",
            labels={"table": "datasets seen in training"},
        ),
        datasets=report(
            "<results>/tables/datasets.csv",
            caption="../report/datasets.rst",
            category="Tables",
            labels={"table": "datasets"},
        ),
        pairs=report(
            "<results>/tables/pairs.csv",
            caption="../report/pairs.rst",
            category="Tables",
            labels={"table": "paired comparisons"},
        ),
        ranks=report(
            "<results>/tables/ranks.csv",
            caption="../report/ranks.rst",
            category="Tables",
            labels={"table": "ranks of the methods"},
        ),
        click_metrics=report(
            "<results>/tables/click_metrics.csv",
            caption="../report/click_metrics.rst",
            category="Tables",
            labels={"table": "click metrics"},
        ),
        size=report(
            "<results>/tables/size.csv",
            caption="../report/size.rst",
            category="Tables",
            labels={"table": "IoU against size"},
        ),
        size_correlation=report(
            "<results>/tables/size_correlation.csv",
            caption="../report/size_correlation.rst",
            category="Tables",
            labels={"table": "rank correlation with size"},
        ),
        published_summary=report(
            "<results>/tables/published_summary.csv",
            caption="../report/published_summary.rst",
            category="Tables",
            labels={"table": "published against ours, summary"},
        ),
        provenance=report(
            "<results>/tables/provenance.csv",
            caption="../report/provenance.rst",
            category="Tables",
            labels={"table": "provenance"},
        ),
        names="<results>/tables/names.csv",
        readme="<results>/tables/README.md",
        paper=collect(
            "<results>/tables/paper/{table}.{ending}",
            table=["modes", "clicks", "methods", "metrics", "published"],
            ending=["md", "tex"],
        ),
    log:
        "<logs>/aggregate.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        datasets=about_datasets(stage="analysis"),
        methods=about_methods(),
        protocols=about_protocols(),
        seen=facts.seen_by_methods(config, REGISTERED),
        metadata=METADATA,
        registered=facts.about_datasets(config, [*DATASETS, *UNAVAILABLE], "analysis"),
        unavailable=UNAVAILABLE,
        modes=facts.modes(config),
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/aggregate.py"


rule tabulate_claims:
    input:
        published=PUBLISHED,
        statistics=rules.aggregate.output.statistics,
        trust=[f"<results>/tables/{name}.csv" for name in ("trust", "trust_pairs") if "trust" in optional_parts()],
        provenance=rules.aggregate.output.provenance,
        lib=library("tabulate_claims"),
    output:
        claims=report(
            "<results>/tables/claims.csv",
            caption="../report/claims.rst",
            category="Tables",
            labels={"table": "claims"},
        ),
    log:
        "<logs>/tabulate_claims.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        datasets=about_datasets(stage="analysis"),
        methods=about_methods(),
        protocol=shown_protocol(),
    script:
        "../scripts/tabulate_claims.py"


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
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_everything.py"


rule tabulate_ambiguity:
    input:
        tables=collect(
            "<results>/ambiguity/{method}/{dataset}.parquet",
            method=ambiguous_methods(),
            dataset=DATASETS,
        ),
        provenance=rules.aggregate.output.provenance,
        lib=lambda wildcards: library("tabulate_ambiguity"),
    output:
        ambiguity=report(
            "<results>/tables/ambiguity.csv",
            caption="../report/ambiguity.rst",
            category="Tables",
            labels={"table": "ambiguity"},
        ),
        calibration=report(
            "<results>/tables/calibration.csv",
            caption="../report/calibration.rst",
            category="Tables",
            labels={"table": "calibration"},
        ),
    log:
        "<logs>/tabulate_ambiguity.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_ambiguity.py"


rule tabulate_robustness:
    input:
        tables=collect(
            "<results>/robustness/{method}/{dataset}.parquet",
            method=ASKED_METHODS,
            dataset=DATASETS,
        ),
        provenance=rules.aggregate.output.provenance,
        lib=lambda wildcards: library("tabulate_robustness"),
    output:
        robustness=report(
            "<results>/tables/robustness.csv",
            caption="../report/robustness.rst",
            category="Tables",
            labels={"table": "robustness"},
        ),
        ranks=report(
            "<results>/tables/robustness_ranks.csv",
            caption="../report/robustness_ranks.rst",
            category="Tables",
            labels={"table": "robustness of the ranking"},
        ),
    log:
        "<logs>/tabulate_robustness.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        controls=facts.controls(config),
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_robustness.py"


rule tabulate_groups:
    input:
        scores=rules.aggregate.output.scores,
        manifests=[of_dataset(name, "manifest.csv") for name in METADATA],
        provenance=rules.aggregate.output.provenance,
        lib=lambda wildcards: library("tabulate_groups"),
    output:
        groups=report(
            "<results>/tables/groups.csv",
            caption="../report/groups.rst",
            category="Tables",
            labels={"table": "groups of patients"},
        ),
        differences=report(
            "<results>/tables/group_differences.csv",
            caption="../report/group_differences.rst",
            category="Tables",
            labels={"table": "differences between groups"},
        ),
        metadata="<results>/tables/metadata.csv",
    log:
        "<logs>/tabulate_groups.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        metadata=METADATA,
        edges=config["groups"],
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_groups.py"
