"""One page that holds tables, findings and figures of a run."""


rule build_page:
    input:
        scores=rules.aggregate.output.scores,
        summary=rules.aggregate.output.summary,
        statistics=rules.aggregate.output.statistics,
        published=rules.aggregate.output.published,
        claims=rules.aggregate.output.claims,
        ablation=rules.aggregate.output.ablation,
        throughput=rules.aggregate.output.throughput,
        datasets=rules.aggregate.output.datasets,
        contamination=rules.aggregate.output.contamination,
        pairs=rules.aggregate.output.pairs,
        everything=[f"<results>/tables/{part}.csv" for part in optional_parts() if part == "everything"],
        figures=get_figures(),
        captions=get_captions(),
        lib=library("build_page"),
        template=os.path.relpath(WORKFLOW / "scripts" / "promptseg" / "report" / "page.html.jinja"),
    output:
        page=report(
            "<results>/report/index.html",
            caption="../report/page.rst",
            category="Overview",
            labels={"page": "all tables and figures"},
        ),
    log:
        "<logs>/build_page.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        title="Promptable segmentation of medical images",
        configuration=configuration_summary(),
        datasets=about_datasets(),
        methods=about_methods(),
        notes=notes_on_methods(),
        grid=facts.grid(config),
    script:
        "../scripts/build_page.py"
