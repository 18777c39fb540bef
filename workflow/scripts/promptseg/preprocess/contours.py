"""Contours in the patient, and the slices of an image that they lie on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from promptseg.core.reasons import CONTRADICTION, DRAWN_ON_OTHER_SLICES, NO_POSITION
from promptseg.preprocess.dicom_frames import TO_RAS
from promptseg.preprocess.grids import Volume


@dataclass(frozen=True)
class Contour:
    """A closed contour.

    Attributes:
        points: (n, 3) in mm, in the coordinates of DICOM (LPS).
        exclusive: whether it is of the type CLOSEDPLANAR_XOR.
        pictures: SOPInstanceUID and frame, 0 where it is not said, of the pictures that it was drawn on.
    """

    points: np.ndarray
    exclusive: bool
    pictures: frozenset[tuple[str, int]]


@dataclass(frozen=True)
class Planes:
    """The slices of an image along one axis of its array.

    Attributes:
        axis: along which the slices are counted.
        origins: (slices, 3) the centre of the first pixel of each, in mm (LPS).
        normal: (3,) of length 1.
        to_pixels: (3, 3) steps in mm to steps along the other two axes, in their order, and mm along the normal.
        step: smallest distance of two slices in mm.
        numbers: of the slices, by SOPInstanceUID and frame, or frame 0 if the file holds one picture.
        shape: of the array of the image.
        name: of the image, for messages.
    """

    axis: int
    origins: np.ndarray
    normal: np.ndarray
    to_pixels: np.ndarray
    step: float
    numbers: Mapping[tuple[str, int], int]
    shape: tuple[int, int, int]
    name: str

    @property
    def heights(self) -> np.ndarray:
        """(slices,) places along the normal in mm."""
        return self.origins @ self.normal

    def off(self, contour: Contour) -> float:
        """How far the points of a contour lie apart along the normal, in mm."""
        return float(np.ptp(contour.points @ self.normal))

    def refers(self, contour: Contour) -> bool:
        """Whether a contour refers to one of the slices."""
        return not contour.pictures.isdisjoint(self.numbers)

    def slice_of(self, contour: Contour, name: str, referring: bool) -> int | None:
        """The slice of a contour: the one that it refers to, else the nearest; None: beyond the image or in a gap.

        A contour lies on a slice if it is less than a quarter of the distance of two slices away from it, or less than
        half of it from the slice that it refers to.

        Args:
            name: of its structure and file, for messages.
            referring: whether contours of the file refer to slices of the image. One that refers to other pictures only
                is not of this image then, wherever it lies: it may be of another phase.

        Raises:
            PromptsegError: it is not parallel to the slices, lies between two of them, or far from its own.
        """
        if self.off(contour) > self.step / 2:
            raise DRAWN_ON_OTHER_SLICES.error(f"contours of {name} are not parallel to the slices of {self.name}")
        height = float((contour.points @ self.normal).mean())
        away = np.abs(self.heights - height)
        own = [self.numbers[picture] for picture in contour.pictures if picture in self.numbers]
        if own:
            index = min(own, key=lambda one: (away[one], one))
            if away[index] > self.step / 2:
                raise CONTRADICTION.error(
                    f"a contour of {name} refers to a slice of {self.name} and lies {away[index]:.2f} mm away from it"
                )
            return index
        if contour.pictures and referring:
            return None
        index = int(away.argmin())
        if away[index] <= self.step / 4:
            return index
        below, above = self.heights[self.heights < height], self.heights[self.heights > height]
        if not below.size or not above.size or above.min() - below.max() > 1.5 * self.step:
            return None
        raise DRAWN_ON_OTHER_SLICES.error(
            f"a contour of {name} lies {away[index]:.2f} mm away from the nearest slice of {self.name}, whose slices "
            f"are {self.step:.2f} mm apart"
        )

    def pixels(self, contour: Contour, index: int) -> np.ndarray:
        """(n, 2) places in a slice, in pixels along the other two axes; whole numbers are centres."""
        return ((contour.points - self.origins[index]) @ self.to_pixels.T)[:, :2]

    def extents(self, contours: Sequence[Contour]) -> str:
        """Where contours and image lie, for a message."""
        points = np.concatenate([contour.points for contour in contours])
        steps = np.linalg.inv(self.to_pixels).T[:2]
        columns, rows = (size for axis, size in enumerate(self.shape) if axis != self.axis)
        corners = np.array([[0, 0], [columns - 1, 0], [0, rows - 1], [columns - 1, rows - 1]]) @ steps
        return f"contours {_box(points)}, image {_box((self.origins[:, None] + corners).reshape(-1, 3))}"


def planes_of(like: Volume, contours: Sequence[Contour], file: str) -> Planes:
    """The slices of an image that contours were drawn on: those of the series, or along the axis that fits them best.

    Raises:
        PromptsegError: the image does not say where it lies.
    """
    if like.affine is None:
        raise NO_POSITION.error(
            f"{like.name} does not say where it lies, so the contours of {file} cannot be laid over it"
        )
    if like.planes:
        return _along(2, like)
    return min((_along(axis, like) for axis in (2, 1, 0)), key=lambda planes: max(map(planes.off, contours)))


def _along(axis: int, like: Volume) -> Planes:
    assert like.affine is not None
    first, second = (other for other in range(3) if other != axis)
    lps = TO_RAS @ like.affine
    normal = np.cross(lps[:3, first], lps[:3, second])
    normal /= np.linalg.norm(normal)
    origins = lps[:3, 3] + np.arange(like.shape[axis])[:, None] * lps[:3, axis]
    positions = [plane.position for plane in like.planes if plane.position is not None]
    if len(positions) == len(origins):
        origins = np.array(positions)
    heights = np.sort(origins @ normal)
    step = float(np.diff(heights).min() if len(heights) > 1 else abs(lps[:3, axis] @ normal))
    frames = Counter(plane.instance for plane in like.planes)
    numbers = {(plane.instance, plane.frame): index for index, plane in enumerate(like.planes)}
    numbers |= {(plane.instance, 0): index for index, plane in enumerate(like.planes) if frames[plane.instance] == 1}
    for index, plane in enumerate(like.planes):
        numbers |= {(copy, frame): index for copy in plane.copies for frame in (0, 1)}
    to_pixels = np.linalg.inv(np.stack([lps[:3, first], lps[:3, second], normal], axis=1))
    return Planes(axis, origins, normal, to_pixels, step, numbers, like.shape, like.name)


def _box(points: np.ndarray) -> str:
    """Smallest and largest coordinates, in mm."""
    ends = zip(points.min(axis=0), points.max(axis=0), strict=True)
    return " x ".join(f"{low:.0f} to {high:.0f}" for low, high in ends) + " mm"
