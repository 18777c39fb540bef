"""What several runs may share is made with the settings of one of them; a hidden record beside it says with which."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptseg.core.files import write_json

# Folders below the shared root, and below that of a run.
SHARED_PARTS = ("raw", "datasets", "weights", "train")
RUN_PARTS = (
    *("prompts", "precision", "predictions", "scores", "ambiguity", "robustness", "trust", "volumes"),
    *("tables", "figures", "report", "explorer", "exports", "composed"),
)


@contextmanager
def made_with(settings: Any, path: str | Path) -> Iterator[None]:
    """Note the settings of a file, of which others beside it may be part, once the block has made it."""
    record = _record(Path(path))
    record.unlink(missing_ok=True)
    yield
    write_json(record, settings)


def where(part: str, run: str | Path, shared: str | Path) -> Path:
    """The path of a part of a run: its own where it has one; what runs never share is always its own."""
    own = Path(run, part)
    return own if own.exists() or part.split("/")[0] not in SHARED_PARTS else Path(shared, part)


def root_of(part: str, settings: Any, run: str, shared: str) -> str:
    """The root under which a run finds `part`, or makes it: its own folder or the shared one.

    It is the shared one, unless the run has a part of its own already or the shared one was made with other settings.
    So what other runs use is never replaced, except by the run whose folder is the shared one. Where no record says
    with which settings a shared part was made, Snakemake's own records decide whether it is made again.

    Settings are compared as they are written, the order of keys and `1` against `1.0` included, because Snakemake does
    so: what it would make again is never the shared part. The configuration brings keys into one order beforehand.

    Args:
        part: path of a file below a root.
        settings: what the job that makes the part is given of the configuration.
        run, shared: the two roots.
    """
    if Path(run, part).exists():
        return run
    if not Path(shared, part).exists():
        return shared
    try:
        made = json.loads(_record(Path(shared, part)).read_bytes())
    except (OSError, ValueError):
        return shared
    return shared if json.dumps(made) == json.dumps(settings) else run


def _record(path: Path) -> Path:
    return path.with_name(f".{path.name}.settings.json")
