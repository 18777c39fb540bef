"""nnInteractive on whole volumes: its client is here, its network in a server with an environment of its own.

Isensee et al., nnInteractive: Redefining 3D Promptable Segmentation, arXiv 2503.08373. The network sees the stored
intensities of the whole volume and no spacing. A prompt is an interaction; the server predicts after each, around it,
and keeps what it was told until the object or the setting changes.

Axes are sent in the order (z, y, x), as its authors do: they call them x, y, z, but read volumes by SimpleITK, whose
arrays begin with z (their README, and their baseline of the CVPR challenge of 2025).
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import nibabel
import numpy as np

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.routes import NATIVE
from promptseg.core.stacks import MaskStack
from promptseg.methods.base import Settings
from promptseg.methods.nninteractive_session import Expired, Session, Where
from promptseg.methods.volume import SlicePrompt, Slices, VolumeAnswer, VolumeMethod, VolumeQuery

logger = logging.getLogger(__name__)

LASSO, INITIAL_MASK = "lasso", "initial_mask"

# Tells the server one thing and lets it predict; returns whether it changed its mask at all.
Interaction: TypeAlias = Callable[[Session], bool]


@dataclass(frozen=True, eq=False)
class _Told:
    """What the server was told last: while that is so, a further click on the object is all that it has to hear."""

    clicks: int
    dropped: int


class NnInteractive(VolumeMethod):
    """Points, boxes, contours, scribbles and lassos on slices, and corrective clicks, as interactions of nnInteractive.

    Options: `url` of the server, in which environment variables are filled in (`http://$GPU_HOST:1527`); `api_key`, the
    name of the environment variable that holds its key; `timeout`, seconds until an answer is given up; `wait`, seconds
    for a place on a server that is full; `contour`, what a contour becomes: `lasso`, or `initial_mask`, a mask to be
    refined.
    """

    route = NATIVE
    prompt_types = frozenset({"box", "point", "mask", "scribble", "lasso"})
    several_slices = True
    corrects = True
    needs_raw = True
    learned = False
    known_options = frozenset({"url", "api_key", "timeout", "wait", "contour"})
    text_options = frozenset({"url", "api_key", "contour"})
    code_licence = "Apache-2.0, package `nninteractive-client`"
    packages = ("nninteractive-client",)

    def __init__(self, settings: Settings):
        super().__init__(settings)
        options = settings.options
        self.contour = options.get("contour", LASSO)
        if self.contour not in (LASSO, INITIAL_MASK):
            raise PromptsegError(f"options.contour is {self.contour!r}: give {LASSO} or {INITIAL_MASK}.")
        self._where = Where.of(options)
        self._session = Session(self._where)
        self._shown: str | None = None
        self._told: _Told | None = None

    def provenance(self) -> Mapping[str, Any]:
        return {"server_version": self._session.version, "server_licence": self._session.licence}

    def answer(self, volume: Slices, queries: Sequence[VolumeQuery]) -> list[VolumeAnswer]:
        return [self._answer(volume, query) for query in queries]

    def _answer(self, volume: Slices, query: VolumeQuery) -> VolumeAnswer:
        told, self._told = self._told if query.previous is self._told else None, None  # None after an error as well
        try:
            if self._shown != volume.volume_id:
                told = None
                self._show(volume)
            now = self._tell(query, told)
        except Expired:
            now = self._again(volume, query)
        self._told = now
        first, last = query.slices
        mask = self._session.mask[first : last + 1] > 0
        return VolumeAnswer(MaskStack.of(mask, first, volume.shape[0]), state=now, dropped=now.dropped)

    def _again(self, volume: Slices, query: VolumeQuery) -> _Told:
        """All of a query in a new session, because the server has forgotten the other one."""
        logger.info("The session has expired; the prompts so far are given again")
        try:
            self._show(volume)
            return self._tell(query, None)
        except Expired as error:
            raise PromptsegError(f"The server at {self._where.url} forgot a session twice: {error}.") from error

    def _show(self, volume: Slices) -> None:
        """A session of its own for each volume."""
        if self._shown is not None or self._session.expired:
            self._session.close()
            self._session = Session(self._where)
        self._session.show(intensities(volume))
        self._shown = volume.volume_id

    def _tell(self, query: VolumeQuery, told: _Told | None) -> _Told:
        """All of a query, or the clicks that are new since `told`."""
        if told is None:
            self._session.forget()
            for interaction in self._first(query.prompts):
                interaction(self._session)
            told = _Told(0, 0)
        new = query.clicks[told.clicks :]
        changed = [interaction(self._session) for click in new for interaction in _of_prompt(click)]
        return _Told(len(query.clicks), told.dropped + changed.count(False))

    def _first(self, prompts: Sequence[SlicePrompt]) -> Iterator[Interaction]:
        drawn = {shown.z: shown.mask for shown in prompts if shown.mask is not None}
        if self.contour == LASSO:
            yield from (partial(_drawn, LASSO, True, z, mask) for z, mask in drawn.items())
        elif drawn:  # makes the server forget everything else
            yield partial(_initial_mask, drawn)
        for shown in prompts:
            yield from self._lines(shown)
            yield from _of_prompt(shown)

    def _lines(self, shown: SlicePrompt) -> Iterator[Interaction]:
        """The scribbles and the lasso of a slice: those on the object first, all of a kind as one interaction."""
        if shown.prompt is None:
            return
        size = self._session.mask.shape[1:]
        for label in (1, 0):
            if (scribbled := shown.prompt.scribbled(size, label)).any():
                yield partial(_drawn, "scribble", label == 1, shown.z, scribbled)
        if (inside := shown.prompt.enclosed(size)).any():
            yield partial(_drawn, LASSO, True, shown.z, inside)


def intensities(volume: Slices) -> np.ndarray:
    """(z, y, x) array of a volume's stored units, integers as they are, other numbers as float32.

    Raises:
        PromptsegError: its file holds another shape, or values that are not finite, whose mean the server would take.
    """
    path = volume.raw()
    values = np.asarray(nibabel.nifti1.load(path).dataobj)
    if values.shape != volume.shape[::-1]:
        raise PromptsegError(
            f"{path} has the shape {values.shape}, its slices need (x, y, z) = {volume.shape[::-1]}. nnInteractive "
            "takes volumes of one channel; if this is one, delete the folder of the file and run again."
        )
    if values.dtype.kind not in "iu":
        values = values.astype(np.float32)
        if not np.isfinite(values).all():
            raise PromptsegError(f"{path} holds values that are NaN or infinite, which nnInteractive cannot take.")
    return values.T


def _of_prompt(shown: SlicePrompt) -> Iterator[Interaction]:
    """The box and the points of a slice."""
    if shown.prompt is None:
        return
    if shown.prompt.box is not None:
        yield partial(_box, shown.z, shown.prompt.box.tolist())
    for (x, y), label in zip(shown.prompt.points.tolist(), shown.prompt.labels.tolist(), strict=True):
        yield partial(_point, (shown.z, y, x), label == 1)


def _point(place: tuple[int, int, int], on: bool, session: Session) -> bool:
    return session.do(lambda client: client.add_point_interaction(place, include_interaction=on))


def _ends(z: int, box: Sequence[int]) -> list[list[int]]:
    """A box XYXY, inclusive, in slice z as the server takes boxes: half-open, by axis."""
    x0, y0, x1, y1 = box
    return [[z, z + 1], [y0, y1 + 1], [x0, x1 + 1]]


def _box(z: int, box: Sequence[int], session: Session) -> bool:
    return session.do(lambda client: client.add_bbox_interaction(_ends(z, box), include_interaction=True))


def _drawn(kind: str, on: bool, z: int, mask: np.ndarray, session: Session) -> bool:
    """A scribble, or the inside of a lasso, as an (h, w) bool mask of slice z."""
    x0, y0, x1, y1 = box = masks.tight_box(mask)
    drawn = mask[None, y0 : y1 + 1, x0 : x1 + 1].astype(np.uint8)

    def interact(client: Any) -> object:
        add = client.add_scribble_interaction if kind == "scribble" else client.add_lasso_interaction
        return add(drawn, include_interaction=on, interaction_bbox=_ends(z, box))

    return session.do(interact)


def _initial_mask(drawn: Mapping[int, np.ndarray], session: Session) -> bool:
    whole = np.zeros(session.mask.shape, np.uint8)
    for z, mask in drawn.items():
        whole[z] = mask
    return session.do(lambda client: client.add_initial_seg_interaction(whole, run_prediction=True))
