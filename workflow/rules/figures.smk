"""Figures, from our own scores and from the published tables."""


rule plot_modes:
    input:
        statistics=rules.aggregate.output.statistics,
        lib=library("plot_modes"),
    output:
        pdf="<results>/figures/modes.pdf",
        png=report(
            "<results>/figures/modes.png",
            caption="../report/modes.rst",
            category="Prompt modes",
            labels={"figure": "five modes per task", "source": "this run"},
        ),
    log:
        "<logs>/plot_modes/ours.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        datasets=about_datasets(),
        methods=about_methods(),
    script:
        "../scripts/plot_modes.py"


rule plot_modes_published:
    input:
        published=PUBLISHED,
        lib=library("plot_modes"),
    output:
        pdf="<results>/figures/modes_published.pdf",
        png=report(
            "<results>/figures/modes_published.png",
            caption="../report/modes_published.rst",
            category="Prompt modes",
            labels={"figure": "five modes per task", "source": "published"},
        ),
    log:
        "<logs>/plot_modes/published.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        methods=about_methods(),
    script:
        "../scripts/plot_modes.py"


rule plot_clicks:
    input:
        statistics=rules.aggregate.output.statistics,
        lib=library("plot_clicks"),
    output:
        tasks_pdf="<results>/figures/clicks_tasks_{protocol}.pdf",
        tasks_png=report(
            "<results>/figures/clicks_tasks_{protocol}.png",
            caption="../report/clicks_tasks.rst",
            category="Clicks",
            labels={"figure": "per task", "source": "this run, {protocol}"},
        ),
        mean_pdf="<results>/figures/clicks_mean_{protocol}.pdf",
        mean_png=report(
            "<results>/figures/clicks_mean_{protocol}.png",
            caption="../report/clicks_mean.rst",
            category="Clicks",
            labels={"figure": "mean over tasks", "source": "this run, {protocol}"},
        ),
    log:
        "<logs>/plot_clicks/{protocol}.log",
    wildcard_constraints:
        protocol="|".join(run_protocols()),
    conda:
        "../../envs/analysis.yaml"
    params:
        datasets=about_datasets(),
        methods=about_methods(),
        protocol="{protocol}",
    script:
        "../scripts/plot_clicks.py"


rule plot_clicks_published:
    input:
        published=PUBLISHED,
        lib=library("plot_clicks"),
    output:
        tasks_pdf="<results>/figures/clicks_tasks_published.pdf",
        tasks_png=report(
            "<results>/figures/clicks_tasks_published.png",
            caption="../report/clicks_tasks_published.rst",
            category="Clicks",
            labels={"figure": "per task", "source": "published"},
        ),
        mean_pdf="<results>/figures/clicks_mean_published.pdf",
        mean_png=report(
            "<results>/figures/clicks_mean_published.png",
            caption="../report/clicks_mean_published.rst",
            category="Clicks",
            labels={"figure": "mean over tasks", "source": "published"},
        ),
    log:
        "<logs>/plot_clicks/published.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        methods=about_methods(),
    script:
        "../scripts/plot_clicks.py"


rule plot_examples:
    input:
        images=rules.preprocess.output.images,
        objects=rules.preprocess.output.objects,
        prompts=rules.prompts.output.prompts,
        predictions=collect("<results>/predictions/{method}/{{dataset}}.parquet", method=METHODS),
        scores=collect("<results>/scores/{method}/{{dataset}}.parquet", method=METHODS),
        lib=library("plot_examples"),
    output:
        pdf="<results>/figures/examples_{dataset}.pdf",
        png=report(
            "<results>/figures/examples_{dataset}.png",
            caption="../report/examples.rst",
            category="Examples",
            labels={"dataset": "{dataset}"},
        ),
    log:
        "<logs>/plot_examples/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset=get_example_facts,
        methods=about_methods(),
    script:
        "../scripts/plot_examples.py"


rule plot_throughput:
    input:
        throughput=rules.aggregate.output.throughput,
        lib=library("plot_throughput"),
    output:
        pdf="<results>/figures/throughput.pdf",
        png=report(
            "<results>/figures/throughput.png",
            caption="../report/throughput_figure.rst",
            category="Speed",
            labels={"figure": "speed and memory", "source": "this run"},
        ),
    log:
        "<logs>/plot_throughput.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        datasets=about_datasets(),
        methods=about_methods(),
    script:
        "../scripts/plot_throughput.py"
