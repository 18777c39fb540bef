"""Train the small networks of the quickstart, `snakemake results/train/<network>/card.md`. Nothing asks for them.

What they make is copied to resources/quickstart by `python -m promptseg.training.ship`, so that an ordinary run never
depends on it.
"""

TRAINED = list(yamlfiles.value_of(WORKFLOW.parent / "config" / "training.yaml")["networks"])


rule train:
    input:
        recipes=os.path.relpath(WORKFLOW.parent / "config" / "training.yaml"),
        lib=library("train"),
    output:
        network="<shared>/train/{network}/network.safetensors",
        card="<shared>/train/{network}/card.md",
        log="<shared>/train/{network}/log.csv",
    log:
        "<shared>/logs/train/{network}.log",
    wildcard_constraints:
        network="|".join(TRAINED),
    conda:
        "../../envs/inference.yaml"
    threads: 2
    resources:
        gpu=lambda wildcards: site.gpus(workflow, config, {"gpu": True}),
    params:
        network="{network}",
        device=config["device"],
        precision=config["precision"],
    script:
        "../scripts/train.py"
