"""Draw examples of one dataset: what each method made of a few objects, its worst and best, and its clicks."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import examples, style, trajectories

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        output, params = snakemake.output, snakemake.params
        looks = style.method_looks(params.methods)
        common = {
            "images": snakemake.input.images,
            "objects": snakemake.input.objects,
            "predictions": [Path(path) for path in snakemake.input.predictions],
            "scores": [Path(path) for path in snakemake.input.scores],
            "tasks": params.dataset["tasks"],
            "dataset": params.dataset,
        }
        prompts = snakemake.input.prompts
        figure = examples.examples_figure(prompts=prompts, looks=looks, **common)
        style.save(figure, output.examples_pdf, output.examples_png)
        shown = {path.parent.name for path in common["scores"]}
        rivals = style.rivals({name: entry for name, entry in params.methods.items() if name in shown})
        figure = examples.extremes_figure(prompts=prompts, looks={name: looks[name] for name in rivals}, **common)
        style.save(figure, output.extremes_pdf, output.extremes_png)
        figure = trajectories.trajectories_figure(looks=looks, protocol=params.protocol, **common)
        style.save(figure, output.trajectories_pdf, output.trajectories_png)
