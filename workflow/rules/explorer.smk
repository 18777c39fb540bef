"""The explorer of a run: every object, its scores and masks, in a folder of pages."""

EXPLORER = os.path.relpath(WORKFLOW / "scripts" / "promptseg" / "explorer")


rule build_explorer:
    input:
        images=[of_dataset(name, "images.parquet") for name in DATASETS],
        objects=[of_dataset(name, "objects.parquet") for name in DATASETS],
        prompts=collect(rules.prompts.output.prompts, dataset=DATASETS),
        scores=get_explored("scores"),
        predictions=get_explored("predictions"),
        trust=get_explored("trust", facts.rivals(config)),
        built=collect(f"{EXPLORER}/built/{{name}}", name=["app.js", "app.css", "licences.txt"]),
        template=f"{EXPLORER}/index.html.jinja",
        lib=lambda wildcards: library("build_explorer"),
    output:
        folder=report(
            directory("<results>/explorer"),
            htmlindex="index.html",
            caption="../report/explorer.rst",
            category="Overview",
            labels={"page": "every object"},
        ),
    log:
        "<logs>/build_explorer.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        names=DATASETS,
        most=config["explorer"],
        about={
            "title": TITLE,
            "configuration": configuration_summary(),
            "datasets": about_datasets(),
            "methods": about_methods(),
            "protocols": about_protocols(),
            "modes": facts.modes(config),
            "seed": config["prompts"]["seed"],
            "volumes": {name: "../report/volumes.html" for name in VOLUME_DATASETS},
        },
    script:
        "../scripts/build_explorer.py"
