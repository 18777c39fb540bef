"""Draw the ranks of the methods under all presets, and how alike these order them."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import protocols, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        style.configure(**params.style)
        figure = protocols.draw(inputs.values, inputs.agreement, params.methods, params.protocols)
        style.save(figure, snakemake.output.protocols)
