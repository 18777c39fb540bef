"""Draw what the confidences of methods are worth, risk-coverage curves, and what thresholds do."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import risk_coverage, style, thresholds, trust

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params, output = snakemake.input, snakemake.params, snakemake.output
        style.configure(**params.style)
        shown = params.methods, params.protocol
        style.save(trust.draw(inputs.trust, *shown), output.trust)
        style.save(risk_coverage.draw(inputs.curves, *shown), output.risk_coverage)
        style.save(thresholds.draw(inputs.thresholds, *shown), output.thresholds)
