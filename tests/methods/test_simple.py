import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.masks import iou
from promptseg.methods import Method, Prompt, Query, Scribble, Settings, adapter_class
from promptseg.methods.classical import GrabCut, RandomWalker, RegionGrowing
from promptseg.methods.controls import BoxEllipse, BoxFill, ClickDisk, LassoFill, Perfect
from promptseg.predict.trajectories import prompts_of
from promptseg.prompts.modes import PromptSettings, make_prompts

NO_POINTS = (np.zeros((0, 2), np.int32), np.zeros(0, np.int8))


def box(*corners):
    return Prompt(*NO_POINTS, box=np.array(corners, np.int32))


def clicks(*points):
    return Prompt(np.array([p[:2] for p in points], np.int32), np.array([p[2] for p in points], np.int8))


def run(method, pixels, *prompts, truth=None):
    encoded = method.encode(pixels)
    answers = method.predict([Query(encoded, prompt, truth=truth) for prompt in prompts])
    assert all(a.masks.shape == (1, *pixels.shape[:2]) and a.masks.dtype == bool for a in answers)
    return [answer.masks[0] for answer in answers]


@pytest.fixture
def bright_disk():
    """A bright disk on a dark noisy ground, and its mask."""
    y, x = np.mgrid[:60, :80]
    truth = (x - 40) ** 2 + (y - 25) ** 2 <= 15**2
    noise = np.random.default_rng(0).normal(0, 6, truth.shape)
    grey = np.clip(np.where(truth, 190, 50) + noise, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2), truth


def test_controls(bright_disk):
    pixels, truth = bright_disk
    (mask,) = run(Perfect(Settings()), pixels, box(0, 0, 1, 1), truth=truth)
    np.testing.assert_array_equal(mask, truth)
    (mask,) = run(BoxFill(Settings()), pixels, box(3, 2, 5, 2))
    assert np.argwhere(mask).tolist() == [[2, 3], [2, 4], [2, 5]]
    (mask,) = run(BoxEllipse(Settings()), pixels, box(25, 10, 55, 40))
    assert iou(mask, truth) > 0.94
    (mask,) = run(ClickDisk(Settings(options={"radius": 0.25})), pixels, clicks((40, 25, 1)))
    assert iou(mask, truth) > 0.95
    one, both = run(ClickDisk(Settings()), pixels, clicks((40, 25, 1)), clicks((40, 25, 1), (44, 25, 0)))
    assert both.sum() < one.sum()
    assert not both[25, 44]


def test_the_perfect_control_refuses_a_query_without_the_truth(bright_disk):
    truth = bright_disk[1]
    queries = [Query(bright_disk[0], box(0, 0, 1, 1), truth=known) for known in (truth, None, truth)]
    with pytest.raises(ValueError, match="a query without the truth"):
        Perfect(Settings()).predict(queries)


@pytest.mark.parametrize("corners", [(25, 10, 55, 40), (0, 0, 79, 59), (40, 25, 40, 25)])
def test_ellipse_of_any_box_touches_its_sides(bright_disk, corners):
    (mask,) = run(BoxEllipse(Settings()), bright_disk[0], box(*corners))
    x0, y0, x1, y1 = corners
    assert mask[y0 : y1 + 1, x0 : x1 + 1].any()
    assert mask.sum() == mask[y0 : y1 + 1, x0 : x1 + 1].sum()


@pytest.mark.parametrize(
    ("method", "prompt"),
    [
        (GrabCut(Settings()), box(20, 5, 60, 45)),
        (RandomWalker(Settings()), box(20, 5, 60, 45)),
        (RandomWalker(Settings()), clicks((40, 25, 1))),
        (RandomWalker(Settings(options={"working_size": 40})), clicks((40, 25, 1), (5, 50, 0))),
        (RegionGrowing(Settings(options={"tolerance": 0.2})), clicks((40, 25, 1))),
        (RegionGrowing(Settings(options={"tolerance": 0.2})), clicks((40, 25, 1), (5, 50, 0))),
    ],
)
def test_classical_methods_find_a_bright_disk_and_repeat_themselves(bright_disk, method, prompt):
    pixels, truth = bright_disk
    first, second = run(method, pixels, prompt, prompt)
    assert iou(first, truth) > 0.8
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("method", [GrabCut(Settings()), RandomWalker(Settings())])
@pytest.mark.parametrize("corners", [(0, 0, 79, 59), (7, 7, 7, 7), (0, 0, 0, 59)])
def test_extreme_boxes_do_not_break(bright_disk, method, corners):
    (mask,) = run(method, bright_disk[0], box(*corners))
    x0, y0, x1, y1 = corners
    assert mask.sum() == mask[y0 : y1 + 1, x0 : x1 + 1].sum()


@pytest.mark.parametrize("method", [RandomWalker(Settings()), RegionGrowing(Settings()), ClickDisk(Settings())])
@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 50, 3), (300, 20, 3)])
def test_clicks_in_tiny_and_flat_images_do_not_break(method, shape):
    (mask,) = run(method, np.full(shape, 100, np.uint8), clicks((0, 0, 1), (shape[1] - 1, shape[0] - 1, 0)))
    assert mask.shape == shape[:2]


BOXES = [box(10, 20, 40, 50), box(0, 0, 59, 69), box(59, 0, 59, 69)]
POINTS = [clicks((30, 35, 1)), clicks((30, 35, 1), (5, 5, 0))]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("grey", [0, 1, 100, 255])
@pytest.mark.parametrize(
    ("method", "prompts"),
    [(GrabCut(Settings()), BOXES), (RandomWalker(Settings()), BOXES + POINTS), (RegionGrowing(Settings()), POINTS)],
)
def test_a_constant_picture_gives_the_same_whatever_its_grey(method, prompts, grey):
    """The random walker divided by the standard deviation of the picture, which is 0."""
    black, other = (run(method, np.full((70, 60, 3), value, np.uint8), *prompts) for value in (2, grey))
    np.testing.assert_array_equal(black, other)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (1, 50), (50, 1), (2, 300), (5, 5), (3, 700)])
def test_pictures_of_one_or_two_values_and_any_shape(shape):
    height, width = shape
    pictures = [np.full((*shape, 3), grey, np.uint8) for grey in (0, 255)]
    pictures.append(np.random.default_rng(0).integers(0, 2, (*shape, 3), np.uint8) * 255)
    corner, centre = box(width - 1, 0, width - 1, height - 1), box(width // 4, height // 4, width // 2, height // 2)
    points = [clicks((width // 2, height // 2, 1)), clicks((0, 0, 1), (width - 1, height - 1, 0))]
    for pixels in pictures:
        run(GrabCut(Settings()), pixels, corner, centre)
        run(RandomWalker(Settings()), pixels, corner, centre, *points)
        run(RegionGrowing(Settings()), pixels, *points)


def test_adapters_are_found_by_module_or_by_file(tmp_path):
    assert adapter_class("promptseg.methods.controls:BoxFill") is BoxFill
    file = tmp_path / "mine.py"
    file.write_text(
        "from promptseg.methods import Method\n"
        "class Mine(Method):\n    prompt_types = frozenset({'box'})\n    def predict(self, queries): return []\n"
    )
    assert issubclass(adapter_class(f"{file}:Mine"), Method)


@pytest.mark.parametrize(
    ("adapter", "message"),
    [
        ("promptseg.methods.nothing:Sam", "module promptseg.methods.nothing cannot be imported"),
        ("promptseg.methods.controls:Nothing", "has no 'Nothing'"),
        ("promptseg.core.errors:PromptsegError", "is not a subclass"),
        ("no_such_file.py:Mine", "cannot be imported"),
    ],
)
def test_bad_adapters_are_explained(adapter, message):
    with pytest.raises(PromptsegError, match=message):
        adapter_class(adapter)


def drawn(truth, *modes):
    rows = make_prompts("a", truth, modes, PromptSettings())
    return [prompts_of(row)[0] for row in rows]


# The centre line of a disk is a dot, of which GrabCut makes no model of colours; seeds along the contour alone leave
# the inside to whatever the random walker meets first.
@pytest.mark.parametrize(
    ("method", "modes"),
    [
        (GrabCut, ("scribble_walk", "scribble_contour", "lasso")),
        (RandomWalker, ("scribble_centre", "scribble_walk", "lasso")),
    ],
)
def test_scribbles_and_lassos_find_a_bright_disk(bright_disk, method, modes):
    pixels, truth = bright_disk
    for mode, mask in zip(modes, run(method(Settings()), pixels, *drawn(truth, *modes)), strict=True):
        assert iou(mask, truth) > 0.85, mode


@pytest.mark.parametrize("method", [GrabCut, RandomWalker])
def test_what_a_user_draws_is_kept(bright_disk, method):
    """A scribble on the object is object and one beside it is not; nothing outside a lasso is."""
    pixels, truth = bright_disk
    on = Scribble(np.array([[35, 25], [45, 25]], np.int32), 1, 3)
    off = Scribble(np.array([[5, 5], [5, 50]], np.int32), 0, 3)
    both = Prompt(*NO_POINTS, scribbles=(off, on))
    (lasso,) = drawn(truth, "lasso")
    options = {"working_size": 80} if method is RandomWalker else {}
    first, second = run(method(Settings(options=options)), pixels, both, lasso)
    assert first[both.scribbled(truth.shape)].all()
    assert not first[both.scribbled(truth.shape, 0)].any()
    assert not (second & ~lasso.enclosed(truth.shape)).any()


@pytest.mark.parametrize("method", [GrabCut, RandomWalker, LassoFill])
def test_lines_of_tiny_objects_and_flat_images(method):
    dot = np.zeros((30, 40), bool)
    dot[4, 7] = True
    flat = np.full((30, 40, 3), 90, np.uint8)
    modes = ("lasso",) if method is LassoFill else ("scribble_centre", "lasso")
    for mask in run(method(Settings()), flat, *drawn(dot, *modes)):
        assert mask[4, 7]
    everything = np.ones((30, 40), bool)
    for mask in run(method(Settings()), flat, *drawn(everything, *modes)):
        assert mask.any()
