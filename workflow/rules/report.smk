"""Pages: one that holds tables, findings and figures of a run, and one of a comparison of two runs."""

TEMPLATES = os.path.relpath(WORKFLOW / "scripts" / "promptseg" / "report")
# Without the two runs nothing can be asked for.
COMPARISON = config["comparison"].get("folder") or str(catalogue.comparison(config.get("run_a"), config.get("run_b")))


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
        groups=[f"<results>/tables/{part}.csv" for part in optional_parts() if part == "groups"],
        group_differences=["<results>/tables/group_differences.csv"] if METADATA else [],
        metadata=["<results>/tables/metadata.csv"] if METADATA else [],
        figures=get_figures(),
        captions=get_captions(),
        lib=library("build_page"),
        template=collect(f"{TEMPLATES}/{{name}}.html.jinja", name=["page", "parts"]),
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
        protocols=about_protocols(),
        notes=notes_on_methods(),
        grid=facts.grid(config),
    script:
        "../scripts/build_page.py"


# snakemake --cores 1 compare --config run_a=FOLDER run_b=FOLDER
rule compare:
    input:
        runs=get_runs_to_compare,
        lib=lambda wildcards: library("compare"),
        template=collect(f"{TEMPLATES}/{{name}}.html.jinja", name=["compared", "parts"]),
    output:
        page=f"{COMPARISON}/index.html",
        tables=collect(f"{COMPARISON}/tables/{{name}}", name=catalogue.COMPARED_TABLES),
        figures=collect(
            f"{COMPARISON}/figures/{{name}}.{{ending}}", name=catalogue.COMPARED_FIGURES, ending=["pdf", "png"]
        ),
    log:
        "<logs>/compare.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        runs=[config.get("run_a"), config.get("run_b")],
        by=lookup(within=SETTINGS, dpath="comparison/by"),
        pair=lookup(within=SETTINGS, dpath="comparison/pair"),
        shared=SHARED,
        resamples=lookup(within=SETTINGS, dpath="metrics/bootstrap_resamples"),
        seed=lookup(within=SETTINGS, dpath="prompts/seed"),
    script:
        "../scripts/compare.py"
