"""Segmentations of pictures without a place."""

import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.segmentations import SIZE, areas, marks, save_stack, segment

RADIOGRAPH = {
    "ImagePositionPatient": None,
    "ImageOrientationPatient": None,
    "FrameOfReferenceUID": None,
    "Modality": "DX",
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1",
}


def anonymous(made):
    """References that lead nowhere are taken away."""
    for own in made.PerFrameFunctionalGroupsSequence:
        del own.DerivationImageSequence


def laid(path, paths):
    return areas(read_labels([path], read_volume(paths)).array)


def test_radiograph_is_the_one_referred_to(tmp_path):
    (path,) = save_stack(tmp_path / "dx", [0], **RADIOGRAPH)
    assert laid(segment(tmp_path / "seg", [path], marks(5)), [path]) == [5]


def test_radiograph_another_one(tmp_path):
    (path,) = save_stack(tmp_path / "dx", [0], **RADIOGRAPH)
    (other,) = save_stack(tmp_path / "other", [0], **RADIOGRAPH)
    with pytest.raises(PromptsegError, match=r"^no position: frame 1 of seg has no position, and .* refer to 000"):
        laid(segment(tmp_path / "seg", [path], marks(5)), [other])


def test_radiograph_no_reference_at_all(tmp_path):
    (path,) = save_stack(tmp_path / "dx", [0], **RADIOGRAPH)
    assert laid(segment(tmp_path / "seg", [path], marks(5), change=anonymous), [path]) == [5]


def test_radiograph_another_size(tmp_path):
    (path,) = save_stack(tmp_path / "dx", [0], **RADIOGRAPH)

    def cut(made):
        pixels = made.pixel_array.reshape(SIZE[::-1])[:4]
        made.Rows, made.NumberOfFrames = 4, 1
        made.PixelData = np.packbits(pixels, axis=None, bitorder="little").tobytes()

    with pytest.raises(PromptsegError, match=r"^another grid: frame 1 of seg has 8 x 4 pixels, 000\.dcm has 8 x 6"):
        laid(segment(tmp_path / "seg", [path], marks(5), change=cut), [path])
