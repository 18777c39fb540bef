"""Generated images with the objects in them, which look like slices of CT, MRI and the like without being any.

A scene is a map of regions: a body with layers, organs, bones and vessels on a dark background, a head with a folded
cortex, blobs on a texture, or a partition into arbitrary shapes. Its appearance is drawn independently of it (domain
randomisation, Billot et al., SynthSeg, MedIA 86:102789, 2023): grey levels by region, blur, texture, bias field, noise,
window. Every image is a function of seed and index alone, and no file is read.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from promptseg.core.randomness import generator

_SHIFT = 4  # binary digits of sub-pixel positions that OpenCV's polygons take
_ANGLES = np.linspace(0, 2 * np.pi, 72, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
_ORDERS = np.arange(2, 8)  # waves along an outline
_COSINES, _SINES = np.cos(_ORDERS[:, None] * _ANGLES), np.sin(_ORDERS[:, None] * _ANGLES)
_MIN_AREA = 12  # pixels of an object
_MAX_SHARE = 0.75  # of the image that an object covers


@dataclass(frozen=True)
class Sample:
    """A generated image.

    Attributes:
        pixels: (s, s) uint8 grey levels.
        objects: (k, s, s) bool, k > 0 objects, which may overlap; some have several components.
    """

    pixels: np.ndarray
    objects: np.ndarray


def sample(seed: int, index: int, size: int, most: int) -> Sample:
    """The image number `index` of the series `seed`.

    Args:
        size: side of the image in pixels, at least 32.
        most: objects to choose at random, large ones with a somewhat better chance.
    """
    for attempt in range(20):  # a view may show no object
        rng = generator(seed, "image", index, attempt)
        scene = _Scene(rng, size)
        chosen = _SCENES[int(rng.choice(len(_SCENES), p=_SHARES))]
        chosen(scene)
        objects = scene.visible(most)
        if len(objects):
            return Sample(_appearance(scene), objects)
    raise RuntimeError(f"no object in twenty attempts at image {index} of series {seed}")


# --- shapes


def noise(rng: np.random.Generator, size: int, cells: float, octaves: int = 1) -> np.ndarray:
    """(size, size) float32 smooth noise of unit variance.

    Args:
        cells: how many independent values a side has in the first octave; each further octave has twice as many and
            half the weight.
    """
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        side = max(2, min(size, round(cells * 2**octave)))
        grid = rng.standard_normal((side, side), np.float32)
        total += cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC) * np.float32(0.5**octave)
    return total / (total.std() + np.float32(1e-6))


def blob(
    rng: np.random.Generator,
    centre: tuple[float, float],
    radii: tuple[float, float],
    angle: float | None = None,
    roughness: float = 0.15,
    bend: float = 0.0,
) -> np.ndarray:
    """(72, 2) float (x, y) outline: an ellipse whose radius varies by a few random waves, bent along its first axis."""
    phases = rng.uniform(0, 2 * np.pi, len(_ORDERS))
    weights = rng.normal(0, roughness, len(_ORDERS)) / _ORDERS**0.7
    waves = (weights * np.cos(phases)) @ _COSINES - (weights * np.sin(phases)) @ _SINES
    reach = np.clip(1 + waves, 0.3, 2)
    x, y = _CIRCLE[0] * reach * radii[0], _CIRCLE[1] * reach * radii[1]
    y = y + bend * (x**2 / max(radii[0], 1e-6) - radii[0] / 3)
    turn = rng.uniform(0, np.pi) if angle is None else angle
    cosine, sine = np.cos(turn), np.sin(turn)
    return np.array([centre[0] + cosine * x - sine * y, centre[1] + sine * x + cosine * y]).T


class _Scene:
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


# --- scenes


def _tree(
    rng: np.random.Generator, start: np.ndarray, heading: float, length: float, width: float, depth: int
) -> list[tuple[np.ndarray, float]]:
    """Paths of a branching vessel."""
    steps = 8
    turns = heading + np.cumsum(rng.normal(0, 0.25, steps))
    path = start + np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * length / steps, axis=0)
    path = np.concatenate([start[None], path])
    paths = [(path, width)]
    if depth:
        for sign in (-1, 1):
            at = path[int(rng.integers(steps // 2, steps + 1))]
            heading = float(turns[-1] + sign * rng.uniform(0.25, 0.9))
            paths += _tree(rng, at, heading, length * rng.uniform(0.55, 0.9), width * rng.uniform(0.5, 0.8), depth - 1)
    return paths


def _tube(rng: np.random.Generator, start: np.ndarray, length: float, width: float, curl: float) -> np.ndarray:
    steps = 24
    turns = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(rng.normal(0, curl / 3), curl, steps))
    return start + np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * length / steps, axis=0)


def _inside_of(rng: np.random.Generator, outline: np.ndarray, share: float = 0.8) -> tuple[float, float]:
    """A point of a convex-like outline."""
    centre = outline.mean(axis=0)
    point = centre + (outline[int(rng.integers(len(outline)))] - centre) * share * np.sqrt(rng.random())
    return float(point[0]), float(point[1])


def _shrunk(outline: np.ndarray, factor: float) -> np.ndarray:
    centre = outline.mean(axis=0)
    return centre + (outline - centre) * factor


def _inner(scene: _Scene, outline: np.ndarray, region: int, whole: list[int]) -> None:
    """Perhaps something inside an organ: a cavity, a core, lesions, vessels; `whole` collects its regions."""
    rng, choice = scene.rng, scene.rng.random()
    extent = float(np.abs(outline - outline.mean(axis=0)).max())
    if choice < 0.15:  # a rim around a core
        core = scene.paint(scene.mask(_shrunk(outline, rng.uniform(0.45, 0.85))), f"core{rng.integers(3)}", (region,))
        whole.append(core)
        scene.group(core)
        scene.group(region)
    elif choice < 0.4:  # lesions
        lesions = []
        for _ in range(int(rng.integers(1, 5))):
            radius = extent * rng.uniform(0.08, 0.4)
            shape = blob(rng, _inside_of(rng, outline, 0.7), (radius, radius * rng.uniform(0.6, 1)), None, 0.2)
            lesions.append(scene.paint(scene.mask(shape), "lesion", (region,)))
            scene.group(lesions[-1])
        scene.group(*lesions)
        whole += lesions
    elif choice < 0.55 and extent > 0.2:  # vessels
        start = np.array(_inside_of(rng, outline, 0.9))
        towards = outline.mean(axis=0) - start
        paths = _tree(rng, start, float(np.arctan2(towards[1], towards[0])), extent * 0.7, rng.uniform(0.02, 0.06), 3)
        vessels = scene.paint(scene.lines(paths), "vessel", (region,))
        whole.append(vessels)
        scene.group(vessels)
    elif choice < 0.63:  # gas over fluid, as in bowels
        level = outline[:, 1].mean() + rng.normal(0, 0.3) * extent
        above = np.array([[-2, -3], [2, -3], [2, level], [-2, level]], float)
        whole.append(scene.paint(scene.mask(above) & scene.mask(_shrunk(outline, 0.9)), "gas", (region,)))


def _organ(scene: _Scene, outline: np.ndarray, kind: str, inside: tuple[int, ...]) -> list[int]:
    """An organ with whatever is in it; its regions, of which all together are an object."""
    region = scene.paint(scene.mask(outline), kind, inside)
    whole = [region]
    _inner(scene, outline, region, whole)
    scene.group(*whole)
    return whole


def _random_organ(rng: np.random.Generator, centre: tuple[float, float], radius: float) -> np.ndarray:
    return blob(
        rng,
        centre,
        (radius, radius * rng.uniform(0.35, 1)),
        None,
        rng.choice([0.04, 0.12, 0.25]),
        rng.normal(0, 0.3) if rng.random() < 0.5 else 0.0,
    )


def _body(scene: _Scene) -> None:
    """A slice through a trunk or a limb: layers, bones, pairs of organs, vessels, bowels."""
    rng = scene.rng
    width, height = rng.uniform(0.75, 0.98), rng.uniform(0.5, 0.9)
    outline = blob(rng, (0, 0), (width, height), 0.0, 0.05)
    skin = scene.paint(scene.mask(outline), "fat")
    whole = [skin]
    layers = [skin]
    factor = 1.0
    for kind in ("muscle", "cavity")[: int(rng.integers(1, 3))]:
        factor *= rng.uniform(0.78, 0.96)
        shrunk = _shrunk(outline, factor) * (1 + rng.normal(0, 0.02, 2))
        layers.append(scene.paint(scene.mask(shrunk), kind))
        whole.append(layers[-1])
        scene.group(*layers[-2:-1])
    inner, free = _shrunk(outline, factor), (layers[-1],)
    chest = rng.random() < 0.35
    if chest:  # two lungs, dark as a rule, with vessels and tumours in or at them
        lungs = []
        for sign in (-1, 1):
            centre = (sign * width * factor * rng.uniform(0.42, 0.5), rng.normal(0, 0.05))
            radii = (height * factor * rng.uniform(0.6, 0.85), width * factor * rng.uniform(0.3, 0.42))
            lung = blob(rng, centre, radii, np.pi / 2 + rng.normal(0, 0.15), 0.07, sign * rng.normal(0, 0.15))
            region = scene.paint(scene.mask(lung), "lung", free)
            lungs.append(region)
            scene.group(region)
            start = np.array([sign * 0.1, rng.normal(0, 0.1)])
            tree = _tree(rng, start, 0.0 if sign > 0 else np.pi, 0.35, rng.uniform(0.02, 0.05), 4)
            specks = [
                (np.array([point, np.add(point, rng.normal(0, 0.02, 2))]), rng.uniform(0.008, 0.03))
                for point in (_inside_of(rng, lung, 0.95) for _ in range(int(rng.integers(5, 30))))
            ]
            vessels = scene.paint(scene.lines(tree + specks), "vessel", (region,))
            scene.group(region, vessels)
            for _ in range(int(rng.integers(0, 3))):
                tumour = _random_organ(rng, _inside_of(rng, lung, rng.choice([0.6, 1.0])), rng.uniform(0.03, 0.22))
                reach = (region, vessels) if rng.random() < 0.7 else (region, vessels, layers[-1])
                scene.group(scene.paint(scene.mask(tumour), rng.choice(["muscle", "lesion"]), reach))
        scene.group(*lungs)
    # organs, the large ones first
    sizes = np.sort(rng.uniform(0.04, 0.5, int(rng.integers(3, 12))) ** 1.2)[::-1]
    for number, radius in enumerate(sizes):
        organ = _random_organ(rng, _inside_of(rng, inner, 0.85), float(radius))
        regions = _organ(scene, organ, f"organ{number % 7}", free)
        if rng.random() < 0.35 and radius < 0.3:  # a pair
            scene.group(*regions, *_organ(scene, organ * [-1, 1] + rng.normal(0, 0.03, 2), f"organ{number % 7}", free))
    # bowels
    for _ in range(int(rng.integers(0, 4))):
        path = _tube(rng, np.array(_inside_of(rng, inner, 0.7)), rng.uniform(0.4, 1.4), 0, rng.uniform(0.1, 0.5))
        thick = rng.uniform(0.05, 0.16)
        wall = scene.paint(scene.lines([(path, thick)]), "bowel", free)
        content = scene.paint(scene.lines([(path, thick * rng.uniform(0.5, 0.85))]), f"gas{rng.integers(2)}", (wall,))
        scene.group(wall, content)
        scene.group(content)
    # bones: a spine with its canal and processes, ribs around the trunk
    bones = []
    back = (rng.normal(0, 0.03), height * factor * rng.uniform(0.5, 0.75))
    radius = rng.uniform(0.1, 0.18)
    vertebra = blob(rng, back, (radius, radius * 0.8), 0.0, 0.06)
    processes = [
        blob(rng, (back[0] + radius * dx, back[1] + radius * dy), (radius * 0.9, radius * 0.22), turn, 0.15)
        for dx, dy, turn in ((0, 1.6, np.pi / 2), (-1.1, 0.9, 0.4), (1.1, 0.9, -0.4))
    ]
    everywhere = tuple(layers)
    bones.append(scene.paint(scene.mask(vertebra, *processes), "bone"))
    canal = scene.paint(scene.mask(blob(rng, (back[0], back[1] + radius), (0.06, 0.05), 0.0, 0.05)), "muscle")
    scene.group(canal)
    scene.group(bones[0])
    ring = _shrunk(outline, rng.uniform(0.86, 0.95))
    for at in rng.permutation(72)[: int(rng.integers(0, 16))]:
        along = ring[(at + 1) % 72] - ring[at - 1]
        rib = blob(
            rng,
            tuple(ring[at]),
            (rng.uniform(0.03, 0.14), rng.uniform(0.015, 0.035)),
            float(np.arctan2(along[1], along[0])) + rng.normal(0, 0.15),
            0.08,
            rng.normal(0, 0.1),
        )
        bones.append(scene.paint(scene.mask(rib), "bone", everywhere))
    for region in bones[1:3]:
        scene.group(region)
    scene.group(*bones)
    # muscles at either side of the spine, great vessels before it
    muscles = []
    for sign in (-1, 1):
        shape = blob(
            rng, (back[0] + sign * radius * 1.5, back[1] + radius * 1.2), (radius * 0.95, radius * 0.6), sign * 0.4, 0.1
        )
        muscles.append(scene.paint(scene.mask(shape), "muscle2", everywhere))
    scene.group(*muscles)
    scene.group(muscles[0])
    for sign in (-1, 1):
        before = (back[0] + sign * rng.uniform(0.02, 0.1), back[1] - radius * 1.25)
        vessel = _shrunk(blob(rng, before, (0.05, 0.045), None, 0.05), rng.uniform(0.6, 1.6))
        scene.group(scene.paint(scene.mask(vessel), f"vessel{sign > 0}"))
    scene.group(*range(1, len(scene.kinds)))


def _head(scene: _Scene) -> None:
    """A head: skin, skull, folded cortex, white matter, nuclei, ventricles, lesions."""
    rng, size = scene.rng, scene.size
    outline = blob(rng, (0, 0), (rng.uniform(0.8, 0.97), rng.uniform(0.65, 0.85)), np.pi / 2, 0.03)
    if rng.random() < 0.7:
        skin = scene.paint(scene.mask(outline), "fat")
        skull = scene.paint(scene.mask(_shrunk(outline, rng.uniform(0.9, 0.96))), "bone")
        scene.group(skull)
        scene.group(skin)
        outline = _shrunk(outline, rng.uniform(0.8, 0.9))
    fluid = scene.paint(scene.mask(outline), "fluid")
    brain = scene.mask(_shrunk(outline, rng.uniform(0.93, 1.0)))
    unit = scene.scale
    folds = noise(rng, size, max(2.5, rng.uniform(7, 14) * size / (2 * unit)), 2)
    deep = cv2.distanceTransform(np.pad(brain.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1] / unit
    furrow = (np.abs(folds) < rng.uniform(0.05, 0.25)) & (deep < rng.uniform(0.15, 0.4))
    midline = scene.mask(np.array([[-1, -0.012], [1, -0.012], [1, 0.012], [-1, 0.012]])[:, ::-1]) & (deep < 0.3)
    tissue = brain & ~furrow & ~midline
    banks = cv2.distanceTransform(np.pad(tissue.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    ragged = 1 + 0.25 * noise(rng, size, max(2.5, 10 * size / (2 * unit)))
    white_mask = tissue & (banks > rng.uniform(0.03, 0.075) * unit * ragged)
    grey = scene.paint(tissue if rng.random() < 0.7 else brain, "grey")
    white = scene.paint(white_mask, "white")
    nuclei = []
    for _ in range(int(rng.integers(0, 4))):
        place, radius = (rng.uniform(0.08, 0.35), rng.normal(0, 0.25)), rng.uniform(0.04, 0.16)
        nucleus = blob(rng, place, (radius, radius * rng.uniform(0.4, 0.9)), None, 0.15, rng.normal(0, 0.2))
        pair = [scene.paint(scene.mask(shape), "grey", (white,)) for shape in (nucleus, nucleus * [-1, 1])]
        scene.group(*pair)
        scene.group(pair[0])
        nuclei += pair
    ventricles = []
    if rng.random() < 0.8:
        place, long = (rng.uniform(0.05, 0.12), rng.normal(0, 0.1)), rng.uniform(0.1, 0.35)
        shape = blob(rng, place, (long, long * rng.uniform(0.2, 0.4)), np.pi / 2 + rng.normal(0, 0.2), 0.15, 0.4)
        ventricles = [scene.paint(scene.mask(one), "fluid", (white, *nuclei)) for one in (shape, shape * [-1, 1])]
        scene.group(*ventricles)
    scene.group(grey)
    scene.group(grey, *nuclei)
    scene.group(white)
    scene.group(grey, white, *nuclei)
    scene.group(grey, white, *nuclei, *ventricles)
    matter = (grey, white, *nuclei)
    for _ in range(int(rng.choice([0, 1, 1, 2]))):
        place, radius = _inside_of(rng, outline, 0.85), rng.uniform(0.03, 0.3)
        parts: list[int] = []
        for number, share in enumerate((1.0, rng.uniform(0.5, 0.8), rng.uniform(0.2, 0.5))[: int(rng.integers(1, 4))]):
            part = _random_organ(rng, place, radius * share)
            parts.append(scene.paint(scene.mask(part), f"lesion{number}", (*matter, *parts)))
        for first in range(len(parts)):
            scene.group(*parts[first:])
        scene.group(*parts)  # the whole lesion is the most usual question
    scene.group(fluid, grey, white, *nuclei, *ventricles)


def _partition(scene: _Scene) -> None:
    """Arbitrary shapes: where each of several noises is the largest, or cells around points (Hoffmann et al. 2022)."""
    rng, size = scene.rng, scene.size
    count = int(rng.integers(3, 9))
    cells = float(np.exp(rng.uniform(np.log(2), np.log(10)))) * size / (2 * scene.scale)
    if rng.random() < 0.7:
        octaves = int(rng.integers(1, 3))
        fields = np.stack([noise(rng, size, max(2.0, cells), octaves) for _ in range(count)])
        fields[0] += rng.uniform(0, 1.5)
        regions = fields.argmax(axis=0)
    else:
        count = int(rng.integers(6, 40))
        seeds = np.ones((size, size), np.uint8)
        at = rng.integers(0, size, (count, 2))
        seeds[at[:, 0], at[:, 1]] = 0
        _, nearest = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        regions = nearest - 1
        count = int(regions.max()) + 1
    numbers = [scene.paint(regions == number, f"kind{rng.integers(8)}") for number in range(count)]
    for number in numbers:
        mask = (scene.labels == number).astype(np.uint8)
        parts, components = cv2.connectedComponents(mask)
        scene.group(number)
        if 1 < parts - 1 <= 6 and len(scene.kinds) < 150:  # each piece is an object as well, and looks the same
            pieces = [scene.paint(components == part, scene.kinds[number]) for part in range(1, parts)]
            scene.groups.remove((number,))
            scene.group(*pieces)
            for piece in pieces:
                scene.group(piece)
    for number in rng.permutation(numbers)[:3]:
        outline = _random_organ(rng, tuple(rng.uniform(-0.8, 0.8, 2) / scene.scale * size / 2), rng.uniform(0.05, 0.4))
        _organ(scene, outline, f"organ{number % 5}", tuple(range(len(scene.kinds))))


def _shapes(scene: _Scene) -> None:
    """Blobs, rings, tubes and vessel trees of any size on a background."""
    rng = scene.rng
    scale = scene.size / (2 * scene.scale)  # the view is about this large
    middle = (scene.size / 2 - scene.centre) @ np.linalg.inv(scene.matrix).T
    for number in range(int(rng.integers(1, 12))):
        place = middle + rng.uniform(-0.9, 0.9, 2) * scale
        radius = float(np.exp(rng.uniform(np.log(0.03), np.log(0.6)))) * scale
        kind, choice = f"organ{rng.integers(6)}", rng.random()
        everything = tuple(range(len(scene.kinds)))
        if choice < 0.6:
            _organ(scene, _random_organ(rng, (float(place[0]), float(place[1])), radius), kind, everything)
        elif choice < 0.72:  # a ring, whole or in part
            outline = blob(rng, (float(place[0]), float(place[1])), (radius, radius * rng.uniform(0.5, 1)), None, 0.08)
            ring = scene.mask(outline) & ~scene.mask(_shrunk(outline, rng.uniform(0.5, 0.9)))
            if rng.random() < 0.4:
                ring &= ~scene.mask(blob(rng, tuple(outline[0]), (radius, radius * 0.7), None, 0.1))
            hole = scene.paint(scene.mask(outline), f"organ{rng.integers(6)}")
            wall = scene.paint(ring, kind)
            scene.group(wall)
            scene.group(hole)
            scene.group(hole, wall)
        elif choice < 0.86:
            path = _tube(rng, place, radius * rng.uniform(2, 6), 0, rng.uniform(0.05, 0.5))
            scene.group(scene.paint(scene.lines([(path, radius * rng.uniform(0.1, 0.5))]), kind))
        elif number < 4:
            tree = _tree(rng, place, rng.uniform(0, 6.3), radius * 1.5, radius * rng.uniform(0.1, 0.3), 3)
            scene.group(scene.paint(scene.lines(tree), kind))
    if len(scene.groups) > 2 and rng.random() < 0.3:
        first, second = (scene.groups[int(at)] for at in rng.permutation(len(scene.groups))[:2])
        scene.group(*sorted({*first, *second}))


_SCENES: tuple[Callable[[_Scene], None], ...] = (_body, _head, _partition, _shapes)
_SHARES = (0.42, 0.23, 0.12, 0.23)


# --- appearance


def _levels(rng: np.random.Generator, kinds: list[str]) -> np.ndarray:
    """(n,) float32 grey level of every region; equal kinds have about equal levels."""
    names = sorted(set(kinds))
    choice = rng.random()
    if choice < 0.35:  # anything
        level = {name: rng.uniform(0, 1) for name in names}
    elif choice < 0.55:  # a few levels only, so that different tissues look the same
        few = rng.uniform(0, 1, int(rng.integers(3, 6)))
        level = {name: float(rng.choice(few)) + rng.normal(0, 0.02) for name in names}
    else:  # soft tissues that differ little
        base, spread = rng.uniform(0.25, 0.75), rng.uniform(0.04, 0.2)
        level = {name: base + rng.normal(0, spread) for name in names}
        for extremes in ("bone", "gas0", "gas", "lung", "fat", "fluid", "kind0"):
            if extremes in level and rng.random() < 0.75:
                level[extremes] = rng.choice([rng.uniform(-0.1, 0.2), rng.uniform(0.8, 1.2)])
        if "bone" in level and rng.random() < 0.6:
            level |= {"bone": rng.uniform(0.8, 1.3), "fat": base - rng.uniform(0.1, 0.35), "gas": 0.0, "lung": 0.0}
    if rng.random() < 0.75:
        level["outside"] = rng.uniform(0, 0.08)
    jitter = rng.choice([0.0, 0.015, 0.04])
    return np.array([level[kind] + rng.normal(0, jitter) for kind in kinds], np.float32)


def _appearance(scene: _Scene) -> np.ndarray:
    """(s, s) uint8 image of a scene."""
    rng, size, labels = scene.rng, scene.size, scene.labels
    count = len(scene.kinds)
    image = _levels(rng, scene.kinds)[labels]
    if rng.random() < 0.8:  # texture by region, in two grains
        for cells in (rng.uniform(0.12, 0.6), rng.uniform(0.03, 0.15)):
            strength = (rng.uniform(0, 1, count) ** 3 * rng.uniform(0, 0.18)).astype(np.float32)
            if rng.random() < 0.5:
                strength[0] = 0
            image = image + strength[labels] * noise(rng, size, cells * size, 2)
    sharp = rng.random() < 0.75
    image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, 1.0) if sharp else rng.uniform(1, 2.5)))
    if rng.random() < 0.15:  # borders that fade here and there
        blurred = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(2, 0.03 * size + 2)))
        share = np.clip(0.5 + noise(rng, size, 4), 0, 1)
        image = image + share * (blurred - image)
    if rng.random() < 0.5:  # bias field of a coil, or depth
        image = image * np.exp(noise(rng, size, rng.uniform(2, 4)) * np.float32(rng.uniform(0, 0.3)))
    image = _noisy(rng, image.astype(np.float32))
    if rng.random() < 0.35:  # coarser pixels than the image has
        side = max(24, round(size / rng.uniform(1.2, 3.5)))
        small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (size, size), interpolation=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])))
    if rng.random() < 0.15:
        image = image + rng.uniform(0.3, 1.5) * (image - cv2.GaussianBlur(image, (0, 0), 1.5))
    return _windowed(rng, image)


def _noisy(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """A float32 image in about 0..1 with the noise of some device, or of none."""
    size, choice = len(image), rng.random()
    if choice < 0.2:
        return image
    grain = rng.standard_normal((size, size), np.float32)
    if rng.random() < 0.5:
        grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), float(rng.uniform(0.5, 1.5))), np.float32)
        grain /= grain.std()
    amount = np.float32(0.15 * rng.uniform(0, 1) ** 2)
    if choice < 0.55:
        image = image + amount * grain
    elif choice < 0.7:  # speckle
        image = image * (1 + 2 * amount * grain)
    elif choice < 0.85:  # Poisson, as good as normal where counts are not small
        image = image + amount * grain * np.sqrt(np.clip(image, 0, 2))
    else:  # Rice, of magnitude images
        image = np.hypot(image + amount * grain, amount * rng.standard_normal((size, size), np.float32))
    if rng.random() < 0.08:  # stripes
        turn, waves = rng.uniform(0, np.pi), rng.uniform(4, size / 4)
        rows, columns = np.mgrid[:size, :size].astype(np.float32) / size
        phase = (rows * np.sin(turn) + columns * np.cos(turn)) * 2 * np.pi * waves
        image = image + np.float32(rng.uniform(0.01, 0.06)) * np.sin(phase)
    return image


def _windowed(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """(s, s) uint8: the grey levels between two limits, sometimes inverted, rarely with little contrast."""
    low, high = np.percentile(image, (rng.uniform(0, 2), rng.uniform(97, 100)))
    if rng.random() < 0.25:  # a narrower window
        width = max(high - low, 1e-3)
        low, high = low + width * rng.uniform(0, 0.3), high - width * rng.uniform(0, 0.3)
    image = np.clip((image - low) / max(high - low, 1e-3), 0, 1)
    if rng.random() < 0.4:
        image = image ** np.float32(np.exp(rng.normal(0, 0.3)))
    if rng.random() < 0.06:
        image = 1 - image
    if rng.random() < 0.15:
        image = rng.uniform(0, 0.3) + image * rng.uniform(0.3, 0.7)
    return np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)
