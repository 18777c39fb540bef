"""Collections of The Cancer Imaging Archive, by tcia-utils."""

import fnmatch
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.core.progress import progress
from promptseg.download.clients.client import Client, client_errors
from promptseg.download.dropfolder import DropFolder

_BATCH = 10  # series that tcia-utils fetches side by side


def _fetch(source: Mapping[str, Any], folder: Path, work: Path) -> None:
    with client_errors("tcia-utils", {}):
        from tcia_utils import nbia

        wanted = _wanted(nbia, source, folder)
        todo = [series for series in wanted if not (folder / _series_folder(series)).exists()]
        batches = [todo[start : start + _BATCH] for start in range(0, len(todo), _BATCH)]
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


def _wanted(nbia: Any, source: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """The series of the collection with the fields of `series`, of those `patients` only whose masks are there.

    Raises:
        PromptsegError: there is none.
    """
    found = nbia.getSeries(collection=source["collection"])
    if not found:
        raise PromptsegError(f"tcia-utils found no series in the collection {source['collection']}")
    wanted = [series for series in found if _matches(series, source.get("series", {}))]
    if not wanted:
        raise PromptsegError(
            f"none of its {len(found)} series has the fields {source['series']}; the first has {found[0]}"
        )
    if "patients" not in source:
        return wanted
    patients = _patients_there(source["patients"], folder)
    wanted = [series for series in wanted if series["PatientID"] in patients]
    if not wanted:
        raise PromptsegError(
            "only the series of patients that have masks are fetched, and there are no masks yet: put them there first "
            f"(files whose names match {source['patients']})"
        )
    return wanted


def _patients_there(pattern: str, folder: Path) -> set[str]:
    """The patients of whom a file lies in the drop folder, by group 1 of a regular expression on its name."""
    return {match[1] for name in DropFolder(folder).names if (match := re.search(pattern, name))}


def _matches(series: Mapping[str, Any], fields: Mapping[str, str | Sequence[str]]) -> bool:
    """Whether each field matches its glob, or one of its globs, case-insensitively."""

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


CLIENT = Client(_fetch, "tcia_utils", "tcia-utils")
