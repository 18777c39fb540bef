"""Draw the three masks for a prompt in numbers, and what their predicted IoU is worth."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import calibration, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        ambiguity, methods = snakemake.input.ambiguity, snakemake.params.methods
        output = snakemake.output
        figure = calibration.draw(snakemake.input.calibration, ambiguity, methods)
        style.save(figure, output.calibration)
        style.save(calibration.draw_candidates(ambiguity, methods), output.candidates)
