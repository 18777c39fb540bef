"""Ask one method about all objects of the volumes of a dataset, by all its routes, and write the masks."""

import logging
import resource
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptseg.core.progress import progress
from promptseg.core.tables import open_table, write_table
from promptseg.predict.failures import Failures
from promptseg.volumes.data.stack import StoredVolume, VolumeObject, VolumeStream
from promptseg.volumes.routes.answering import Answering
from promptseg.volumes.routes.course import Course
from promptseg.volumes.routes.settings import Setting, VolumeSettings
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS, VOLUME_SECONDS

logger = logging.getLogger(__name__)

# Pixels of masks that objects advancing together hold, some slices for each setting.
GROUP_PIXELS = 2**28
_SLICES = 8


@dataclass(frozen=True)
class Part:
    """Settings with who answers in them.

    Attributes:
        clicks: corrective clicks that it takes at most.
    """

    settings: Sequence[Setting]
    answering: Answering
    clicks: int


@dataclass
class _Spent:
    """What a setting took after so many clicks, over all volumes."""

    objects: int = 0
    slices: int = 0
    encoding: float = 0.0
    seconds: float = 0.0


@dataclass
class VolumeRun:
    """Asks about one volume after another.

    Attributes:
        parts: in the order of their routes.
        spent: by setting and clicks.
    """

    parts: Sequence[Part]
    settings: VolumeSettings
    spent: dict[tuple[Setting, int], _Spent] = field(default_factory=lambda: defaultdict(_Spent))

    def rows(self, volume: StoredVolume) -> Iterator[list[dict[str, Any]]]:
        """Rows of VOLUME_PREDICTIONS of the objects of a volume, object by object, those of a few objects at once."""
        used: dict[tuple[Setting, int], set[int]] = defaultdict(set)
        for items in self._groups(volume):
            courses = {item.object_id: list[Course]() for item in items}
            for part in self.parts:
                asked = self._asked(volume, items, part)
                for course in asked:
                    courses[course.item.object_id].append(course)
                self._count(asked, used)
            yield [row for of_object in courses.values() for course in of_object for row in course.rows()]
        for part in self.parts:
            for (setting, step), slices in used.items():
                if setting in part.settings:
                    self.spent[setting, step].encoding += part.answering.encoding(slices)

    def _groups(self, volume: StoredVolume) -> Iterator[list[VolumeObject]]:
        _, height, width = volume.shape
        count = max((len(part.settings) for part in self.parts), default=0)
        most = max(1, GROUP_PIXELS // (height * width * _SLICES * max(count, 1)))
        objects = volume.objects
        for start in range(0, len(objects), most):
            yield objects[start : start + most]

    def _asked(self, volume: StoredVolume, items: Sequence[VolumeObject], part: Part) -> list[Course]:
        """All objects in all settings, with all clicks; setting by setting, as a method for volumes is asked."""
        courses = [
            Course(volume, item, setting, self.settings, part.clicks) for setting in part.settings for item in items
        ]
        while asking := [course for course in courses if course.job is not None]:
            jobs = [course.job for course in asking if course.job is not None]
            for course, outcome in zip(asking, part.answering.answer(volume, jobs), strict=True):
                course.take(outcome)
        return courses

    def _count(self, courses: Iterable[Course], used: dict[tuple[Setting, int], set[int]]) -> None:
        for course in courses:
            for step, (slices, seconds) in enumerate(course.costs):
                spent = self.spent[course.setting, step]
                spent.objects += 1
                spent.slices += course.n_slices
                spent.seconds += seconds
                used[course.setting, step] |= slices


def predict_volumes(
    volumes: VolumeStream,
    run: VolumeRun,
    failures: Failures,
    output: str | Path,
    seconds: str | Path,
    *,
    label: str = "predict volumes",
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write what a method makes of the volumes of a dataset (VOLUME_PREDICTIONS), and what it took (VOLUME_SECONDS).

    Args:
        label: shown beside the progress.
        provenance: stored in the metadata of `output`.

    Raises:
        PromptsegError: the method answered nothing at all, or ended the process; nothing is written.
    """
    if not any(part.settings for part in run.parts):
        logger.warning(
            "%s: it has no row, for none of `routes` fits its prompts with `prompts` and `slices` of `volumes`", label
        )
    with open_table(output, VOLUME_PREDICTIONS, provenance) as table:
        try:
            with failures.no_exit("object"):
                for volume in progress(volumes, len(volumes), label, "volume", lambda it: len(it.objects), "object"):
                    for rows in run.rows(volume):
                        table.gather(rows)
        finally:
            for part in run.parts:
                part.answering.close()
        failures.conclude()
    write_table(seconds, _costs(run), VOLUME_SECONDS)


def _costs(run: VolumeRun) -> Iterator[dict[str, Any]]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    for (setting, step), spent in run.spent.items():
        yield {
            **vars(setting),
            "step": step,
            "n_objects": spent.objects,
            "n_slices": spent.slices,
            "encode_seconds": spent.encoding,
            "seconds": spent.seconds,
            "peak_memory_mb": peak,
        }
