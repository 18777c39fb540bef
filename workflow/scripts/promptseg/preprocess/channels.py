"""Masks with a palette, an alpha channel or colours, as one channel of numbers."""

from dataclasses import replace

import numpy as np

from promptseg.core.reasons import TOO_MANY_DIMENSIONS
from promptseg.core.value_reasons import COLOURED_MASK, MEANS_OPEN, UNKNOWN_COLOUR
from promptseg.preprocess.encodings import is_jpeg, listed, whites
from promptseg.preprocess.evidence import Encodings, Kind
from promptseg.preprocess.grids import Volume, shown

# A mask with more is no drawing in a few colours.
_MOST_COLOURS = 64


def single_channel(mask: Volume, how: Encodings, one_object: bool = False) -> Volume:
    """A mask with one number per voxel.

    A palette with a colour in it makes a picture of indices, whichever entries a file uses. A palette of greys is read
    as indices or as greys, whichever the declared values allow. An alpha channel is the mask where the colours are
    constant. Of pictures, `colours` of the entry goes before all of this.

    Args:
        one_object: the file shows one object, whose numbers need not be declared.

    Returns:
        A volume whose array has three axes; it keeps a coloured palette.

    Raises:
        PromptsegError: too many dimensions, colours that are not known, or what the file means is open.
    """
    if mask.separate and mask.array.ndim > 3:
        raise TOO_MANY_DIMENSIONS.error(
            f"{mask.name} has the shape {shown(mask.array.shape)}", "write each mask to a file of its own"
        )
    if how.colours and not one_object and mask.affine is None and mask.scale is None:
        return _by_colours(mask, how)
    if mask.palette is not None:
        return _from_palette(mask, mask.palette, how, one_object)
    array = mask.array
    if array.ndim == 4 and array.shape[3] in (2, 4):
        array = _without_alpha(array, mask.name, how)
    if array.ndim == 4:
        if (array != array[..., :1]).any():
            if not one_object:
                how.see(Kind.COLOURED, mask.name)
            raise _coloured(array, mask.name, one_object)
        array = array[..., 0]
        if array.any() and not one_object:
            how.see(Kind.GREY_CHANNELS, mask.name)
    return replace(mask, array=array)


def _from_palette(mask: Volume, palette: np.ndarray, how: Encodings, one_object: bool) -> Volume:
    indices = mask.array
    used = np.unique(indices)
    if not (palette == palette[:, :1]).all():
        if palette[0].any() and not palette[used].any(axis=1).all():
            raise _black_elsewhere(mask.name, palette, used, one_object)
        if one_object:
            # Of one object every index but that of the background will do.
            how.see(Kind.PALETTE_BACKGROUND, mask.name, _hex(palette[used[0]]))
            return mask
        return _indexed(mask, palette, used, how)
    greys = palette[indices, 0]
    plain = replace(mask, array=greys, palette=None)
    if np.array_equal(greys, indices):
        return plain
    if one_object:
        if np.array_equal(greys != 0, indices != 0):
            return plain
        raise _open_palette(mask.name, palette, used)
    marks = [{int(value) for value in np.unique(values)} - {0} for values in (indices, greys)]
    fits = [all(map(how.declared, one)) or _is_object(one, how) for one in marks]
    if all(fits):
        if all(_is_object(one, how) for one in marks) and np.array_equal(indices != 0, greys != 0):
            how.see(Kind.PALETTE_OBJECT, mask.name, _hex(palette))
            return replace(mask, palette=None)
        raise _open_palette(mask.name, palette, used)
    if fits[1]:
        how.see(Kind.GREY_VALUES, mask.name)
        return plain
    if fits[0]:
        how.see(Kind.GREY_COLOURS, mask.name)
    return replace(_indexed(mask, palette, used, how), palette=None)


def _indexed(mask: Volume, palette: np.ndarray, used: np.ndarray, how: Encodings) -> Volume:
    """A mask whose indices are its label values, as far as the palettes of the dataset agree."""
    if mask.name.lower().endswith(".gif") and how.single is None and used.any():
        # Writers of GIF drop the colours that a picture does not use, and number the others anew.
        found = [f"{value}: {palette[index].tolist()}" for value, index in enumerate(used[used > 0][:3], start=1)]
        raise MEANS_OPEN.error(
            f"the indices in the palette of {mask.name} need not be label values: GIF numbers them anew in each file",
            f"say in the entry which label each colour stands for, like `colours: {{{', '.join(found)}}}`",
        )
    how.see(Kind.PALETTE, mask.name, _hex(palette))
    return mask


def _is_object(marks: set[int], how: Encodings) -> bool:
    """Whether the numbers of a mask but 0 are the only label of the tasks, or may stand for it."""
    return how.single is not None and len(marks) == 1 and marks <= {how.single, *whites(how)}


def _open_palette(name: str, palette: np.ndarray, used: np.ndarray) -> Exception:
    greys = [int(palette[index, 0]) for index in used]
    proposed = next((grey for grey in greys if grey), 0)
    return MEANS_OPEN.error(
        f"the palette of {name} shows its indices {listed(used.tolist())} as the greys {listed(greys)}, and both can "
        "be labels",
        f"name the grey of each label in the entry, like `colours: {{1: {[proposed] * 3}}}`; name that of 0 as well if "
        "the background is not black",
    )


def _black_elsewhere(name: str, palette: np.ndarray, used: np.ndarray, one_object: bool) -> Exception:
    """The error of a palette made for one picture (Pillow: ADAPTIVE, PNG8), where the background can be any index."""
    black = next(index for index in used if not palette[index].any())
    found = ", ".join(f"{value}: {palette[index].tolist()}" for value, index in enumerate(used[used != black][:3], 1))
    return MEANS_OPEN.error(
        f"the palette of {name} shows index 0 as {palette[0].tolist()} and index {black} as black, and either can be "
        "the background",
        ("give the file itself as `labels`, and " if one_object else "say in the entry which label each colour is by ")
        + f"`colours: {{{found}}}`",
    )


def _without_alpha(array: np.ndarray, name: str, how: Encodings) -> np.ndarray:
    """The colours (4 axes), or the alpha channel (3 axes) where it is the mask."""
    colours, alpha = array[..., :-1], array[..., -1]
    flat, opaque = (not (part != part[:1, :1, :1]).any() for part in (colours, alpha))
    if opaque and not flat:
        how.see(Kind.CONSTANT_ALPHA, name)
        return colours
    if flat and not opaque:
        how.see(Kind.ALPHA, name)
        return alpha
    shown_in_both = np.array_equal(colours.any(axis=3), alpha > 0)
    if not shown_in_both and not flat:
        raise MEANS_OPEN.error(
            f"the alpha channel of {name} marks other pixels than its colours do", "save the mask without alpha channel"
        )
    if shown_in_both:
        return colours
    # One colour everywhere: empty by one of the two, and full by the other.
    if alpha.any():
        return alpha if how.see(Kind.BLACK_BELOW_ALPHA, name) == "alpha" else colours
    how.see(Kind.EMPTY_ALPHA, name)
    return alpha


def _by_colours(mask: Volume, how: Encodings) -> Volume:
    """The label values of the colours that the entry names; black is 0 unless it says otherwise."""
    array = mask.array if mask.palette is None else mask.palette[mask.array]
    seen = None
    if array.ndim == 4 and array.shape[3] in (2, 4):
        array, seen = array[..., :-1], array[..., -1] > 0
        seen = None if seen.all() or not seen.any() else seen
    if array.ndim == 3 or array.shape[3] == 1:
        array = np.stack([array.reshape(array.shape[:3])] * 3, axis=3)
    known = {0: (0, 0, 0), **how.colours}
    labels = np.zeros(array.shape[:3], np.min_scalar_type(max(known)))
    open_ = np.ones(labels.shape, bool) if seen is None else seen.copy()
    for value, colour in known.items():
        here = open_ & (array == np.array(colour)).all(axis=3)
        labels[here] = value
        open_ &= ~here
    if open_.any():
        others = [f"{colour.tolist()} in {count} pixels" for colour, count in _frequent(array[open_])]
        raise UNKNOWN_COLOUR.error(f"{mask.name} has {listed(others, 3)}")
    return replace(mask, array=labels, palette=None)


def _coloured(array: np.ndarray, name: str, one_object: bool) -> Exception:
    """The error of a mask in colours whose label values are not known."""
    found = [colour for colour, _ in _frequent(array) if colour.any()]
    proposed = ", ".join(f"{value}: {colour.tolist()}" for value, colour in enumerate(found[:3], start=1))
    what = f"the channels of {name} differ (colours besides black: {len(found)})"
    if len(found) > _MOST_COLOURS or is_jpeg(name):
        return COLOURED_MASK.error(what, "save it without losses (PNG) and interpolation, then name its colours")
    if one_object:
        return COLOURED_MASK.error(what, f"give the file itself as `labels`, and `colours: {{{proposed}}}`")
    return COLOURED_MASK.error(what, f"say in the entry which label each stands for, like `colours: {{{proposed}}}`")


def _frequent(array: np.ndarray) -> list[tuple[np.ndarray, int]]:
    """The distinct colours and how many pixels have them, the most frequent first."""
    colours, counts = np.unique(array.reshape(-1, array.shape[-1]), axis=0, return_counts=True)
    return [(colours[index], int(counts[index])) for index in np.argsort(-counts, kind="stable")]


def _hex(colours: np.ndarray) -> str:
    """Colours as digits, six for each, without black at the end."""
    digits = bytes(colours).hex()
    while digits.endswith("000000") and len(digits) > 6:
        digits = digits[:-6]
    return digits
