"""Run one method, or the controls, on the volumes of one dataset."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.core.provenance import provenance
from promptseg.core.routes import CONTOURS
from promptseg.predict.failures import Failures
from promptseg.predict.method_run import prepare_job
from promptseg.volumes.data.stack import stream_volumes
from promptseg.volumes.routes.loading import control_parts, loader, parts_of, told_by
from promptseg.volumes.routes.run import VolumeRun, predict_volumes
from promptseg.volumes.routes.settings import VolumeSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
        asked = VolumeSettings.of(params.asked, params.asked)
        volumes = stream_volumes(inputs.volumes, inputs.index, inputs.objects, params.tasks, inputs.get("raw") or None)
        label = f"predict_volumes {params.method} {params.dataset}"
        if params.method == CONTOURS:
            failures = Failures(CONTOURS, params.asked["strict"])
            run = VolumeRun(control_parts(asked, failures), asked)
            facts = provenance(["numpy", "scipy"], method=CONTOURS, dataset=params.dataset, asked=params.asked)
            predict_volumes(volumes, run, failures, outputs.predictions, outputs.seconds, label=label, provenance=facts)
        else:
            loaded = prepare_job(snakemake, loader(asked))
            failures = Failures(loaded.label, params.asked["strict"])
            keeps = snakemake.resources["cache_embeddings"]
            with loaded.embedding_cache(outputs.predictions, inputs.lib, keeps) as cache:
                run = VolumeRun(parts_of(params.method, loaded.method, asked, failures, cache), asked)
                predict_volumes(
                    volumes,
                    run,
                    failures,
                    outputs.predictions,
                    outputs.seconds,
                    label=label,
                    provenance=loaded.provenance(asked=params.asked, **told_by(loaded.method)),
                )
