"""The configuration of a run from its files, for those who are not Snakemake."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from promptseg.config.arguments import SHIPPED
from promptseg.config.check import check
from promptseg.config.explain import ConfigurationError
from promptseg.config.schema import merged
from promptseg.config.yamlfiles import Places, value_of


def load(files: Sequence[Path], shipped: Sequence[Path] = SHIPPED) -> dict[str, Any]:
    """The files laid over the shipped ones as Snakemake does it, checked, with its defaults.

    Args:
        files: those of the user, later ones over earlier ones.
        shipped: those that workflow/Snakefile names; by default from the working directory.

    Raises:
        PromptsegError: a file cannot be read; or the configuration is not valid, with file and line of each mistake.
    """
    config: dict[str, Any] = {}
    for path in (*shipped, *files):
        config = merged(config, value_of(path))
    try:
        return check(config)
    except ConfigurationError as error:
        raise error.placed(Places([*shipped, *files]).of) from None
