"""The tables of what was run."""

from promptseg.report.inventory import precision_notes, throughput_table
from support import synthetic
from support.reports import BF16, FP32, speeds


def test_speed_shows_precision_prompts_and_gpu_memory():
    table = throughput_table(speeds(FP32, BF16), synthetic.DATASETS, synthetic.METHODS)
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    assert [(row["precision"], row["prompts"], row["peak GPU MB"]) for row in rows] == [
        ("fp32", "70", ""), ("bf16", "", "3072")
    ]  # fmt: skip
    assert "peak GPU MB" not in throughput_table(speeds(FP32), {}, {})["columns"]


def test_speed_shows_what_a_job_waited_in_a_queue_if_any_did():
    waited = throughput_table(speeds(FP32 | {"queue_seconds": 90, "idle_seconds": 1.5, "start_seconds": 7.25}), {}, {})
    row = dict(zip(waited["columns"], waited["rows"][0], strict=True))
    assert (row["queue s"], row["idle s"], row["start s"]) == ("90", "1.5", "7.2")
    assert "queue s" not in throughput_table(speeds(FP32 | {"queue_seconds": 0}), {}, {})["columns"]


def test_what_a_reduced_precision_does_to_the_iou():
    more = BF16 | {"dataset": "breast_us", "checked_images": 2, "iou_difference": 0.003, "largest_iou_difference": 0.04}
    assert precision_notes(speeds(FP32, BF16, more), synthetic.METHODS) == [
        "SAM ViT-B, bf16 against fp32 on 10 images: mean IoU changes by -0.0010, at most 0.0400 for a single mask."
    ]
    tiny = BF16 | {"checked_images": 1, "iou_difference": -0.00001, "largest_iou_difference": None}
    assert precision_notes(speeds(tiny), {}) == [
        "sam vit b, bf16 against fp32 on 1 image: mean IoU changes by +0.0000."
    ]
    other = tiny | {"backend": "openvino", "precision": "fp32"}
    assert precision_notes(speeds(other), {}) == [
        "sam vit b, openvino fp32 against torch fp32 on 1 image: mean IoU changes by +0.0000."
    ]
    assert precision_notes(speeds(FP32), synthetic.METHODS) == []
