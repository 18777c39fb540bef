"""Draw the five prompt modes task by task (the study's figure 2) and by modality, published or of this run."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import modalities, modes, source, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        output, params = snakemake.output, snakemake.params
        if snakemake.input.get("published"):
            shown = source.published(snakemake.input.published, params.methods)
        else:
            clicked = (params.protocol, params.protocols)
            shown = source.measured(snakemake.input.statistics, params.datasets, params.methods, *clicked)
        style.save(modes.draw(shown), output.modes)
        style.save(modalities.draw(shown), output.modalities)
