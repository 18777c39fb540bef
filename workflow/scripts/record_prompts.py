"""Check the prompts that people gave for one dataset, and bring them into pixels of its images."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.core.tables import read_table, write_table
from promptseg.preprocess.places import Originals
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.human import Known, files_of, read_recorded
from promptseg.prompts.tables import RECORDED

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        columns = ["image_id", "height", "width", "slice", "sha256", "status"]
        images = read_table(inputs.images, IMAGES, columns)
        objects = read_table(inputs.objects, OBJECTS, ["object_id", "image_id"])
        shown = images[images["image_id"].isin(set(objects["image_id"]))]
        known = Known(
            params.dataset,
            shown,
            frozenset(objects["object_id"]),
            lambda case: Originals(Path(inputs.files), params.entry).place(case),
        )
        rows = read_recorded(files_of(params.prompts), known)
        write_table(snakemake.output.recorded, rows, RECORDED)
