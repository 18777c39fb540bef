"""What an earlier configuration left in the run's folder: `snakemake --cores 1 leftovers`, and `remove_leftovers`."""


rule leftovers:
    log:
        "<logs>/leftovers.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        files=get_leftovers,
    message:
        "Looking for files that this configuration does not make"
    script:
        "../scripts/leftovers.py"


rule remove_leftovers:
    log:
        "<logs>/remove_leftovers.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        files=get_leftovers,
        run=RESULTS,
    message:
        "Removing files that this configuration does not make"
    script:
        "../scripts/remove_leftovers.py"
