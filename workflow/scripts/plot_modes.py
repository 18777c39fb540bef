"""Draw the five prompt modes task by task (the study's figure 2) and by modality, published or of this run."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import modalities, modes, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        output, params = snakemake.output, snakemake.params
        if snakemake.input.get("published"):
            figure = modes.draw_published(snakemake.input.published, params.methods)
            overview = modalities.draw_published(snakemake.input.published, params.methods)
        else:
            statistics = snakemake.input.statistics
            figure = modes.draw_measured(statistics, params.datasets, params.methods)
            overview = modalities.draw_measured(statistics, params.datasets, params.methods, params.protocol)
        style.save(figure, output.modes_pdf, output.modes_png)
        style.save(overview, output.modalities_pdf, output.modalities_png)
