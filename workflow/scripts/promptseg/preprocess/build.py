"""Build a dataset's `images.parquet` and `objects.parquet` from its raw files."""

import hashlib
import logging
import pickle
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from promptseg.config.cases import Case, Labels, match_cases
from promptseg.core.errors import PromptsegError
from promptseg.core.masks import count_components, tight_box
from promptseg.core.progress import progress
from promptseg.core.randomness import generator
from promptseg.core.tables import open_table
from promptseg.preprocess.consensus import consensus
from promptseg.preprocess.grids import Volume, reorient
from promptseg.preprocess.images import encode_png, object_mask, pixel_digest
from promptseg.preprocess.intensity import limits, to_uint8
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.preprocess.volumes import MaskFiles, read_colours, read_labels, read_masks, read_volume

logger = logging.getLogger(__name__)

# Row groups are filled with whole cases up to about this size: thousands of tiny groups make a file slow to read.
_GROUP_BYTES = 8 * 2**20


@dataclass
class Rows:
    """Rows of both tables, and the size of the pictures in them."""

    images: list[dict[str, Any]] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    bytes: int = 0

    def add(self, images: Sequence[dict[str, Any]], objects: Sequence[dict[str, Any]]) -> None:
        """Append rows."""
        self.images += images
        self.objects += objects
        self.bytes += sum(len(row["image"]["bytes"]) for row in images if row["image"])


@dataclass
class Result:
    """What a case gives.

    Attributes:
        rows: those that are not in `spilled`, to be read after them.
        spilled: file with groups of rows, or None.
        lowest: how often the object of each task lies lowest, of the images where the task `lowest` is not alone.
        messages: of the log (level, text).
        failure: why it failed, if it did.
    """

    rows: Rows = field(default_factory=Rows)
    spilled: Path | None = None
    lowest: Counter[str] = field(default_factory=Counter)
    messages: list[tuple[int, str]] = field(default_factory=list)
    failure: str | None = None

    def spill(self, path: Path) -> None:
        """Append the rows to a file and forget them."""
        with path.open("ab") as stream:
            pickle.dump(self.rows, stream, pickle.HIGHEST_PROTOCOL)
        self.spilled = path
        self.rows = Rows()

    def groups(self) -> Iterator[Rows]:
        """All rows in order, a group at a time; the file is removed."""
        if self.spilled is not None:
            size = self.spilled.stat().st_size
            with self.spilled.open("rb") as stream:
                while stream.tell() < size:
                    yield pickle.load(stream)
            self.spilled.unlink()
        yield self.rows


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
    least `min_area` pixels is left out. Memory does not grow with the number of cases, nor with the number of slices
    that wait to be written: what a worker finds goes through files beside `images`, a group of rows at a time.

    Args:
        files: files.csv with the columns name and path.
        images, objects: the Parquet files to write.
        entry: the dataset's configuration with the keys cases, patient, axis, intensity, sampling, tasks, other_labels
            and, if they differ from their defaults, channels, raters, units and lowest.
        strict: stop at the first case that fails.
        threads: number of worker processes.

    Raises:
        PromptsegError: no usable image, a failing case if `strict`, the task `lowest` does not lie lowest in most
            images that show it beside another one, and what `cases.match_cases` raises.
    """
    table = pd.read_csv(files, dtype=str, keep_default_na=False)
    paths = dict(zip(table["name"], map(Path, table["path"]), strict=True))
    cases = match_cases(list(paths), entry["cases"], entry.get("patient"))
    digests = hashlib.sha256(table.sort_values("name")[["name", "sha256"]].to_csv(index=False).encode()).hexdigest()
    provenance = {"dataset": dataset, "files_sha256": digests}
    failures: list[str] = []
    usable = 0
    lowest: Counter[str] = Counter()
    waiting = Rows()
    images.parent.mkdir(parents=True, exist_ok=True)
    with (
        _one_thread(),
        tempfile.TemporaryDirectory(prefix=".partial-", dir=images.parent) as spill,
        open_table(images, IMAGES, provenance) as image_table,
        open_table(objects, OBJECTS, provenance) as object_table,
    ):
        work = [
            partial(process_case, case, {name: paths[name] for name in case.names}, entry, Path(spill) / str(index))
            for index, case in enumerate(cases)
        ]
        # Closed before `spill` goes: workers may still be writing into it when a case ends the run.
        with closing(_run(work, threads)) as results:
            for case, result in zip(cases, progress(results, len(work), dataset, "case"), strict=True):
                for level, message in result.messages:
                    logger.log(level, "%s, case %s: %s", dataset, case.name, message)
                if result.failure is not None:
                    failures.append(f"{case.name}: {result.failure}")
                    if strict:
                        raise PromptsegError(f"{dataset}, case {failures[0]} (`strict` is on, so this ends the run)")
                    logger.error("%s, case %s", dataset, failures[-1])
                lowest += result.lowest
                for rows in result.groups():
                    usable += sum(row["status"] == "ok" for row in rows.images)
                    waiting.add(rows.images, rows.objects)
                    if waiting.bytes > _GROUP_BYTES:
                        image_table.write(waiting.images)
                        object_table.write(waiting.objects)
                        waiting = Rows()
        image_table.write(waiting.images)
        object_table.write(waiting.objects)
        if not usable:
            raise PromptsegError(_nothing(dataset, entry, len(cases), failures))
        _check_lowest(dataset, entry, lowest)
    logger.info("%s: %d images from %d cases, %d cases failed", dataset, usable, len(cases), len(failures))


def process_case(case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], spill: Path) -> Result:
    """Read, turn, sample and encode one case. Errors that a user can mend become the result's failure.

    Args:
        paths: of all files of the case, by their names.
        entry: see `build`.
        spill: file for the rows if they are many; read and removed by `Result.groups`.
    """
    result = Result()
    with _collected(result.messages):
        try:
            if case.problem is not None:
                raise PromptsegError(case.problem)
            _fill(result, case, paths, entry, spill)
        except PromptsegError as error:
            failed = Rows()
            failed.add([_failure_row(case, str(error))], [])
            result = Result(rows=failed, messages=result.messages, failure=str(error))
    return result


def _fill(result: Result, case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], spill: Path) -> None:
    stored = _read_image(case, paths, entry)
    volume = reorient(stored, entry["axis"])
    width, height, depth = volume.shape
    if min(width, height) < 2 and not volume.planar:
        raise PromptsegError(
            f"wrong axis: slices of {volume.name} along {entry['axis']} have {width} x {height} pixels; set `axis`"
        )
    marked = _read_marked(case, paths, entry, stored)
    labels = reorient(marked, entry["axis"]).array
    sampling = _sampling(entry)
    least = sampling.get("min_area", 1)

    found: dict[int, list[dict[str, Any]]] = {}
    for index in range(0, depth, sampling.get("every", 1)):
        image_id = case.name if volume.planar else f"{case.name}_z{index:03d}"
        rows = _object_rows(_upright(labels, index), image_id, case.patient, entry["tasks"], least)
        if rows:
            found[index] = rows
    if not found:
        logger.info("no object of at least %d pixels in %s: left out", least, marked.name)
        return
    chosen = list(found)
    if "per_case" in sampling and len(chosen) > sampling["per_case"]:
        draw = generator(sampling.get("seed", 1), case.name)
        chosen = sorted(draw.choice(chosen, sampling["per_case"], replace=False).tolist())
    scale = _scaling(volume, entry["intensity"])
    for index in chosen:
        picture = _upright(labels, index)
        image = _image_row(case, volume, found[index][0]["image_id"], index, scale(volume.picture(index)), picture)
        result.rows.add([image], found[index])
        if "lowest" in entry:
            result.lowest.update(_lowest_of(picture, found[index], entry))
        if result.rows.bytes > _GROUP_BYTES:
            result.spill(spill)


def _read_image(case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any]) -> Volume:
    files = [paths[name] for name in case.image]
    if case.colours:
        return read_colours(files)
    return read_volume(files, entry.get("channels"), case.series, entry.get("units", "stored"))


def _read_marked(case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], like: Volume) -> Volume:
    """The label map of the case, put together from its files and raters."""
    if case.absent:
        logger.warning("no mask of rater %s; those that are there count", ", ".join(case.absent))
    by_rater: dict[str, list[Labels]] = {}
    for part in case.labels:
        by_rater.setdefault(part.rater, []).append(part)
    maps = {rater: _read_rater(parts, paths, entry, like) for rater, parts in by_rater.items()}
    first = next(iter(maps.values()))
    if list(maps) == [""]:
        return first
    array = consensus({rater: one.array for rater, one in maps.items()}, entry.get("raters", "majority"))
    return replace(first, array=array, name=", ".join(one.name for one in maps.values()))


def _read_rater(parts: Sequence[Labels], paths: Mapping[str, Path], entry: Mapping[str, Any], like: Volume) -> Volume:
    """The label map of one rater, or of all; its values are declared."""
    if parts[0].value is None:
        marked = read_labels([paths[name] for name in parts[0].names], like)
    else:
        masks = [
            MaskFiles(tuple(paths[name] for name in part.names), part.value, part.threshold, part.segment)
            for part in parts
            if part.value is not None
        ]
        marked = read_masks(masks, like)
    return replace(marked, array=_known_labels(marked.array, marked.name, entry["tasks"], entry["other_labels"]))


def _scaling(volume: Volume, intensity: Mapping[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    """What turns pictures of a volume into 8 bits; channels that are measurements of their own are scaled alone."""
    if not volume.separate:
        low, high = limits(volume.array, intensity, volume.name, volume.scale)
        return lambda picture: to_uint8(picture, low, high)
    ends = [
        limits(volume.array[..., channel], intensity, volume.name, volume.scale)
        for channel in range(volume.array.shape[3])
    ]
    return lambda picture: np.dstack([to_uint8(picture[..., channel], *bounds) for channel, bounds in enumerate(ends)])


def _upright(labels: np.ndarray, index: int) -> np.ndarray:
    return np.ascontiguousarray(labels[:, :, index].T)


def _lowest_of(labels: np.ndarray, rows: Sequence[Mapping[str, Any]], entry: Mapping[str, Any]) -> list[str]:
    """The task whose object has the lowest centroid, if `lowest` is one of several objects in the picture."""
    tasks = [row["task"] for row in rows]
    if entry["lowest"] not in tasks or len(tasks) < 2:
        return []
    masks = {task: object_mask(labels, entry["tasks"][task]) for task in tasks}
    return [max(tasks, key=lambda task: float(np.nonzero(masks[task])[0].mean()))]


def _check_lowest(dataset: str, entry: Mapping[str, Any], lowest: Counter[str]) -> None:
    expected = entry.get("lowest")
    if expected is None or not lowest or 2 * lowest[expected] > lowest.total():
        return
    other, count = max(((task, count) for task, count in lowest.items() if task != expected), key=lambda one: one[1])
    raise PromptsegError(
        f"{dataset}: labels confused. {expected} ought to lie lowest, but in {count} of {lowest.total()} images "
        f"{other} does. Swap their label values in `tasks` of the dataset: {expected}: {entry['tasks'][other]}, "
        f"{other}: {entry['tasks'][expected]}; or correct `lowest` or `axis`, if the pictures stand on their heads."
    )


def _known_labels(
    labels: np.ndarray, name: str, tasks: Mapping[str, Sequence[int]], other: Sequence[int] | str
) -> np.ndarray:
    """The label map as uint8 or uint16; every value in it is declared."""
    values = sorted({int(value) for index in range(labels.shape[2]) for value in _values_in(labels[:, :, index])})
    declared = {0, *(value for members in tasks.values() for value in members)}
    if not isinstance(other, str):
        declared |= set(other)
    if 255 not in declared and set(values) in ({0, 255}, {255}):
        # The rule of the study's released script: a mask of 0 and 255 is a binary one.
        return (labels == 255).view(np.uint8)
    unknown = [value for value in values if value not in declared]
    if isinstance(other, str):
        unknown = [value for value in unknown if not 0 <= value < 2**16]
    if unknown:
        shown = ", ".join(map(str, unknown[:10])) + (", ..." if len(unknown) > 10 else "")
        raise PromptsegError(
            f"unknown label value: {name} holds {shown}; add what it stands for to `tasks`, or to `other_labels` if "
            "no task needs it"
        )
    return labels.astype(np.uint8 if values[-1] < 2**8 else np.uint16, copy=False)


def _values_in(picture: np.ndarray) -> np.ndarray:
    """The distinct values of a slice of labels."""
    if not picture.any():
        return np.zeros(1, np.uint8)
    if picture.dtype != np.uint8:
        return np.unique(picture)
    return np.flatnonzero(np.bincount(picture.ravel("K")))


def _object_rows(
    labels: np.ndarray, image_id: str, patient: str, tasks: Mapping[str, Sequence[int]], least: int
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if not labels.any():
        return rows
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
                "n_components": count_components(mask[y0 : y1 + 1, x0 : x1 + 1]),
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


def _sampling(entry: Mapping[str, Any]) -> Mapping[str, int]:
    """The settings of `sampling`; `all` is every slice with an object of any size."""
    return {} if entry["sampling"] == "all" else entry["sampling"]


def _nothing(dataset: str, entry: Mapping[str, Any], cases: int, failures: Sequence[str]) -> str:
    if not failures:
        return (
            f"{dataset}: the masks of all {cases} cases are empty: none holds an object of the tasks "
            f"{', '.join(entry['tasks'])} with at least {_sampling(entry).get('min_area', 1)} pixels. "
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


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep OpenCV to one thread, here and in the workers: they share the cores among themselves."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _run(work: Sequence[Callable[[], Result]], threads: int) -> Generator[Result]:
    """Results in the order of `work`; only a few of them wait."""
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
