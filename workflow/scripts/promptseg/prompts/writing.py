"""The table of what a user other than the ideal one gives, for whoever wants to see it."""

from collections.abc import Sequence
from pathlib import Path

from promptseg.core.progress import progress
from promptseg.core.tables import open_table
from promptseg.preprocess.objects import ObjectStream
from promptseg.prompts.modes import PromptSettings
from promptseg.prompts.tables import PROMPTS_OF_USER
from promptseg.prompts.users import User


def write_prompts_of(
    user: User, stream: ObjectStream, output: Path, settings: PromptSettings, modes: Sequence[str]
) -> None:
    """Write the prompts of a user for all objects of a dataset that it prompted (prompts.tables.PROMPTS_OF_USER).

    Args:
        modes: those of the run.
    """
    with open_table(output, PROMPTS_OF_USER) as table:
        for _, objects in progress(stream, len(stream), output.stem, "image"):
            table.gather(
                {**row, "annotator": annotator}
                for item in objects
                for annotator in user.annotators(item.row.object_id)
                for row in user.rows(item.row.object_id, item.mask, modes, settings, annotator)
            )
