"""Set methods beside those that they should equal."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.analysis.equivalence import EQUIVALENCE, equivalence
from promptseg.analysis.provenance import stamp_from
from promptseg.core.jobs import job
from promptseg.core.tables import write_csv

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        files = {(path.parent.name, path.name): path for path in map(Path, inputs.scores)}
        scores = [
            (method, against, path, files[against, dataset])
            for (method, dataset), path in files.items()
            if (against := params.pairs.get(method))
        ]
        found = equivalence(scores, Path(inputs.throughput), params.resamples, params.seed)
        write_csv(snakemake.output.equivalence, stamp_from(found, inputs.provenance), EQUIVALENCE)
