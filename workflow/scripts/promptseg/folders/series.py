"""The DICOM files of a folder: series of images, and the SEG and RTSTRUCT files that mark objects in them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any

from promptseg.config.formats import FORMATS, suffix_of
from promptseg.folders.layouts import Layout
from promptseg.folders.words import FOLDER, Name, taken_apart
from promptseg.preprocess.dicom_files import is_dicom, opened
from promptseg.preprocess.grids import reading

_TAGS = ["Modality", "SeriesInstanceUID", "SeriesDescription", "Rows", "ReferencedSeriesSequence", "SegmentSequence"]
_TAGS += ["ReferencedFrameOfReferenceSequence", "StructureSetROISequence", "FrameOfReferenceUID"]
MARKING = ("SEG", "RTSTRUCT")


@dataclass(frozen=True)
class Header:
    """What one DICOM file says of itself.

    Attributes:
        series: SeriesInstanceUID; of a SEG or RTSTRUCT that of the images that it marks, empty where it does not say.
        frame: FrameOfReferenceUID, empty where it does not say.
        structures: names of its segments or structures.
    """

    name: str
    modality: str
    series: str
    description: str
    frame: str
    structures: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Relative, empty for the folder that was looked at."""
        return "" if "/" not in self.name else self.name.rpartition("/")[0]


def headers_of(files: Mapping[str, Path]) -> dict[str, Header]:
    """The headers of those files that are DICOM, by their suffix, or by their content where they have none."""
    found = {}
    for name, path in files.items():
        suffix = PurePosixPath(name).suffix
        if not (name.lower().endswith(FORMATS["DICOM"]) or not suffix or suffix[1:].isdigit()):
            continue
        with reading(path):
            if is_dicom(path):
                found[name] = _header(name, opened(path, specific_tags=_TAGS, stop_before_pixels=True))
    return found


def _header(name: str, data: Any) -> Header:
    modality = str(data.get("Modality") or "")
    description = str(data.get("SeriesDescription") or "")
    frame = str(data.get("FrameOfReferenceUID") or "")
    if modality == "SEG":
        series = _first(data, "ReferencedSeriesSequence")
        names = [str(item.get("SegmentLabel") or "") for item in data.get("SegmentSequence") or ()]
    elif modality == "RTSTRUCT":
        path = ("ReferencedFrameOfReferenceSequence", "RTReferencedStudySequence", "RTReferencedSeriesSequence")
        series = _first(data, *path)
        rois = data.get("StructureSetROISequence") or ()
        names = [str(item.get("ROIName") or "") for item in rois]
        frame = next((str(item.get("ReferencedFrameOfReferenceUID") or "") for item in rois), "")
    else:
        return Header(name, modality, str(data.get("SeriesInstanceUID") or ""), description, frame)
    return Header(name, modality, series, description, frame, tuple(filter(None, names)))


def _first(data: Any, *sequences: str) -> str:
    """The SeriesInstanceUID of the first item of the innermost of nested sequences."""
    for sequence in sequences:
        items = data.get(sequence) or ()
        if not items:
            return ""
        data = items[0]
    return str(data.get("SeriesInstanceUID") or "")


def series_names(headers: Iterable[Header]) -> list[Name]:
    """The images: a folder of one series counts as one, files of a series each as themselves."""
    by_folder: dict[str, list[Header]] = {}
    for header in headers:
        if header.modality not in MARKING:
            by_folder.setdefault(header.folder, []).append(header)
    names = []
    for folder, members in by_folder.items():
        alone = len(members) == 1 and len(by_folder) > 1  # a multi-frame object, say
        if alone or (len(members) > 1 and len({one.series for one in members}) == 1):
            names.append(taken_apart(folder, folder=True))
        else:
            names += [taken_apart(one.name) for one in members if suffix_of(one.name)]
    return names


def marked_series(headers: Mapping[str, Header], name: str) -> Layout | None:
    """Cases of series with the SEG and RTSTRUCT files that mark them; None if there are none.

    Structures are asked for by their names, because their numbers may differ from file to file.

    Args:
        name: of a case that lies in no folder of its own.
    """
    images: dict[str, list[Header]] = {}
    for header in headers.values():
        if header.modality not in MARKING:
            images.setdefault(header.series, []).append(header)
    marks: dict[str, list[Header]] = {}
    lost = []
    for header in headers.values():
        if header.modality in MARKING:
            series = _series_of(header, images)
            if series and header.structures:
                marks.setdefault(series, []).append(header)
            else:
                lost.append(header.name)
    if not marks:
        return None
    structures = sorted({name for files in marks.values() for file in files for name in file.structures})
    values = {name: value for value, name in enumerate(structures, 1)}
    entries = [_entry(images, series, files, values, name) for series, files in sorted(marks.items())]
    layout = Layout(_as_one(entries), {value: name for name, value in values.items()})
    if lost:
        layout.notes.append(f"what {lost[0]} marks ({len(lost)} such files): no series of images belongs to it")
    return layout


def _series_of(mark: Header, images: Mapping[str, Sequence[Header]]) -> str:
    """The series that a file refers to, else the nearest one of its coordinates, else the one beside it."""
    if mark.series in images:
        return mark.series
    alike = {series: files[0] for series, files in images.items() if mark.frame and files[0].frame == mark.frame}
    near = {series: _shared_folders(mark, file) for series, file in alike.items()}
    nearest = [series for series, shared in near.items() if shared == max(near.values())]
    beside = [series for series, files in images.items() if any(file.folder == mark.folder for file in files)]
    return next((found[0] for found in (nearest, beside) if len(found) == 1), "")


def _shared_folders(first: Header, second: Header) -> int:
    pairs = zip(first.name.split("/")[:-1], second.name.split("/")[:-1], strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _entry(
    images: Mapping[str, Sequence[Header]], series: str, marks: Sequence[Header], values: Mapping[str, int], name: str
) -> dict[str, Any]:
    members = images[series]
    folder = members[0].folder
    inside = [one for one in (item for files in images.values() for item in files) if one.folder == folder]
    suffixes = {PurePosixPath(one.name).suffix for one in members}
    suffix = suffixes.pop() if suffixes in ({".dcm"}, {".DCM"}) else ""
    entry: dict[str, Any] = {"image": (f"{folder}{FOLDER}" if folder else "*") + suffix}
    entry["labels"] = [
        {"file": mark.name, "value": values[structure], "segment": f"^{re.escape(structure)}$"}
        for mark in sorted(marks, key=lambda one: one.name)
        for structure in sorted(set(mark.structures))
    ]
    entry["case"] = "_".join(part for part in folder.split("/") if part) or name
    if len({one.series for one in inside}) > 1:
        entry["series"] = members[0].description
    return entry


def _as_one(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry with {case} for one of the folders of the images, if that makes all entries the same."""
    depth = min(entry["image"].count("/") for entry in entries)
    for level in range(depth) if len(entries) > 1 else ():
        made = [_with_placeholder(entry, entry["image"].split("/")[level]) for entry in entries]
        if all(one == made[0] for one in made):
            return made[:1]
    return entries


def _with_placeholder(entry: Mapping[str, Any], part: str) -> dict[str, Any]:
    """The entry with {case} where a part of the path, or the stem of a mask, is `part`."""
    place = re.compile(f"(?<![^/]){re.escape(part)}(?=[/.]|$)")
    labels = [{**item, "file": place.sub("{case}", item["file"])} for item in entry["labels"]]
    made = {**entry, "image": place.sub("{case}", entry["image"]), "labels": labels}
    if any("{case}" not in text for text in (made["image"], *(item["file"] for item in labels))):
        return dict(entry)
    del made["case"]
    return made
