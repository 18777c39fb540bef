"""Bring the files of a data set into its drop folder with the client of the archive that has them.

The clients (kaggle, synapseclient, tcia-utils, gdown) are optional: they are imported where they are needed, and their
absence, or that of a token, is an error that says what a person can do. Files appear in the drop folder whole; what is
under way lies in its folder `.download`, which is removed when all is there, so that a run that was stopped goes on.
"""

import fnmatch
import importlib.util
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.core.progress import progress
from promptseg.download.archives import is_plain
from promptseg.download.drive import file_link, shared_name
from promptseg.download.dropfolder import WORK, DropFolder, for_a_person
from promptseg.download.fetch import fetch_file
from promptseg.download.origins import expected, is_fetched
from promptseg.download.records import HEADERS, record_files
from promptseg.download.transfer import download

_TOGETHER = 10  # series that tcia-utils fetches side by side


@dataclass(frozen=True)
class Client:
    """What a kind of source needs.

    Attributes:
        bring: fetches a source's files into a folder; the second folder is for what is under way.
        module: to be imported; None if none is needed.
        package: what to install for it.
        has_token: whether a token is there, as far as one is needed.
        token: where a token belongs.
    """

    bring: Callable[[Mapping[str, Any], Path, Path], None]
    module: str | None = None
    package: str = ""
    has_token: Callable[[], bool] = lambda: True
    token: str = ""

    def installed(self) -> bool:
        """Whether the client can be imported, as far as one is needed."""
        return self.module is None or importlib.util.find_spec(self.module) is not None


def client_of(source: Mapping[str, Any]) -> Client:
    """The client of a source for which `origins.is_fetched` holds."""
    return _CLIENTS[source["kind"]]


def bring(dataset: str, sources: Sequence[Mapping[str, Any]], patterns: Sequence[str], folder: Path) -> None:
    """Bring the files of all sources that have a client into the drop folder; what is there already is not fetched.

    Args:
        dataset: name of the data set, for errors.
        sources: the entry's sources, see `origins.sources_of`.
        patterns: those of the dataset's cases.
        folder: the drop folder.

    Raises:
        PromptsegError: client or token is missing, or the archive does not give the files; it says what to do instead.
    """
    for source in filter(is_fetched, sources):
        globs = expected(source, patterns, alone=len(sources) == 1)
        inner = source.get("unpack", [])
        work = folder / WORK
        before = DropFolder(folder)
        missing = before.missing(globs, inner)
        if globs and not missing and not work.exists():
            logging.info("The files of %s are in %s already", dataset, folder)
            continue
        client = client_of(source)
        try:
            if not client.installed():
                raise PromptsegError(f"{client.package} is not installed (`pip install {client.package}`)")
            if not client.has_token():
                raise PromptsegError(f"there is no token ({client.token})")
            work.mkdir(parents=True, exist_ok=True)
            client.bring(source, folder, work)
        except PromptsegError as error:
            after = DropFolder(folder)
            if work.is_dir() and not any(work.iterdir()) and after.everything() == before.everything():
                work.rmdir()  # nothing has begun
            problem = f"could not be fetched: {str(error).rstrip('.')}"
            raise for_a_person(dataset, source, folder, after.missing(globs, inner), problem) from None
        shutil.rmtree(work)
        missing = DropFolder(folder).missing(globs, inner)
        if missing:
            raise for_a_person(dataset, source, folder, missing, "was fetched, but not all that belongs to it came")


@contextmanager
def _client_errors(name: str, hints: Mapping[int, str]) -> Iterator[None]:
    """Turn whatever a client raises into an error without its text, which may hold addresses with a token.

    Args:
        hints: HTTP status to what it means here.
    """
    try:
        yield
    except PromptsegError:
        raise
    except ImportError as error:
        raise PromptsegError(f"{name} cannot be imported ({error}): install what it needs") from None
    except (Exception, SystemExit) as error:
        response = getattr(error, "response", None)
        status = getattr(response, "status_code", None) or getattr(error, "status", None)
        said = f"it answered {status}{hints.get(status, '')}" if status else type(error).__name__
        raise PromptsegError(f"{name} failed: {said}") from None


def _home(*names: str) -> bool:
    return any((Path.home() / name).is_file() for name in names)


def _has_kaggle_token() -> bool:
    env = os.environ
    folder = env.get("KAGGLE_CONFIG_DIR")
    return bool(
        env.get("KAGGLE_API_TOKEN")
        or (env.get("KAGGLE_USERNAME") and env.get("KAGGLE_KEY"))
        or (folder and (Path(folder) / "kaggle.json").is_file())
        or _home(".kaggle/kaggle.json", ".kaggle/access_token", ".config/kaggle/kaggle.json")
    )


def _kaggle(source: Mapping[str, Any], folder: Path, work: Path) -> None:
    hints = {401: ": the token is not valid", 403: ": accept the rules on its page", 404: ": there is no such file"}
    with _client_errors("kaggle", hints):
        from kaggle.api.kaggle_api_extended import KaggleApi

        api = KaggleApi()
        api.authenticate()
        name = source.get("competition") or source["dataset"]
        part = source.get("file")
        if part == name.rpartition("/")[2] + ".zip":  # the archive of everything is what Kaggle itself calls so
            part = None
        where: dict[str, Any] = {"path": str(work), "quiet": True}
        if "competition" in source:
            api.competition_download_file(name, part, **where) if part else api.competition_download_files(
                name, **where
            )
        else:
            api.dataset_download_file(name, part, **where) if part else api.dataset_download_files(name, **where)
    _move([path for path in work.iterdir() if not path.name.endswith(".kaggle-partial")], folder)


def _move(paths: Iterable[Path], folder: Path) -> None:
    for path in paths:
        path.replace(folder / path.name)


def _has_synapse_token() -> bool:
    return bool(os.environ.get("SYNAPSE_AUTH_TOKEN")) or _home(".synapseConfig")


def _synapse(source: Mapping[str, Any], folder: Path, work: Path) -> None:
    hints = {401: ": the token is not valid", 403: ": join the challenge and accept its terms on its page"}
    with _client_errors("synapseclient", hints):
        import synapseclient

        client = synapseclient.Synapse(silent=True)
        client.login(silent=True)
        top = client.get(source["id"], downloadFile=False)
        is_file = str(top.get("concreteType", "")).endswith("FileEntity")
        files = [(source["id"], top["name"])] if is_file else list(_below(client, source["id"], ""))
        for identifier, name in progress(files, len(files), "Synapse", "file"):
            target = folder / _plain(name)
            if not target.exists():
                got = client.get(identifier, downloadLocation=str(work), ifcollision="overwrite.local")
                target.parent.mkdir(parents=True, exist_ok=True)
                Path(got["path"]).replace(target)


def _below(client: Any, parent: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Identifier and posix name of all files below a project or folder of Synapse."""
    for child in client.getChildren(parent, includeTypes=["folder", "file"]):
        if child["type"].endswith("FileEntity"):
            yield child["id"], prefix + child["name"]
        else:
            yield from _below(client, child["id"], f"{prefix}{child['name']}/")


def _plain(name: str) -> str:
    if not is_plain(name):
        raise PromptsegError(f"it names a file {name!r}, which leads out of the folder")
    return name


def _tcia(source: Mapping[str, Any], folder: Path, work: Path) -> None:
    with _client_errors("tcia-utils", {}):
        from tcia_utils import nbia

        found = nbia.getSeries(collection=source["collection"])
        if not found:
            raise PromptsegError(f"tcia-utils found no series in the collection {source['collection']}")
        wanted = [series for series in found if _chosen(series, source.get("series", {}))]
        if wanted and "patients" in source:
            patients = _patients_there(source["patients"], folder)
            wanted = [series for series in wanted if series["PatientID"] in patients]
            if not wanted:
                raise PromptsegError(
                    "only the series of patients that have masks are fetched, and there are no masks yet: put them "
                    f"there first (files whose names match {source['patients']})"
                )
        if not wanted:
            raise PromptsegError(
                f"none of its {len(found)} series has the fields {source['series']}; the first has {found[0]}"
            )
        todo = [series for series in wanted if not (folder / _series_folder(series)).exists()]
        batches = [todo[start : start + _TOGETHER] for start in range(0, len(todo), _TOGETHER)]
        for batch in progress(batches, len(batches), source["collection"], "batch", len, "series"):
            for series in batch:  # what a stopped run has left is not whole, and tcia-utils would take it for that
                shutil.rmtree(work / series["SeriesInstanceUID"], ignore_errors=True)
            uids = [series["SeriesInstanceUID"] for series in batch]
            nbia.downloadSeries(uids, input_type="list", path=str(work))
            for series in batch:
                _take_series(series, work, folder)
        left = [series for series in todo if not (folder / _series_folder(series)).exists()]
        if left:
            raise PromptsegError(f"{len(left)} of {len(wanted)} series did not come; the others are kept: run again")


def _patients_there(pattern: str, folder: Path) -> set[str]:
    """The patients of whom a file lies in the drop folder, by group 1 of a regular expression on its name."""
    return {match[1] for name in DropFolder(folder).names if (match := re.search(pattern, name))}


def _chosen(series: Mapping[str, Any], fields: Mapping[str, str | Sequence[str]]) -> bool:
    """Whether each field matches its glob, or one of its globs."""

    def fits(key: str) -> bool:
        wanted = fields[key]
        globs = [wanted] if isinstance(wanted, str) else wanted
        # The archive leaves a field out where it is empty.
        return key in series and any(fnmatch.fnmatchcase(str(series[key]).lower(), glob.lower()) for glob in globs)

    return all(map(fits, fields))


def _series_folder(series: Mapping[str, Any]) -> Path:
    """<collection>/<patient>/<study>/<description of the series, and the end of its identifier>."""
    uid = series["SeriesInstanceUID"]
    description = f"{series.get('SeriesDescription') or series.get('Modality') or 'series'}-{uid[-5:]}"
    parts = (series["Collection"], series["PatientID"], series["StudyInstanceUID"], description)
    return Path(*(re.sub(r'[\\/:*?"<>|\0]+', "_", str(part)).strip(". ") or "_" for part in parts))


def _take_series(series: Mapping[str, Any], work: Path, folder: Path) -> None:
    """Move a series to its place if all of its images came."""
    came = work / series["SeriesInstanceUID"]
    images = len(list(came.glob("*.dcm"))) if came.is_dir() else 0
    if images and images >= int(series.get("ImageCount") or 1):
        target = folder / _series_folder(series)
        target.parent.mkdir(parents=True, exist_ok=True)
        came.replace(target)


def _gdrive(source: Mapping[str, Any], folder: Path, work: Path) -> None:
    """All files of a shared folder, or a single shared file."""
    import gdown

    try:
        listed = gdown.download_folder(id=source["id"], skip_download=True, quiet=True, use_cookies=False)
        files = [(file.id, _plain(Path(file.path).as_posix())) for file in listed if not isinstance(file, str)]
    except Exception as error:  # gdown has one error for all, and requests' own
        logging.info(
            "%s is not a folder that gdown can list (%s): taking it for a file", source["id"], type(error).__name__
        )
        files = [(source["id"], _plain(shared_name(source["id"], folder)))]
    if not files:
        raise PromptsegError("gdown found no file in the folder on Google Drive")
    for identifier, name in progress(files, len(files), "Google Drive", "file"):
        fetch_file(file_link(identifier), folder / name)


def _record(source: Mapping[str, Any], folder: Path, work: Path) -> None:
    """All files of a record."""
    files = record_files(source["url"])
    if not files:
        raise PromptsegError(f"{source['url']} lists no file")
    for file in progress(files, len(files), source["url"], "file"):
        target = folder / _plain(file.name)
        download(file.url, target, checksum=file.checksum, size=file.size, headers=HEADERS)


_CLIENTS = {
    "http": Client(_record),
    "kaggle": Client(
        _kaggle,
        "kaggle",
        "kaggle",
        _has_kaggle_token,
        "make one on kaggle.com, Settings, API, and put it into ~/.kaggle/kaggle.json, or set KAGGLE_USERNAME and "
        "KAGGLE_KEY",
    ),
    "synapse": Client(
        _synapse,
        "synapseclient",
        "synapseclient",
        _has_synapse_token,
        "register on synapse.org, make one under Account Settings, Personal Access Tokens, and set SYNAPSE_AUTH_TOKEN "
        "or put it into ~/.synapseConfig",
    ),
    "tcia": Client(_tcia, "tcia_utils", "tcia-utils"),
    "gdrive": Client(_gdrive, "gdown", "gdown"),
}
