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


# Clicks of methods whose masks come from files are known to those who made the files, which may not be there yet.
rule export_prompts:
    input:
        files=get_files,
        images=get_images,
        objects=get_objects,
        prompts=rules.prompts.output.prompts,
        predictions=collect("<results>/predictions/{method}/{{dataset}}.parquet", method=ASKED_METHODS),
        presets=(
            collect("<results>/protocols/answers/{method}/{{dataset}}.parquet", method=ASKED_METHODS)
            if measured(config, "images")
            else []
        ),
        volumes=branch(has_volumes, then=of_volumes("volumes")),
        index=branch(has_volumes, then=of_volumes("volume_index")),
        volume_objects=branch(has_volumes, then=of_volumes("volume_objects")),
        volume_predictions=branch(
            has_volumes,
            then=collect(
                "<results>/volumes/predictions/{method}/{{dataset}}.parquet",
                method=facts.volume_methods(config),
            ),
        ),
        lib=lambda wildcards: library("export_prompts"),
    output:
        document="<results>/prompts_export/{dataset}.json",
        table="<results>/prompts_export/{dataset}.parquet",
    log:
        "<logs>/export_prompts/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset="{dataset}",
        about=lambda wildcards: facts.part_of(config, "datasets", wildcards.dataset, "exports"),
        entry=get_preprocess_entry,
        tasks=get_tasks,
        asked_of_volumes=asked.asked_of_volumes(config, asked.UNKNOWN) if VOLUME_DATASETS else {},
        volume_methods=facts.volume_methods(config),
        methods=ASKED_METHODS,
        modes=config["prompts"]["modes"],
        first_clicks={name: config["protocols"][name]["distance"] for name in run_protocols()},
    script:
        "../scripts/export_prompts.py"


rule prompts_export:
    input:
        expand(rules.export_prompts.output, dataset=DATASETS),
