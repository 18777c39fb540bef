"""Write results/explorer: every object of a run, its scores and masks, in a folder to look at without a server."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.explorer.about import Run
from promptseg.explorer.build import build
from promptseg.explorer.objects import Files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        files, params = snakemake.input, snakemake.params
        paths = zip(params.names, files.images, files.objects, files.prompts, strict=True)
        build(
            Path(snakemake.output.folder),
            Run(**params.about, most=(params.most["objects"], params.most["images"])),
            {name: Files(*map(Path, own)) for name, *own in paths},
            *(
                {(path.parent.name, path.stem): path for path in map(Path, files[kind])}
                for kind in ("scores", "predictions", "trust")
            ),
        )
