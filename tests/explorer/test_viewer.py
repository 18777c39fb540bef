"""The object viewer in a real browser: what it draws is compared pixel by pixel with what was predicted."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from promptseg.explorer.build import build
from support.browser import Visit, pixels
from support.explored import about, block, explored, write_run

BOTH, EXTRA, MISSED = (240, 228, 66), (213, 94, 0), (86, 180, 233)
TRUTH, MASK = (86, 180, 233), (230, 159, 0)
GROUND = (16, 16, 16)  # of the panel beside the image
TRUE = block(2, 2, 5, 4)
IMAGE = np.where(TRUE[..., None], (200, 100, 50), (50, 25, 12))
NODULE = "o=chest/c:nodule&at=sam@mode1.first"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return explored(tmp_path_factory.mktemp("viewer"), only="chest") / "index.html"


def seen(visit: Visit, index, state: str, times: tuple[int, int] = (8, 8)) -> np.ndarray:
    """The image of 6 by 10 pixels as the first panel shows it in its middle, with nothing but ground around."""
    page = visit.open(index, state)
    stage = page.locator(".stage").first
    expect(stage).to_have_attribute("aria-label", re.compile("IoU|no mask|take"))
    page.wait_for_function("!document.querySelector('.viewer').textContent.includes('Loading')")
    page.mouse.move(0, 0)
    picture = cut(stage)
    assert picture.shape == (6 * times[0], 10 * times[1], 3)
    return picture


def cut(stage) -> np.ndarray:
    """The image in a panel, without the ground."""
    shot = pixels(stage)[:-1, 1:-1].astype(int)  # a panel may end within a pixel
    ys, xs = np.nonzero((shot != GROUND).any(axis=2))
    return shot[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]


def enlarged(picture: np.ndarray, y: int = 8, x: int = 8) -> np.ndarray:
    return np.repeat(np.repeat(picture, y, axis=0), x, axis=1)


def test_an_image_pixel_is_so_many_screen_pixels(index, visit):
    shown = seen(visit, index, f"{NODULE}&look=image&v.view=8,5,3&v.prompts=off")
    np.testing.assert_array_equal(shown, enlarged(IMAGE))


def test_errors_are_painted_in_their_colours(index, visit):
    """The third candidate is the truth, two columns to the right."""
    shown = seen(visit, index, f"{NODULE}&look=errors&v.opacity=100&v.view=8,5,3&v.prompts=off&v.c.sam=3")
    mask = np.roll(TRUE, 2, 1)
    expected = IMAGE.copy()
    expected[mask & TRUE], expected[mask & ~TRUE], expected[TRUE & ~mask] = BOTH, EXTRA, MISSED
    np.testing.assert_array_equal(shown, enlarged(expected))
    counts = visit.page.locator(".counts li").all_inner_texts()
    assert [text.strip() for text in counts] == ["true positive 6 px", "false positive 6 px", "false negative 6 px"]
    assert visit.page.get_by_role("row", name="SAM <1>").inner_text().split()[2:4] == ["0.333", "0.500"]


def test_outlines_lie_on_both_sides_of_the_border(index, visit):
    shown = seen(visit, index, f"{NODULE}&v.view=8,5,3&v.prompts=off")
    row, left, right = 8 * 3 + 4, 8 * 2, 8 * 6
    assert [tuple(shown[row, x]) for x in (left - 1, left, right - 1, right)] == [TRUTH, MASK, MASK, TRUTH]
    np.testing.assert_array_equal(shown[row, left + 2 : right - 2], np.tile(IMAGE[3, 3], (right - left - 4, 1)))
    np.testing.assert_array_equal(shown[row, : left - 2], np.tile(IMAGE[0, 0], (left - 2, 1)))


def test_the_window_maps_greys(index, visit):
    shown = seen(visit, index, f"{NODULE}&look=image&v.view=8,5,3&v.prompts=off&v.level=40&v.width=60")
    expected = np.clip((IMAGE / 255 - 0.1) / 0.6, 0, 1) * 255
    np.testing.assert_allclose(shown, enlarged(expected), atol=1)
    visit.page.get_by_role("button", name="Reset").click()
    expect(visit.page.locator(".stage canvas").first).to_have_css("filter", "none")


def test_pixels_have_their_physical_shape(tmp_path, visit):
    """Spacing of 0.5 mm along y and 0.25 mm along x."""
    index = explored(tmp_path, only="heart") / "index.html"
    state = "o=heart/b:cell&at=sam@mode1.first&look=image&v.view=8,5,3&v.prompts=off"
    shown = seen(visit, index, state, times=(16, 8))
    labels = block(0, 0, 3, 1) | block(6, 2, 7, 3)
    np.testing.assert_array_equal(shown, enlarged(np.where(labels[:, ::-1, None], 200, 50).repeat(3, 2), 16, 8))


def test_methods_side_by_side_move_in_step(index, visit):
    state = f"{NODULE}&w=boxes,sam&v.s=mode3.first&look=image&v.view=8,5,3&v.prompts=off"
    shown = seen(visit, index, state)
    page = visit.page
    page.add_style_tag(content=".said { display: none }")  # that one of them has no mask
    stages = page.locator(".stage")
    expect(stages).to_have_count(2)
    stages.nth(0).hover()
    page.mouse.wheel(0, -100)
    page.wait_for_function("location.hash.includes('v.view=9.77')")
    page.mouse.down()
    page.mouse.move(*(value + 30 for value in centre(stages.nth(0))))
    page.mouse.up()
    page.wait_for_function("!location.hash.includes('9.77122,5,3')")
    first, second = (cut(stages.nth(number)) for number in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape[0] > shown.shape[0]
    page.get_by_role("button", name="Object").click()
    page.wait_for_function("!location.hash.includes('v.view')")


def centre(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_clicks_by_keys_and_slider(index, visit):
    page = visit.open(index, "o=chest/c:nodule&at=sam@iterative.corrected.1.first&w=sam")
    label = lambda words: expect(page.locator(".stage")).to_have_attribute("aria-label", re.compile(words))  # noqa: E731
    label("^SAM <1>, 1 click, corrected, first mask: IoU 0.333, Dice 0.500")
    page.keyboard.press("ArrowRight")
    label("^SAM <1>, 2 clicks, corrected, first mask: IoU 0.600, Dice 0.750")
    page.wait_for_function("location.hash.includes('k=2')")
    page.keyboard.press(".")  # there is no third one
    page.get_by_label("Click", exact=True).fill("0")
    label("1 click,")
    expect(page.get_by_role("region", name="IoU after each click")).to_contain_text("0.3330.600")
    page.get_by_role("combobox", name="Mask that counts").select_option("oracle")
    label("1 click, corrected, oracle")
    page.get_by_role("combobox", name="Prompt").select_option(label="no prompt")
    label("no prompt, ")


def test_candidates_with_what_was_predicted_and_what_is_true(index, visit):
    page = visit.open(index, NODULE)
    masks = page.get_by_role("group", name="Masks of this prompt").get_by_role("button")
    expect(masks).to_have_count(3)
    assert [" ".join(text.split()) for text in masks.all_inner_texts()] == [
        "Mask 1 predicted IoU 0.500, true IoU 1.000 first mask, oracle",
        "Mask 2 predicted IoU 0.250, true IoU 0.600",
        "Mask 3 predicted IoU 0.875, true IoU 0.333 highest predicted IoU",
    ]
    page.keyboard.press("ArrowRight")
    expect(masks.nth(1)).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("location.hash.includes('v.c.sam=2')")
    masks.nth(2).click()
    expect(page.locator(".stage")).to_have_attribute(
        "aria-label", re.compile("IoU 0.333, Dice 0.500, predicted IoU 0.875")
    )


def test_methods_that_give_no_mask_say_why(tmp_path, visit):
    index = explored(tmp_path, only="heart") / "index.html"
    page = visit.open(index, "o=heart/p1%20%22z%22/1%23%C3%A4:cell&w=sam,boxes&at=sam@mode1.first")
    expect(page.locator(".stage").nth(1)).to_contain_text("no mask: method failed: SAM raised ValueError; see the log")
    expect(page.locator(".stage").nth(0)).to_contain_text("this method does not take this prompt")
    assert visit.inaccessible() == []


def test_an_object_whose_picture_was_left_out_has_its_numbers(tmp_path, visit):
    files = write_run(tmp_path, only="heart")
    build(tmp_path / "explorer", **{**files, "run": about(["heart"], most=(100, 1))})
    page = visit.open(tmp_path / "explorer/index.html", "o=heart/b:cell&w=sam,boxes&at=sam@mode1.best_score")
    expect(page.locator(".viewer")).to_contain_text("The picture of this object is not in this explorer.")
    expect(page.get_by_role("row", name="SAM <1>")).to_contain_text("0.0000.000")
    expect(page.get_by_role("row", name="Boxes filled")).to_contain_text("this method does not take this prompt")
    expect(page.locator(".stage")).to_have_count(0)


@pytest.mark.parametrize(("width", "look"), [(1200, "outline"), (400, "errors")])
def test_fit_for_all_readers(index, visit, width, look):
    page = visit.open(index, f"{NODULE}&w=sam,boxes&v.s=iterative.corrected.2.first&look={look}", width=width)
    expect(page.locator(".stage")).to_have_count(2)
    assert visit.inaccessible() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
