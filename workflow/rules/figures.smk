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
        modalities_pdf="<results>/figures/modalities.pdf",
        modalities_png=report(
            "<results>/figures/modalities.png",
            caption="../report/modalities.rst",
            category="Prompt modes",
            labels={"figure": "by modality", "source": "this run"},
        ),
    log:
        "<logs>/plot_modes/ours.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        datasets=about_datasets(),
        methods=about_methods(),
        protocol=shown_protocol(),
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
        modalities_pdf="<results>/figures/modalities_published.pdf",
        modalities_png=report(
            "<results>/figures/modalities_published.png",
            caption="../report/modalities_published.rst",
            category="Prompt modes",
            labels={"figure": "by modality", "source": "published"},
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
        click_metrics=rules.aggregate.output.click_metrics,
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
        one_pdf="<results>/figures/one_click_{protocol}.pdf",
        one_png=report(
            "<results>/figures/one_click_{protocol}.png",
            caption="../report/comparison.rst",
            category="Clicks",
            labels={"figure": "one click per task", "source": "this run, {protocol}"},
        ),
        metrics_pdf="<results>/figures/click_metrics_{protocol}.pdf",
        metrics_png=report(
            "<results>/figures/click_metrics_{protocol}.png",
            caption="../report/click_metrics_figure.rst",
            category="Clicks",
            labels={"figure": "click metrics", "source": "this run, {protocol}"},
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
        one_pdf="<results>/figures/one_click_published.pdf",
        one_png=report(
            "<results>/figures/one_click_published.png",
            caption="../report/comparison_published.rst",
            category="Clicks",
            labels={"figure": "one click per task", "source": "published"},
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
            labels={"dataset": "{dataset}", "figure": "chosen by area"},
        ),
        extremes_pdf="<results>/figures/extremes_{dataset}.pdf",
        extremes_png=report(
            "<results>/figures/extremes_{dataset}.png",
            caption="../report/extremes.rst",
            category="Examples",
            labels={"dataset": "{dataset}", "figure": "worst, median, best"},
        ),
        clicks_pdf="<results>/figures/trajectories_{dataset}.pdf",
        clicks_png=report(
            "<results>/figures/trajectories_{dataset}.png",
            caption="../report/trajectories.rst",
            category="Examples",
            labels={"dataset": "{dataset}", "figure": "click by click"},
        ),
    log:
        "<logs>/plot_examples/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset=get_example_facts,
        methods=about_methods(),
        protocol=shown_protocol(),
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


rule plot_contamination:
    input:
        contamination=rules.aggregate.output.contamination,
        lib=library("plot_contamination"),
    output:
        pdf="<results>/figures/contamination.pdf",
        png=report(
            "<results>/figures/contamination.png",
            caption="../report/contamination_figure.rst",
            category="Contamination",
            labels={"figure": "datasets seen in training", "source": "this run"},
        ),
    log:
        "<logs>/plot_contamination.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        datasets=about_datasets(),
        methods=about_methods(),
    script:
        "../scripts/plot_contamination.py"


rule plot_comparisons:
    input:
        ranks=rules.aggregate.output.ranks,
        published=rules.aggregate.output.published,
        lib=library("plot_comparisons"),
    output:
        ranks_pdf="<results>/figures/ranks.pdf",
        ranks_png=report(
            "<results>/figures/ranks.png",
            caption="../report/ranks_figure.rst",
            category="Methods",
            labels={"figure": "mean ranks", "source": "this run"},
        ),
        reproduced_pdf="<results>/figures/reproduced.pdf",
        reproduced_png=report(
            "<results>/figures/reproduced.png",
            caption="../report/reproduced.rst",
            category="Methods",
            labels={"figure": "published against this run", "source": "this run"},
        ),
    log:
        "<logs>/plot_comparisons.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        methods=about_methods(),
    script:
        "../scripts/plot_comparisons.py"


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
        pdf=collect("<results>/figures/distributions_{method}.pdf", method=METHODS),
        png=[
            report(
                f"<results>/figures/distributions_{name}.png",
                caption="../report/distributions.rst",
                category="Objects",
                labels={"figure": "IoU of single objects", "method": name},
            )
            for name in METHODS
        ],
        size_point_pdf="<results>/figures/size_point.pdf",
        size_point_png=report(
            "<results>/figures/size_point.png",
            caption="../report/size_figure.rst",
            category="Objects",
            labels={"figure": "IoU against size", "method": "all, one point"},
        ),
        size_box_pdf="<results>/figures/size_box.pdf",
        size_box_png=report(
            "<results>/figures/size_box.png",
            caption="../report/size_figure.rst",
            category="Objects",
            labels={"figure": "IoU against size", "method": "all, a box around each component"},
        ),
    log:
        "<logs>/plot_distributions.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        shown=METHODS,
        datasets=about_datasets(),
        methods=about_methods(),
    script:
        "../scripts/plot_distributions.py"


rule plot_ambiguity:
    input:
        images=rules.preprocess.output.images,
        objects=rules.preprocess.output.objects,
        prompts=rules.prompts.output.prompts,
        predictions=collect("<results>/predictions/{method}/{{dataset}}.parquet", method=ambiguous_methods()),
        ambiguity=collect("<results>/ambiguity/{method}/{{dataset}}.parquet", method=ambiguous_methods()),
        lib=library("plot_ambiguity"),
    output:
        pdf="<results>/figures/ambiguity_{dataset}.pdf",
        png=report(
            "<results>/figures/ambiguity_{dataset}.png",
            caption="../report/ambiguity_figure.rst",
            category="Ambiguity",
            labels={"figure": "three masks for one point", "dataset": "{dataset}"},
        ),
    log:
        "<logs>/plot_ambiguity/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset=get_example_facts,
        methods=about_methods(),
    script:
        "../scripts/plot_ambiguity.py"


rule plot_calibration:
    input:
        ambiguity="<results>/tables/ambiguity.csv",
        calibration="<results>/tables/calibration.csv",
        lib=library("plot_calibration"),
    output:
        pdf="<results>/figures/calibration.pdf",
        png=report(
            "<results>/figures/calibration.png",
            caption="../report/calibration_figure.rst",
            category="Ambiguity",
            labels={"figure": "predicted against true IoU", "dataset": "all"},
        ),
        candidates_pdf="<results>/figures/candidates.pdf",
        candidates_png=report(
            "<results>/figures/candidates.png",
            caption="../report/candidates.rst",
            category="Ambiguity",
            labels={"figure": "three masks in numbers", "dataset": "all"},
        ),
    log:
        "<logs>/plot_calibration.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        methods=about_methods(),
    script:
        "../scripts/plot_calibration.py"


rule plot_everything:
    input:
        images=rules.preprocess.output.images,
        objects=rules.preprocess.output.objects,
        predictions=collect("<results>/predictions/{method}/{{dataset}}.parquet", method=METHODS),
        everything=collect("<results>/predictions/{method}/{{dataset}}.everything.parquet", method=METHODS),
        scores=collect("<results>/scores/{method}/{{dataset}}.parquet", method=METHODS),
        lib=library("plot_everything"),
    output:
        pdf="<results>/figures/everything_{dataset}.pdf",
        png=report(
            "<results>/figures/everything_{dataset}.png",
            caption="../report/everything_figure.rst",
            category="Segment everything",
            labels={"figure": "all masks", "dataset": "{dataset}"},
        ),
    log:
        "<logs>/plot_everything/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        dataset=get_example_facts,
        methods=about_methods(),
    script:
        "../scripts/plot_everything.py"


rule plot_recall:
    input:
        everything="<results>/tables/everything.csv",
        lib=library("plot_recall"),
    output:
        pdf="<results>/figures/recall.pdf",
        png=report(
            "<results>/figures/recall.png",
            caption="../report/recall.rst",
            category="Segment everything",
            labels={"figure": "objects found", "dataset": "all"},
        ),
    log:
        "<logs>/plot_recall.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        methods=about_methods(),
    script:
        "../scripts/plot_recall.py"


rule plot_robustness:
    input:
        robustness="<results>/tables/robustness.csv",
        ranks="<results>/tables/robustness_ranks.csv",
        lib=library("plot_robustness"),
    output:
        pdf="<results>/figures/robustness.pdf",
        png=report(
            "<results>/figures/robustness.png",
            caption="../report/robustness_figure.rst",
            category="Robustness",
            labels={"figure": "inexact prompts", "source": "this run"},
        ),
    log:
        "<logs>/plot_robustness.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        methods=about_methods(),
    script:
        "../scripts/plot_robustness.py"
