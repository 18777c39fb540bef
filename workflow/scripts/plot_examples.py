"""Draw examples of one dataset: what each method made of a few objects, its worst and best, and its clicks."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import examples, pictures, style, trajectories

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
        style.save(examples.draw(shown, params.dataset, looks), output.examples)
        of_run = {name: params.methods[name] for name in pictures.by_method(files.scores)}
        rivals = {name: look for name, look in looks.items() if name in style.rivals(of_run)}
        figure = examples.draw_extremes(shown, params.dataset, rivals)
        style.save(figure, output.extremes)
        figure = trajectories.draw(shown, params.dataset, looks, params.protocol, params.protocols)
        style.save(figure, output.trajectories)
