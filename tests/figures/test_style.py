"""The figures: what is drawn, with which look, at which values."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from promptseg.analysis.statistics import STATISTICS, statistics
from promptseg.analysis.study.published import read_published
from promptseg.analysis.sums import patient_sums
from promptseg.analysis.throughput import THROUGHPUT
from promptseg.core.tables import write_csv
from promptseg.figures import clicks, modes, style, throughput
from support import synthetic
from support.figures import lines, texts, visible

PUBLISHED = Path(__file__).resolve().parents[2] / "resources" / "published" / "mazurowski2023.csv"
METHODS = synthetic.METHODS


@pytest.fixture(scope="module")
def statistics_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "statistics.csv"
    rows = [
        row
        for method in METHODS
        for dataset in ("brain_tumour", "breast_us")
        for row in synthetic.rows_of(dataset, method, 1)
    ]
    write_csv(path, statistics(patient_sums(rows), 50).assign(provenance=""), STATISTICS)
    return path


# --- looks ---


def test_every_method_has_its_own_look():
    looks = style.method_looks({f"m{index}": {"title": f"M {index}"} for index in range(40)})
    assert len({(look.colour, look.marker) for look in looks.values()}) == 40
    assert looks["m3"].title == "M 3"


def test_looks_do_not_change_when_the_registry_grows():
    before = style.method_looks(METHODS)
    after = style.method_looks(METHODS | {"new": {"title": "New"}, "new_control": {"control": True}})
    assert {name: after[name] for name in METHODS} == before
    assert after["new_control"].title == "new_control"


def test_controls_are_grey_and_methods_are_not():
    looks = style.method_looks(METHODS)
    for name, entry in METHODS.items():
        colour = looks[name].colour.lstrip("#")
        grey = len({colour[0:2], colour[2:4], colour[4:6]}) == 1
        assert grey == bool(entry.get("control")), name


def test_study_s_methods_look_like_ours():
    looks = style.study_looks(METHODS)
    ours = style.method_looks(METHODS)
    assert (looks["sam"].colour, looks["sam"].marker) == (ours["sam_vit_b"].colour, ours["sam_vit_b"].marker)
    assert looks["sam"].title == "SAM"
    assert len({look.colour for look in looks.values()}) == 4


def test_task_labels():
    labels = style.task_labels([("a", "x"), ("a", "y"), ("b", "z")], {"a": {"title": "A"}, "b": {"title": "B"}})
    assert labels == {("a", "x"): "A: x", ("a", "y"): "A: y", ("b", "z"): "B"}


def test_long_labels_break_after_the_colon():
    assert style.wrap("Abdominal organs (CT): left kidney", 24) == "Abdominal organs (CT):\nleft kidney"
    assert style.wrap("short: label", 24) == "short: label"


def test_saved_files_are_reproducible_and_hold_fonts(tmp_path):
    for name in ("one", "two"):
        figure = style.message("Title", "A sentence.")
        style.save(figure, tmp_path / f"{name}.pdf", tmp_path / f"{name}.png")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert b"/FontType 3" not in (tmp_path / "one.pdf").read_bytes()
    assert b"CreationDate" not in (tmp_path / "one.pdf").read_bytes()


# --- five modes ---


def test_modes_published():
    figure = modes.draw_published(PUBLISHED, METHODS)
    (axis,) = figure.axes
    series = lines(axis)
    assert sorted(series) == sorted(f"mode{i} {kind}" for i in range(1, 6) for kind in ("first", "oracle"))
    assert all(len(points) == 29 for points in series.values())  # 28 tasks and their mean
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels[0] == "CT-Organ: Lung"
    assert labels[-2:] == ["US-Muscle", "Mean over tasks"]
    assert series["mode4 first"][:, 0].max() == pytest.approx(0.9118, abs=5e-5)
    mean = max(series["mode4 first"], key=lambda point: point[1])
    assert mean[0] == pytest.approx(0.6542, abs=5e-5)
    assert axis.get_xlim() == pytest.approx((-0.02, 1.02))


def test_order_of_the_published_tasks_is_the_study_s():
    rows = modes.published_rows(read_published(PUBLISHED))
    tasks = list(dict.fromkeys(rows.loc[rows["label"] != modes.MEAN, "label"]))
    assert modes.task_order(rows, ["sam"])[:-1] == tasks


def test_modes_of_a_run(statistics_file):
    figure = modes.draw_measured(statistics_file, synthetic.DATASETS, METHODS)
    panels = {axis.get_title(loc="left"): axis for axis in visible(figure)}
    assert list(panels) == [entry["title"] for entry in METHODS.values()]
    assert set(lines(panels["Filled box"])) == {"mode3 first", "mode4 first", "mode5 first"}
    assert set(lines(panels["Disk at click"])) == {"mode1 first", "mode2 first"}
    assert len(lines(panels["SAM ViT-B"])) == 10
    assert set(lines(panels["Perfect"])["mode1 first"][:, 0]) == {1.0}
    words = [text.get_text() for text in panels["Filled box"].texts]
    assert words == ["modes 1, 2: n/a\none mask, no oracle"]
    labels = [label.get_text() for label in visible(figure)[0].get_yticklabels()]
    assert set(labels) == {
        "Brain tumour (MRI)",
        "Breast ultrasound:\nbenign lesion",
        "Breast ultrasound:\nmalignant lesion",
        "Mean over tasks",
    }


def test_missing_values_are_not_drawn_as_zero(statistics_file):
    figure = modes.draw_measured(statistics_file, synthetic.DATASETS, METHODS)
    for axis in visible(figure):
        for points in lines(axis).values():
            assert (points[:, 0] > 0).all()


def test_modes_without_rows():
    rows = pd.DataFrame(columns=["label", "method", "mode", "selection", "iou", "note"]).astype({"iou": float})
    figure = modes.modes_figure(rows, style.method_looks(METHODS), "Title", [])
    assert "No method of this run was prompted" in texts(figure)


# --- clicks ---


def test_clicks_published():
    tasks, mean = clicks.draw_published(PUBLISHED, METHODS)
    assert len(visible(tasks)) == 28
    names = {"sam first", "sam oracle", "ritm first", "simpleclick first", "focalclick first"}
    for axis in visible(tasks):
        assert set(lines(axis)) == names
        assert axis.get_ylim() == pytest.approx((-0.02, 1.02))
    (axis,) = mean.axes
    assert lines(axis)["ritm first"][:, 1].round(4).tolist() == [
        0.1322, 0.3034, 0.4538, 0.5399, 0.5962, 0.6320, 0.6565, 0.6753, 0.6875
    ]  # fmt: skip
    assert lines(axis)["sam first"][:, 0].tolist() == list(range(1, 10))
    assert axis.get_ylabel() == "Mean IoU over 28 tasks"
    assert [text.get_text() for text in mean.legends[0].texts] == [
        "SAM, first mask", "SAM, oracle", "RITM", "SimpleClick", "FocalClick"
    ]  # fmt: skip


def test_clicks_of_a_run(statistics_file):
    tasks, mean = clicks.draw_measured(statistics_file, synthetic.DATASETS, METHODS, "corrected")
    assert {axis.get_title() for axis in visible(tasks)} == {
        "Brain tumour (MRI)", "Breast ultrasound:\nbenign lesion", "Breast ultrasound:\nmalignant lesion"
    }  # fmt: skip
    expected = {"perfect first", "click_disk first", "random_walker first", "region_growing first"}
    expected |= {"sam_vit_b first", "sam_vit_b oracle"}
    for axis in [*visible(tasks), *mean.axes]:
        assert set(lines(axis)) == expected
        assert len(axis.collections) == len(expected)  # one band a line
    looks = style.method_looks(METHODS)
    (axis,) = mean.axes
    for line in axis.lines:
        name, selection = line.get_label().split()
        assert to_hex(line.get_color()).upper() == looks[name].colour.upper()
        assert line.get_linestyle() == ("--" if selection == "oracle" else "-")
    assert "protocol corrected" in mean.get_suptitle().replace("\n", " ")


def test_line_over_fewer_tasks_says_so():
    rows = clicks.mean_rows(clicks.published_rows(read_published(PUBLISHED)))
    rows.loc[rows["method"] == "ritm", "n_tasks"] = 3
    figure = clicks.mean_figure(rows, style.study_looks(METHODS), "Title")
    assert "RITM (3 tasks)" in [text.get_text() for text in figure.legends[0].texts]


def test_clicks_of_a_protocol_that_was_not_run(statistics_file):
    for figure in clicks.draw_measured(statistics_file, synthetic.DATASETS, METHODS, "as_released"):
        assert "clicked iteratively" in texts(figure)
        assert "protocol as_released" in texts(figure).replace("\n", " ")


# --- speed and memory ---


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
    def legend(figure):
        return [text.get_text() for box in figure.legends for text in box.texts]

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
