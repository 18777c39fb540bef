"""Scenes: a trunk or limb, a head, a partition into arbitrary shapes, and blobs on a background."""

from collections.abc import Callable

import cv2
import numpy as np

from promptseg.training.regions import Scene, paint_organ
from promptseg.training.shapes import blob, inside_of, noise, random_outline, shrunk, tree, tube


def body(scene: Scene) -> None:
    """A slice through a trunk or a limb: layers, bones, pairs of organs, vessels, bowels."""
    rng = scene.rng
    width, height = rng.uniform(0.75, 0.98), rng.uniform(0.5, 0.9)
    outline = blob(rng, (0, 0), (width, height), 0.0, 0.05)
    layers = [scene.paint(scene.mask(outline), "fat")]
    factor = 1.0
    for kind in ("muscle", "cavity")[: int(rng.integers(1, 3))]:
        factor *= rng.uniform(0.78, 0.96)
        layer = shrunk(outline, factor) * (1 + rng.normal(0, 0.02, 2))
        layers.append(scene.paint(scene.mask(layer), kind))
        scene.group(layers[-2])
    inner = shrunk(outline, factor)
    if rng.random() < 0.35:
        _lungs(scene, width * factor, height * factor, layers[-1])
    _organs(scene, inner, layers[-1])
    _bowels(scene, inner, layers[-1])
    back = (rng.normal(0, 0.03), height * factor * rng.uniform(0.5, 0.75))
    radius = rng.uniform(0.1, 0.18)  # of the vertebra
    _bones(scene, outline, back, radius, tuple(layers))
    _beside_spine(scene, back, radius, tuple(layers))
    scene.group(*range(1, len(scene.kinds)))


def _lungs(scene: Scene, width: float, height: float, cavity: int) -> None:
    """Two lungs, dark as a rule, with vessels and tumours in or at them."""
    rng = scene.rng
    lungs = []
    for sign in (-1, 1):
        centre = (sign * width * rng.uniform(0.42, 0.5), rng.normal(0, 0.05))
        radii = (height * rng.uniform(0.6, 0.85), width * rng.uniform(0.3, 0.42))
        lung = blob(rng, centre, radii, np.pi / 2 + rng.normal(0, 0.15), 0.07, sign * rng.normal(0, 0.15))
        region = scene.paint(scene.mask(lung), "lung", (cavity,))
        lungs.append(region)
        scene.group(region)
        start = np.array([sign * 0.1, rng.normal(0, 0.1)])
        branches = tree(rng, start, 0.0 if sign > 0 else np.pi, 0.35, rng.uniform(0.02, 0.05), 4)
        specks = [
            (np.array([point, np.add(point, rng.normal(0, 0.02, 2))]), rng.uniform(0.008, 0.03))
            for point in (inside_of(rng, lung, 0.95) for _ in range(int(rng.integers(5, 30))))
        ]
        vessels = scene.paint(scene.lines(branches + specks), "vessel", (region,))
        scene.group(region, vessels)
        for _ in range(int(rng.integers(0, 3))):
            tumour = random_outline(rng, inside_of(rng, lung, rng.choice([0.6, 1.0])), rng.uniform(0.03, 0.22))
            reach = (region, vessels) if rng.random() < 0.7 else (region, vessels, cavity)
            scene.group(scene.paint(scene.mask(tumour), rng.choice(["muscle", "lesion"]), reach))
    scene.group(*lungs)


def _organs(scene: Scene, inner: np.ndarray, cavity: int) -> None:
    """Organs, the large ones first, some of them pairs."""
    rng = scene.rng
    sizes = np.sort(rng.uniform(0.04, 0.5, int(rng.integers(3, 12))) ** 1.2)[::-1]
    for number, radius in enumerate(sizes):
        kind = f"organ{number % 7}"
        outline = random_outline(rng, inside_of(rng, inner, 0.85), float(radius))
        regions = paint_organ(scene, outline, kind, (cavity,))
        if rng.random() < 0.35 and radius < 0.3:
            other = outline * [-1, 1] + rng.normal(0, 0.03, 2)
            scene.group(*regions, *paint_organ(scene, other, kind, (cavity,)))


def _bowels(scene: Scene, inner: np.ndarray, cavity: int) -> None:
    rng = scene.rng
    for _ in range(int(rng.integers(0, 4))):
        path = tube(rng, np.array(inside_of(rng, inner, 0.7)), rng.uniform(0.4, 1.4), rng.uniform(0.1, 0.5))
        thick = rng.uniform(0.05, 0.16)
        wall = scene.paint(scene.lines([(path, thick)]), "bowel", (cavity,))
        content = scene.paint(scene.lines([(path, thick * rng.uniform(0.5, 0.85))]), f"gas{rng.integers(2)}", (wall,))
        scene.group(wall, content)
        scene.group(content)


def _bones(
    scene: Scene, outline: np.ndarray, back: tuple[float, float], radius: float, layers: tuple[int, ...]
) -> None:
    """A spine with its canal and processes, ribs around the trunk."""
    rng = scene.rng
    vertebra = blob(rng, back, (radius, radius * 0.8), 0.0, 0.06)
    processes = [
        blob(rng, (back[0] + radius * dx, back[1] + radius * dy), (radius * 0.9, radius * 0.22), turn, 0.15)
        for dx, dy, turn in ((0, 1.6, np.pi / 2), (-1.1, 0.9, 0.4), (1.1, 0.9, -0.4))
    ]
    bones = [scene.paint(scene.mask(vertebra, *processes), "bone")]
    canal = scene.paint(scene.mask(blob(rng, (back[0], back[1] + radius), (0.06, 0.05), 0.0, 0.05)), "muscle")
    scene.group(canal)
    scene.group(bones[0])
    ring = shrunk(outline, rng.uniform(0.86, 0.95))
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
        bones.append(scene.paint(scene.mask(rib), "bone", layers))
    for region in bones[1:3]:
        scene.group(region)
    scene.group(*bones)


def _beside_spine(scene: Scene, back: tuple[float, float], radius: float, layers: tuple[int, ...]) -> None:
    """Muscles at either side of the spine, great vessels before it."""
    rng = scene.rng
    muscles = []
    for sign in (-1, 1):
        centre = (back[0] + sign * radius * 1.5, back[1] + radius * 1.2)
        muscle = blob(rng, centre, (radius * 0.95, radius * 0.6), sign * 0.4, 0.1)
        muscles.append(scene.paint(scene.mask(muscle), "muscle2", layers))
    scene.group(*muscles)
    scene.group(muscles[0])
    for sign in (-1, 1):
        before = (back[0] + sign * rng.uniform(0.02, 0.1), back[1] - radius * 1.25)
        vessel = shrunk(blob(rng, before, (0.05, 0.045), None, 0.05), rng.uniform(0.6, 1.6))
        scene.group(scene.paint(scene.mask(vessel), f"vessel{sign > 0}"))


def head(scene: Scene) -> None:
    """A head: skin, skull, folded cortex, white matter, nuclei, ventricles, lesions."""
    rng, size = scene.rng, scene.size
    outline = blob(rng, (0, 0), (rng.uniform(0.8, 0.97), rng.uniform(0.65, 0.85)), np.pi / 2, 0.03)
    if rng.random() < 0.7:
        skin = scene.paint(scene.mask(outline), "fat")
        skull = scene.paint(scene.mask(shrunk(outline, rng.uniform(0.9, 0.96))), "bone")
        scene.group(skull)
        scene.group(skin)
        outline = shrunk(outline, rng.uniform(0.8, 0.9))
    fluid = scene.paint(scene.mask(outline), "fluid")
    brain = scene.mask(shrunk(outline, rng.uniform(0.93, 1.0)))
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
        place, radius = inside_of(rng, outline, 0.85), rng.uniform(0.03, 0.3)
        parts: list[int] = []
        for number, share in enumerate((1.0, rng.uniform(0.5, 0.8), rng.uniform(0.2, 0.5))[: int(rng.integers(1, 4))]):
            part = random_outline(rng, place, radius * share)
            parts.append(scene.paint(scene.mask(part), f"lesion{number}", (*matter, *parts)))
        for first in range(len(parts)):
            scene.group(*parts[first:])
        scene.group(*parts)  # the whole lesion is the most usual question
    scene.group(fluid, grey, white, *nuclei, *ventricles)


def partition(scene: Scene) -> None:
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
        outline = random_outline(rng, tuple(rng.uniform(-0.8, 0.8, 2) / scene.scale * size / 2), rng.uniform(0.05, 0.4))
        paint_organ(scene, outline, f"organ{number % 5}", tuple(range(len(scene.kinds))))


def shapes(scene: Scene) -> None:
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
            paint_organ(scene, random_outline(rng, (float(place[0]), float(place[1])), radius), kind, everything)
        elif choice < 0.72:  # a ring, whole or in part
            outline = blob(rng, (float(place[0]), float(place[1])), (radius, radius * rng.uniform(0.5, 1)), None, 0.08)
            ring = scene.mask(outline) & ~scene.mask(shrunk(outline, rng.uniform(0.5, 0.9)))
            if rng.random() < 0.4:
                ring &= ~scene.mask(blob(rng, tuple(outline[0]), (radius, radius * 0.7), None, 0.1))
            hole = scene.paint(scene.mask(outline), f"organ{rng.integers(6)}")
            wall = scene.paint(ring, kind)
            scene.group(wall)
            scene.group(hole)
            scene.group(hole, wall)
        elif choice < 0.86:
            path = tube(rng, place, radius * rng.uniform(2, 6), rng.uniform(0.05, 0.5))
            scene.group(scene.paint(scene.lines([(path, radius * rng.uniform(0.1, 0.5))]), kind))
        elif number < 4:
            branches = tree(rng, place, rng.uniform(0, 6.3), radius * 1.5, radius * rng.uniform(0.1, 0.3), 3)
            scene.group(scene.paint(scene.lines(branches), kind))
    if len(scene.groups) > 2 and rng.random() < 0.3:
        first, second = (scene.groups[int(at)] for at in rng.permutation(len(scene.groups))[:2])
        scene.group(*sorted({*first, *second}))


SCENES: tuple[Callable[[Scene], None], ...] = (body, head, partition, shapes)
SHARES = (0.42, 0.23, 0.12, 0.23)
