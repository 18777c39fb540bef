"""Where the frames of a segmentation lie on the slices of an image.

A frame goes to the slice that it refers to, or else to the slice at its position: the slices of a series need not be
evenly spaced. An image of another format has an affine for all of its slices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from promptseg.core.reasons import ANOTHER_GRID, CONTRADICTION, NO_POSITION
from promptseg.preprocess.dicom_frames import TO_RAS, group
from promptseg.preprocess.grids import Volume, shown

# By how many pixels the corners of a frame may lie beside pixels of the image: positions and pixel sizes are often
# rounded. A frame of the size of the slices may be off by the half pixel that lies between the two ways to state the
# place of a pixel, by its centre or by its corner.
_BESIDE = 0.25
_BESIDE_OWN = 0.51
# How far above or below a slice a frame may lie, in steps between slices; that much if it refers to the slice.
_ABOVE = 0.4
_EQUAL = 0.05  # of a step: frames of one slice
_ROUNDED = 0.25  # mm
_ABOVE_OWN = 0.51


@dataclass(frozen=True)
class SegFrame:
    """A frame of a DICOM SEG.

    Attributes:
        name: its file and number, for messages.
        columns, rows: its size.
        position: (3,) mm, the centre of its first pixel in the coordinates of DICOM; None where the file does not say.
        axes: (3, 2) mm from a pixel to the one in the next column, and in the next row; None as well.
        sources: SOPInstanceUID and frame number (0: not said) of the pictures that it was drawn on.
    """

    name: str
    columns: int
    rows: int
    position: np.ndarray | None
    axes: np.ndarray | None
    sources: frozenset[tuple[str, int]]


@dataclass(frozen=True)
class Placement:
    """Pixel (column, row) of a frame is voxel `start + steps @ (column, row)` of the image.

    Attributes:
        start: (3,) integers.
        steps: (3, 2) integers: each axis of the frame is one of the image, or its opposite.
        beside: by how many pixels the corners of the frame lie beside the voxels.
    """

    start: np.ndarray
    steps: np.ndarray
    beside: float


def seg_frame(own: Any, shared: Any, name: str, columns: int, rows: int) -> SegFrame:
    """A frame by its functional groups Plane Position, Plane Orientation, Pixel Measures and Derivation Image
    (PS3.3 C.7.6.16.2)."""

    def stated(sequence: str, keyword: str) -> np.ndarray | None:
        value = group(own, shared, sequence).get(keyword) if sequence in own or sequence in shared else None
        return None if value is None or not len(value) else np.array(value, float)

    position = stated("PlanePositionSequence", "ImagePositionPatient")
    across = stated("PlaneOrientationSequence", "ImageOrientationPatient")
    spacing = stated("PixelMeasuresSequence", "PixelSpacing")
    sources = frozenset(
        (str(source.ReferencedSOPInstanceUID), int(number))
        for derivation in own.get("DerivationImageSequence") or shared.get("DerivationImageSequence") or ()
        for source in derivation.get("SourceImageSequence") or ()
        for number in np.atleast_1d(source.get("ReferencedFrameNumber") or 0)
    )
    if position is None or across is None or spacing is None:
        return SegFrame(name, columns, rows, None, None, sources)
    axes = np.stack([across[:3] * spacing[1], across[3:] * spacing[0]], axis=1)
    return SegFrame(name, columns, rows, position, axes, sources)


class Slices:
    """The slices of an image, on which frames are laid."""

    def __init__(self, like: Volume) -> None:
        self.like = like
        self.numbers: dict[tuple[str, int], list[int]] = {}
        for number, plane in enumerate(like.planes):
            for instance in filter(None, (plane.instance, *plane.copies)):
                for frame in (plane.frame, 0):
                    self.numbers.setdefault((instance, frame), []).append(number)
        if like.affine is None:
            return
        axes = (TO_RAS @ like.affine)[:3]
        self.origins = axes[None, :, 3]
        if like.planes:
            normal = np.cross(axes[:, 0], axes[:, 1])
            axes[:, 2] = normal / np.linalg.norm(normal)
            self.origins = np.array([plane.position for plane in like.planes])
        self.inverse = np.linalg.inv(axes[:, :3])
        heights = self.origins @ self.inverse[2]
        # Of a single slice, the thickness.
        self.step = float(np.median(np.diff(heights)) if len(heights) > 1 else np.linalg.norm(like.affine[:3, 2]))

    def refers(self, frame: SegFrame) -> bool:
        """Whether the frame refers to one of the slices."""
        return not frame.sources.isdisjoint(self.numbers)

    def nearness(self, frames: Sequence[SegFrame], steps: Sequence[float]) -> float:
        """How far above or below a slice a frame may lie that does not refer to it, in mm.

        Less than half of the distance between two slices or two frames, so that the frame of a slice that is not there
        does not count for its neighbour.

        Args:
            steps: distances that the file states.
        """
        if self.like.affine is None or not self.like.planes:
            return 0.0
        heights = np.sort([self.inverse[2] @ frame.position for frame in frames if frame.position is not None])
        apart = np.diff(heights)
        finest = min([self.step, *apart[apart > _EQUAL * self.step], *(step for step in steps if step > 0)])
        return _ABOVE * max(finest, min(_ROUNDED, self.step))

    def place(self, frame: SegFrame, referring: bool, near: float) -> Placement | None:
        """Where a frame lies; None if its slice is not there.

        Args:
            referring: whether frames of this file refer to slices of the image. One that refers to other pictures
                only is not of this image then, whatever its position: it may be of another phase.
            near: see `nearness`.

        Raises:
            PromptsegError: the pixels do not coincide; there is neither reference nor position; they contradict each
                other.
        """
        sources = sorted({number for source in frame.sources for number in self.numbers.get(source, ())})
        if referring and frame.sources and not sources:
            return None
        if frame.position is None or self.like.affine is None:
            return self._as_stored(frame, sources)
        if not self.like.planes:
            return self._on_grid(frame, 0, axes=3)
        away = np.abs((self.origins - frame.position) @ self.inverse[2])
        if not sources:
            nearest = int(away.argmin())
            return self._on_grid(frame, nearest, axes=2) if away[nearest] <= near else None
        nearest = min(sources, key=lambda number: away[number])
        if away[nearest] > _ABOVE_OWN * self.step:
            raise CONTRADICTION.error(
                f"{frame.name} refers to slice {nearest} of {self.like.name} and lies {away[nearest]:.2f} mm away from "
                f"it (slice {int(away.argmin())} is the nearest)"
            )
        return self._on_grid(frame, nearest, axes=2)

    def _as_stored(self, frame: SegFrame, sources: Sequence[int]) -> Placement:
        """Pixel on pixel, for want of positions."""
        columns, rows, depth = self.like.shape
        if not sources and self.like.planes and depth == 1 and not frame.sources:
            sources = [0]
        if len(sources) != 1:
            silent = frame.name if frame.position is None else self.like.name
            raise NO_POSITION.error(f"{silent} has no position, and {frame.name} does not refer to {self.like.name}")
        if (frame.columns, frame.rows) != (columns, rows):
            raise ANOTHER_GRID.error(
                f"{frame.name} has {shown((frame.columns, frame.rows))} pixels, {self.like.name} has "
                f"{shown((columns, rows))}, and without positions the one cannot be laid over the other"
            )
        return Placement(np.array([0, 0, sources[0]]), np.eye(3, 2, dtype=int), 0.0)

    def _on_grid(self, frame: SegFrame, number: int, axes: int) -> Placement:
        """On the pixels of slice `number` (axes: 2), or on voxels of any slice (axes: 3)."""
        assert frame.position is not None
        assert frame.axes is not None
        offset = self.inverse @ (frame.position - self.origins[number])
        exact = self.inverse @ frame.axes
        if axes == 2:  # mm along the normal become slices
            offset[2], exact[2] = offset[2] / self.step, exact[2] / self.step
        start, steps = np.rint(offset).astype(int), np.rint(exact).astype(int)
        start[axes:], steps[axes:] = 0, 0
        allowed = np.array([_BESIDE, _BESIDE, _BESIDE if axes == 3 else _ABOVE_OWN])
        same = (frame.columns, frame.rows) == self.like.shape[:2] and np.array_equal(steps, np.eye(3, 2))
        if same and axes == 2 and np.abs(offset[:2]).max() <= _BESIDE_OWN:
            start[:2], allowed[:2] = 0, _BESIDE_OWN
        corners = np.array([[0, frame.columns - 1, 0, frame.columns - 1], [0, 0, frame.rows - 1, frame.rows - 1]])
        beside = np.abs(offset[:, None] + exact @ corners - start[:, None] - steps @ corners).max(axis=1)
        if not np.array_equal(steps.T @ steps, np.eye(2)) or (beside > allowed).any():
            raise ANOTHER_GRID.error(
                f"the pixels of {frame.name} do not lie on those of {self.like.name}: its first pixel is at column "
                f"{offset[0]:.2f}, row {offset[1]:.2f}, and a pixel is {np.linalg.norm(exact[:, 0]):.3f} columns wide "
                f"and {np.linalg.norm(exact[:, 1]):.3f} rows high"
            )
        start[2:] += number
        return Placement(start, steps, float(beside[:2].max()))
