"""Set the methods side by side under all presets of a run."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from promptseg.core.jobs import job
from promptseg.core.tables import read_table
from promptseg.protocols.comparison.run import comparison, tabulate
from promptseg.protocols.score_table import PROTOCOL_SCORES

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        parts = [read_table(path, PROTOCOL_SCORES) for path in inputs.tables]
        rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=PROTOCOL_SCORES.names)
        frames = comparison(rows, params.presets, Path(inputs.scores), params.rivals, params.resamples, params.seed)
        tabulate(frames, Path(snakemake.output.protocols).parent, inputs.provenance)
