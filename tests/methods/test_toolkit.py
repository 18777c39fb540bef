"""What adapters of networks build on: batches of queries of all kinds, precision, weights in a folder."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from promptseg.core.errors import PromptsegError
from promptseg.methods.batching import chunks
from promptseg.methods.toolkit import (
    Candidates,
    Prompt,
    Query,
    Settings,
    autocast,
    batches,
    in_order,
    load_state_dict,
    load_weights,
)


def query(count, *, box=False, previous=None, image="a", multimask="always"):
    points = np.arange(2 * count, dtype=np.int32).reshape(count, 2) + 1
    corners = np.array([1, 2, 30, 40 + count], np.int32) if box else None
    return Query(image, Prompt(points, np.ones(count, np.int8), corners), previous, multimask=multimask)


QUERIES = [query(2), query(0, box=True), query(1), query(2), query(2, previous="s"), query(0, box=True), query(2)]


def test_a_batch_has_queries_of_one_kind_and_is_not_too_large():
    found = [list(batch.indices) for batch in batches(QUERIES, 2)]
    assert found == [[0, 3], [6], [1, 5], [2], [4]]
    points, boxes, _, fed = batches(QUERIES, 3)
    assert points.points.tolist() == [[[1, 2], [3, 4]]] * 3
    assert points.points.dtype == np.int32
    assert (points.labels.tolist(), points.boxes, points.previous) == ([[1, 1]] * 3, None, None)
    assert (boxes.points.shape, boxes.boxes.tolist()) == ((2, 0, 2), [[1, 2, 30, 40], [1, 2, 30, 40]])
    assert fed.previous == ["s"]


def test_padding_puts_similar_numbers_of_points_together():
    queries = [query(3), query(1), query(0, box=True), query(2), query(1)]
    first, second, box = sorted(
        batches(queries, 3, pad=True), key=lambda batch: (batch.boxes is not None, len(batch) == 1)
    )
    assert list(first.indices) == [1, 4, 3]
    assert first.labels.tolist() == [[1, -1], [1, -1], [1, 1]]
    assert first.points.tolist() == [[[1, 2], [0, 0]], [[1, 2], [0, 0]], [[1, 2], [3, 4]]]
    assert (list(second.indices), second.points.shape, list(box.indices)) == ([0], (1, 3, 2), [2])


def test_what_the_method_says_is_alike():
    queries = [query(1, image="ab"), query(1, image="abc"), query(1, image="xy")]
    found = {batch.key: list(batch.indices) for batch in batches(queries, 9, alike=lambda one: len(one.image))}
    assert found == {2: [0, 2], 3: [1]}


def test_answers_come_back_in_order():
    def answer(batch):
        return [Candidates(np.full((1, 1, 1), len(one.prompt.points) > 1), states=[one]) for one in batch.queries]

    answers = in_order((batch, answer(batch)) for batch in batches(QUERIES, 2, pad=True))
    assert [answer.states[0] for answer in answers] == QUERIES
    with pytest.raises(ValueError, match="shorter"):
        in_order((batch, answer(batch)[1:]) for batch in batches(QUERIES, 2))
    assert list(batches([], 2)) == in_order([]) == []


def test_the_size_of_a_batch_may_depend_on_its_key():
    assert list(chunks([5, 1, 5, 5, 1], lambda key: 1 if key == 1 else 2)) == [
        (5, [0, 2]),
        (5, [3]),
        (1, [1]),
        (1, [4]),
    ]


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_mixed_precision_only_where_it_is_configured(precision, dtype):
    ones = torch.ones(2, 2)
    with autocast("cpu", precision):
        assert (ones @ ones).dtype == dtype


def test_weights_in_a_folder_may_have_parts(tmp_path):
    network = torch.nn.Linear(3, 2)
    settings = Settings(weights=tmp_path)
    with pytest.raises(PromptsegError, match=r"is a folder without `\.safetensors` files"):
        load_weights(network, settings)
    (tmp_path / "config.json").write_text("{}")
    weights = {"weight": torch.arange(6.0).reshape(2, 3), "bias": torch.tensor([1.0, 2.0])}
    for index, (name, value) in enumerate(weights.items()):
        save_file({name: value}, tmp_path / f"model-{index}.safetensors")
    assert load_weights(network, settings).state_dict()["weight"].equal(weights["weight"])
    assert not network.training
    translated = load_weights(network, settings, lambda found: {name: -value for name, value in found.items()})
    assert translated.bias.tolist() == [-1.0, -2.0]
    save_file({"bias": weights["bias"]}, tmp_path / "model.safetensors")
    with pytest.raises(PromptsegError, match=r"model\.safetensors holds bias again"):
        load_state_dict(tmp_path)
