"""Speed and memory from the files of the jobs."""

import json

import pandas as pd

from promptseg.analysis.columns import made
from promptseg.analysis.throughput import THROUGHPUT, throughput
from promptseg.core.tables import read_csv, write_csv


def test_throughput(tmp_path):
    path = tmp_path / "sam" / "heart.throughput.json"
    path.parent.mkdir()
    facts = {
        "images": 10,
        "objects": 30,
        "predictions": 90,
        "encode_seconds": 1,
        "decode_seconds": 2,
        "wall_seconds": 4,
    }
    facts |= {"everything_seconds": 0.25, "start_seconds": 7.5, "queue_seconds": 90.0}
    path.write_text(json.dumps(facts | {"peak_memory_mb": 100, "device": "cpu"}))
    line = throughput([path]).iloc[0]
    assert (line["dataset"], line["method"]) == ("heart", "sam")
    assert (line["images_per_second"], line["objects_per_second"]) == (2.5, 7.5)
    assert (line["idle_seconds"], line["start_seconds"], line["queue_seconds"]) == (0.75, 7.5, 90.0)
    assert line["busy_share"] == 0.8125


def test_throughput_of_files_with_different_keys(tmp_path):
    old = {"images": 3, "objects": 6, "predictions": 9, "wall_seconds": 0.0, "device": "cpu"}
    new = {"images": 4, "objects": 4, "predictions": 8, "prompts": 5, "wall_seconds": 2.0, "precision": "bf16"}
    new |= {"device": "cuda", "peak_gpu_memory_mb": 900.0, "checked_images": 2, "iou_difference": -0.125}
    paths = []
    for name, facts in (("old", old), ("new", new), ("silent", {})):
        paths.append(tmp_path / name / "heart.throughput.json")
        paths[-1].parent.mkdir()
        paths[-1].write_text(json.dumps(facts))
    table = throughput(paths)
    assert list(table.columns) == made(THROUGHPUT)
    write_csv(tmp_path / "throughput.csv", table.assign(provenance="p"), THROUGHPUT)
    assert (tmp_path / "throughput.csv").read_text().splitlines()[1:] == [
        "heart,new,4,4,8,5,,,2.000000,,,,,2.000000,2.000000,,900.000000,cuda,bf16,,,2,-0.125000,,p",
        "heart,old,3,6,9,,,,0.000000,,,,,,,,,cpu,,,,,,,p",
        "heart,silent,,,,,,,,,,,,,,,,,,,,,,,p",
    ]
    read = read_csv(tmp_path / "throughput.csv", THROUGHPUT)
    assert read["images"].tolist() == [4, 3, pd.NA]
    assert read["prompts"].isna().tolist() == [False, True, True]
    assert read["precision"].tolist() == ["bf16", "", ""]
    assert read["iou_difference"].iloc[0] == -0.125


def test_throughput_of_nothing(tmp_path):
    write_csv(tmp_path / "throughput.csv", throughput([]).assign(provenance=""), THROUGHPUT)
    assert read_csv(tmp_path / "throughput.csv", THROUGHPUT).empty
