"""Write all prompts of a run on one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.exports.prompts import Prompted, export

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        files, params = snakemake.input, snakemake.params
        run = Prompted(
            dataset=params.dataset,
            about=params.about,
            entry=params.entry,
            files=Path(files.files),
            images=Path(files.images),
            objects=Path(files.objects),
            prompts=Path(files.prompts),
            predictions=dict(zip(params.methods, map(Path, files.predictions), strict=True)),
            modes=params.modes,
            first_clicks=params.first_clicks,
            presets=dict(zip(params.methods, map(Path, files.presets), strict=bool(files.presets))),
        )
        export(run, Path(snakemake.output.document), Path(snakemake.output.table))
