"""Turn the files of a dataset into 2-D images with label maps, and list the objects in them."""


rule preprocess:
    input:
        files=get_files,
        lib=library("preprocess"),
    output:
        images="{root}/datasets/{dataset}/images.parquet",
        objects="{root}/datasets/{dataset}/objects.parquet",
    log:
        "{root}/logs/preprocess/{dataset}.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    threads: READERS
    params:
        dataset="{dataset}",
        entry=get_preprocess_entry,
        strict=config["strict"],
    script:
        "../scripts/preprocess.py"


rule manifest:
    input:
        images=rules.preprocess.output.images,
        lib=library("manifest"),
    output:
        manifest="{root}/datasets/{dataset}/manifest.csv",
    log:
        "{root}/logs/manifest/{dataset}.log",
    priority: FIRST
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
    script:
        "../scripts/manifest.py"


rule compare_manifests:
    input:
        ours=get_manifests_to_compare,
        theirs=get_their_manifest,
        lib=library("compare_manifests"),
    output:
        comparison="<results>/tables/manifest_comparison.csv",
    log:
        "<logs>/compare_manifests.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    script:
        "../scripts/compare_manifests.py"


# Without an output, so that it runs, and fails where the images differ, whenever it is asked for; the table above stays.
rule verify_manifest:
    input:
        comparison=rules.compare_manifests.output.comparison,
        lib=library("verify_manifest"),
    log:
        "<logs>/verify_manifest.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    script:
        "../scripts/verify_manifest.py"
