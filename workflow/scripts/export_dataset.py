"""Write images, truths and predictions of one dataset in the format of another tool."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.core.settings import Setting
from promptseg.exports.folders import export
from promptseg.exports.source import Source

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        files, params = snakemake.input, snakemake.params
        source = Source(
            dataset=params.dataset,
            about=params.about,
            images=Path(files.images),
            objects=Path(files.objects),
            prompts=Path(files.prompts),
            scores=dict(zip(params.names, map(Path, files.scores), strict=True)),
            predictions=dict(zip(params.names, map(Path, files.predictions), strict=True)),
            settings=[Setting(*one) for one in params.settings],
            methods=params.methods,
            protocols=params.protocols,
            everything=dict(zip(params.names, map(Path, files.everything), strict=bool(files.everything))),
        )
        export(source, params.format, Path(snakemake.output.folder))
