"""Figures of tables: series, places, labels and limits, on tables of a few rows."""

import shutil
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.testing.compare import compare_images

from promptseg.analysis.ambiguity import AMBIGUITY_MEANS, CALIBRATION
from promptseg.analysis.click_metrics import CLICK_METRICS
from promptseg.analysis.everything import EVERYTHING_MEANS
from promptseg.analysis.ranks import RANKS
from promptseg.analysis.robustness import ROBUSTNESS_MEANS, ROBUSTNESS_RANKS
from promptseg.analysis.size import CORRELATION, SIZE
from promptseg.analysis.study.comparison import COMPARISON
from promptseg.core.tables import Table, write_csv, write_table
from promptseg.figures import (
    calibration,
    click_metrics,
    comparison,
    distributions,
    everything,
    modalities,
    ranks,
    reproduced,
    robustness,
    size,
    style,
)
from promptseg.score.tables import SCORES
from support.figures import legend, lines, notes, panels, rows, texts, visible

PUBLISHED = Path(__file__).resolve().parents[2] / "resources" / "published" / "mazurowski2023.csv"
BASELINE = Path(__file__).parent / "baseline" / "style.png"
METHODS = {
    "fill": {"title": "Fill", "control": True},
    "cut": {"title": "Cut"},
    "sam_x": {"title": "SAM X", "published": "sam"},
}
LOOKS = style.method_looks(METHODS)
DATASETS = {"heart": {"title": "Heart", "modality": "mri"}, "chest": {"title": "Chest", "modality": "xray"}}


def table(path: Path, records: list[dict], declared: Table) -> Path:
    """A CSV file of some rows, empty where a row has no value; counts that it lacks are 1."""
    counts = {column.name: 1 for column in declared.columns if column.dtype == "int64"}
    write_csv(path, pd.DataFrame(records).reindex(columns=declared.names).fillna(counts), declared)
    return path


# --- one click ---

CLICKED = pd.DataFrame(
    [
        ("A", "fill", "first", 1.0),
        ("A", "cut", "first", 0.5),
        ("A", "sam_x", "first", 0.4),
        ("A", "sam_x", "oracle", 0.6),
        ("B", "fill", "first", 1.0),
        ("B", "cut", "first", 0.7),
        ("B", "sam_x", "first", 0.9),
        ("B", "sam_x", "oracle", 0.9),
    ],
    columns=["label", "method", "selection", "iou"],
).assign(ci_low=np.nan, ci_high=np.nan)


def test_comparison():
    figure = comparison.comparison_figure(CLICKED, LOOKS, "Title", ["cut", "sam_x"])
    first, oracle = figure.axes
    assert rows(first) == ["B", "A", "Mean over tasks"]
    assert lines(first)["cut"][:, 0].tolist() == pytest.approx([0.5, 0.7, 0.6])
    assert lines(first)["sam_x"][:, 0].tolist() == pytest.approx([0.4, 0.9, 0.65])
    assert lines(oracle)["sam_x"][:, 0].tolist() == pytest.approx([0.6, 0.9, 0.75])
    assert lines(oracle)["cut"][:, 0].tolist() == pytest.approx([0.5, 0.7, 0.6])  # its only mask
    fills = {line.get_label(): to_hex(line.get_markerfacecolor()) for line in oracle.lines}
    assert fills["sam_x"] == "#ffffff"
    assert fills["cut"].upper() == LOOKS["cut"].colour
    assert first.get_xlim() == pytest.approx((-0.02, 1.02))
    assert notes(first) == ["Highest in tasks: Cut 1, SAM X 1"]
    assert notes(oracle) == ["Highest in tasks: SAM X 2"]


def test_wins_need_two_methods_and_leave_ties_out():
    tied = CLICKED.assign(iou=[1, 0.5, 0.5, 0.6, 1, 0.7, 0.9, 0.9])
    assert comparison.wins(tied[tied["selection"] == "first"], ["cut", "sam_x"]) == {"sam_x": 1}
    assert comparison.wins(CLICKED[CLICKED["selection"] == "first"], ["cut"]) == {}


def test_comparison_published():
    first, oracle = comparison.draw_published(PUBLISHED, METHODS).axes
    assert len(rows(first)) == 29
    assert notes(first) == ["Highest in tasks: SAM 24, FocalClick 4"]
    assert notes(oracle) == ["Highest in tasks: SAM 26, FocalClick 2"]
    assert set(lines(first)) == {"sam", "ritm", "simpleclick", "focalclick"}


def test_comparison_of_nothing():
    figure = comparison.comparison_figure(CLICKED[:0], LOOKS, "Title", ["cut"], "corrected")
    assert "clicked iteratively under the protocol corrected" in texts(figure)


# --- modalities ---


def test_modalities_published():
    figure = modalities.draw_published(PUBLISHED, METHODS)
    found = panels(figure)
    assert list(found) == ["mode 1", "mode 2", "mode 3", "mode 4", "mode 5", "1 click", "9 clicks"]
    assert rows(figure.axes[0]) == [
        "CT 10 tasks", "MRI 9 tasks", "PET 1 task", "X-ray 3 tasks", "Ultrasound 5 tasks"
    ]  # fmt: skip
    published = pd.read_csv(PUBLISHED)
    pet = published[(published["task"] == "PET-WholeBody") & (published["mode"] == "mode4")]
    expected = pet.loc[pet["selection"] == "first", "iou"].item()
    assert lines(found["mode 4"])["sam"][2, 0] == pytest.approx(expected)
    assert set(lines(found["mode 4"])) == {"sam"}
    assert set(lines(found["9 clicks"])) == {"sam", "ritm", "simpleclick", "focalclick"}


def test_modalities_of_a_run_take_one_protocol():
    common = {"level": "task", "selection": "first", "method": "cut", "task": "t"}
    measured = pd.DataFrame(
        [
            common | {"dataset": "heart", "mode": "mode1", "protocol": "", "step": 0, "iou": 0.25},
            common | {"dataset": "heart", "mode": "iterative", "protocol": "corrected", "step": 1, "iou": 0.5},
            common | {"dataset": "chest", "mode": "iterative", "protocol": "corrected", "step": 9, "iou": 0.75},
            common | {"dataset": "chest", "mode": "iterative", "protocol": "as_released", "step": 9, "iou": 0.1},
        ]
    )
    found = modalities.measured_rows(measured, DATASETS, "corrected")
    assert found.to_numpy().tolist() == [
        ["mri", "mode1", "cut", 0.25], ["mri", "1 click", "cut", 0.5], ["xray", "9 clicks", "cut", 0.75]
    ]  # fmt: skip
    figure = modalities.modality_figure(found, LOOKS, "Title")
    assert rows(figure.axes[0]) == ["MRI 1 task", "X-ray 0 tasks"]
    assert lines(panels(figure)["9 clicks"])["cut"].tolist() == [[0.75, 1.0]]


# --- distributions ---


def scored(folder: Path, ious: dict[tuple[str, str, str], list[float]]) -> list[Path]:
    """Score files with the IoUs of (dataset, method, mode), relative areas 0.01, 0.02, ..."""
    files: dict[Path, list[dict]] = {}
    for (dataset, method, mode), values in ious.items():
        files.setdefault(folder / method / f"{dataset}.parquet", []).extend(
            {"dataset": dataset, "task": "t", "method": method, "mode": mode, "step": 0, "selection": "first"}
            | {"object_id": f"o{index}", "iou": iou, "relative_area": (index + 1) / 100, "status": "ok"}
            for index, iou in enumerate(values)
        )
    for path, content in files.items():
        write_table(path, content, SCORES)
    return list(files)


def test_distributions(tmp_path):
    values = {("heart", "cut", "mode4"): [0.1, 0.2, 0.3, 0.4, 0.9], ("chest", "cut", "mode4"): [0.8, 0.8]}
    values |= {("heart", "cut", "mode1"): [0.0, 1.0], ("heart", "sam_x", "mode4"): [0.77]}
    figure = distributions.draw(scored(tmp_path, values), "cut", DATASETS, METHODS)
    point, box = figure.axes
    assert [axis.get_title().replace("\n", " ") for axis in figure.axes] == [
        "1: one point, largest component", "4: a box around each component"
    ]  # fmt: skip
    assert rows(point) == ["Chest (2)", "Heart (5)"]
    drawn = [line.get_xdata() for line in box.lines]
    assert [0.1, 0.2, 0.3, 0.4, 0.9] in [list(values) for values in drawn]  # all points of the heart
    assert any(list(values) == [0.3, 0.3] for values in drawn)  # its median
    assert not any(0.77 in list(values) for values in drawn)  # of another method
    assert figure.get_suptitle() == "Cut: IoU of single objects, first mask"


def test_sample_keeps_the_extremes_and_the_order():
    assert distributions.sample([5, 1, 3, 2, 4], 3).tolist() == [1, 3, 5]
    assert distributions.sample([2, 1], 10).tolist() == [1, 2]


def test_distribution_without_scores(tmp_path):
    files = scored(tmp_path, {("heart", "cut", "iterative"): [0.5]})
    assert "was not prompted in modes 1 to 5" in texts(distributions.draw(files, "cut", DATASETS, METHODS))


# --- size ---


def test_size(tmp_path):
    common = {"mode": "mode4", "selection": "first", "method": "cut", "n": 3}
    bins = [
        common | {"level": level, "dataset": dataset, "bin_low": low, "bin_high": 10 * low, "iou": iou,
                  "ci_low": iou - 0.1, "ci_high": iou + 0.1}
        for level, dataset in (("all", ""), ("dataset", "heart"), ("dataset", "chest"))
        for low, iou in ((0.001, 0.4), (0.01, 0.6))
    ]  # fmt: skip
    bins += [{**bins[0], "method": "fill"}, {**bins[0], "mode": "mode1", "iou": 0.9}]
    correlations = [
        common | {"level": "all", "dataset": "", "spearman": 0.5},
        common | {"level": "dataset", "dataset": "heart", "spearman": -0.25},
    ]
    scores = scored(tmp_path, {(dataset, "cut", "mode4"): [0.1, 0.2] for dataset in ("heart", "chest")})
    paths = table(tmp_path / "b.csv", bins, SIZE), table(tmp_path / "c.csv", correlations, CORRELATION)
    figure = size.draw(*paths, scores, "mode4", DATASETS, METHODS)
    found = panels(figure)
    assert list(found) == ["All datasets", "Heart", "Chest"]
    pooled = found["All datasets"]
    assert lines(pooled)["cut"] == pytest.approx(np.array([[0.001 * 10**0.5, 0.4], [0.01 * 10**0.5, 0.6]]))
    assert len(pooled.lines[0].get_xdata()) == 4  # objects of both datasets
    assert len(found["Heart"].lines[0].get_xdata()) == 2
    assert len(pooled.collections) == 1  # the band
    assert [notes(axis) for axis in found.values()] == [["+.50", style.RHO], ["\N{MINUS SIGN}.25", style.RHO], []]
    assert pooled.get_xscale() == "log"
    assert pooled.get_ylim() == pytest.approx((-0.02, 1.02))
    assert legend(figure) == ["Cut"]
    nothing = size.draw(*paths, scores, "mode2", DATASETS, METHODS)
    assert "No object of this run was scored in this mode" in texts(nothing)


# --- published against ours ---

COMPARED = [
    {"task": "CT-Liver", "mode": "mode1", "step": 0, "selection": "first", "published": 0.5, "our_method": "sam_x",
     "n": 9, "ours": 0.6, "ci_low": 0.45, "ci_high": 0.7, "difference": 0.1, "inside": "yes"},
    {"task": "CT-Liver", "mode": "mode1", "step": 0, "selection": "oracle", "published": 0.7, "our_method": "sam_x",
     "n": 9, "ours": 0.4, "difference": -0.3},
    {"task": "CT-Liver", "mode": "iterative", "step": 1, "selection": "first", "published": 0.2, "our_method": "sam_x",
     "protocol": "corrected", "n": 9, "ours": 0.3, "ci_low": 0.25, "ci_high": 0.35, "difference": 0.1, "inside": "no"},
    {"task": "CT-Liver", "mode": "iterative", "step": 4, "selection": "first", "published": 0.2, "our_method": "sam_x",
     "protocol": "corrected", "n": 9, "ours": 0.3, "difference": 0.1},
    {"task": "CT-Colon", "mode": "mode1", "step": 0, "selection": "first", "published": 0.2},
]  # fmt: skip


def test_reproduced(tmp_path):
    figure = reproduced.draw(table(tmp_path / "p.csv", COMPARED, COMPARISON), METHODS)
    found = panels(figure)
    assert list(found) == ["SAM X, modes", "SAM X, clicks, corrected"]
    modes, clicks = found.values()
    assert lines(modes)["mode1 first"].tolist() == [[0.5, 0.6]]
    assert lines(modes)["mode1 oracle"].tolist() == [[0.7, 0.4]]
    assert lines(clicks) == {"1 clicks first": pytest.approx(np.array([[0.2, 0.3]]))}
    assert notes(modes)[0].replace("\n", " ") == (
        "2 values, mean |difference| 0.200; 1 of 1 published inside our interval"
    )
    assert "0 of 1 published inside" in notes(clicks)[0].replace("\n", " ")
    assert modes.get_xlim() == modes.get_ylim() == pytest.approx((-0.02, 1.02))
    assert legend(figure) == ["1: one point, largest component", "1 click", "filled: first mask", "hollow: oracle"]


def test_nothing_to_compare_says_so(tmp_path):
    figure = reproduced.draw(table(tmp_path / "p.csv", COMPARED[-1:], COMPARISON), METHODS)
    assert "Nothing to compare: no method of this run" in texts(figure)
    assert not figure.axes[0].lines


# --- ranks ---


def ranked(mode: str, step: int, letters: dict[str, str], **more: object) -> list[dict]:
    setting = {"mode": mode, "step": step, "selection": "first", "n_tasks": 12, "friedman_p": 0.02}
    setting |= {"critical_difference": 0.9} | more
    return [
        setting | {"method": method, "mean_rank": 1.2 + 0.7 * index, "group": group}
        for index, (method, group) in enumerate(letters.items())
    ]


def test_ranks(tmp_path):
    content = ranked("mode4", 0, {"cut": "a", "sam_x": "ab", "fill": "b"})
    for step in (1, 5, 9):
        content += ranked("iterative", step, {"cut": "a", "sam_x": "b"}, protocol="corrected", friedman_p=np.nan)
    content += ranked("mode1", 0, {"cut": "a"}) + ranked("mode3", 0, {"cut": "a", "fill": "a"}, selection="oracle")
    figure = ranks.draw(table(tmp_path / "r.csv", content, RANKS), METHODS)
    found = {axis.get_title(): axis for axis in visible(figure)}
    assert list(found) == [
        "mode 4: a box around each component\n12 tasks, Friedman p = 0.020",
        "1 click, corrected\n12 tasks",
        "9 clicks, corrected\n12 tasks",
    ]
    boxes, click, _ = found.values()
    assert {name: points[0, 0] for name, points in lines(boxes).items() if name in METHODS} == pytest.approx(
        {"cut": 1.2, "sam_x": 1.9, "fill": 2.6}
    )
    bars = [line.get_xdata().tolist() for line in boxes.lines if line.get_label() == "group"]
    assert bars == [pytest.approx([1.16, 1.94]), pytest.approx([1.86, 2.64])]
    assert [line for line in click.lines if line.get_label() == "group"] == []  # a group of one has no bar
    assert lines(boxes)["CD"][:, 0].tolist() == [1, 1.9]
    assert {"Cut 1.20", "SAM X 1.90", "2.60 Fill"} <= set(notes(boxes))


def test_ranks_of_one_method(tmp_path):
    path = table(tmp_path / "r.csv", ranked("mode4", 0, {"cut": "a"}), RANKS)
    assert "need at least two methods" in texts(ranks.draw(path, METHODS))


# --- click metrics ---

CLICK_VALUES = {"noc80": 2.5, "noc85": 3.5, "noc90": 6.0, "failed80": 0.1, "failed85": 0.2, "failed90": 0.6}
CLICK_VALUES |= {"auc": 0.7, "worse_share": 0.25, "n_images": 4, "noc90_ci_low": 5.0, "noc90_ci_high": 7.0}


def test_click_metrics(tmp_path):
    common = CLICK_VALUES | {"level": "all", "protocol": "corrected", "selection": "first"}
    records = [
        common | {"method": "sam_x"},
        common | {"method": "sam_x", "selection": "oracle", "noc80": 1.5},
        common | {"method": "cut", "auc": 0.5},
        common | {"method": "cut", "protocol": "as_released", "auc": 0.1},
        common | {"method": "cut", "level": "task", "dataset": "heart", "auc": 0.2},
    ]
    path = table(tmp_path / "m.csv", records, CLICK_METRICS)
    figure = click_metrics.draw(path, METHODS, "corrected")
    found = panels(figure)
    assert list(found) == ["Clicks to an IoU", "Never reached", "Area under the clicks", "Clicks that harm"]
    clicks, failed, area, harm = found.values()
    assert rows(clicks) == ["Cut", "SAM X, first mask", "SAM X, oracle"]
    assert lines(clicks)["2 noc80"][0, 0] == 1.5
    assert lines(clicks)["0 noc90"][0, 0] == 6
    assert len(clicks.collections) == 3  # the intervals of noc90
    assert lines(failed)["0 failed90"][0, 0] == 0.6
    assert lines(area)["0 auc"].tolist() == [[0.5, 0.0]]
    assert lines(harm)["1 worse_share"].tolist() == [[0.25, 1.0]]
    assert clicks.get_xlim() == pytest.approx((0.7, 6.3))
    assert legend(figure) == ["IoU 0.80", "IoU 0.85", "IoU 0.90", "hollow: oracle"]
    assert "under the protocol other" in texts(click_metrics.draw(path, METHODS, "other"))


# --- robustness and calibration ---


def test_robustness(tmp_path):
    def line(method, mode, kind, amount, iou, level="all"):
        return {"level": level, "method": method, "mode": mode, "kind": kind, "amount": amount, "iou": iou} | {
            "ci_low": iou - 0.1, "ci_high": iou + 0.1
        }  # fmt: skip

    records = [
        line(method, mode, kind, amount, 0.8 - amount)
        for method in ("cut", "sam_x")
        for mode, kind, amounts in (("mode3", "box_jitter", (0, 0.1)), ("mode1", "point_offset", (0, 0.5)))
        for amount in amounts
    ]
    records += [line("cut", "mode3", "box_jitter", 0, 0.1, "task"), line("cut", "mode4", "seed", 7, 0.75)]
    orders = [{"mode": "mode3", "kind": "box_jitter", "amount": 0.1, "n": 4, "changed": 0.5, "best_changed": 0.25}]
    path = table(tmp_path / "r.csv", records, ROBUSTNESS_MEANS)
    order_path = table(tmp_path / "o.csv", orders, ROBUSTNESS_RANKS)
    figure = robustness.draw(path, order_path, METHODS)
    point, box, seed, *changes = figure.axes
    assert [axis.get_xlabel() for axis in (point, box, seed)] == [label for label, _ in robustness.KINDS.values()]
    assert lines(point)["cut"] == pytest.approx(np.array([[0, 0.8], [50, 0.3]]))
    assert lines(box)["sam_x"] == pytest.approx(np.array([[0, 0.8], [10, 0.7]]))
    assert len(box.collections) == 2
    assert list(box.get_xticks()) == [0, 10]
    assert lines(seed) == {"cut": pytest.approx(np.array([[7, 0.75]]))}
    assert lines(changes[1])["changed"] == pytest.approx(np.array([[10, 0.5]]))
    assert lines(changes[1])["best_changed"] == pytest.approx(np.array([[10, 0.25]]))
    nothing = robustness.draw(table(tmp_path / "n.csv", [], ROBUSTNESS_MEANS), order_path, METHODS)
    assert "robustness: {enabled: true}" in texts(nothing)


def test_calibration(tmp_path):
    common = {"level": "all", "method": "sam_x", "mode": "mode1"}
    bins = [
        common | {"bin_low": 0.4, "bin_high": 0.5, "n": 1, "predicted": 0.45, "true": 0.3},
        common | {"bin_low": 0.9, "bin_high": 1.0, "n": 3, "predicted": 0.92, "true": 0.6},
        common | {"bin_low": 0.5, "bin_high": 0.6, "n": 0},
    ]
    sums = [common | {"spearman": 0.4, "ece": 0.3}]
    paths = table(tmp_path / "b.csv", bins, CALIBRATION), table(tmp_path / "a.csv", sums, AMBIGUITY_MEANS)
    upper, lower = calibration.draw(*paths, METHODS).axes
    assert lines(upper)["sam_x"].tolist() == [[0.45, 0.3], [0.92, 0.6]]
    (share,) = lower.patches
    assert share.get_data().values.tolist() == [0, 0, 0, 0, 0.25, 0, 0, 0, 0, 0.75]
    assert share.get_data().edges == pytest.approx(np.arange(11) / 10)
    assert notes(upper) == [f"ECE 0.30, {style.RHO} 0.40"]
    assert upper.get_xlim() == upper.get_ylim() == pytest.approx((-0.02, 1.02))
    nothing = table(tmp_path / "n.csv", [], CALIBRATION)
    assert calibration.NOTHING.replace("\n", " ") in texts(calibration.draw(nothing, paths[1], METHODS))


def test_three_candidates(tmp_path):
    columns = ["iou_first", "iou_best_score", "iou_oracle", "agreement", "grown_best_score", "grown_others"]
    records = [
        {"level": "all", "method": "sam_x", "mode": mode} | dict(zip(columns, values, strict=True))
        for mode, values in (("mode4", [0.6, 0.7, 0.8, 0.9]), ("mode1", [0.1, 0.2, 0.3, 0.4, 0.5, 0.05]))
        for values in [[*values, *[None] * (6 - len(values))]]
    ] + [{"level": "task", "method": "sam_x", "mode": "mode1", "dataset": "heart", "agreement": 0.99}]
    records[1] |= {"agreement_ci_low": 0.35, "agreement_ci_high": 0.45}
    figure = calibration.draw_candidates(table(tmp_path / "a.csv", records, AMBIGUITY_MEANS), METHODS)
    answer, agreement, similarity = panels(figure).values()
    assert rows(answer) == ["SAM X, mode 1", "SAM X, mode 4"]
    assert {name: points[0, 0] for name, points in lines(answer).items()} == {
        "0 iou_first": 0.1, "1 iou_first": 0.6, "0 iou_best_score": 0.2, "1 iou_best_score": 0.7,
        "0 iou_oracle": 0.3, "1 iou_oracle": 0.8,
    }  # fmt: skip
    assert len(agreement.collections) == 1  # one interval is known
    assert set(lines(similarity)) == {"0 grown_best_score", "0 grown_others"}  # nothing grows from a box
    nothing = calibration.draw_candidates(table(tmp_path / "n.csv", [], AMBIGUITY_MEANS), METHODS)
    assert "answers a prompt with three masks" in texts(nothing)


def test_recall_of_everything(tmp_path):
    columns = ["iou", "recall50", "recall75", "recall90", "masks_per_image", "ci_low", "ci_high"]
    record = dict(zip(columns, [0.7, 0.9, 0.5, 0.1, 40, 0.6, 0.8], strict=True))
    records = [{"level": "all", "method": "sam_x"} | record, {"level": "task", "method": "sam_x"} | record]
    path = table(tmp_path / "e.csv", records, EVERYTHING_MEANS)
    match, found, count = panels(everything.draw_recall(path, METHODS)).values()
    assert rows(match) == ["SAM X"]
    assert lines(match)["0 iou"].tolist() == [[0.7, 0]]
    assert len(match.collections) == 1
    assert [points[0, 0] for points in lines(found).values()] == [0.9, 0.5, 0.1]
    assert lines(count)["0 masks_per_image"][0, 0] == 40
    assert count.get_xlim() == pytest.approx((-1.2, 42.4))
    nothing = table(tmp_path / "n.csv", [], EVERYTHING_MEANS)
    assert everything.NOTHING in texts(everything.draw_recall(nothing, METHODS))


# --- house style ---


def difference(figure: object, folder: Path) -> str | None:
    """How a figure differs from the baseline, None where it does not."""
    made, expected = folder / "style.png", folder / "expected.png"
    figure.savefig(made, dpi=100)
    shutil.copy(BASELINE, expected)
    return compare_images(str(expected), str(made), tol=6)


def test_house_style_looks_as_before(tmp_path):
    """After a wanted change of the style the baseline is replaced by the `style.png` that this test leaves behind."""
    figure = comparison.comparison_figure(CLICKED, LOOKS, "House style", ["cut", "sam_x"])
    assert difference(figure, tmp_path) is None
    looks = {name: style.Look(look.title, "#009E73", "P") for name, look in LOOKS.items()}
    assert difference(comparison.comparison_figure(CLICKED, looks, "House style", ["cut", "sam_x"]), tmp_path)


def test_style_embeds_one_font():
    style.use()
    assert matplotlib.rcParams["font.family"] == ["DejaVu Sans"]
    assert matplotlib.rcParams["pdf.fonttype"] == 42
