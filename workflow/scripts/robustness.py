"""Run one method on one dataset with prompts that are a little off, and write the IoU."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptseg.core.files import digest
from promptseg.core.jobs import job
from promptseg.core.provenance import provenance
from promptseg.methods import adapter_class
from promptseg.methods.devices import keep_freed_memory
from promptseg.predict.robustness import Changes, write_robustness
from promptseg.predict.run import PACKAGES, settings_of

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(inputs: Any, outputs: Any, params: Any, threads: int) -> None:
    """Load the method once and ask it about all objects."""
    keep_freed_memory()
    weights = Path(inputs.weights) if inputs.get("weights") else None
    settings = settings_of(
        params.method,
        params.entry,
        weights,
        device=params.device,
        precision=params.precision,
        compiled=params.compile,
        threads=threads,
    )
    changes = {key: value for key, value in params.changes.items() if key != "enabled"}
    write_robustness(
        Path(inputs.images),
        Path(inputs.objects),
        Path(outputs.table),
        params.tasks,
        adapter_class(params.entry["adapter"])(settings),
        Changes(**changes),
        dataset=params.dataset,
        method=params.method,
        max_components=params.max_components,
        tie_break=params.tie_break,
        seed=params.seed,
        strict=params.strict,
        provenance=provenance(
            PACKAGES,
            method=params.method,
            dataset=params.dataset,
            entry={key: params.entry.get(key) for key in ("adapter", "variant", "options")},
            weights_sha256=digest(weights) if weights else None,
            device=settings.device,
            precision=settings.precision,
            robustness=changes,
            seed=params.seed,
        ),
    )


if __name__ == "__main__":
    with job(snakemake):
        main(snakemake.input, snakemake.output, snakemake.params, snakemake.threads)
