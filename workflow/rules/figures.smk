"""Figures, from our own scores and from the published tables."""


rule plot_modes:
    input:
        statistics=rules.aggregate.output.statistics,
        lib=library("plot_modes"),
    output:
        **drawn("modes", "modalities"),
    log:
        "<logs>/plot_modes/ours.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        datasets=about_datasets(),
        methods=about_methods(),
        protocols=about_protocols(),
        protocol=shown_protocol(),
    script:
        "../scripts/plot_modes.py"


rule plot_modes_published:
    input:
        published=PUBLISHED,
        lib=library("plot_modes"),
    output:
        **drawn("modes_published", "modalities_published"),
    log:
        "<logs>/plot_modes/published.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
    script:
        "../scripts/plot_modes.py"


rule plot_clicks:
    input:
        statistics=rules.aggregate.output.statistics,
        click_metrics=rules.aggregate.output.click_metrics,
        lib=library("plot_clicks"),
    output:
        **drawn("clicks_tasks", "clicks_mean", "one_click", "click_metrics"),
    log:
        "<logs>/plot_clicks/{protocol}.log",
    wildcard_constraints:
        protocol="|".join(run_protocols()),
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        datasets=about_datasets(),
        methods=about_methods(),
        protocols=about_protocols(),
        protocol="{protocol}",
    script:
        "../scripts/plot_clicks.py"


rule plot_clicks_published:
    input:
        published=PUBLISHED,
        lib=library("plot_clicks"),
    output:
        **drawn("clicks_tasks_published", "clicks_mean_published", "one_click_published"),
    log:
        "<logs>/plot_clicks/published.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
    script:
        "../scripts/plot_clicks.py"


rule plot_throughput:
    input:
        throughput=rules.aggregate.output.throughput,
        lib=library("plot_throughput"),
    output:
        **drawn("throughput"),
    log:
        "<logs>/plot_throughput.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        datasets=about_datasets(),
        methods=about_methods(),
    script:
        "../scripts/plot_throughput.py"


rule plot_contamination:
    input:
        contamination=rules.aggregate.output.contamination,
        lib=library("plot_contamination"),
    output:
        **drawn("contamination"),
    log:
        "<logs>/plot_contamination.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        datasets=about_datasets(),
        methods=about_methods(),
    script:
        "../scripts/plot_contamination.py"


rule plot_ranks:
    input:
        ranks=rules.aggregate.output.ranks,
        lib=library("plot_ranks"),
    output:
        **drawn("ranks"),
    log:
        "<logs>/plot_ranks.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
        protocols=about_protocols(),
    script:
        "../scripts/plot_ranks.py"


rule plot_reproduced:
    input:
        published=rules.aggregate.output.published,
        lib=library("plot_reproduced"),
    output:
        **drawn("reproduced"),
    log:
        "<logs>/plot_reproduced.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
        protocols=about_protocols(),
    script:
        "../scripts/plot_reproduced.py"


rule plot_distributions:
    input:
        bins=rules.aggregate.output.size,
        correlations=rules.aggregate.output.size_correlation,
        scores=collect(
            "<results>/scores/{method}/{dataset}.parquet",
            method=METHODS,
            dataset=DATASETS,
        ),
        lib=library("plot_distributions"),
    output:
        **drawn("distributions", "size_point", "size_box", method=METHODS),
    log:
        "<logs>/plot_distributions.log",
    priority: FIRST  # the figure that takes longest
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        shown=METHODS,
        datasets=about_datasets(),
        methods=about_methods(),
    script:
        "../scripts/plot_distributions.py"


rule plot_calibration:
    input:
        ambiguity="<results>/tables/ambiguity.csv",
        calibration="<results>/tables/calibration.csv",
        lib=library("plot_calibration"),
    output:
        **drawn("calibration", "candidates"),
    log:
        "<logs>/plot_calibration.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
    script:
        "../scripts/plot_calibration.py"


rule plot_recall:
    input:
        everything="<results>/tables/everything.csv",
        lib=library("plot_recall"),
    output:
        **drawn("recall"),
    log:
        "<logs>/plot_recall.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
    script:
        "../scripts/plot_recall.py"


rule plot_robustness:
    input:
        robustness="<results>/tables/robustness.csv",
        ranks="<results>/tables/robustness_ranks.csv",
        lib=library("plot_robustness"),
    output:
        **drawn("robustness"),
    log:
        "<logs>/plot_robustness.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
    script:
        "../scripts/plot_robustness.py"


rule plot_groups:
    input:
        groups="<results>/tables/groups.csv",
        lib=library("plot_groups"),
    output:
        **drawn("groups"),
    log:
        "<logs>/plot_groups.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        style=STYLE,
        methods=about_methods(),
    script:
        "../scripts/plot_groups.py"


rule write_captions:
    input:
        datasets=rules.aggregate.output.datasets,
        captions=get_captions(),
        lib=library("write_captions"),
    output:
        captions=[str(Path(png).with_suffix(".md")) for png in get_figures()],
    log:
        "<logs>/write_captions.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        methods=about_methods(),
        protocols=about_protocols(),
        volumes=VOLUME_DATASETS,
        endings=ENDINGS,
    script:
        "../scripts/write_captions.py"
