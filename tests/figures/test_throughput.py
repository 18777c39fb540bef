"""Speed and memory."""

import numpy as np
import pandas as pd
import pytest

from promptseg.analysis.throughput import THROUGHPUT
from promptseg.core.tables import write_csv
from promptseg.figures import throughput
from support import synthetic
from support.figures import legend, texts, visible

METHODS = synthetic.METHODS


def speeds(path, *rows):
    """Write throughput.csv from (method, dataset, images, encode, decode, wall, MB, further facts)."""
    names = ["method", "dataset", "images", "encode_seconds", "decode_seconds", "wall_seconds", "peak_memory_mb"]
    facts = [dict(zip(names, row[:7], strict=True)) | {"device": "cpu", "precision": "fp32"} | row[7] for row in rows]
    frame = pd.DataFrame(facts).reindex(columns=THROUGHPUT.names)
    write_csv(path, frame.assign(images_per_second=frame["images"] / frame["wall_seconds"]), THROUGHPUT)
    return path


GPU = {"device": "cuda", "precision": "bf16", "peak_gpu_memory_mb": 4096}
SPEEDS = [
    ("sam_vit_b", "chest_xray", 10, 2.0, 5.0, 8.0, 2048, GPU),
    ("sam_vit_b", "breast_us", 10, 4.0, 1.0, 20.0, 3072, GPU),
    ("grabcut", "chest_xray", 10, 0.00001, 3.0, 4.0, 512, {}),
]


def test_throughput(tmp_path):
    figure = throughput.draw(speeds(tmp_path / "t.csv", *SPEEDS), synthetic.DATASETS, METHODS)
    panels = {axis.get_title(loc="left"): axis for axis in visible(figure)}
    assert list(panels) == ["Speed", "Image encoder", "Prompts", "Peak memory"]
    assert [axis.get_xlabel() for axis in panels.values()] == [
        "images per second", "seconds per image", "seconds per image", "GB"
    ]  # fmt: skip
    assert [axis.get_xscale() for axis in panels.values()] == ["log", "log", "log", "linear"]
    labels = [label.get_text() for label in panels["Speed"].get_yticklabels()]
    assert labels == ["GrabCut\ncpu, fp32", "SAM ViT-B\ncuda, bf16"]

    def marks(panel, name):
        return [tuple(xy) for line in panels[panel].lines if line.get_label() == name for xy in line.get_xydata()]

    assert [x for x, _ in marks("Speed", "sam_vit_b images_per_second")] == pytest.approx([1.25, 0.5])
    assert [x for x, _ in marks("Image encoder", "sam_vit_b encode")] == pytest.approx([0.2, 0.4])
    assert [x for x, _ in marks("Prompts", "sam_vit_b decode")] == pytest.approx([0.5, 0.1])
    assert [x for x, _ in marks("Peak memory", "sam_vit_b memory")] == [2, 3]
    assert [x for x, _ in marks("Peak memory", "sam_vit_b gpu_memory")] == [4, 4]
    assert marks("Peak memory", "grabcut gpu_memory") == []
    assert [x for x, _ in marks("Image encoder", "grabcut encode")] == [throughput.FLOOR]
    assert {x for x, _ in marks("Speed", "sam_vit_b median images_per_second")} == {0.875}
    # Datasets keep their place within a row; methods are below one another.
    places = [y for _, y in marks("Speed", "sam_vit_b images_per_second")]
    assert places == [y for _, y in marks("Peak memory", "sam_vit_b gpu_memory")]
    assert places[0] < 1 < places[1]
    assert marks("Speed", "grabcut images_per_second")[0][1] == pytest.approx(places[0] - 1)


def test_throughput_axes_and_numbers(tmp_path):
    figure = throughput.draw(speeds(tmp_path / "t.csv", *SPEEDS), synthetic.DATASETS, METHODS)
    speed, encoder, prompts, memory = figure.axes
    assert encoder.get_xlim() == prompts.get_xlim()
    assert encoder.get_xlim()[0] < throughput.FLOOR < 0.5 < encoder.get_xlim()[1] < 2
    assert [label.get_text() for label in encoder.get_xticklabels()] == ["≤.001", ".01", ".1", "1"]
    assert [label.get_text() for label in speed.get_xticklabels()] == [".1", "1", "10"]
    assert memory.get_xlim()[0] == 0
    assert memory.get_xlim()[1] > 4
    assert speed.get_ylim() == (1.5, -0.5)
    numbers = [[text.get_text() for text in axis.texts] for axis in figure.axes]
    assert numbers == [["2.5", "0.88"], ["<0.001", "0.30"], ["0.30", "0.30"], ["0.50", "2.5\nGPU 4.0"]]


def test_throughput_legend_and_title(tmp_path):
    memory = ["filled: main memory", "hollow: memory of the GPU"]
    median = "median, also the number beside"
    figure = throughput.draw(speeds(tmp_path / "t.csv", *SPEEDS), synthetic.DATASETS, METHODS)
    assert legend(figure) == ["Chest X-ray", "Breast ultrasound", median, *memory]
    assert figure.get_suptitle() == "Speed and memory, this run"
    single = throughput.draw(speeds(tmp_path / "t.csv", SPEEDS[0]), synthetic.DATASETS, METHODS)
    assert legend(single) == memory
    assert single.get_suptitle() == "Speed and memory, this run (Chest X-ray; cuda, bf16)"
    many = [("grabcut", f"d{index}", 1, 0.1, 0.1, 1.0, 512, {}) for index in range(20)]
    assert legend(throughput.draw(speeds(tmp_path / "t.csv", *many), {}, METHODS)) == ["one of 20 datasets", median]


def test_throughput_without_numbers(tmp_path):
    """Files that lack keys, and a dataset whose images could not be read."""
    nothing = speeds(tmp_path / "t.csv", ("grabcut", "chest_xray", 0, 0.0, 0.0, 0.0, 512, {}))
    assert "No method of this run was timed" in texts(throughput.draw(nothing, synthetic.DATASETS, METHODS))
    old = {"encode_seconds": None, "wall_seconds": None, "device": None, "precision": None}
    figure = throughput.draw(speeds(tmp_path / "t.csv", (*SPEEDS[2][:7], old)), synthetic.DATASETS, METHODS)
    assert [[text.get_text() for text in axis.texts] for axis in figure.axes] == [["n/a"], ["n/a"], ["0.30"], ["0.50"]]
    assert figure.get_suptitle() == "Speed and memory, this run (Chest X-ray)"


@pytest.mark.parametrize(("values", "exponents"), [([3], (0, 1)), ([10], (1, 2)), ([0.002, 30], (-3, 2))])
def test_decades(values, exponents):
    assert throughput.decades(np.array(values)) == exponents
