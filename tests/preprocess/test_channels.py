"""Palettes, alpha channels and colours of masks; 12, 3 and 2 pixels are the objects."""

import cv2
import numpy as np
from PIL import Image

from support.builds import write
from support.masks import LABELS, OBJECT, THIRD, areas, dataset, palette, rgb

ONE = OBJECT.astype(np.uint8)
WHITE = ONE * np.uint8(255)
TWO = {"lesion": [1], "vessel": [2]}


def test_a_palette_with_a_colour_is_indices_in_every_file(tmp_path):
    colours = [[0, 0, 0], [255, 0, 0], [255, 255, 255], [128, 128, 128]]
    masks = {
        "a": palette(LABELS + 3 * THIRD, colours),
        "b": palette(2 * OBJECT, colours),
        "c": palette(3 * OBJECT, colours),
        "d": palette(OBJECT, colours),
    }
    tasks = {"red": [1], "white": [2], "grey": [3]}
    assert areas(dataset(tmp_path / "raw", masks), tmp_path / "out", tasks=tasks) == (
        {"a": {"red": 12, "white": 3, "grey": 2}, "b": {"white": 12}, "c": {"grey": 12}, "d": {"red": 12}},
        {},
    )


def test_index_255_of_a_coloured_palette_is_not_white(tmp_path):
    colours = [[0, 0, 0], [255, 0, 0], *[[0, 0, 0]] * 253, [255, 255, 255]]
    raw = dataset(tmp_path / "raw", {"a": palette(OBJECT, colours), "b": palette(255 * OBJECT, colours)})
    found, failed = areas(raw, tmp_path / "out")
    assert found == {"a": {"lesion": 12}}
    assert failed["b"].startswith("unknown label value: masks/b.png holds 255; add what they stand for")


def test_palettes_that_differ(tmp_path):
    red, green = [[0, 0, 0], [255, 0, 0]], [[0, 0, 0], [0, 255, 0]]
    longer = [*red, [0, 255, 0]]
    raw = dataset(tmp_path / "raw", {"a": palette(OBJECT, red), "b": palette(2 * OBJECT, longer)})
    assert areas(raw, tmp_path / "out", tasks=TWO)[0] == {"a": {"lesion": 12}, "b": {"vessel": 12}}
    dataset(raw, {"c": palette(OBJECT, green), "d": ONE})
    found, failed = areas(raw, tmp_path / "again", tasks=TWO)
    assert found == {"d": {"lesion": 12}}
    assert sorted(failed) == ["a", "b", "c"]
    assert failed["a"] == (
        "meaning of a mask is open: masks/a.png has a palette, whose index 1 is #ff0000 in masks/a.png and "
        "#00ff00 in masks/c.png; say "
        'which label each colour stands for by `colours: {1: "#ff0000", ...}` in the entry'
    )
    (raw / "masks" / "d.png").unlink()
    (raw / "images" / "d.png").unlink()
    found, failed = areas(raw, tmp_path / "named", tasks=TWO, colours={1: "#ff0000", 2: "#00ff00"})
    assert (found, failed) == ({"a": {"lesion": 12}, "b": {"vessel": 12}, "c": {"vessel": 12}}, {})


def test_black_is_not_the_first_colour_of_a_palette(tmp_path):
    red, black, blue = [255, 0, 0], [0, 0, 0], [0, 0, 255]
    made_anew = Image.fromarray(np.dstack([WHITE, 0 * WHITE, 0 * WHITE])).quantize(4)
    assert np.array_equal(np.asarray(made_anew), 1 - ONE)
    raw = dataset(tmp_path / "raw", {"a": made_anew, "b": palette(OBJECT, [blue, red, black]), "c": ONE})
    found, failed = areas(raw, tmp_path / "out")
    assert failed["a"] == (
        "meaning of a mask is open: the palette of masks/a.png shows index 0 as [255, 0, 0] and index 1 as black, and "
        "either can be the background; say in the entry which label each colour is by `colours: {1: [255, 0, 0]}`"
    )
    named = dataset(tmp_path / "named", {"a": made_anew})
    assert areas(named, tmp_path / "again", colours={1: red}) == ({"a": {"lesion": 12}}, {})
    found, failed = areas(raw, tmp_path / "listed", cases=listed())
    assert found == {"b": {"lesion": 12}, "c": {"lesion": 12}}
    assert failed["a"].endswith("give the file itself as `labels`, and `colours: {1: [255, 0, 0]}`")


def test_palettes_that_differ_in_colours_that_a_file_does_not_use(tmp_path):
    black, red, white = [0, 0, 0], [255, 0, 0], [255, 255, 255]
    masks = {"a": palette(OBJECT, [black, red, white]), "b": palette(2 * OBJECT, [black, white, red]), "c": ONE}
    found, failed = areas(dataset(tmp_path / "raw", masks), tmp_path / "out", tasks=TWO)
    assert found == {"c": {"lesion": 12}}
    assert failed["b"].startswith("meaning of a mask is open: masks/b.png has a palette, whose index 1 is #ff0000 in ")


def test_gif_numbers_its_colours_anew(tmp_path):
    black, red, white = [0, 0, 0], [255, 0, 0], [255, 255, 255]
    masks = {"a": palette(2 * OBJECT, [black, red, white]), "b": palette(LABELS, [black, red, white])}
    raw = dataset(tmp_path / "raw", masks, "gif")
    assert np.unique(np.asarray(Image.open(raw / "masks" / "a.gif"))).tolist() == [0, 1]
    _, failed = areas(dataset(raw, {"c": ONE}), tmp_path / "out", tasks=TWO)
    assert failed["b"] == (
        "meaning of a mask is open: the indices in the palette of b.gif need not be label values: GIF numbers them "
        "anew in each file; say in the entry which label each colour stands for, like `colours: {1: [255, 0, 0], "
        "2: [255, 255, 255]}`"
    )
    (raw / "masks" / "c.png").unlink()
    (raw / "images" / "c.png").unlink()
    named = {1: [255, 0, 0], 2: [255, 255, 255]}
    assert areas(raw, tmp_path / "named", tasks=TWO, colours=named) == (
        {"a": {"vessel": 12}, "b": {"lesion": 12, "vessel": 3}},
        {},
    )
    single = dataset(tmp_path / "single", {"a": palette(OBJECT, [black, white])}, "gif")
    assert areas(single, tmp_path / "out2")[0] == {"a": {"lesion": 12}}


def test_greys_beside_colours(tmp_path):
    colours = [[0, 0, 0], [255, 0, 0], [255, 255, 255]]
    masks = {"a": rgb(LABELS, colours), "b": rgb(2 * OBJECT, colours), "c": ONE, "d": rgb(0 * OBJECT, colours)}
    raw = dataset(tmp_path / "raw", masks)
    found, failed = areas(raw, tmp_path / "out")
    assert found == {"c": {"lesion": 12}}
    assert failed["a"] == (
        "coloured mask: the channels of masks/a.png differ (colours besides black: 2); say in the entry "
        "which label "
        "each stands for, like `colours: {1: [255, 0, 0], 2: [255, 255, 255]}`"
    )
    assert failed["b"].startswith(
        "meaning of a mask is open: masks/b.png holds greys in three channels, and masks/a.png holds col"
    )
    assert "d" not in failed
    named = {1: [255, 0, 0], 2: [255, 255, 255]}
    found, failed = areas(raw, tmp_path / "named", tasks=TWO, colours=named)
    assert found == {"a": {"lesion": 12, "vessel": 3}, "b": {"vessel": 12}}
    assert failed == {
        "c": "unknown colour: masks/c.png has [1, 1, 1] in 12 pixels; add it to `colours`; if the file was "
        "saved with losses "
        "(JPEG), save it anew without"
    }


def alpha(colours, levels):
    return np.dstack([np.broadcast_to(np.uint8(colours), (*OBJECT.shape, 3)), np.broadcast_to(levels, OBJECT.shape)])


def test_masks_in_the_alpha_channel(tmp_path, caplog):
    caplog.set_level("INFO")
    masks = {
        "a": alpha([255, 255, 255], WHITE),
        "b": alpha([255, 255, 255], np.uint8(0)),
        "c": alpha([0, 0, 0], WHITE),
        "d": alpha([0, 0, 0], np.uint8(255)),
        "e": np.dstack([np.full(OBJECT.shape, 200, np.uint8), WHITE]),
    }
    found, failed = areas(dataset(tmp_path / "raw", masks), tmp_path / "out")
    assert found == {"a": {"lesion": 12}, "c": {"lesion": 12}, "d": {"lesion": 384}, "e": {"lesion": 12}}
    assert failed == {}
    assert "mine: masks in the alpha channel: it is used, and not the colours (3, the first masks/a.png)" in caplog.text


def test_masks_beside_an_alpha_channel(tmp_path):
    opaque = np.dstack([WHITE, WHITE, WHITE, np.full(OBJECT.shape, 255, np.uint8)])
    both = np.dstack([WHITE, WHITE, WHITE, WHITE])
    masks = {"a": opaque, "b": both, "c": alpha([0, 0, 0], np.uint8(255)), "d": np.dstack([ONE, ONE + 7])}
    masks["d"][..., 1] = 7
    raw = dataset(tmp_path / "raw", masks)
    assert areas(raw, tmp_path / "out") == ({name: {"lesion": 12} for name in "abd"}, {})
    dataset(raw, {"e": alpha([255, 255, 255], WHITE), "f": alpha([255, 255, 255], np.uint8(0))})
    found, failed = areas(raw, tmp_path / "again")
    assert found == {name: {"lesion": 12} for name in "abd"}
    for name in "ef":
        assert failed[name] == (
            f"meaning of a mask is open: masks/{name}.png has one colour and an alpha channel that varies, "
            f"and masks/a.png has "
            "colours and a constant alpha channel; save the masks without alpha channels"
        )


def test_an_alpha_channel_that_contradicts_the_colours(tmp_path):
    inverted = np.dstack([255 - WHITE] * 3 + [WHITE])
    _, failed = areas(dataset(tmp_path / "raw", {"a": inverted, "b": ONE}), tmp_path / "out")
    assert failed == {
        "a": "meaning of a mask is open: the alpha channel of masks/a.png marks other pixels than its colours "
        "do; save the "
        "mask without alpha channel"
    }


def test_palettes_of_greys(tmp_path):
    black, white, grey = [0, 0, 0], [255, 255, 255], [128, 128, 128]
    plain = {"a": palette(OBJECT, [black, white]), "b": palette(3 * OBJECT, [black, grey, grey, white])}
    ramp = palette(255 * OBJECT, [[level] * 3 for level in range(256)])
    raw = dataset(tmp_path / "raw", {**plain, "c": ramp, "d": ONE})
    assert areas(raw, tmp_path / "out") == ({name: {"lesion": 12} for name in "abcd"}, {})
    labels = palette(LABELS, [black, grey, white])
    assert areas(dataset(tmp_path / "two", {"a": labels}), tmp_path / "out2", tasks=TWO)[0] == {
        "a": {"lesion": 12, "vessel": 3}
    }
    values = {"lesion": [128], "vessel": [255]}
    assert areas(tmp_path / "two", tmp_path / "out3", tasks=values)[0] == {"a": {"lesion": 12, "vessel": 3}}
    inverse = dataset(tmp_path / "inverse", {"a": palette(OBJECT, [white, black]), "b": ONE})
    assert areas(inverse, tmp_path / "out4")[1] == {
        "a": "meaning of a mask is open: the palette of masks/a.png shows its indices 0, 1 as the greys 255, "
        "0, and both can "
        "be labels; name the grey of each label in the entry, like `colours: {1: [255, 255, 255]}`; name that of 0 as "
        "well if the background is not black"
    }
    (inverse / "masks" / "b.png").unlink()
    (inverse / "images" / "b.png").unlink()
    assert areas(inverse, tmp_path / "out5", colours={1: [255, 255, 255]})[0] == {"a": {"lesion": 372}}
    assert areas(inverse, tmp_path / "out6", colours={0: "#ffffff", 1: "#000000"})[0] == {"a": {"lesion": 12}}


def listed(**changes):
    return [{"image": "images/{case}.png", "labels": [{"file": "masks/{case}.png", "value": 1, **changes}]}]


def test_masks_of_one_object_in_any_colour_of_a_palette(tmp_path):
    black, red, green, white = [0, 0, 0], [255, 0, 0], [0, 255, 0], [255, 255, 255]
    masks = {
        "a": palette(OBJECT, [black, red]),
        "b": palette(OBJECT, [black, green]),
        "c": palette(2 * OBJECT, [black, red, green]),
        "d": palette(OBJECT, [black, white]),
    }
    raw = dataset(tmp_path / "raw", masks)
    assert areas(raw, tmp_path / "out", cases=listed()) == ({name: {"lesion": 12} for name in "abcd"}, {})
    assert areas(raw, tmp_path / "half", cases=listed(threshold=128))[0] == {"d": {"lesion": 12}}
    dataset(raw, {"e": palette(OBJECT, [red, black]), "f": palette(LABELS, [black, red, green]), "g": WHITE})
    found, failed = areas(raw, tmp_path / "again", cases=listed())
    assert found == {name: {"lesion": 12} for name in "dg"}
    assert failed["e"].startswith(
        "meaning of a mask is open: the palette of masks/e.png shows index 0 as [255, 0, 0] and index 1 as black"
    )
    assert failed["f"].startswith("threshold missing: masks/f.png holds values from 0 to 2")


def test_masks_of_one_object_in_colours(tmp_path):
    red = rgb(OBJECT, [[0, 0, 0], [255, 0, 0]])
    found, failed = areas(
        dataset(tmp_path / "raw", {"a": red, "b": np.dstack([WHITE] * 3)}), tmp_path / "out", cases=listed()
    )
    assert found == {"b": {"lesion": 12}}
    assert failed["a"].endswith("give the file itself as `labels`, and `colours: {1: [255, 0, 0]}`")


def test_colours_of_jpeg_are_not_proposed(tmp_path):
    red = rgb(OBJECT, [[0, 0, 0], [255, 0, 0]])
    raw = dataset(dataset(tmp_path / "raw", {"a": red}, "jpg"), {"b": ONE})
    failed = areas(raw, tmp_path / "out")[1]
    assert failed["a"].endswith("save it without losses (PNG) and interpolation, then name its colours")
    raw = dataset(dataset(tmp_path / "two", {"a": red}, "jpg"), {"b": red})
    found, failed = areas(raw, tmp_path / "named", colours={1: "#FF0000"})
    assert found == {"b": {"lesion": 12}}
    assert failed["a"].startswith("unknown colour: a.jpg has [")


def test_colours_and_transparency(tmp_path):
    red = np.dstack([rgb(OBJECT, [[255, 255, 255], [255, 0, 0]]), WHITE // 2])
    flat = np.dstack([rgb(OBJECT, [[255, 0, 0], [255, 0, 0]]), WHITE])
    opaque = np.dstack([rgb(OBJECT, [[0, 0, 0], [255, 0, 0]]), 0 * WHITE + 255])
    raw = dataset(tmp_path / "raw", {"a": red, "b": flat, "c": opaque})
    named = {1: [255, 0, 0]}
    assert areas(raw, tmp_path / "out", colours=named) == ({name: {"lesion": 12} for name in "abc"}, {})
    wide = rgb(OBJECT, [[0, 0, 0], [255, 0, 0]]).astype(np.uint16) * 257
    (tmp_path / "wide" / "images").mkdir(parents=True)
    (tmp_path / "wide" / "masks").mkdir()
    write(tmp_path / "wide" / "images" / "a.png", ONE)
    cv2.imwrite(str(tmp_path / "wide" / "masks" / "a.png"), wide[..., ::-1])
    assert areas(tmp_path / "wide", tmp_path / "out2", colours={1: [65535, 0, 0]})[0] == {"a": {"lesion": 12}}
