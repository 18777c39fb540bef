"""Maps of where people click, given as files, under presets that ask about images."""

import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.protocols.images import with_map
from promptseg.protocols.showing import Scene
from promptseg.protocols.user import User

TRUTH = np.zeros((1, 8, 9), bool)
TRUTH[0, 1:7, 1:8] = True
SCENE = Scene("i:organ", TRUTH)
CLICKS = {"rule": "likely", "nothing": "corner"}


def clicked(scene, **clicks):
    shown = User({}, CLICKS | clicks, scene, 0).next(np.zeros_like(TRUTH))
    return shown.points[0].tolist()


def test_clicks_are_drawn_from_the_map_of_an_image(tmp_path):
    likely = np.zeros(TRUTH.shape[1:])
    likely[2, 3], likely[5, 6] = 1, 9
    np.save(tmp_path / "i_organ.npy", likely)
    scene = with_map(SCENE, str(tmp_path / "{image}_{task}.npy"))
    assert scene.click_map.shape == TRUTH.shape
    assert clicked(scene, low=0.0, high=0.05) == [0, 2, 3]
    assert clicked(scene, low=0.5, high=1.0) == [0, 5, 6]


def test_without_a_map_the_deepest_pixel_is_clicked():
    assert with_map(SCENE, None) is SCENE
    assert clicked(SCENE, low=0.0, high=0.1) == [0, 3, 3]


def test_a_missing_map_is_told(tmp_path):
    with pytest.raises(PromptsegError, match="does not exist: give one for each image"):
        with_map(SCENE, str(tmp_path / "{image}.npy"))
