"""Mirroring, zoom-in, cascade and lockstep around click networks, with a stand-in for a network."""

import numpy as np
import pytest
import torch

from promptseg.methods import Prompt, Query
from promptseg.methods.click_tensors import image_tensor, paste, resize
from promptseg.methods.clicking import ClickPredictor, ClickState
from promptseg.methods.networks.clickmaps import disk_maps
from promptseg.methods.regions import ZoomIn, clamped, expanded, occupied


def mask(shape, roi):
    empty = torch.zeros(shape, dtype=torch.bool)
    empty[roi[0] : roi[1] + 1, roi[2] : roi[3] + 1] = True
    return empty


class Blobs:
    """Objects around the positive clicks, some of the image and of the previous mask; counts what it is asked."""

    def __init__(self):
        self.inputs = []

    def __call__(self, image, points):
        self.inputs.append((image, points))
        size = tuple(image.shape[2:])
        near = disk_maps(points, size, max(size) / 6)
        return 6 * near[:, :1] - 6 * near[:, 1:] + image[:, :1] + 2 * image[:, 3:] - 3

    @property
    def batches(self):
        return [tuple(image.shape) for image, _ in self.inputs]


def picture(*size, seed=0):
    return image_tensor(np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8), "cpu")


def clicked(image, *clicks, state=None):
    """Clicks are (x, y, positive)."""
    table = np.array(clicks)
    return Query(image, Prompt(table[:, :2], table[:, 2]), state)


SIMPLE = ZoomIn(target_size=(64, 48), skip_clicks=-1)
PREDICTORS = {
    "ritm": lambda network, **more: ClickPredictor(network, ZoomIn(target_size=60, min_crop_size=20), **more),
    "simpleclick": lambda network, **more: ClickPredictor(network, SIMPLE, **more),
    "cfr_icl": lambda network, **more: ClickPredictor(network, SIMPLE, cascade_steps=5, **more),
    "focalclick": lambda network, **more: ClickPredictor(
        network,
        ZoomIn(target_size=None, min_crop_size=10, recompute_thresh_iou=None, prob_thresh=0.49),
        flip=False,
        infer_size=(32, 32),
        **more,
    ),
    "bare": lambda network, **more: ClickPredictor(network, None, flip=False, **more),
}


def mixed_queries():
    """Images of several sizes, with objects at the border, all numbers of clicks, and states of other objects."""
    wide, tall, tiny = picture(50, 80), picture(90, 60, seed=1), picture(16, 16, seed=2)
    found = ClickState(mask((50, 80), (0, 12, 70, 79)).float() * 0.9, None)
    looked = ClickState(mask((50, 80), (10, 30, 20, 60)).float() * 0.9, (5, 35, 10, 70))
    nothing = ClickState(torch.full((50, 80), 0.2), (5, 35, 10, 70))
    small = ClickState(mask((16, 16), (0, 0, 15, 15)).float(), None)
    return [
        clicked(wide, (79, 0, 1)),
        clicked(wide, (79, 0, 1), (0, 49, 0), state=found),
        clicked(wide, (40, 20, 1), (70, 45, 1), (1, 1, 0), state=looked),
        clicked(wide, (40, 20, 1), state=looked),
        clicked(wide, (40, 20, 1), (3, 3, 0), state=nothing),
        clicked(wide, (40, 20, 0)),
        clicked(tall, (30, 40, 1)),
        clicked(tall, (30, 40, 1), (20, 80, 1), (50, 50, 0), (1, 2, 1)),
        clicked(tiny, (8, 8, 1)),
        clicked(tiny, (15, 0, 1), (0, 15, 0), state=small),
    ]


@pytest.mark.parametrize("kind", PREDICTORS)
def test_an_answer_does_not_depend_on_the_batch(kind):
    queries = mixed_queries()
    together = PREDICTORS[kind](Blobs()).step(queries)
    apart = [PREDICTORS[kind](Blobs(), batch=1).step([query])[0] for query in queries]
    assert len(together) == len(queries)
    for number, (one, other) in enumerate(zip(together, apart, strict=True)):
        assert one.state.roi == other.state.roi, number
        assert one.calls == other.calls, number
        assert tuple(one.state.probability.shape) == tuple(queries[number].image.shape[1:])
        assert one.state.probability.dtype == torch.float32
        assert 0 <= one.state.probability.min() <= one.state.probability.max() <= 1
        torch.testing.assert_close(one.state.probability, other.state.probability, atol=1e-6, rtol=0, msg=str(number))


def test_inputs_of_one_size_share_a_pass_and_batches_have_a_limit():
    image, other = picture(30, 40), picture(30, 40, seed=1)
    queries = [clicked(image, (5, 5, 1)), clicked(other, (9, 9, 1)), clicked(image, (7, 7, 1), (1, 1, 0))]
    network = Blobs()
    ClickPredictor(network, ZoomIn()).step(queries)
    assert network.batches == [(6, 4, 30, 40)]  # each with its mirror image
    network = Blobs()
    ClickPredictor(network, ZoomIn(), flip=False, batch=2).step(queries)
    assert network.batches == [(2, 4, 30, 40), (1, 4, 30, 40)]


def test_large_inputs_do_not_share_a_pass_on_a_cpu():
    network, image = Blobs(), picture(1200, 1400)
    ClickPredictor(network, ZoomIn()).step([clicked(image, (5, 5, 1)), clicked(image, (9, 9, 1))])
    assert network.batches == [(2, 4, 1200, 1400)] * 2


def test_equal_queries_share_a_pass():
    image, network = picture(30, 40), Blobs()
    predictor = ClickPredictor(network, SIMPLE, flip=False, cascade_steps=5)
    queries = [clicked(image, (5, 5, 1)), clicked(image, (9, 9, 1)), clicked(image, (5, 5, 1))]
    answers = predictor.step(queries)
    assert {size[0] for size in network.batches} <= {1, 2}
    assert torch.equal(answers[0].state.probability, answers[2].state.probability)
    assert answers[0].calls == answers[2].calls
    assert not torch.equal(answers[0].state.probability, answers[1].state.probability)
    network.inputs.clear()
    again = [clicked(image, (5, 5, 1), (20, 20, 0), state=state) for state in (answers[0].state, None)]
    predictor.step(again)
    assert network.batches == [(2, 4, 64, 48)]


def test_nothing_is_asked_for_nothing():
    assert ClickPredictor(Blobs(), ZoomIn()).step([]) == []


def test_queries_are_left_as_they_are():
    queries = mixed_queries()
    kept = [
        (
            r.image.clone(),
            r.prompt.points.copy(),
            r.prompt.labels.copy(),
            None if r.previous is None else r.previous.probability.clone(),
        )
        for r in queries
    ]
    PREDICTORS["cfr_icl"](Blobs()).step(queries)
    for query, (image, points, labels, probability) in zip(queries, kept, strict=True):
        assert torch.equal(query.image, image)
        assert (query.prompt.points == points).all()
        assert (query.prompt.labels == labels).all()
        assert probability is None or torch.equal(query.previous.probability, probability)


def test_mirror_images_are_averaged():
    """A network that only sees the left half gives both halves half of what it sees."""

    def left(image, points):
        logits = torch.zeros(len(image), 1, *image.shape[2:])
        logits[..., : image.shape[3] // 2] = 2.0
        return logits

    answer = ClickPredictor(left, None).step([clicked(picture(4, 6), (1, 1, 1))])[0]
    torch.testing.assert_close(answer.state.probability, torch.full((4, 6), 1.0).sigmoid())


def test_the_mirror_image_has_mirrored_clicks():
    network = Blobs()
    ClickPredictor(network, None).step([clicked(picture(10, 20), (3, 7, 1), (19, 0, 0))])
    _, points = network.inputs[0]
    np.testing.assert_array_equal(points[:, :, :2], [[(7, 3), (0, 19)], [(7, 16), (0, 0)]])


def test_the_first_click_sees_the_image_as_it_is_and_the_next_one_the_object():
    network, image = Blobs(), picture(300, 420)
    predictor = ClickPredictor(network, ZoomIn(), flip=False)
    state = predictor.step([clicked(image, (210, 150, 1))])[0].state
    assert state.roi is None
    found = occupied([state.probability > 0.5])[0]
    answer = predictor.step([clicked(image, (210, 150, 1), (215, 140, 0), state=state)])[0]
    assert answer.state.roi == clamped(expanded(found, 1.4, 200), (300, 420))
    assert network.batches[0] == (1, 4, 300, 420)
    assert max(network.batches[1][2:]) == 400
    first, last, left, right = answer.state.roi
    outside = answer.state.probability.clone()
    outside[first : last + 1, left : right + 1] = 0
    assert outside.max() == 0
    # The previous mask is cropped with the image.
    previous = network.inputs[1][0][0, 3]
    whole = state.probability[first : last + 1, left : right + 1]
    torch.testing.assert_close(previous, resize(whole[None], tuple(previous.shape))[0])


def test_a_first_click_with_a_state_is_pasted_into_its_region_though_nothing_was_cropped():
    network, image = Blobs(), picture(50, 80)
    state = ClickState(torch.full((50, 80), 0.9), (5, 35, 10, 70))
    answer = ClickPredictor(network, ZoomIn(), flip=False).step([clicked(image, (40, 20, 1), state=state)])[0]
    assert network.batches == [(1, 4, 50, 80)]
    assert answer.state.roi == (5, 35, 10, 70)
    expected = torch.sigmoid(Blobs()(*network.inputs[0]))[0, 0]
    torch.testing.assert_close(answer.state.probability, paste(expected, (5, 35, 10, 70), (50, 80)))


def test_an_object_that_is_lost_leaves_the_image_uncropped():
    network, image = Blobs(), picture(50, 80)
    state = ClickState(torch.full((50, 80), 0.2), None)
    answer = ClickPredictor(network, ZoomIn(), flip=False).step([clicked(image, (9, 9, 1), (1, 1, 0), state=state)])[0]
    assert network.batches == [(1, 4, 50, 80)]
    assert answer.state.roi is None


def test_a_tiny_image():
    network, image = Blobs(), picture(16, 16)
    predictor = ClickPredictor(network, ZoomIn(), flip=False)
    state = predictor.step([clicked(image, (15, 0, 1))])[0].state
    answer = predictor.step([clicked(image, (15, 0, 1), (0, 15, 0), state=state)])[0]
    assert network.batches == [(1, 4, 16, 16), (1, 4, 400, 400)]
    assert answer.state.roi == (0, 15, 0, 15)


def test_a_state_of_another_image_is_refused():
    state = ClickState(torch.zeros(10, 10), None)
    with pytest.raises(ValueError, match=r"a state of \(10, 10\) for an image of \(16, 16\)"):
        ClickPredictor(Blobs(), ZoomIn()).step([clicked(picture(16, 16), (1, 1, 1), state=state)])


class Fading:
    """An object of full rows from the top; `rows` tells how many there are after a pass from how many before."""

    def __init__(self, rows):
        self.rows = rows
        self.asked = []

    def __call__(self, image, points):
        logits = torch.full((len(image), 1, *image.shape[2:]), -5.0)
        for index in range(len(image)):
            number = int((image[index, 3] > 0.49).any(1).sum())
            logits[index, 0, : self.rows.get(number, number)] = 5.0
        self.asked.append(len(image))
        return logits


def test_the_cascade_ends_where_the_mask_settles():
    """Rows of 20 pixels: a change of one row is small enough, one of two rows is not."""
    image = picture(10, 20)
    zoom = ZoomIn(target_size=(10, 20), skip_clicks=9)  # never zooms
    settling, moving = Fading({0: 4, 4: 5, 5: 9}), Fading({0: 2, 2: 4, 4: 6, 6: 8, 8: 10})
    settings = {"flip": False, "cascade_steps": 5}
    (answer,) = ClickPredictor(settling, zoom, **settings).step([clicked(image, (1, 1, 1))])
    assert answer.calls == 2
    assert occupied([answer.state.probability > 0.49]) == [(0, 4, 0, 19)]  # the last map, not the one before
    (answer,) = ClickPredictor(moving, zoom, **settings).step([clicked(image, (1, 1, 1))])
    assert answer.calls == 5
    assert occupied([answer.state.probability > 0.49]) == [(0, 9, 0, 19)]
    (answer,) = ClickPredictor(moving, zoom, **settings).step([clicked(image, (1, 1, 1), (2, 2, 1))])
    assert answer.calls == 1
    # The first pass changes nothing, but what it started from was another object's.
    same = ClickState(torch.cat([torch.ones(3, 20), torch.zeros(7, 20)]), None)
    (answer,) = ClickPredictor(Fading({3: 3}), zoom, **settings).step([clicked(image, (1, 1, 1), state=same)])
    assert answer.calls == 2


def test_only_what_has_not_settled_is_repeated():
    zoom, network = ZoomIn(target_size=(10, 20), skip_clicks=9), Fading({0: 4, 4: 5, 7: 9, 9: 5, 5: 5})
    image = picture(10, 20)
    slow = ClickState(torch.cat([torch.ones(7, 20), torch.zeros(3, 20)]), None)
    queries = [
        clicked(image, (1, 1, 1)),  # 4, 5
        clicked(image, (1, 1, 1), state=slow),  # 9, 5, 5
        clicked(image, (1, 1, 1), (2, 2, 0)),  # a second click
    ]
    answers = ClickPredictor(network, zoom, flip=False, cascade_steps=5).step(queries)
    assert [answer.calls for answer in answers] == [2, 3, 1]
    assert network.asked == [3, 2, 1]
