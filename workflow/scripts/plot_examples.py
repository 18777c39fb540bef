"""Draw examples of one dataset: what each method made of a few objects, its results by rank, and its clicks."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import examples, percentiles, pictures, style, trajectories

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        files, output, params = snakemake.input, snakemake.output, snakemake.params
        looks = style.method_looks(params.methods)
        shown = pictures.Files(
            files.images, files.objects, files.prompts, predictions=files.predictions, scores=files.scores
        )
        of_run = style.rivals({name: params.methods[name] for name in pictures.by_method(files.scores)})
        rivals = {name: look for name, look in looks.items() if name in of_run}
        style.save(examples.draw(shown, params.dataset, rivals), output.examples)
        for choice, path in ((percentiles.EXTREMES, output.extremes), (percentiles.PERCENTILES, output.percentiles)):
            style.save(percentiles.draw(shown, params.dataset, rivals, choice), path)
        figure = trajectories.draw(shown, params.dataset, rivals, params.protocol, params.protocols)
        style.save(figure, output.trajectories)
