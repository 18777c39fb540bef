"""Build a dataset's `images.parquet` and `objects.parquet` from its raw files."""

import hashlib
import logging
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.errors import PromptsegError
from promptseg.images import encode_png, object_mask, pixel_digest
from promptseg.intensity import limits, to_uint8
from promptseg.masks import count_components, tight_box
from promptseg.progress import progress
from promptseg.tables import IMAGES, OBJECTS, open_table
from promptseg.volumes import MaskFiles, Volume, read_labels, read_masks, read_volume, reorient

logger = logging.getLogger(__name__)

# Row groups are filled with whole cases up to about this size: thousands of tiny groups make a file slow to read.
_GROUP_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Labels:
    """The files of one entry of a case's `labels`.

    Attributes:
        names: as in files.csv, sorted.
        value, threshold: see `volumes.MaskFiles`; value None: the file is a label map.
    """

    names: tuple[str, ...]
    value: int | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class Case:
    """The files of one image or volume.

    Attributes:
        name: unique in the dataset.
        patient: becomes `case_id`.
        image: names as in files.csv, sorted; several for a DICOM series.
        problem: why the case cannot be used, or None.
    """

    name: str
    patient: str
    image: tuple[str, ...]
    labels: tuple[Labels, ...]
    problem: str | None = None

    @property
    def names(self) -> list[str]:
        """All files of the case."""
        return [*self.image, *(name for labels in self.labels for name in labels.names)]


@dataclass
class Result:
    """Rows that a case gives, its log messages (level, text), and why it failed, if it did."""

    images: list[dict[str, Any]] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    messages: list[tuple[int, str]] = field(default_factory=list)
    failure: str | None = None


def match_cases(names: Sequence[str], cases: Sequence[Mapping[str, Any]], patient: str | None = None) -> list[Case]:
    """Find the image and mask files of every case.

    In a pattern `*` stands for any text (also across folders), `?` for one character, `[abc]` and `[!abc]` for one
    that is or is not listed, and `{case}` for the part of a path that names the case (it may stand twice). A final
    `.*` is the extension, `.nii.gz` in one piece. A file that a `labels` pattern matches is not an image; hidden
    files are ignored.

    Args:
        names: relative names with forward slashes.
        cases: the dataset's `cases`.
        patient: regular expression on the case's name; group 1 is the patient. None: each case is one.

    Returns:
        Cases sorted by name. One whose image or mask is missing has a `problem`.

    Raises:
        PromptsegError: patterns that match nothing or do not fit each other, a name in `only` that no file has, the
            same case twice, a name that `patient` does not match.
    """
    visible = sorted(name for name in names if not name.rsplit("/", 1)[-1].startswith("."))
    found: dict[str, Case] = {}
    for entry in cases:
        for case in _match_entry(visible, entry, patient):
            if case.name in found:
                raise PromptsegError(
                    f"The case {case.name} is found by two entries of `cases`: make the patterns narrower or give "
                    "one of them another `case`."
                )
            found[case.name] = case
    return [found[name] for name in sorted(found)]


def build(
    files: Path,
    images: Path,
    objects: Path,
    dataset: str,
    entry: Mapping[str, Any],
    strict: bool,
    threads: int,
) -> None:
    """Write both tables of a dataset, case by case in sorted order; the bytes do not depend on `threads`.

    A case that fails becomes one row of `images` whose status says why. An image or slice without an object of at
    least `min_area` pixels is left out.

    Args:
        files: files.csv with the columns name and path.
        images, objects: the Parquet files to write.
        entry: the dataset's configuration with the keys cases, patient, axis, intensity, sampling, tasks and
            other_labels.
        strict: stop at the first case that fails.
        threads: number of worker processes.

    Raises:
        PromptsegError: no usable image, a failing case if `strict`, and what `match_cases` raises.
    """
    table = pd.read_csv(files, dtype=str, keep_default_na=False)
    paths = dict(zip(table["name"], map(Path, table["path"]), strict=True))
    cases = match_cases(list(paths), entry["cases"], entry.get("patient"))
    work = [partial(process_case, case, {name: paths[name] for name in case.names}, entry) for case in cases]
    digests = hashlib.sha256(table.sort_values("name")[["name", "sha256"]].to_csv(index=False).encode()).hexdigest()
    provenance = {"dataset": dataset, "files_sha256": digests}
    failures: list[str] = []
    usable = 0
    waiting = Result()
    waiting_bytes = 0
    with (
        open_table(images, IMAGES, provenance) as image_table,
        open_table(objects, OBJECTS, provenance) as object_table,
    ):
        for case, result in zip(cases, progress(_run(work, threads), len(work), dataset, "case"), strict=True):
            for level, message in result.messages:
                logger.log(level, "%s, case %s: %s", dataset, case.name, message)
            if result.failure is not None:
                failures.append(f"{case.name}: {result.failure}")
                if strict:
                    raise PromptsegError(f"{dataset}, case {failures[0]} (`strict` is on, so this ends the run)")
                logger.error("%s, case %s", dataset, failures[-1])
            usable += sum(row["status"] == "ok" for row in result.images)
            waiting.images += result.images
            waiting.objects += result.objects
            waiting_bytes += sum(len(row["image"]["bytes"]) for row in result.images if row["image"])
            if waiting_bytes > _GROUP_BYTES:
                image_table.write(waiting.images)
                object_table.write(waiting.objects)
                waiting, waiting_bytes = Result(), 0
        image_table.write(waiting.images)
        object_table.write(waiting.objects)
        if not usable:
            raise PromptsegError(_nothing(dataset, entry, len(cases), failures))
    logger.info("%s: %d images from %d cases, %d cases failed", dataset, usable, len(cases), len(failures))


def process_case(case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any]) -> Result:
    """Read, turn, sample and encode one case. Errors that a user can mend become the result's failure."""
    result = Result()
    with _collected(result.messages):
        try:
            if case.problem is not None:
                raise PromptsegError(case.problem)
            _fill(result, case, paths, entry)
        except PromptsegError as error:
            result.failure = str(error)
            result.images = [_failure_row(case, str(error))]
            result.objects = []
    return result


def _pattern(glob: str) -> re.Pattern[str]:
    body, tail = (glob[:-2], r"\.(?:nii\.gz|[^./]+)") if glob.endswith(".*") else (glob, "")
    parts: list[str] = []
    for part in re.split(r"(\{case\}|\*|\?|\[[^\]]+\])", body):
        if part == "{case}":
            parts.append("(?P=case)" if any("?P<case>" in before for before in parts) else "(?P<case>[^/]+?)")
        elif part.startswith("[") and part.endswith("]"):
            parts.append("[" + part[1:-1].replace("\\", r"\\").replace("!", "^", part[1] == "!") + "]")
        else:
            parts.append({"*": ".*", "?": "[^/]"}.get(part, re.escape(part)))
    return re.compile("".join(parts) + tail)


def _match(names: Sequence[str], glob: str, fixed: str | None) -> dict[str, list[str]]:
    """Names that match, by case; without a placeholder they all belong to the case `fixed`."""
    if ("{case}" in glob) == (fixed is not None):
        raise PromptsegError(
            f"The pattern {glob} in `cases` needs either the placeholder {{case}} or the key `case`, and not both."
        )
    pattern = _pattern(glob)
    matched: dict[str, list[str]] = {}
    for name in names:
        match = pattern.fullmatch(name)
        if match:
            matched.setdefault(match["case"] if fixed is None else fixed, []).append(name)
    return matched


def _match_entry(names: Sequence[str], entry: Mapping[str, Any], patient: str | None) -> Iterator[Case]:
    fixed = entry.get("case")
    wanted = entry["labels"]
    items: Sequence[Mapping[str, Any]] = [{"file": wanted, "value": None}] if isinstance(wanted, str) else wanted
    marked = [_match(names, item["file"], fixed) for item in items]
    taken = {name for by_case in marked for matched in by_case.values() for name in matched}
    images = _match([name for name in names if name not in taken], entry["image"], fixed)
    found = sorted({*images, *(case for by_case in marked for case in by_case)})
    if not found:
        raise PromptsegError(
            f"No file matches {entry['image']} or {', '.join(item['file'] for item in items)}. "
            f"The first of {len(names)} files: {', '.join(names[:5]) or 'none'}. Mend `cases` of the dataset."
        )
    if "only" in entry:
        absent = sorted(set(entry["only"]) - set(found))
        if absent:
            raise PromptsegError(
                f"`only` names the cases {', '.join(absent)}, but no file of {entry['image']} has them."
            )
        found = [name for name in found if name in entry["only"]]
    for name in found:
        labels = tuple(
            Labels(tuple(by_case.get(name, ())), item["value"], item.get("threshold"))
            for item, by_case in zip(items, marked, strict=True)
        )
        problem = None
        if name not in images:
            mask = next(one for part in labels for one in part.names)
            problem = f"missing image for mask {mask}: no file matches {entry['image']}"
        elif not all(part.names for part in labels):
            absent_glob = next(item["file"] for item, part in zip(items, labels, strict=True) if not part.names)
            problem = f"missing mask for image {images[name][0]}: no file matches {absent_glob}"
        yield Case(name, _patient(name, patient), tuple(images.get(name, ())), labels, problem)


def _patient(case: str, pattern: str | None) -> str:
    if pattern is None:
        return case
    match = re.search(pattern, case)
    if not match or not match.groups() or not match[1]:
        raise PromptsegError(f"The case {case} does not match `patient: {pattern}`; its group 1 must name the patient.")
    return match[1]


def _fill(result: Result, case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any]) -> None:
    stored = read_volume([paths[name] for name in case.image])
    if case.labels[0].value is None:
        marked = read_labels([paths[name] for name in case.labels[0].names], stored)
    else:
        marked = read_masks(
            [
                MaskFiles(tuple(paths[name] for name in part.names), part.value, part.threshold)
                for part in case.labels
                if part.value is not None
            ],
            stored,
        )
    volume = reorient(stored, entry["axis"])
    labels = reorient(marked, entry["axis"]).array
    width, height, depth = volume.shape
    if min(width, height) < 2 and not volume.planar:
        raise PromptsegError(
            f"wrong axis: slices of {volume.name} along {entry['axis']} have {width} x {height} pixels; set `axis`"
        )
    labels = _known_labels(labels, marked.name, entry["tasks"], entry["other_labels"])
    turned = Volume(labels, None, None, marked.name)

    least = entry["sampling"]["min_area"]
    bounds: tuple[float, float] | None = None
    for index in range(0, depth, entry["sampling"]["every"]):
        picture = np.ascontiguousarray(turned.picture(index))
        image_id = case.name if volume.planar else f"{case.name}_z{index:03d}"
        rows = _object_rows(picture, image_id, case.patient, entry["tasks"], least)
        if not rows:
            continue
        if bounds is None:
            bounds = limits(volume.array, entry["intensity"], volume.name)
        pixels = to_uint8(volume.picture(index), *bounds)
        result.images.append(_image_row(case, volume, image_id, index, pixels, picture))
        result.objects += rows
    if not result.images:
        logger.info("no object of at least %d pixels in %s: left out", least, marked.name)


def _known_labels(
    labels: np.ndarray, name: str, tasks: Mapping[str, Sequence[int]], other: Sequence[int] | str
) -> np.ndarray:
    """The label map as uint8 or uint16; every value in it is declared."""
    values = np.unique(labels)
    declared = {0, *(value for members in tasks.values() for value in members)}
    if not isinstance(other, str):
        declared |= set(other)
    if 255 not in declared and set(values.tolist()) in ({0, 255}, {255}):
        # The rule of the study's released script: a mask of 0 and 255 is a binary one.
        return (labels == 255).astype(np.uint8)
    unknown = [int(value) for value in values if int(value) not in declared]
    if isinstance(other, str):
        unknown = [value for value in unknown if not 0 <= value < 2**16]
    if unknown:
        shown = ", ".join(map(str, unknown[:10])) + (", ..." if len(unknown) > 10 else "")
        raise PromptsegError(
            f"unknown label value: {name} holds {shown}; add what it stands for to `tasks`, or to `other_labels` if "
            "no task needs it"
        )
    return labels.astype(np.uint8 if values[-1] < 2**8 else np.uint16)


def _object_rows(
    labels: np.ndarray, image_id: str, patient: str, tasks: Mapping[str, Sequence[int]], least: int
) -> list[dict[str, Any]]:
    rows = []
    for task, members in tasks.items():
        mask = object_mask(labels, members)
        area = int(np.count_nonzero(mask))
        if area < max(least, 1):
            continue
        x0, y0, x1, y1 = tight_box(mask)
        rows.append(
            {
                "object_id": f"{image_id}:{task}",
                "image_id": image_id,
                "case_id": patient,
                "task": task,
                "area": area,
                "n_components": count_components(mask),
                "bbox_x0": x0,
                "bbox_y0": y0,
                "bbox_x1": x1,
                "bbox_y1": y1,
            }
        )
    return rows


def _image_row(
    case: Case, volume: Volume, image_id: str, index: int, pixels: np.ndarray, labels: np.ndarray
) -> dict[str, Any]:
    if pixels.ndim == 3 and (pixels == pixels[:, :, :1]).all():
        pixels = pixels[:, :, 0]
    pixels = np.ascontiguousarray(pixels)
    spacing_y, spacing_x = volume.pixel_spacing or (None, None)
    return {
        "image_id": image_id,
        "case_id": case.patient,
        "image": {"bytes": encode_png(pixels), "path": f"{image_id}.png"},
        "labels": {"bytes": encode_png(labels), "path": f"{image_id}_labels.png"},
        "height": labels.shape[0],
        "width": labels.shape[1],
        "spacing_y": spacing_y,
        "spacing_x": spacing_x,
        "sha256": pixel_digest(pixels),
        "source": case.image[0],
        "slice": None if volume.planar else index,
        "status": "ok",
    }


def _failure_row(case: Case, status: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(IMAGES.names)
    return {**row, "image_id": case.name, "case_id": case.patient, "source": case.names[0], "status": status}


def _nothing(dataset: str, entry: Mapping[str, Any], cases: int, failures: Sequence[str]) -> str:
    if not failures:
        return (
            f"{dataset}: the masks of all {cases} cases are empty: none holds an object of the tasks "
            f"{', '.join(entry['tasks'])} with at least {entry['sampling']['min_area']} pixels. "
            "Check the label values in `tasks` and `sampling`."
        )
    return f"{dataset}: no usable image. {len(failures)} of {cases} cases failed, the first because of: " + "; ".join(
        failures[:5]
    )


class _Collector(logging.Handler):
    def __init__(self, messages: list[tuple[int, str]]):
        super().__init__()
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append((record.levelno, record.getMessage()))


@contextmanager
def _collected(messages: list[tuple[int, str]]) -> Iterator[None]:
    """Keep what the library logs, so that the messages of worker processes come out in the order of the cases."""
    library = logging.getLogger("promptseg")
    handler = _Collector(messages)
    level, propagate = library.level, library.propagate
    library.addHandler(handler)
    library.setLevel(logging.INFO)
    library.propagate = False
    try:
        yield
    finally:
        library.removeHandler(handler)
        library.setLevel(level)
        library.propagate = propagate


def _run(work: Sequence[Callable[[], Result]], threads: int) -> Iterator[Result]:
    """Results in the order of `work`; only a few of them wait in memory."""
    if threads <= 1 or len(work) <= 1:
        yield from (one() for one in work)
        return
    with ProcessPoolExecutor(min(threads, len(work))) as pool:
        running: deque[Future[Result]] = deque()
        try:
            for one in work:
                running.append(pool.submit(one))
                if len(running) > 2 * threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool as error:
            raise PromptsegError(
                "A worker process was ended from outside, most likely because memory ran out: run with fewer threads."
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
