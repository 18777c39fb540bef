"""A map of regions under construction, and organs in it."""

import cv2
import numpy as np

from promptseg.training.shapes import blob, inside_of, noise, shrunk, tree

_SHIFT = 4  # binary digits of sub-pixel positions that OpenCV's polygons take
_MIN_AREA = 12  # pixels of an object
_MAX_SHARE = 0.75  # of the image that an object covers


class Scene:
    """A map of regions under construction, in coordinates in which the whole scene lies within -1..1.

    Attributes:
        labels: (s, s) uint16, the region that each pixel shows; region 0 is the background.
        kinds: of each region, the tissue that it is made of: regions of one tissue look alike.
        groups: which regions together are an object.
        scale: pixels of a unit of length.
    """

    def __init__(self, rng: np.random.Generator, size: int):
        self.rng, self.size = rng, size
        self.labels: np.ndarray = np.zeros((size, size), np.uint16)
        self.kinds = ["outside"]
        self.groups: list[tuple[int, ...]] = []
        zoom = float(np.exp(rng.uniform(np.log(0.8), np.log(3.2)))) if rng.random() < 0.7 else rng.uniform(0.85, 1.1)
        self.scale = zoom * size / 2
        stretch = np.exp(rng.normal(0, 0.12, 2))
        turn = rng.normal(0, 0.25) if rng.random() < 0.8 else rng.uniform(0, 2 * np.pi)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        mirror = np.array([rng.choice([-1, 1]), rng.choice([-1, 1], p=[0.2, 0.8])])
        self.matrix = self.scale * rotation * stretch[:, None] * mirror
        reach = max(0.0, 1 - 1 / zoom)
        self.centre = size / 2 - self.matrix @ rng.uniform(-reach, reach, 2)

    def pixels_of(self, outline: np.ndarray) -> np.ndarray:
        """(n, 2) float (x, y) pixels of (n, 2) points of the scene."""
        return outline @ self.matrix.T + self.centre

    def mask(self, *outlines: np.ndarray) -> np.ndarray:
        """(s, s) bool: inside of any of the outlines."""
        filled = np.zeros((self.size, self.size), np.uint8)
        for outline in outlines:
            points = np.round(np.clip(self.pixels_of(outline), -4e3, 4e3) * 2**_SHIFT).astype(np.int32)
            cv2.fillPoly(filled, [points], 1, shift=_SHIFT)
        return filled.astype(bool)

    def lines(self, paths: list[tuple[np.ndarray, float]]) -> np.ndarray:
        """(s, s) bool: strokes along paths, each (n, 2) points with a width in units of the scene."""
        drawn = np.zeros((self.size, self.size), np.uint8)
        for path, width in paths:
            points = np.round(np.clip(self.pixels_of(path), -4e3, 4e3) * 2**_SHIFT).astype(np.int32)
            cv2.polylines(drawn, [points], False, 1, max(1, round(width * self.scale)), shift=_SHIFT)
        return drawn.astype(bool)

    def paint(self, mask: np.ndarray, kind: str, inside: tuple[int, ...] | None = None) -> int:
        """Make a region of the pixels of the mask, of those of them that show one of `inside`; its number."""
        if inside is not None:
            mask = mask & self.shows(inside)
        self.kinds.append(kind)
        self.labels[mask] = len(self.kinds) - 1
        return len(self.kinds) - 1

    def group(self, *regions: int) -> None:
        """Call these regions together an object."""
        self.groups.append(regions)

    def shows(self, regions: tuple[int, ...]) -> np.ndarray:
        """(s, s) bool: the pixels that show one of the regions."""
        members = np.zeros(len(self.kinds), bool)
        members[list(regions)] = True
        return members[self.labels]

    def warp(self) -> None:
        """Bend the whole scene a little, coarsely and finely."""
        size, rng = self.size, self.rng
        shift = np.zeros((2, size, size), np.float32)
        for cells, reach in ((3, 0.05), (9, 0.012)):
            amount = np.float32(rng.uniform(0, reach) * self.scale)
            shift += np.stack([noise(rng, size, cells), noise(rng, size, cells)]) * amount
        rows, columns = np.mgrid[:size, :size].astype(np.float32)
        maps = columns + shift[0], rows + shift[1]
        self.labels = np.asarray(cv2.remap(self.labels, *maps, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE))

    def visible(self, most: int) -> np.ndarray:
        """(k, s, s) bool: up to so many of the objects in view that are neither tiny nor nearly everything."""
        self.warp()
        shown = np.bincount(self.labels.ravel(), minlength=len(self.kinds))
        areas = {regions: int(shown[list(regions)].sum()) for regions in dict.fromkeys(self.groups)}
        found = [regions for regions, area in areas.items() if _MIN_AREA <= area <= _MAX_SHARE * self.labels.size]
        if not found:
            return np.zeros((0, self.size, self.size), bool)
        weights = np.array([areas[regions] for regions in found]) ** 0.3
        chosen = self.rng.choice(len(found), min(most, len(found)), replace=False, p=weights / weights.sum())
        return np.stack([self.shows(found[index]) for index in chosen])


def _inner(scene: Scene, outline: np.ndarray, region: int, whole: list[int]) -> None:
    """Perhaps something inside an organ: a cavity, a core, lesions, vessels; `whole` collects its regions."""
    rng, choice = scene.rng, scene.rng.random()
    extent = float(np.abs(outline - outline.mean(axis=0)).max())
    if choice < 0.15:  # a rim around a core
        core = scene.paint(scene.mask(shrunk(outline, rng.uniform(0.45, 0.85))), f"core{rng.integers(3)}", (region,))
        whole.append(core)
        scene.group(core)
        scene.group(region)
    elif choice < 0.4:  # lesions
        lesions = []
        for _ in range(int(rng.integers(1, 5))):
            radius = extent * rng.uniform(0.08, 0.4)
            shape = blob(rng, inside_of(rng, outline, 0.7), (radius, radius * rng.uniform(0.6, 1)), None, 0.2)
            lesions.append(scene.paint(scene.mask(shape), "lesion", (region,)))
            scene.group(lesions[-1])
        scene.group(*lesions)
        whole += lesions
    elif choice < 0.55 and extent > 0.2:  # vessels
        start = np.array(inside_of(rng, outline, 0.9))
        towards = outline.mean(axis=0) - start
        paths = tree(rng, start, float(np.arctan2(towards[1], towards[0])), extent * 0.7, rng.uniform(0.02, 0.06), 3)
        vessels = scene.paint(scene.lines(paths), "vessel", (region,))
        whole.append(vessels)
        scene.group(vessels)
    elif choice < 0.63:  # gas over fluid, as in bowels
        level = outline[:, 1].mean() + rng.normal(0, 0.3) * extent
        above = np.array([[-2, -3], [2, -3], [2, level], [-2, level]], float)
        whole.append(scene.paint(scene.mask(above) & scene.mask(shrunk(outline, 0.9)), "gas", (region,)))


def paint_organ(scene: Scene, outline: np.ndarray, kind: str, inside: tuple[int, ...]) -> list[int]:
    """An organ with whatever is in it; its regions, of which all together are an object."""
    region = scene.paint(scene.mask(outline), kind, inside)
    whole = [region]
    _inner(scene, outline, region, whole)
    scene.group(*whole)
    return whole
