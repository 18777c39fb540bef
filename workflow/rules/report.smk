"""Pages: one that holds tables, findings and figures of a run, and one of a comparison of two runs."""

TEMPLATES = os.path.relpath(WORKFLOW / "scripts" / "promptseg" / "report")
SHARED_TEMPLATES = [
    *collect(f"{TEMPLATES}/{{name}}.html.jinja", name=["layout", "parts"]),
    *collect(f"{TEMPLATES}/web/{{name}}", name=["style.css", "tables.js", "gallery.js", "search.js"]),
]
# Without the two runs nothing can be asked for.
COMPARISON = config["comparison"].get("folder") or str(catalogue.comparison(config.get("run_a"), config.get("run_b")))


rule build_page:
    input:
        scores=rules.aggregate.output.scores,
        summary=rules.aggregate.output.summary,
        statistics=rules.aggregate.output.statistics,
        published=rules.aggregate.output.published,
        claims=rules.tabulate_claims.output.claims,
        ablation=rules.aggregate.output.ablation,
        throughput=rules.aggregate.output.throughput,
        datasets=rules.aggregate.output.datasets,
        contamination=rules.aggregate.output.contamination,
        pairs=rules.aggregate.output.pairs,
        everything=[f"<results>/tables/{part}.csv" for part in optional_parts() if part == "everything"],
        composed=[f"<results>/tables/{part}.csv" for part in optional_parts() if part == "composed"],
        users=[f"<results>/tables/{part}.csv" for part in optional_parts() if part == "users"],
        equivalence=[f"<results>/tables/{part}.csv" for part in optional_parts() if part == "equivalence"],
        groups=[f"<results>/tables/{part}.csv" for part in optional_parts() if part == "groups"],
        group_differences=["<results>/tables/group_differences.csv"] if METADATA else [],
        metadata=["<results>/tables/metadata.csv"] if METADATA else [],
        trust=rules.tabulate_trust.output.trust if "trust" in optional_parts() else [],
        trust_thresholds=rules.tabulate_trust.output.trust_thresholds if "trust" in optional_parts() else [],
        protocols=rules.tabulate_protocols.output.protocols if "protocols" in optional_parts() else [],
        protocol_effects=rules.tabulate_protocols.output.protocol_effects if "protocols" in optional_parts() else [],
        protocol_agreement=rules.tabulate_protocols.output.protocol_agreement if "protocols" in optional_parts() else [],
        figures=get_figures(volumes=False),
        captions=get_captions(),
        lib=library("build_page"),
        parts=rules.aggregate.input.scores,
        template=[f"{TEMPLATES}/page.html.jinja", *SHARED_TEMPLATES],
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
    threads: 2  # little else is left to do then
    params:
        title=TITLE,
        configuration=configuration_summary(),
        datasets=about_datasets(),
        methods=about_methods(),
        protocols=about_protocols(),
        notes=notes_on_methods(),
        grid=facts.grid(config),
        endings=ENDINGS,
        protocol=shown_protocol(),
        volumes="volumes" in optional_parts(),
        presets=about_presets(),
        users=about_users(),
    script:
        "../scripts/build_page.py"


rule build_volume_pages:
    input:
        scores=rules.tabulate_volumes.output.scores,
        routes=rules.tabulate_volumes.output.routes,
        pairs=rules.tabulate_volumes.output.pairs,
        retention=rules.tabulate_volumes.output.retention,
        lesions=rules.tabulate_volumes.output.lesions,
        seconds=rules.tabulate_volumes.output.seconds,
        volumes=volume_tables("volumes"),
        index=volume_tables("volume_index"),
        objects=volume_tables("volume_objects"),
        predictions=volume_files("predictions/{method}/{dataset}.parquet"),
        figures=get_figures(volumes=True),
        captions=get_captions(),
        lib=lambda wildcards: library("build_volume_pages"),
        template=[
            *SHARED_TEMPLATES,
            *collect(f"{TEMPLATES}/volumes/{{name}}", name=["volumes.html.jinja", "viewer.html.jinja", "viewer.js"]),
        ],
    output:
        page=report(
            "<results>/report/volumes.html",
            caption="../report/volumes.rst",
            category="Overview",
            labels={"page": "volumes"},
        ),
        folder=directory("<results>/report/volumes"),
    log:
        "<logs>/build_volume_pages.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        names=VOLUME_DATASETS,
        datasets=about_datasets(),
        methods=about_methods(),
        configuration=config["volumes"],
        tie_break=config["prompts"]["tie_break"],
        lines=asked.drawing_on_slices(config),
        seed=config["prompts"]["seed"],
        endings=ENDINGS,
    script:
        "../scripts/build_volume_pages.py"


# snakemake --cores 1 compare --config run_a=FOLDER run_b=FOLDER
rule compare:
    input:
        runs=get_runs_to_compare,
        lib=lambda wildcards: library("compare"),
        template=[f"{TEMPLATES}/compared.html.jinja", *SHARED_TEMPLATES],
    output:
        page=f"{COMPARISON}/index.html",
        tables=collect(f"{COMPARISON}/tables/{{name}}", name=catalogue.COMPARED_TABLES),
        figures=collect(
            f"{COMPARISON}/figures/{{name}}.{{ending}}", name=catalogue.COMPARED_FIGURES, ending=["pdf", "png"]
        ),
    log:
        "<logs>/compare.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        runs=[config.get("run_a"), config.get("run_b")],
        by=config["comparison"]["by"],
        pair=config["comparison"]["pair"],
        shared=SHARED,
        resamples=config["metrics"]["bootstrap_resamples"],
        seed=config["prompts"]["seed"],
    script:
        "../scripts/compare.py"
