"""What the classes of adapters say of themselves, for the plan of jobs: read once for each state of their code.

To ask a class its module has to be imported, and PyTorch with it, which takes seconds; Snakemake reads its rules again
for every job. So a process of its own asks all classes that are new or whose files have changed, and a record keeps
what they said.
"""

import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from promptseg.config.imports import adapter_file, library_of, sources
from promptseg.config.schema import SCRIPTS
from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic, digest

logger = logging.getLogger(__name__)

Facts: TypeAlias = dict[str, Any]
RECORD = Path(".snakemake/promptseg.adapters.json")
_INSPECTION = "promptseg.predict.inspection"


def facts_of(
    entries: Mapping[str, Mapping[str, Any]], record: Path, *, again: bool, say: Callable[[str], None] = logger.info
) -> dict[str, Facts]:
    """What `predict.inspection` says of the adapter of each method, by its name.

    Args:
        entries: of the methods in the configuration, as far as predictions depend on them.
        record: file that keeps the answers; one that is damaged or gone costs time only.
        again: ask again where the answer may have changed although no file of ours did: adapters that are installed
            elsewhere, or that could not be imported. Jobs go by what the process that planned them was told.
        say: gets a line before work that takes seconds.
    """
    kept = _read(record)
    keys = {name: _key(entry) for name, entry in entries.items()}
    lasting = {
        name
        for name in entries
        if (known := kept.get(keys[name])) and (not again or known["lasting"]) and _unchanged(known["behind"])
    }
    new = {name: entry for name, entry in entries.items() if name not in lasting}
    if new:
        say(f"Asking what the adapter{'s' if len(new) > 1 else ''} of {', '.join(new)} can do")
        for name, facts in _asked(new).items():
            own = adapter_file(entries[name]["adapter"])
            sure = own is not None and own.is_file() and "modes" in facts
            kept[keys[name]] = {**facts, "lasting": sure, "behind": _behind(facts.get("helpers", []))}
        _write(record, kept)
    return {name: kept[key] for name, key in keys.items()}


def _key(entry: Mapping[str, Any]) -> str:
    """Digest of everything that an answer depends on."""
    own = adapter_file(entry["adapter"])
    files = [own] if own and own.is_file() else []
    inspection = SCRIPTS.joinpath(*_INSPECTION.split(".")).with_suffix(".py")
    code = [_digest(file) for file in (inspection, *library_of(inspection, *files), *files)]
    asked = {key: value for key, value in entry.items() if key != "checkpoint"}
    return hashlib.sha256(json.dumps([asked, code], sort_keys=True, default=str).encode()).hexdigest()


def _behind(helpers: Sequence[str]) -> dict[str, str]:
    """Digests of files of a user that an adapter imports, and of those of the library behind them."""
    files = [Path(file) for file in helpers]
    return {os.path.relpath(file): digest(file) for file in [*files, *library_of(*sources(files))]}


def _unchanged(behind: Mapping[str, str]) -> bool:
    return all(Path(file).is_file() and digest(Path(file)) == known for file, known in behind.items())


@cache  # most adapters share most files
def _digest(file: Path) -> str:
    return digest(file)


def _asked(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Facts]:
    """The answers of a process that imports the adapters of ours, and of one for each other adapter."""
    ours = {name: entry for name, entry in entries.items() if entry["adapter"].startswith("promptseg.")}
    groups = [ours] if ours else []
    groups += [{name: entry} for name, entry in entries.items() if name not in ours]
    return {name: facts for group in groups for name, facts in _asked_together(group).items()}


def _asked_together(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Facts]:
    """The answers of one process.

    Raises:
        PromptsegError: it ended without answers.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import {_INSPECTION} as i; i.main()",
        ],
        input=json.dumps(entries, default=str),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    try:
        found: dict[str, Facts] = json.loads(lines[-1])
    except (IndexError, ValueError):
        said = (done.stderr.strip() or "nothing").splitlines()[-1]
        raise PromptsegError(
            f"The process that looks at the adapters of {', '.join(entries)} ended without an answer; it said: {said}"
        ) from None
    return found


def _read(record: Path) -> dict[str, Facts]:
    try:
        kept = json.loads(record.read_bytes())
        return (
            kept
            if isinstance(kept, dict) and all({"lasting", "behind"} <= set(known) for known in kept.values())
            else {}
        )
    except (OSError, ValueError, TypeError):
        return {}


def _write(record: Path, kept: Mapping[str, Facts]) -> None:
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        with atomic(record) as temporary:
            temporary.write_text(json.dumps(kept))
    except (OSError, PromptsegError) as error:  # a read-only folder: asked again next time
        logger.debug("%s cannot be written: %s", record, error)
