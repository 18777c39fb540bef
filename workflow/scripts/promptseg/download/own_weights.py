"""Weights that users have themselves, held to what they were: by their checksum, or by what the lock file recorded.

A flipped bit in a file of weights is mostly no error: the network loads, and its predictions are other ones.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from promptseg.config.arguments import stop
from promptseg.config.own_files import is_shipped
from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.download.lockfile import LockFile


def at_start(
    methods: Mapping[str, Mapping[str, Any]],
    digests: Mapping[str, Mapping[str, str]],
    lock: str,
    warn: Callable[[str], object],
    dryrun: bool,
) -> None:
    """For `starting.AtStart`: see `require_own_weights`; damage ends the process."""
    try:
        require_own_weights({name: methods[name] for name in digests}, digests, LockFile(Path(lock)), warn, dryrun)
    except PromptsegError as error:
        stop(error)


def require_own_weights(
    methods: Mapping[str, Mapping[str, Any]],
    digests: Mapping[str, Mapping[str, str]],
    lock: LockFile,
    warn: Callable[[str], object],
    dryrun: bool,
) -> None:
    """Compare weights named by `checkpoint: {path: ...}` with what they have to be, or were when they were first used.

    Args:
        methods: entries of those of the run.
        digests: of their files, see `config.own_files.own_digests`.
        lock: gets the digests of those that it does not know, unless it is a dry run.
        warn: gets a line about each file of the user that has changed.

    Raises:
        PromptsegError: weights of this project are damaged.
    """
    for name, entry in methods.items():
        checkpoint = entry.get("checkpoint", {})
        if "path" not in checkpoint:
            continue
        path, found = Path(checkpoint["path"]), digests[name]["checkpoint"]
        known = Checksum.from_mapping(checkpoint) if is_shipped(checkpoint) else lock.checksum(str(path))
        wrong = known.compare(found) if known else None
        if wrong and is_shipped(checkpoint):
            raise PromptsegError(
                f"{path}, the weights of {name}, is damaged: {wrong}. Get it back (git checkout -- {path}), or correct "
                f"methods.{name}.checkpoint.sha256 if you trained it anew."
            )
        if wrong:
            warn(
                f"{path}, the weights of {name}, has changed since it was first used: {wrong}. What it predicted is "
                "predicted anew. If you did not change it, it is damaged: get it again."
            )
        elif known is None and not dryrun:
            lock.record(str(path), path, f"checkpoint.path of {name}", found)
