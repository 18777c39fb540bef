"""Figures that show images: examples, candidates, and the masks found without a prompt."""


rule plot_examples:
    input:
        images=get_images,
        objects=get_objects,
        prompts=rules.prompts.output.prompts,
        predictions=collect("<results>/predictions/{method}/{{dataset}}.parquet", method=METHODS),
        scores=collect("<results>/scores/{method}/{{dataset}}.parquet", method=METHODS),
        lib=library("plot_examples"),
    output:
        **drawn("examples", "extremes", "percentiles", "trajectories"),
    log:
        "<logs>/plot_examples/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        dataset=get_example_facts,
        methods=about_methods(),
        protocols=about_protocols(),
        protocol=shown_protocol(),
    script:
        "../scripts/plot_examples.py"


rule plot_ambiguity:
    input:
        images=get_images,
        objects=get_objects,
        prompts=rules.prompts.output.prompts,
        predictions=collect("<results>/predictions/{method}/{{dataset}}.parquet", method=ambiguous_methods()),
        ambiguity=collect("<results>/ambiguity/{method}/{{dataset}}.parquet", method=ambiguous_methods()),
        lib=library("plot_ambiguity"),
    output:
        **drawn("ambiguity"),
    log:
        "<logs>/plot_ambiguity/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        dataset=get_example_facts,
        methods=about_methods(),
    script:
        "../scripts/plot_ambiguity.py"


rule plot_everything:
    input:
        images=get_images,
        objects=get_objects,
        predictions=collect("<results>/predictions/{method}/{{dataset}}.parquet", method=METHODS),
        everything=collect("<results>/predictions/{method}/{{dataset}}.everything.parquet", method=METHODS),
        scores=collect("<results>/scores/{method}/{{dataset}}.parquet", method=METHODS),
        lib=library("plot_everything"),
    output:
        **drawn("everything"),
    log:
        "<logs>/plot_everything/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        dataset=get_example_facts,
        methods=about_methods(),
    script:
        "../scripts/plot_everything.py"
