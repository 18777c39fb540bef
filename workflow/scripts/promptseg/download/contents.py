"""What the files are that users put where a dataset is read from: one digest, a parameter of the rule that lists them.

They are no inputs of a rule, because Snakemake looks at the time of an input: it would not see a corrected file with an
older time, take a large one that was only copied or touched for another, and stop at a time in the future.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from promptseg.core.digests import Digests, joined
from promptseg.download.dropfolder import own_files

logger = logging.getLogger(__name__)

RECORD = ".digests.json"  # of the files of a dataset, in its folder


def metadata_files(config: Mapping[str, Any], names: Sequence[str]) -> dict[str, list[str]]:
    """Path and digest of the metadata of each dataset that has some, among `names`."""
    paths = {name: path for name in names if (path := config["datasets"][name].get("metadata"))}
    digests = Digests(Path(".snakemake/promptseg.metadata.json")).of(paths.values())
    return {name: [path, digest] for (name, path), digest in zip(paths.items(), digests, strict=True)}


def contents(
    sources: Sequence[Mapping[str, Any]],
    patterns: Sequence[str],
    folder: Path,
    say: Callable[[str], None] = logger.info,
) -> str:
    """The digest of their names and bytes; empty where there are none.

    Args:
        sources, patterns, folder: see `own_files`.
        say: see `Digests.of`.
    """
    own = own_files(sources, patterns, folder)
    if not own:
        return ""
    folder.mkdir(parents=True, exist_ok=True)  # for the record: the job that lists the files need not read them again
    values = Digests(folder / RECORD).of([path for _, path in own], say=say)
    return joined(zip([name for name, _ in own], values, strict=True))
