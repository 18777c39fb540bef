"""Which datasets are there, which the workflow can fetch, and what to do for the others.

Nothing is downloaded or hashed to find out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

from promptseg.config.cases import case_patterns
from promptseg.config.patterns import fits
from promptseg.download.clients.fill import client_of
from promptseg.download.dropfolder import WORK, DropFolder, manual_download_error, walk
from promptseg.download.origins import archive_name, expected, is_dropped, is_fetched, package_folders, sources_of

READY, DOWNLOADABLE, INCOMPLETE, TOKEN, REGISTRATION = STATES = (
    "ready",
    "downloadable",
    "incomplete",
    "needs a token",
    "needs registration",
)


@dataclass(frozen=True)
class Availability:
    """How a dataset stands.

    Attributes:
        dataset: its name.
        state: one of `STATES`.
        detail: what is missing or what to do; empty where there is nothing to say.
        message: the whole of it, if something has to be done by hand before the dataset can be built.
    """

    dataset: str
    state: str
    detail: str = ""
    message: str = ""


def availability(config: Mapping[str, Any], root: Path) -> list[Availability]:
    """How every registered dataset stands, in the order of the registry.

    Args:
        config: the checked configuration.
        root: the folder of archives and drop folders.
    """
    return [_dataset(name, entry, root) for name, entry in config["datasets"].items()]


def unavailable(config: Mapping[str, Any], root: Path) -> dict[str, str]:
    """Datasets of the run that are not there and need a manual download or a token, with what has to be done."""
    rows = (_dataset(name, config["datasets"][name], root) for name in config["run"]["datasets"])
    return {row.dataset: row.message for row in rows if row.message}


def as_table(rows: Sequence[Availability]) -> str:
    """The rows as text: aligned columns, with one line per dataset."""
    cells = [(row.dataset, row.state, row.detail) for row in rows]
    table = tabulate(cells, ("dataset", "state", "what to do"), tablefmt="plain", disable_numparse=True)
    return "\n".join(line.rstrip() for line in table.splitlines())


def _dataset(name: str, entry: Mapping[str, Any], root: Path) -> Availability:
    """The worst of its sources."""
    if (root / name / "files.csv").is_file():
        return Availability(name, READY)
    parts = list(_parts(name, entry, root))
    worst = max(parts, key=lambda part: (bool(part.message), STATES.index(part.state)))
    details = dict.fromkeys(part.detail for part in parts if part.detail and part.state != READY)
    messages = "\n".join(part.message for part in parts if part.message)
    return Availability(name, worst.state, "; ".join(details), messages)


def _parts(name: str, entry: Mapping[str, Any], root: Path) -> Iterator[Availability]:
    sources, patterns = sources_of(entry), case_patterns(entry)
    drop = DropFolder(root / name)
    for source in sources:
        if is_dropped(source):
            globs = expected(source, patterns, alone=len(sources) == 1)
            yield _dropped(name, entry, source, globs, drop)
        elif source["kind"] == "folder":
            yield _user_folder(name, source, patterns)
        elif source["kind"] == "package_data":
            there = bool(package_folders(source["package"]))
            yield Availability(
                name, READY if there else DOWNLOADABLE, "" if there else f"pip install {source['package']}"
            )
        else:
            there = (root / "archives" / str(archive_name(source))).is_file()
            yield Availability(name, READY if there else DOWNLOADABLE)


def _user_folder(name: str, source: Mapping[str, Any], patterns: Sequence[str]) -> Availability:
    folder = Path(source["path"]).expanduser()
    if not folder.is_dir():
        return Availability(name, INCOMPLETE, f"there is no folder {folder}")
    names = list(walk(folder))
    missing = [pattern for pattern in patterns if not any(fits(file, [pattern]) for file in names)]
    return (
        Availability(name, INCOMPLETE, f"missing in {folder}: {', '.join(missing)}")
        if missing
        else Availability(name, READY)
    )


def _dropped(
    name: str, entry: Mapping[str, Any], source: Mapping[str, Any], globs: Sequence[str], drop: DropFolder
) -> Availability:
    missing = drop.missing(globs, source.get("unpack", []))
    if globs and not missing and not (drop.folder / WORK).exists():
        return Availability(name, READY)
    lacks = f"missing in {drop.folder}: {', '.join(missing)}"

    def blocked(state: str, detail: str, problem: str) -> Availability:
        return Availability(
            name, state, detail, str(manual_download_error(name, source, drop.folder, missing, problem))
        )

    if is_fetched(source):
        client = client_of(source)
        install = "" if client.installed() else f"pip install {client.package}"
        if not client.has_token():
            state = REGISTRATION if entry["access"] == "registration" else TOKEN
            detail = "; ".join(filter(None, [client.token, install, f"or by hand: {lacks}"]))
            return blocked(state, detail, f"needs a token ({client.token})")
        if install:
            return blocked(DOWNLOADABLE, install, f"needs {client.package}, which is not installed (`{install}`)")
        return Availability(name, DOWNLOADABLE)
    if entry["access"] == "registration" and len(missing) == len(globs):
        return blocked(REGISTRATION, f"{source['home']}; {lacks}", "has to be fetched by hand")
    return blocked(INCOMPLETE, f"{lacks}; from {source['home']}", "has to be fetched by hand")
