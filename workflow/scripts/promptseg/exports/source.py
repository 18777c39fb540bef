"""One dataset of a run, as it is exported."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptseg.core.settings import Setting
from promptseg.core.titles import Titles, titled
from promptseg.exports.answers import Answer, Code, answers_in, own_setting
from promptseg.preprocess.objects import ObjectStream, stream_objects

_LONGEST = 200  # characters of a file's name; most systems allow 255, number and suffix included


@dataclass(frozen=True)
class Source:
    """What a run has of a dataset.

    Attributes:
        about: entry of the dataset: its title, licence, and tasks, name -> label values.
        images, objects, prompts: files of these tables.
        scores, predictions: method -> file.
        settings: whose masks are exported.
        everything: method -> file of all its masks of the mode `everything`; only the format `masks` needs them.
        methods, protocols: their titles.
    """

    dataset: str
    about: Mapping[str, Any]
    images: Path
    objects: Path
    prompts: Path
    scores: Mapping[str, Path]
    predictions: Mapping[str, Path]
    settings: Sequence[Setting]
    methods: Titles
    protocols: Titles
    everything: Mapping[str, Path] = field(default_factory=dict)

    @property
    def tasks(self) -> dict[str, list[int]]:
        """Task -> label values, in the order of the configuration."""
        return dict(self.about["tasks"])

    @property
    def stream(self) -> ObjectStream:
        """The images that hold objects, with their objects."""
        return stream_objects(self.images, self.objects, self.tasks)

    def answers(self, method: str, setting: Setting, truths: Mapping[str, Code] | None = None) -> Iterator[Answer]:
        """See `answers_in`."""
        return answers_in(self.scores[method], self.predictions[method], setting, truths)

    def own(self, method: str, setting: Setting) -> Setting:
        """See `own_setting`."""
        return own_setting(self.scores[method], setting)

    def title(self, method: str, setting: Setting) -> str:
        """Method and setting in words."""
        return f"{titled(self.methods, method)}: {setting.title(self.protocols)}"


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Name -> a name of a file without suffix, which any system can hold, and no other of the names has.

    Images or objects whose names differ only in signs that files cannot have, in capitals, or after the first 200
    characters, are numbered.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).lstrip(".")[:_LONGEST] or "_"
        free, number = plain, 1
        while free.casefold() in taken:
            number += 1
            free = f"{plain}_{number}"
        taken.add(free.casefold())
        found[name] = free
    return found
