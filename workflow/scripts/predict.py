"""Run one method on one dataset, or on one shard of it."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.files import write_json
from promptseg.core.jobs import job
from promptseg.predict.engine import Runner
from promptseg.predict.kept import as_one_job, folder_of, keep, read_kept, total
from promptseg.predict.method_run import prepare_job
from promptseg.predict.plan import Inputs, Plan
from promptseg.predict.precision import compare_precision
from promptseg.predict.run import predict
from promptseg.preprocess.objects import stream_objects
from promptseg.prompts.chosen import user_of
from promptseg.prompts.users import IDEAL

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
        run = prepare_job(snakemake)
        asked = params.asked
        user = user_of(params.get("user"), inputs.get("recorded"), inputs.get("noise"))
        plan = Plan.of(asked, user)
        objects = stream_objects(inputs.images, inputs.objects, params.tasks, tuple(params.shard))
        questions = Inputs.of(objects, asked, run.method, user)
        stand_ins = {"stand_ins": dict(questions.showing.kinds)} if questions.showing.kinds else {}
        folder, answered_by = folder_of(outputs.predictions), run.fingerprint()
        # What a user other than the ideal one asks is not kept: its clicks need not depend on the masks before.
        kept = read_kept(folder, answered_by, run.method.needs_truth) if user is IDEAL else None
        with run.embedding_cache(outputs.predictions, inputs.lib, snakemake.resources["cache_embeddings"]) as cache:
            runner = Runner(run.method, plan, cache, run.label, kept, snakemake.threads)
            cost = predict(
                questions,
                runner,
                outputs.predictions,
                everything=outputs.everything,
                label=f"predict {run.name} {run.dataset}",
                provenance=run.provenance(
                    **{key: asked.get(key) for key in ("protocols", "multimask", "everything", "seed")},
                    **stand_ins,
                ),
            )
        if kept is not None:
            cost = total(kept.cost, cost)
            tables = Path(outputs.predictions), Path(outputs.everything)
            keep(folder, answered_by, plan, runner.asked, cost, tables, stateful=runner.stateful)
            cost = as_one_job(cost)
        if run.choice:
            cost["precision_choice"] = run.choice["because"]
        if run.choice and run.choice["precision"] == "bf16":
            cost |= run.choice["measured"] if params.shard[0] == 1 else {}  # once, of all shards together
        elif run.differs:
            cost |= compare_precision(questions, run.method, run.in_fp32(), plan)
        write_json(outputs.throughput, cost)
