"""Methods for images that tests of routes can predict, and what asks them about arrays."""

import numpy as np
from scipy.ndimage import label

from promptseg.methods import Candidates, Method, Settings
from promptseg.methods.volume import SlicePrompt, VolumeQuery
from promptseg.predict.failures import Failures
from promptseg.volumes.routes.answering import Job
from promptseg.volumes.routes.settings import Setting, VolumeSettings
from promptseg.volumes.routes.showing import box_prompt, point_prompt
from promptseg.volumes.routes.slice_routes import SliceAnswering

BRIGHT = 100


class Array:
    """A volume in memory: (d, h, w) uint8 pixels."""

    volume_id = "array"

    def __init__(self, pixels, spacing=(2.0, 1.0, 1.0)):
        self.shape, self.spacing, self._pixels = pixels.shape, spacing, pixels
        self.positions = None if spacing is None else [spacing[0] * z for z in range(len(pixels))]

    def pixels(self, z):
        return np.repeat(self._pixels[z][..., None], 3, axis=2)

    def digest(self, z):
        return f"slice {z}"


def shining(body):
    """A volume in which a body is bright."""
    return Array(np.where(body, 200, 20).astype(np.uint8))


class Bright(Method):
    """The bright pixels in the box, or the bright component at each click; clicks on the background remove theirs.

    Attributes:
        asked: batches of queries.
        encoded: how many images were encoded.
    """

    prompt_types = frozenset({"box", "point"})
    takes_masks = True

    def __init__(self, settings=None):
        super().__init__(settings or Settings())
        self.asked = []
        self.encoded = 0

    def encode(self, pixels):
        self.encoded += 1
        return pixels[..., 0] > BRIGHT

    def state_of(self, mask):
        return mask

    def predict(self, queries):
        self.asked.append(list(queries))
        return [self.answer(query) for query in queries]

    def answer(self, query):
        bright, prompt = query.image, query.prompt
        found = np.zeros_like(bright)
        if prompt.box is not None:
            x0, y0, x1, y1 = prompt.box
            found[y0 : y1 + 1, x0 : x1 + 1] = bright[y0 : y1 + 1, x0 : x1 + 1]
        parts, _ = label(bright, np.ones((3, 3)))
        for (x, y), positive in zip(prompt.points, prompt.labels, strict=True):
            if parts[y, x]:
                found[parts == parts[y, x]] = bool(positive)
        return Candidates(found[None], np.array([0.5], np.float32), [("state", found.sum())])


class Points(Bright):
    """The same for points alone."""

    prompt_types = frozenset({"point"})


def box(z, *corners):
    """A box on a slice."""
    return SlicePrompt(z, box_prompt(corners))


def point(z, x, y, positive=True):
    """A point on a slice."""
    return SlicePrompt(z, point_prompt(x, y, positive=positive))


def job(route, prompts, slices, *, given=True, clicks=(), previous=None, name="it"):
    """One object in one setting."""
    kind = "mask" if prompts[0].mask is not None else "box" if prompts[0].prompt.box is not None else "point"
    setting = Setting(route, str(len(prompts)), kind, "given" if given else "open")
    return Job(name, setting, VolumeQuery(prompts, slices, given, clicks, previous), None)


def answering(method, strict=True, **settings):
    """What asks a method."""
    return SliceAnswering(method, VolumeSettings(**settings), Failures("it", strict))


def answer(method, volume, *jobs, **settings):
    """Answers to jobs, in order."""
    asker = answering(method, **settings)
    found = [outcome.answer for outcome in asker.answer(volume, jobs)]
    asker.close()
    return found
