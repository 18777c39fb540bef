"""Weights of methods, from an address, from Google Drive, from an archive in parts, or downloaded by hand."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.download.fetch import fetch_from_urls
from promptseg.download.parts import fetch_parts
from promptseg.download.transfer import is_there

logger = logging.getLogger(__name__)


def fetch_weights(name: str, checkpoint: Mapping[str, Any], target: Path) -> None:
    """Fetch the weights of the method `name` to `target`, checked against the checksum of the entry.

    The entry has `url` (with `mirrors`), or `parts` of a 7z archive that holds the file `file`, or `home` and
    `instructions` for a manual download. A file that is there already, put there by hand for example, is only checked.

    Raises:
        PromptsegError: they cannot be fetched, are not the file that the entry describes, or need a manual download.
    """
    licence = checkpoint.get("licence", "not stated")
    logger.info("Weights of %s: licence %s", name, licence)
    try:
        if is_there(target, Checksum.from_mapping(checkpoint), checkpoint.get("bytes")):
            return
        if "url" in checkpoint:
            fetch_from_urls(checkpoint, target)
        elif "parts" in checkpoint:
            fetch_parts(checkpoint, target)
        else:
            raise PromptsegError(_manual_download(checkpoint, target))
    except PromptsegError as error:
        raise PromptsegError(f"Weights of {name}: {error} {_own_file(name)}") from None


def _own_file(name: str) -> str:
    return f"To use a file of your own, set `methods: {{{name}: {{checkpoint: {{path: ...}}}}}}` in your configuration."


def _manual_download(checkpoint: Mapping[str, Any], target: Path) -> str:
    size = f" ({checkpoint['size']})" if "size" in checkpoint else ""
    return (
        f"they have to be fetched by hand.\n  from: {checkpoint['home']}\n  file: {checkpoint.get('file', 'see below')}"
        f"{size}\n  licence: {checkpoint.get('licence', 'not stated')}\n  how: {checkpoint['instructions'].strip()}\n"
        f"  to: {target}\nThen run again."
    )
