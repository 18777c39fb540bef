"""What the pages of volumes show: every answer about an object, with its score and what the user showed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.core import titles
from promptseg.core.titles import Titles, titled
from promptseg.methods.volume import SlicePrompt
from promptseg.report.volumes.payload import Answer, Shown
from promptseg.volumes.columns import VOLUME_SETTING
from promptseg.volumes.data.stack import StoredVolume, VolumeObject
from promptseg.volumes.routes.answers import Answered, read_answers
from promptseg.volumes.routes.settings import VolumeSettings
from promptseg.volumes.routes.showing import point_prompt, show


@dataclass(frozen=True)
class Collector:
    """Puts together what is known of the objects of a volume.

    Attributes:
        predictions: method -> file of VOLUME_PREDICTIONS of the dataset, in the order in which they are listed.
        scores: of VOLUME_SCORES, those of the dataset.
        methods: name -> {title}.
        showing: how the user shows objects, see `showing.show`.
    """

    predictions: Mapping[str, Path]
    scores: pd.DataFrame
    methods: Titles
    showing: VolumeSettings

    def objects(self, volume: StoredVolume) -> list[Shown]:
        """All objects of a volume with all answers."""
        known = self.scores[self.scores["volume_id"] == volume.volume_id]
        beyond = "overrun_slices" if volume.geometry.positions is None else "overrun_mm"
        scored = known.set_index(["object_id", *VOLUME_SETTING])[["dice", beyond]]
        values = {
            key: tuple(None if pd.isna(value) else float(value) for value in row)
            for key, row in zip(scored.index, scored.to_numpy(), strict=True)
        }
        answers: dict[str, list[Answer]] = {item.object_id: [] for item in volume.objects}
        truths = {item.object_id: item for item in volume.objects}
        for method, path in self.predictions.items():
            clicks: list[SlicePrompt] = []
            for one in read_answers(path, list(answers), volume.shape):
                clicks = [*clicks, *_click(one.facts)] if one.step else []
                dice, length = values.get((one.object_id, method, *vars(one.setting).values(), one.step), (None, None))
                answers[one.object_id].append(
                    Answer(
                        self._title(method, one),
                        one.masks,
                        sorted(set(one.prompted)),
                        [*self._shown(truths[one.object_id], one), *clicks],
                        dice,
                        length,
                        _status(one.facts["status"]),
                    )
                )
        return [Shown(_name(item), item.truth, answers[item.object_id]) for item in volume.objects]

    def _title(self, method: str, one: Answered) -> str:
        setting = one.setting
        words = [titles.ROUTES[setting.route], titles.slices(setting.slices), titles.PROMPTS[setting.prompt]]
        words += [titles.EXTENTS[setting.extents], *([titles.setting("iterative", one.step)] if one.step else [])]
        return f"{titled(self.methods, method)}: {', '.join(words)}"

    def _shown(self, item: VolumeObject, one: Answered) -> Iterator[SlicePrompt]:
        """What was shown at first."""
        for z in one.prompted_first:
            yield show(item.object_id, item.truth.slice(z), z, one.setting.prompt, self.showing)


def _status(status: str) -> str:
    return "This setting does not fit the object, as three slices of two." if status == "not_applicable" else status


def _name(item: VolumeObject) -> str:
    return titles.plain(item.task) + ("" if item.part is None else f", part {item.part}")


def _click(facts: Mapping[str, Any]) -> list[SlicePrompt]:
    if facts["click_z"] is None or np.isnan(facts["click_z"]):
        return []
    z, y, x = (int(facts[name]) for name in ("click_z", "click_y", "click_x"))
    return [SlicePrompt(z, point_prompt(x, y, positive=bool(facts["click_label"])))]
