"""Images, truths and predictions of a run in the formats of other tools, on request."""

from promptseg.config.exported import exported_settings


rule export_dataset:
    input:
        images=get_images,
        objects=get_objects,
        prompts=rules.prompts.output.prompts,
        predictions=collect("<results>/predictions/{method}/{{dataset}}.parquet", method=METHODS),
        everything=branch(
            lambda wildcards: wildcards.format == "masks",
            then=collect("<results>/predictions/{method}/{{dataset}}.everything.parquet", method=METHODS),
        ),
        scores=collect("<results>/scores/{method}/{{dataset}}.parquet", method=METHODS),
        lib=lambda wildcards: library("export_dataset"),
    output:
        folder=directory("<results>/exports/{format}/{dataset}"),
    log:
        "<logs>/export_dataset/{format}/{dataset}.log",
    wildcard_constraints:
        format="coco|fiftyone|napari|masks",
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        format="{format}",
        about=lambda wildcards: facts.part_of(config, "datasets", wildcards.dataset, "exports"),
        methods={name: facts.part_of(config, "methods", name, "exports") for name in METHODS},
        names=METHODS,
        protocols=about_protocols(),
        settings=lambda wildcards: list(map(list, exported_settings(config, wildcards.format))),
    script:
        "../scripts/export_dataset.py"
