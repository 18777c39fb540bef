"""Build results/report/index.html: tables, findings, figures and provenance of a run in one file."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.explorer.about import newest
from promptseg.report.page import Run, build_page

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

TABLES = [
    *("scores", "summary", "statistics", "published", "claims", "ablation", "throughput"),
    *("datasets", "contamination", "pairs"),
]

OPTIONAL = [
    *("everything", "groups", "group_differences", "metadata", "trust", "trust_thresholds", "composed"),
    *("protocols", "protocol_effects", "protocol_agreement", "users", "equivalence"),
]

if __name__ == "__main__":
    with job(snakemake):
        page = Path(snakemake.output.page)
        folder = page.resolve().parents[1]  # no parameter: a run that is moved to another folder is not made again
        build_page(
            files={name: Path(str(snakemake.input[name])) for name in [*TABLES, *OPTIONAL] if snakemake.input[name]},
            figures=[Path(path) for path in snakemake.input.figures],
            output=page,
            run=Run(**snakemake.params, name=folder.name, made=newest(map(Path, snakemake.input.parts))),
            threads=snakemake.threads,
        )
