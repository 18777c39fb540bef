"""Files of the user that a method runs with: weights of its own, and what its options name.

They are no inputs of a rule, because Snakemake looks at the time of an input, see `download.contents`: one digest of
names and bytes of each is a parameter of the rules that run methods.
"""

import glob
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from promptseg.core.digests import Digests, joined
from promptseg.core.errors import PromptsegError

logger = logging.getLogger(__name__)

RECORD = Path(".snakemake/promptseg.weights.json")
_SHIPPED = Path("resources/quickstart")


def own_weights(checkpoint: Mapping[str, Any]) -> Path | None:
    """The file or folder of weights that the user has; None if they are downloaded, or there are none.

    Raises:
        PromptsegError: they are not there.
    """
    if "path" in checkpoint:
        return Path(checkpoint["path"])
    if "hf" in checkpoint:
        named = Path(checkpoint["hf"])
        return named if named.is_dir() else hub_folder(checkpoint["hf"], checkpoint.get("revision", "main"))
    return None


def is_shipped(checkpoint: Mapping[str, Any]) -> bool:
    """Whether the weights are those of this project, which must have the checksum of their entry."""
    return "path" in checkpoint and Path(checkpoint["path"]).is_relative_to(_SHIPPED)


def hub_folder(name: str, revision: str) -> Path:
    """The folder of a model of the Hugging Face hub in the local cache; its name is the commit.

    The cache is read as `huggingface_hub` documents it, whose import takes longer than all the rules. Nothing is
    downloaded here: a job may run where there is no network, and what it reads has to be known when it is planned.

    Args:
        name: `owner/name`.
        revision: commit, branch or tag.

    Raises:
        PromptsegError: the model is not there.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "huggingface")
    cache = os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or home, "hub")
    model = Path(cache).expanduser() / f"models--{name.replace('/', '--')}"
    reference = model / "refs" / revision
    commit = reference.read_text().strip() if reference.is_file() else revision
    folder = model / "snapshots" / commit
    if not folder.is_dir():
        raise PromptsegError(
            f"checkpoint.hf: {name!r} is no folder, and revision {revision!r} of a model of this name is not in the "
            f"cache of the Hugging Face hub, {model.parent}. To fetch it: hf download {name} --revision {revision}"
        )
    return folder


def hub_commit(weights: Path) -> str | None:
    """The commit of weights that `hub_folder` found; None of others."""
    return weights.name if weights.parent.name == "snapshots" else None


def own_files(entry: Mapping[str, Any], besides: Iterable[str | Path] = ()) -> dict[str, Path]:
    """What an entry of a method names that is there: `checkpoint`, and networks and options by `options.<name>`.

    Of these a text counts, alone or in a list or mapping, that is the path of a file or a folder now. Beside a network
    its weights often have a file of their own (`encoder.bin` of `encoder.xml`, `encoder.onnx.data`), so of a network
    files of the same name with another ending count, too.

    Args:
        besides: what no folder may hold that counts: the project and its results, which change while it runs.

    Raises:
        PromptsegError: the weights are not there.
    """
    weights = own_weights(entry.get("checkpoint", {}))
    found = {"checkpoint": weights} if weights else {}
    lasting = [Path(one).resolve() for one in besides]
    for name, text in _texts({key: entry.get(key, {}) for key in ("networks", "options")}):
        path = Path(os.path.expanduser(text))  # noqa: PTH111 - the other raises where there is no such user
        if _is_there(path) and not any(one.is_relative_to(path.resolve()) for one in lasting):
            found[name] = path
            if name.startswith("networks."):
                beside = sorted(set(path.parent.glob(f"{glob.escape(path.stem)}.*")) - {path})
                found |= {f"{name} {file.name}": file for file in beside if file.is_file()}
    return found


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, (list, Mapping)):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _texts(inner, f"{name}.{key}" if name else str(key))


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() or path.is_dir()
    except (OSError, ValueError):  # longer than a name may be, or with a character of no file
        return False


def own_digests(
    entries: Mapping[str, Mapping[str, Any]], besides: Iterable[str | Path], say: Callable[[str], None] = logger.info
) -> dict[str, dict[str, str]]:
    """Method to the digests of its `own_files`; a folder has one of the names and bytes of its visible files.

    Files are read again only if they changed, see `Digests`, which also says what `say` gets.

    Raises:
        PromptsegError: weights are not there; the message begins with the method.
    """
    found: dict[str, dict[str, Path]] = {}
    for method, entry in entries.items():
        try:
            found[method] = own_files(entry, besides)
        except PromptsegError as error:
            raise PromptsegError(f"methods.{method}.{error}") from None
    paths = {path for own in found.values() for path in own.values()}
    files = {path: dict(files_inside(path)) if path.is_dir() else {"": str(path)} for path in sorted(paths)}
    every = sorted({file for inside in files.values() for file in inside.values()})
    values = dict(zip(every, Digests(RECORD).of(every, say=say) if every else (), strict=True))
    digests = {
        path: joined((name, values[file]) for name, file in inside.items()) if path.is_dir() else values[str(path)]
        for path, inside in files.items()
    }
    return {method: {name: digests[path] for name, path in own.items()} for method, own in found.items()}


def files_inside(folder: Path) -> Iterator[tuple[str, str]]:
    """Relative name and path of the visible files below a folder; links are followed, those that lead up are not."""
    for here, folders, names in os.walk(folder, followlinks=True):
        below = os.path.relpath(here, folder)
        folders[:] = [name for name in folders if not name.startswith(".") and not _leads_up(Path(here, name))]
        for name in names:
            if not name.startswith("."):
                yield os.path.normpath(f"{below}/{name}"), f"{here}/{name}"


def _leads_up(folder: Path) -> bool:
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())
