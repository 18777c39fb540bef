"""Generated images with the objects in them, which look like slices of CT, MRI and the like without being any.

A scene is a map of regions: a body with layers, organs, bones and vessels on a dark background, a head with a folded
cortex, blobs on a texture, or a partition into arbitrary shapes. Its appearance is drawn independently of it (domain
randomisation, Billot et al., SynthSeg, MedIA 86:102789, 2023): grey levels by region, blur, texture, bias field, noise,
window. Every image is a function of seed and index alone, and no file is read.
"""

from dataclasses import dataclass

import numpy as np

from promptseg.core.randomness import generator
from promptseg.training.appearance import appearance
from promptseg.training.regions import Scene
from promptseg.training.scenes import SCENES, SHARES


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
        scene = Scene(rng, size)
        chosen = SCENES[int(rng.choice(len(SCENES), p=SHARES))]
        chosen(scene)
        objects = scene.visible(most)
        if len(objects):
            return Sample(appearance(scene), objects)
    raise RuntimeError(f"no object in twenty attempts at image {index} of series {seed}")
