"""Compare two finished runs, object by object: tables, figures and a page."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.report.compared import Options, compare_runs

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        params = snakemake.params
        options = Options(params.by, params.pair, params.resamples, params.seed, Path(params.shared))
        a, b = map(Path, params.runs)
        found = compare_runs(a, b, Path(snakemake.output.page).parent, options)
        print(*found.sentences, f"page  {found.page}", sep="\n", flush=True)
