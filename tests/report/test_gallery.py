"""Figures of a page."""

import base64
import io

import numpy as np
from PIL import Image

from promptseg.report.gallery import gallery, picture

NAMES = {"heart": {"title": "Heart"}, "sam": {"title": "SAM"}, "corrected": {"title": "corrected clicks"}}


def png(path, width=300, height=900):
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[: height // 3, : width // 2] = (213, 94, 0)
    Image.fromarray(pixels).save(path)
    return path


def decoded(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/webp;base64,"))))


def test_a_picture_is_stored_whole_and_as_the_upper_part_of_a_tall_figure(tmp_path):
    found = picture(png(tmp_path / "tall.png", 880, 2640))
    assert (found["width"], found["height"]) == decoded(found["full"]).size == (880, 2640)
    thumb = decoded(found["thumb"])
    assert thumb.size == (440, 300)
    assert np.allclose(np.asarray(thumb)[150, 100], (213, 94, 0), atol=6)  # nothing of the white two thirds below
    assert np.allclose(np.asarray(decoded(found["full"]))[100, 100], (213, 94, 0), atol=6)
    assert picture(tmp_path / "tall.png") == found


def test_figures_stand_by_category_with_what_belongs_to_them(tmp_path):
    stems = ("extremes_heart", "modes", "distributions_sam", "clicks_mean_corrected", "modes_published")
    shelves = gallery([png(tmp_path / f"{stem}.png") for stem in stems], NAMES, ["png", "svg"], clicks=9)
    assert [(shelf["category"], [figure["title"] for figure in shelf["figures"]]) for shelf in shelves] == [
        ("Prompt modes", ["Five prompt modes, this run", "Five prompt modes, as published"]),
        ("Objects", ["IoU of single objects: SAM"]),
        ("Clicks", ["Clicks, mean over tasks, this run: corrected clicks"]),
        ("Examples", ["Worst, median and best: Heart"]),
    ]
    ours, published = (dict(figure["links"]) for figure in shelves[0]["figures"])
    assert ours == {
        "PNG": "../figures/modes.png",
        "SVG": "../figures/modes.svg",
        "statistics.csv": "../tables/statistics.csv",
        "explorer": "../explorer/index.html",
    }
    assert set(published) == {"PNG", "SVG", "published.csv"}
    places = [dict(shelf["figures"][0]["links"])["explorer"].partition("#")[2] for shelf in shelves[1:]]
    assert places == ["m=sam", "s=iterative.corrected.9.first", "d=heart"]


def test_a_page_without_objects_does_not_lead_to_the_explorer(tmp_path):
    (shelf,) = gallery([png(tmp_path / "modes.png")], NAMES, ["png"])
    assert "explorer" not in dict(shelf["figures"][0]["links"])
