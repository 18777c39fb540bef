"""Draw the scores of every method with the prompts of each user."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import style, users

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        params = snakemake.params
        style.configure(**params.style)
        figure = users.draw(snakemake.input.users, params.methods, params.users, params.protocol)
        style.save(figure, snakemake.output.users)
