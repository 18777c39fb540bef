"""Run every method again with prompts that are a little off: prompts, predictions and scores in one job."""


rule robustness:
    input:
        images=rules.preprocess.output.images,
        objects=rules.preprocess.output.objects,
        weights=get_weights,
        lib=lambda wildcards: library("robustness", method_entry(wildcards)["adapter"]),
    output:
        table="<results>/robustness/{method}/{dataset}.parquet",
    log:
        "<logs>/robustness/{method}/{dataset}.log",
    conda:
        get_environment
    threads: lambda wildcards: method_entry(wildcards)["threads"]
    resources:
        gpu=get_gpu,
    params:
        dataset="{dataset}",
        method="{method}",
        entry=get_predict_entry,
        tasks=get_tasks,
        changes=lookup(within=config, dpath="robustness"),
        max_components=lookup(within=config, dpath="prompts/max_components"),
        tie_break=lookup(within=config, dpath="prompts/tie_break"),
        seed=lookup(within=config, dpath="prompts/seed"),
        device=lookup(within=config, dpath="device"),
        precision=lookup(within=config, dpath="precision"),
        compile=lookup(within=config, dpath="compile"),
        strict=lookup(within=config, dpath="strict"),
    script:
        "../scripts/robustness.py"


rule tabulate_robustness:
    input:
        tables=collect(
            "<results>/robustness/{method}/{dataset}.parquet",
            method=METHODS,
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
        controls=[name for name in METHODS if config["methods"][name]["control"]],
        resamples=lookup(within=config, dpath="metrics/bootstrap_resamples"),
        seed=lookup(within=config, dpath="prompts/seed"),
    script:
        "../scripts/tabulate_robustness.py"
