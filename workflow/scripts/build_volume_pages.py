"""Build results/report/volumes.html and a page for each volume to look at."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.prompts.lines import LineSettings
from promptseg.report.volumes.page import TABLES, About, build_pages
from promptseg.volumes.data.stack import stream_volumes
from promptseg.volumes.routes.settings import VolumeSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        files, params = snakemake.input, snakemake.params
        paths = zip(params.names, files.volumes, files.index, files.objects, strict=True)
        streams = {
            name: stream_volumes(volumes, index, objects, params.datasets[name]["tasks"])
            for name, volumes, index, objects in paths
        }
        predictions: dict[str, dict[str, Path]] = {name: {} for name in streams}
        for path in map(Path, files.predictions):
            predictions[path.stem][path.parent.name] = path
        showing = VolumeSettings(tie_break=params.tie_break, seed=params.seed, lines=LineSettings.of(params.lines))
        build_pages(
            {name: Path(str(files[name])) for name in TABLES},
            [Path(path) for path in files.figures],
            streams,
            predictions,
            Path(snakemake.output.page),
            About(params.datasets, params.methods, params.configuration, showing, params.endings),
        )
