"""Shards of a dataset put together again: the cost of a whole is made of the costs of its parts."""

import json
import math

import pytest

from promptseg.predict.shards import gather_throughput


def gathered(folder, *costs):
    """What `gather_throughput` writes for shards with these costs."""
    paths = [folder / f"{index}.json" for index in range(len(costs))]
    for path, cost in zip(paths, costs, strict=True):
        path.write_text(json.dumps(cost))
    gather_throughput(paths, folder / "all.json")
    return json.loads((folder / "all.json").read_text())


def test_costs_of_shards(tmp_path):
    first = {
        "encode_seconds": 1.5,
        "decode_seconds": 2.0,
        "images": 10,
        "objects": 20,
        "prompts": 100,
        "predictions": 280,
        "wall_seconds": 4.0,
        "peak_memory_mb": 500.0,
        "peak_gpu_memory_mb": 3000.0,
        "device": "cuda",
        "precision": "bf16",
        "checked_images": 8,
        "iou_difference": -0.001,
        "largest_iou_difference": 0.02,
    }
    second = first | {
        "images": 2,
        "decode_seconds": 0.5,
        "peak_memory_mb": 700.0,
        "peak_gpu_memory_mb": 2000.0,
        "checked_images": 2,
        "iou_difference": 0.009,
        "largest_iou_difference": 0.01,
    }
    assert gathered(tmp_path, first, second) == {
        "encode_seconds": 3.0,
        "decode_seconds": 2.5,
        "images": 12,
        "objects": 40,
        "prompts": 200,
        "predictions": 560,
        "wall_seconds": 8.0,
        "peak_memory_mb": 700.0,
        "peak_gpu_memory_mb": 3000.0,
        "device": "cuda",
        "precision": "bf16",
        "checked_images": 10,
        "iou_difference": pytest.approx(0.001),  # (8 * -0.001 + 2 * 0.009) / 10
        "largest_iou_difference": 0.02,
    }


def test_shards_may_lack_keys_of_others(tmp_path):
    first = {"images": 3, "device": "cpu"}
    second = {"images": 4, "prompts": 7, "peak_memory_mb": 5.0, "device": "cuda"}
    third = {"prompts": 1, "peak_memory_mb": 4.0, "device": "cpu", "checked_images": 2, "iou_difference": 0.5}
    assert gathered(tmp_path, first, second, third) == {
        "images": 7,
        "prompts": 8,
        "peak_memory_mb": 5.0,
        "device": "cpu, cuda",
        "checked_images": 2,
        "iou_difference": 0.5,
    }


def test_a_shard_without_a_comparison_does_not_spoil_the_mean(tmp_path):
    """A difference is NaN where the method answered none of the prompts of the checked images."""
    nothing = {"checked_images": 8, "iou_difference": math.nan, "largest_iou_difference": math.nan}
    some = {"checked_images": 4, "iou_difference": 0.25, "largest_iou_difference": 0.5}
    total = gathered(tmp_path, nothing, some)
    assert total == {"checked_images": 12, "iou_difference": 0.25, "largest_iou_difference": 0.5}
    assert math.isnan(gathered(tmp_path, nothing, nothing)["iou_difference"])
    assert math.isnan(gathered(tmp_path, nothing, nothing)["largest_iou_difference"])
