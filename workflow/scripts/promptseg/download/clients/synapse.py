"""Projects, folders and files on Synapse, by its client."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from promptseg.core.progress import progress
from promptseg.download.clients.client import Client, client_errors, in_home, plain


def _has_token() -> bool:
    return bool(os.environ.get("SYNAPSE_AUTH_TOKEN")) or in_home(".synapseConfig")


def _fetch(source: Mapping[str, Any], folder: Path, work: Path) -> None:
    hints = {401: ": the token is not valid", 403: ": join the challenge and accept its terms on its page"}
    with client_errors("synapseclient", hints):
        import synapseclient

        client = synapseclient.Synapse(silent=True)
        client.login(silent=True)
        top = client.get(source["id"], downloadFile=False)
        is_file = str(top.get("concreteType", "")).endswith("FileEntity")
        files = [(source["id"], top["name"])] if is_file else list(_below(client, source["id"], ""))
        for identifier, name in progress(files, len(files), "Synapse", "file"):
            target = folder / plain(name)
            if not target.exists():
                got = client.get(identifier, downloadLocation=str(work), ifcollision="overwrite.local")
                target.parent.mkdir(parents=True, exist_ok=True)
                Path(got["path"]).replace(target)


def _below(client: Any, parent: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Identifier and posix name of all files below a project or folder."""
    for child in client.getChildren(parent, includeTypes=["folder", "file"]):
        if child["type"].endswith("FileEntity"):
            yield child["id"], prefix + child["name"]
        else:
            yield from _below(client, child["id"], f"{prefix}{child['name']}/")


CLIENT = Client(
    _fetch,
    "synapseclient",
    "synapseclient",
    _has_token,
    "register on synapse.org, make one under Account Settings, Personal Access Tokens, and set SYNAPSE_AUTH_TOKEN or "
    "put it into ~/.synapseConfig",
)
