"""Turn the files of a dataset into 2-D images with label maps, and list the objects in them."""


rule preprocess:
    input:
        files=rules.collect_files.output.files,
        lib=library("preprocess"),
    output:
        images="<results>/datasets/{dataset}/images.parquet",
        objects="<results>/datasets/{dataset}/objects.parquet",
    log:
        "<logs>/preprocess/{dataset}.log",
    benchmark:
        "<benchmarks>/preprocess/{dataset}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 2
    params:
        dataset="{dataset}",
        entry=get_preprocess_entry,
        strict=lookup(within=config, dpath="strict"),
    script:
        "../scripts/preprocess.py"
