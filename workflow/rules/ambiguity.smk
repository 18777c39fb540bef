"""Compare the three masks that some methods give for a prompt."""


rule ambiguity:
    input:
        images=rules.preprocess.output.images,
        objects=rules.preprocess.output.objects,
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
        region_growing=lookup(within=config, dpath="methods/region_growing/options"),
    script:
        "../scripts/ambiguity.py"


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
        resamples=lookup(within=config, dpath="metrics/bootstrap_resamples"),
        seed=lookup(within=config, dpath="prompts/seed"),
    script:
        "../scripts/tabulate_ambiguity.py"
