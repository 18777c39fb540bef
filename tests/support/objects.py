"""Small images with objects, as the engine takes them."""

import numpy as np

from promptseg.core.vocabulary import ITERATIVE, STUDY_MODES
from promptseg.predict.plan import Target
from promptseg.preprocess.images import LabelledImage
from promptseg.prompts.modes import PromptSettings, make_prompts

MODES = (*STUDY_MODES, ITERATIVE)  # of the default run


def image(labels, name="image"):
    """An image whose grey values tell the labels apart."""
    pixels = np.repeat((labels * 40 + 20).astype(np.uint8)[..., None], 3, axis=2)
    return LabelledImage(name, name, pixels, labels, None)


def targets(labels, values, modes=MODES, name="image"):
    """An object for each label value."""
    found = []
    for value in values:
        truth = labels == value
        rows = make_prompts(f"{name}:{value}", truth, modes, PromptSettings(tie_break="first"))
        found.append(Target(f"{name}:{value}", truth, {row["mode"]: row for row in rows}))
    return found


def disk(size=(20, 30), centre=(10, 10), radius=5):
    """(h, w) uint8: 1 in a disk, else 0."""
    rows, columns = np.ogrid[: size[0], : size[1]]
    return ((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2).astype(np.uint8)


def eleven_images():
    """Images with one disk each; pixels of the third start with 99."""
    for index in range(11):
        labels = disk(centre=(9, 8 + index), radius=3 + index % 4)
        picture = image(labels, f"image{index}")
        if index == 2:
            picture.pixels[0, 0] = 99
        yield picture, targets(labels, [1], name=f"image{index}")
