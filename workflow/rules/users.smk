"""Users other than the ideal one: their prompts, and all that comes of them, below <results>/users/<user>/."""


# What people gave, checked and in pixels of our images.
rule record_prompts:
    input:
        images=get_images,
        objects=get_objects,
        files=get_files,
        lib=library("record_prompts"),
    output:
        recorded="<results>/users/{user}/recorded/{dataset}.parquet",
    log:
        "<logs>/users/{user}/record_prompts/{dataset}.log",
    wildcard_constraints:
        user="|".join(RECORDED_USERS) or "none",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        entry=get_preprocess_entry,
        prompts=lambda wildcards: config["users"][wildcards.user]["prompts"],
        contents=get_own_of_user,
    script:
        "../scripts/record_prompts.py"


# How far people miss, which users `like` them miss as well.
rule tabulate_noise:
    input:
        recorded=collect(
            "<results>/users/{user}/recorded/{dataset}.parquet",
            user=RECORDED_USERS,
            dataset=DATASETS,
        ),
        images=[of_dataset(name, "images.parquet") for name in DATASETS],
        objects=[of_dataset(name, "objects.parquet") for name in DATASETS],
        lib=lambda wildcards: library("tabulate_noise"),
    output:
        table=report(
            "<results>/tables/noise.csv",
            caption="../report/noise.rst",
            category="Tables",
            labels={"table": "noise of users"},
        ),
        noise=expand("<results>/users/{user}/noise.json", user=RECORDED_USERS),
    log:
        "<logs>/tabulate_noise.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        users=RECORDED_USERS,
        tasks=[config["datasets"][name]["tasks"] for name in DATASETS],
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_noise.py"


rule prompts_of_user:
    input:
        images=get_images,
        objects=get_objects,
        recorded=get_recorded,
        noise=get_noise,
        lib=lambda wildcards: library("prompts_of_user"),
    output:
        prompts="<results>/users/{user}/prompts/{dataset}.parquet",
    log:
        "<logs>/users/{user}/prompts/{dataset}.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        tasks=get_tasks,
        settings=asked.cut(config),
        modes=[mode for mode in config["prompts"]["modes"] if mode != "everything"],
        user=get_user,
        contents=get_own_of_user,
    script:
        "../scripts/prompts_of_user.py"


# The rules of the ideal user once more. Datasets are not cut into shards: people prompt few images.
use rule predict as predict_of_user with:
    input:
        images=get_images,
        objects=get_objects,
        weights=get_weights,
        precision=get_precision,
        recorded=get_recorded,
        noise=get_noise,
        lib=lambda wildcards: library("predict", method_entry(wildcards)["adapter"], get_helpers(wildcards)),
    pathvars:
        **OF_USER,
    wildcard_constraints:
        dataset="|".join(DATASETS),
    params:
        asked=get_asked_of_user,
        user=get_user,
        contents=get_own_of_user,


use rule score as score_of_user with:
    pathvars:
        **OF_USER,
    wildcard_constraints:
        dataset="|".join(DATASETS),


# Every table is one of means over the annotators of each object.
use rule aggregate as aggregate_of_user with:
    input:
        scores=collect(
            "<results>/scores/{method}/{dataset}.parquet",
            method=USER_METHODS,
            dataset=DATASETS,
        ),
        throughput=collect(
            "<results>/predictions/{method}/{dataset}.throughput.json",
            method=USER_METHODS,
            dataset=DATASETS,
        ),
        manifests=[of_dataset(name, "manifest.csv") for name in DATASETS],
        objects=[of_dataset(name, "objects.parquet") for name in DATASETS],
        published=PUBLISHED,
        lib=library("aggregate"),
    pathvars:
        **OF_USER,


use rule tabulate_claims as tabulate_claims_of_user with:
    input:
        published=PUBLISHED,
        statistics=rules.aggregate_of_user.output.statistics,
        trust=[],
        provenance=rules.aggregate_of_user.output.provenance,
        lib=library("tabulate_claims"),
    pathvars:
        **OF_USER,


use rule tabulate_groups as tabulate_groups_of_user with:
    input:
        scores=rules.aggregate_of_user.output.scores,
        manifests=[of_dataset(name, "manifest.csv") for name in METADATA],
        provenance=rules.aggregate_of_user.output.provenance,
        lib=lambda wildcards: library("tabulate_groups"),
    pathvars:
        **OF_USER,


rule tabulate_users:
    input:
        **scores_of_users(),
        provenance=rules.aggregate.output.provenance,
        lib=lambda wildcards: library("tabulate_users"),
    output:
        users=report(
            "<results>/tables/users.csv",
            caption="../report/users.rst",
            category="Tables",
            labels={"table": "users"},
        ),
    log:
        "<logs>/tabulate_users.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        users=[users.IDEAL, *USERS],
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/tabulate_users.py"


rule plot_users:
    input:
        users=rules.tabulate_users.output.users,
        lib=library("plot_users"),
    output:
        **drawn("users"),
    log:
        "<logs>/plot_users.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
        users=about_users(),
        protocol=shown_protocol(),
    script:
        "../scripts/plot_users.py"
