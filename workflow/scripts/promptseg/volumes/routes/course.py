"""One object in one setting, from its first prompts to the last click, with its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from promptseg.methods.volume import SlicePrompt, VolumeAnswer, VolumeQuery
from promptseg.volumes.data.stack import StoredVolume, VolumeObject
from promptseg.volumes.routes.answering import Job, Outcome
from promptseg.volumes.routes.clicks import VolumeClick, next_click
from promptseg.volumes.routes.controls import heights
from promptseg.volumes.routes.settings import Setting, VolumeSettings
from promptseg.volumes.routes.showing import first_prompts

NOT_APPLICABLE = "not_applicable"


def window(volume: StoredVolume, item: VolumeObject, setting: Setting, settings: VolumeSettings) -> tuple[int, int]:
    """(first, last) slice that is to be answered: the extent of the object where its ends are given; else also those
    slices of the volume that lie within the margin beyond it."""
    if setting.given:
        return item.z0, item.z1
    last = volume.shape[0] - 1
    if settings.margin_mm is None:
        return 0, last
    if volume.geometry.positions is None:
        return max(item.z0 - settings.margin_slices, 0), min(item.z1 + settings.margin_slices, last)
    places = heights(volume)
    reach = settings.margin_mm * (1 + 1e-9)  # a slice that lies just at the margin
    inside = [z for z, place in enumerate(places) if places[item.z0] - reach <= place <= places[item.z1] + reach]
    return inside[0], inside[-1]


class Course:
    """What is asked about an object in one setting, and what comes of it.

    Args:
        clicks: corrective clicks that the method is asked; those of the settings beyond that do not apply.

    Attributes:
        job: what is to be asked now; None when nothing is left.
        costs: slices that were asked about, and seconds that this took, by step.
    """

    def __init__(
        self, volume: StoredVolume, item: VolumeObject, setting: Setting, settings: VolumeSettings, clicks: int
    ):
        self.volume, self.item, self.setting, self.settings = volume, item, setting, settings
        self.job: Job | None = None
        self.costs: list[tuple[frozenset[int], float]] = []
        self._last = min(clicks, settings.clicks)
        self._clicks: list[VolumeClick] = []
        self._rows: list[list[dict[str, Any]]] = []
        prompts = first_prompts(item.object_id, item.truth, setting, settings)
        self._prompts: Sequence[SlicePrompt] = prompts or ()
        self._window = window(volume, item, setting, settings)
        if prompts:
            query = VolumeQuery(prompts, self._window, setting.given, final=not self._last)
            self.job = Job(item.object_id, setting, query, item.truth)

    def take(self, outcome: Outcome) -> None:
        """Record the answer to `job`, and find the next click."""
        assert self.job is not None
        query, self.job = self.job.query, None
        self.costs.append((outcome.slices, outcome.seconds))
        self._rows.append(list(self._answered(outcome.answer)))
        if isinstance(outcome.answer, str) or len(self._clicks) == self._last:
            return
        masks = outcome.answer.masks
        found = next_click(
            self.item.object_id, self.item.truth, masks, self._clicks, self.settings, self.volume.spacing
        )
        if found is not None:
            self._clicks.append(found)
            clicks = [*query.clicks, found.shown()]
            final = len(clicks) == self._last
            again = replace(query, clicks=clicks, previous=outcome.answer.state, final=final)
            self.job = Job(self.item.object_id, self.setting, again, self.item.truth)

    @property
    def n_slices(self) -> int:
        """How many slices are to be answered."""
        return self._window[1] - self._window[0] + 1

    def rows(self) -> Iterator[dict[str, Any]]:
        """Those of VOLUME_PREDICTIONS, of every step of the settings.

        Once nothing is left to correct, or the method failed, the last step is repeated without a click. Clicks that
        the method is not asked do not apply, nor does a setting whose slices the object does not have.
        """
        for step in range(self.settings.clicks + 1):
            if not self._prompts or step > self._last:
                yield self._summary(step, status=NOT_APPLICABLE)
            elif step < len(self._rows):
                yield from self._rows[step]
            else:
                nothing = dict.fromkeys(("click_z", "click_y", "click_x", "click_label"))
                for row in self._rows[-1]:
                    yield row | {"step": step} | (nothing if row["z"] is None else {})

    def _answered(self, answer: VolumeAnswer | str) -> Iterator[dict[str, Any]]:
        """The row that sums up a step, and those of its slices."""
        step = len(self._clicks)
        interactions, contours = self.setting.price(len(self._prompts), step)
        facts = {
            "k": len(self._prompts),
            "prompted": [prompt.z for prompt in self._prompts] + [click.z for click in self._clicks],
            "first": self._window[0],
            "last": self._window[1],
            "n_interactions": interactions,
            "n_contours": contours,
            "dropped": 0,
        }
        if self._clicks:
            click = self._clicks[-1]
            facts |= {"click_z": click.z, "click_y": click.y, "click_x": click.x, "click_label": int(click.positive)}
        if isinstance(answer, str):
            yield self._summary(step, status=answer, **facts)
            return
        yield self._summary(step, status="ok", **facts | {"dropped": answer.dropped})
        for z, code in sorted(answer.masks.codes.items()):
            yield self._row(step, z=z, rle=code, score=answer.scores.get(z), status="ok")

    def _summary(self, step: int, **values: Any) -> dict[str, Any]:
        return self._row(step, z=None, **values)

    def _row(self, step: int, **values: Any) -> dict[str, Any]:
        return {"object_id": self.item.object_id, **vars(self.setting), "step": step, **values}
