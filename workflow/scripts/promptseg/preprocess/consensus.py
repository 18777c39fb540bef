"""One label map from those of several raters."""

from collections.abc import Mapping, Sequence

import numpy as np

from promptseg.core.value_reasons import NO_SUCH_RATER


def consensus(maps: Mapping[str, np.ndarray], how: str) -> np.ndarray:
    """Put the label maps of several raters together.

    Args:
        maps: by rater; unsigned integers of equal shape.
        how: `majority`, `staple`, or the name of the rater whose map is taken.

    Raises:
        PromptsegError: there is no rater of that name.
    """
    if how == "majority":
        return majority(list(maps.values()))
    if how == "staple":
        return staple(list(maps.values()))
    if how not in maps:
        raise NO_SUCH_RATER.error(f"this case has masks of {', '.join(maps)}, but none of {how}")
    return maps[how]


def majority(maps: Sequence[np.ndarray]) -> np.ndarray:
    """What more than half of the raters mark.

    A voxel is marked where more than half of the raters give it any label; its label is then the most frequent one, of
    equally frequent ones the highest. So a label that more than half agree on wins, and an object that joins all
    labels is the exact majority of the joined objects. One map alone is returned as it is.
    """
    values = sorted({int(value) for one in maps for value in np.unique(one)} - {0})
    counter = np.min_scalar_type(len(maps))
    best = np.zeros(maps[0].shape, counter)
    marked = np.zeros(maps[0].shape, counter)
    result = np.zeros(maps[0].shape, np.result_type(*maps))
    for value in values:
        votes = np.sum([one == value for one in maps], axis=0, dtype=counter)
        marked += votes
        result[(votes >= best) & (votes > 0)] = value
        np.maximum(best, votes, out=best)
    result[marked <= len(maps) // 2] = 0
    return result


def staple(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Weigh the raters by how well they agree with the consensus: STAPLE for several labels.

    Warfield, Zou, Wells, IEEE Transactions on Medical Imaging 23(7):903-921, 2004, in the implementation of ITK, over
    the whole grid and with the frequencies of the labels as prior. A voxel whose best labels are equally likely is not
    marked.
    """
    if len(maps) == 1 or not any(one.any() for one in maps):
        return maps[0]
    dtype = np.result_type(*maps)
    # Takes a third of a second to import, which other datasets need not wait for.
    import SimpleITK as sitk  # noqa: N813

    merged = sitk.MultiLabelSTAPLE([sitk.GetImageFromArray(one.astype(dtype)) for one in maps], 0)
    return sitk.GetArrayFromImage(merged).astype(dtype)
