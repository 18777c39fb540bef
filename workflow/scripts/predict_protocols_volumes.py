"""Run one method on the volumes of one dataset under the protocols of others."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.files import write_json
from promptseg.core.jobs import job
from promptseg.predict.failures import Failures
from promptseg.predict.method_run import prepare_job
from promptseg.protocols.images import Presets
from promptseg.protocols.volumes import VolumePresets, write_volume_answers
from promptseg.volumes.data.stack import stream_volumes
from promptseg.volumes.routes.loading import loader, told_by, tracker_of
from promptseg.volumes.routes.settings import VolumeSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
        settings = VolumeSettings.of({key: params.asked[key] for key in ("grow", "stop_iou")}, {})
        run = prepare_job(snakemake, loader(settings))
        answers = Path(outputs.answers)
        keeps = snakemake.resources["cache_embeddings"]
        with run.embedding_cache(answers, inputs.lib, keeps) as cache:
            runner = VolumePresets(
                run.method,
                tracker_of(params.method, run.method, settings),
                Presets.of(params.asked),
                settings,
                Failures(run.label, params.asked["strict"]),
                cache,
            )
            cost = write_volume_answers(
                stream_volumes(inputs.volumes, inputs.index, inputs.objects, params.tasks, inputs.get("raw") or None),
                runner,
                answers,
                label=f"predict_protocols_volumes {run.name} {run.dataset}",
                provenance=run.provenance(asked=params.asked, **told_by(run.method)),
            )
        write_json(outputs.seconds, cost)
