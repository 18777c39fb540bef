"""The report page and the table in the terminal."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from promptseg.analysis.ablation import ABLATION
from promptseg.analysis.aggregate import aggregate
from promptseg.analysis.columns import made
from promptseg.analysis.datasets import DATASETS
from promptseg.analysis.summary import SUMMARY
from promptseg.analysis.throughput import THROUGHPUT
from promptseg.core.tables import read_csv, write_csv, write_table
from promptseg.figures import style
from promptseg.report.headline import main_table
from promptseg.report.page import (
    ablation_table,
    build_page,
    failures_table,
    precision_notes,
    throughput_table,
    unseen_table,
)
from promptseg.score.tables import SCORES
from promptseg.show import main
from support import synthetic

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "resources" / "published" / "mazurowski2023.csv"


CHEST = {"title": "Chest X-ray", "study": "Xray-Chest", "study_images": 704, "certain": "yes", "sampling": "all"}
CHEST |= {
    "status": "ok",
    "n_images": 30,
    "n_cases": 29,
    "n_failed": 0,
    "difference": -674,
    "objects_of_tasks": "lungs: 30",
}
CHEST |= {"licence": "CC0", "manifest_sha256": "0123456789abcdef"}
LEFT_OUT = {"title": "US-Nerve", "status": "needs a token", "study_images": 2323, "certain": "no"}
COUNTS = pd.DataFrame([CHEST, LEFT_OUT], columns=DATASETS.names).convert_dtypes()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with tables and one figure; one image could not be read."""
    folder = tmp_path_factory.mktemp("results")
    scores, speeds = synthetic.write_run(folder)
    broken = {"dataset": "zz_broken", "method": "grabcut", "image_id": "case<1>", "case_id": "case<1>"}
    scores.append(folder / "scores" / "grabcut" / "zz_broken.parquet")
    write_table(scores[-1], [broken | {"status": "unreadable: truncated"}], SCORES)
    names = (
        "summary",
        "statistics",
        "published",
        "claims",
        "ablation",
        "throughput",
        "contamination",
        "datasets",
        "pairs",
    )

    outputs = {name: folder / "tables" / f"{name}.csv" for name in names}
    outputs["scores"] = folder / "tables" / "scores.parquet"
    about = (synthetic.DATASETS, synthetic.METHODS, synthetic.SEEN)
    aggregate(scores, speeds, [], PUBLISHED, folder / "tables", *about, 50, 0)
    write_csv(outputs["datasets"], COUNTS, DATASETS)
    figures = folder / "figures"
    for name in ("examples_chest_xray", "modes"):
        style.save(style.message(name, "A sentence."), figures / f"{name}.pdf", figures / f"{name}.png")
    return folder, outputs


NOTES = {
    "GrabCut": "Both of them are old.",
    "Random walker": "Both of them are old.",
    "SAM ViT-B": "Not <the> largest.",
}


def build(results, output, title="Results of a run"):
    folder, tables = results
    figures = [folder / "figures" / "examples_chest_xray.png", folder / "figures" / "modes.png"]
    configuration = {"device": "cpu", "run": {"datasets": ["chest_xray"]}}
    build_page(tables, figures, output, title, configuration, synthetic.DATASETS, synthetic.METHODS, NOTES)
    return output.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(results, tmp_path_factory):
    return build(results, tmp_path_factory.mktemp("page") / "index.html")


def test_differences_between_methods_are_on_the_page(page):
    section = page.split('id="differences"')[1].split("<h2")[0]
    assert "GrabCut" in section
    assert "p (Holm)" in section


def test_notes_on_methods_stand_above_the_results(page):
    section = page.split('id="results"')[1].split("<table")[0]
    assert section.count("Both of them are old.") == 1
    assert "<b>GrabCut, Random walker</b>: Both of them are old." in section
    assert "<b>SAM ViT-B</b>: Not &lt;the&gt; largest." in section


def test_page_stands_alone(page):
    assert page.startswith("<!DOCTYPE html>")
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert page.count('src="data:image/png;base64,iVBOR') == 2


def test_page_holds_every_part(page):
    for part in (
        "results",
        "figures",
        "clicks",
        "ablation",
        "tasks",
        "means",
        "datasets",
        "contamination",
        "findings",
        "published",
        "speed",
        "failures",
        "provenance",
    ):
        assert f'<h2 id="{part}">' in page
    assert page.index("Five prompt modes, this run") < page.index("Examples: Chest X-ray")
    assert "0.6542" in page  # a published finding
    assert "CT-Spleen" in page
    assert "&#34;chest_xray&#34;" in page  # configuration


def cells(page, first):
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", line) for line in page.splitlines() if line.startswith("<tr>")]
    return next(row for row in rows if row[: len(first)] == first)


def test_page_says_where_a_method_does_not_apply(page):
    row = cells(page, ["Filled box", "first"])
    assert row[2:5] == ["17", "n/a", "n/a"]
    assert row[-3:] == ["n/a"] * 3
    assert cells(page, ["Perfect", "first"])[2:] == ["17", *["1.000"] * 8]


def test_methods_are_in_the_order_of_the_registry(page):
    head = page[page.index("<table") : page.index('id="figures"')]
    places = [head.index(f">{entry['title']}<") for entry in synthetic.METHODS.values()]
    assert places == sorted(places)


def test_failures_are_listed_and_escaped(page, results):
    assert "1 score rows failed" in page
    assert cells(page, ["zz_broken", "grabcut"])[2] == "case&lt;1&gt;"
    assert cells(page, ["zz_broken", "grabcut"])[-1] == "unreadable: truncated"
    count, table = failures_table(results[1]["scores"])
    assert (count, len(table["rows"])) == (1, 1)


def test_page_is_reproducible_and_escapes(results, page, tmp_path):
    assert build(results, tmp_path / "index.html") == page
    assert "<title>A &lt;b&gt; &amp; c</title>" in build(results, tmp_path / "index.html", "A <b> & c")


def ablated(*rows):
    """The ablation table from (method, switch, clicks, n_tasks, iou, iou_without)."""
    frame = pd.DataFrame(rows, columns=["method", "switch", "clicks", "n_tasks", "iou", "iou_without"])
    difference = frame["iou_without"] - frame["iou"]
    return frame.assign(selection="first", protocol="as_released", difference=difference)[made(ABLATION)]


ABLATED = ablated(
    ("grabcut", "click_label", 1, 4, 0.5, 0.5),
    ("grabcut", "click_label", 9, 4, 0.6, 0.55),
    ("perfect", "click_label", 1, 3, 0.25, 0.5),
    ("perfect", "error_region", 1, 4, 0.375, 0.5),
    ("perfect", "error_region", 3, 4, 0.5, 0.75),
    ("perfect", "error_region", 5, 4, 0.5, 0.25),
    ("perfect", "error_region", 9, 3, 0.5, 0.5),
)


def test_ablation_is_a_row_for_the_protocol_and_one_for_each_switch():
    table = ablation_table(ABLATED, synthetic.METHODS)
    assert table["columns"] == [
        *("method", "selection", "protocol", "tasks"),
        *("1 click", "3 clicks", "5 clicks", "9 clicks"),
    ]
    assert table["rows"] == [
        ["Perfect", "first", "as_released", "3 to 4", "0.375", "0.500", "0.500", "0.500"],
        ["Perfect", "first", "without click_label", "3", "0.500 (+0.250)", "", "", ""],
        [
            *("Perfect", "first", "without error_region", "3 to 4"),
            *("0.500 (+0.125)", "0.750 (+0.250)", "0.250 (-0.250)", "0.500 (+0.000)"),
        ],
        ["GrabCut", "first", "as_released", "4", "0.500", "", "", "0.600"],
        ["GrabCut", "first", "without click_label", "4", "0.500 (+0.000)", "", "", "0.550 (-0.050)"],
    ]


def test_ablation_on_the_page(results, page, tmp_path):
    assert "<code>run.ablation</code> was not set" in page
    folder, tables = results
    write_csv(tmp_path / "ablation.csv", ABLATED.assign(provenance=""), ABLATION)
    other = build((folder, tables | {"ablation": tmp_path / "ablation.csv"}), tmp_path / "index.html")
    assert "<code>run.ablation</code>" not in other
    assert cells(other, ["Perfect", "first", "without error_region"])[4] == "0.500 (+0.125)"
    assert other.index('id="clicks"') < other.index('id="ablation"') < other.index('id="tasks"')


def speeds(*rows):
    """A table of speeds; what a row does not name is missing."""
    frame = pd.DataFrame(rows).reindex(columns=THROUGHPUT.names)
    counts = dict.fromkeys(["images", "objects", "predictions", "prompts", "checked_images"], "Int64")
    return frame.astype(counts).fillna({"device": "", "precision": ""})


FP32 = {"dataset": "chest_xray", "method": "grabcut", "device": "cpu", "precision": "fp32", "images": 10, "prompts": 70}
BF16 = {"dataset": "chest_xray", "method": "sam_vit_b", "device": "cuda", "precision": "bf16", "images": 10}
BF16 |= {"peak_gpu_memory_mb": 3071.6, "checked_images": 8, "iou_difference": -0.002, "largest_iou_difference": 0.03}


def test_speed_shows_precision_prompts_and_gpu_memory():
    table = throughput_table(speeds(FP32, BF16), synthetic.DATASETS, synthetic.METHODS)
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    assert [(row["precision"], row["prompts"], row["peak GPU MB"]) for row in rows] == [
        ("fp32", "70", ""), ("bf16", "", "3072")
    ]  # fmt: skip
    assert "peak GPU MB" not in throughput_table(speeds(FP32), {}, {})["columns"]


def test_what_a_reduced_precision_does_to_the_iou():
    more = BF16 | {"dataset": "breast_us", "checked_images": 2, "iou_difference": 0.003, "largest_iou_difference": 0.04}
    assert precision_notes(speeds(FP32, BF16, more), synthetic.METHODS) == [
        "SAM ViT-B, bf16 against fp32 on 10 images: mean IoU changes by -0.0010, at most 0.0400 for a single mask."
    ]
    tiny = BF16 | {"checked_images": 1, "iou_difference": -0.00001, "largest_iou_difference": None}
    assert precision_notes(speeds(tiny), {}) == [
        "sam_vit_b, bf16 against fp32 on 1 image: mean IoU changes by +0.0000."
    ]
    assert precision_notes(speeds(FP32), synthetic.METHODS) == []


def test_precision_on_the_page(results, page, tmp_path):
    assert "against fp32" not in page
    folder, tables = results
    write_csv(tmp_path / "throughput.csv", speeds(FP32, BF16), THROUGHPUT)
    other = build((folder, tables | {"throughput": tmp_path / "throughput.csv"}), tmp_path / "index.html")
    assert "<p>SAM ViT-B, bf16 against fp32 on 8 images: mean IoU changes by -0.0020" in other
    assert cells(other, ["Chest X-ray", "SAM ViT-B", "cuda", "bf16"])[-1] == "3072"


def part(page, name):
    """The part of the page under a heading."""
    return page[page.index(f'<h2 id="{name}">') :].split("<h2", 2)[1]


def test_datasets_on_the_page(page):
    text = part(page, "datasets")
    assert cells(text, ["Chest X-ray", "ok", "all", "lungs: 30", "CC0"])[5:] == [
        *("30", "29", "0", "704", "-674"),
        "0123456789ab",
    ]
    assert cells(text, ["US-Nerve"])[1:] == ["needs a token", "", "", "", "", "", "", "2323?", "", ""]


def test_contamination_on_the_page(results, page, tmp_path):
    text = part(page, "contamination")
    assert cells(text, ["GrabCut", "yes"]) == ["GrabCut", "yes", "Chest X-ray", "its authors"]
    assert cells(text, ["GrabCut", "no"])[2].count(",") == 3
    assert cells(text, ["Perfect", "no"])[2:] == ["all 5", "nothing is trained"]
    assert cells(text, ["SAM ViT-B", "unknown"])[2:] == ["all 5", "no entry in the configuration"]
    everything, unseen = (cells(text, ["GrabCut", "first", which]) for which in ("all", "not seen"))
    assert (everything[3], unseen[3]) == ("17", "16")
    assert (everything[4], unseen[4]) == ("n/a", "n/a")  # mode 1
    assert re.fullmatch(r"0\.\d{3}", unseen[7])  # mode 4
    assert unseen[7] != everything[7]
    folder, tables = results
    lines = tables["contamination"].read_text().replace(",yes,", ",no,")
    (tmp_path / "contamination.csv").write_text(lines)
    other = build((folder, tables | {"contamination": tmp_path / "contamination.csv"}), tmp_path / "index.html")
    assert "No method of this run is known to have seen" in part(other, "contamination")


def test_method_that_has_seen_everything_has_no_mean_without_it(results):
    summary = read_csv(results[1]["summary"], SUMMARY)
    summary = summary[(summary["level"] != "all_unseen") | (summary["method"] != "grabcut")]
    answers = pd.DataFrame({"method": ["grabcut"], "dataset": ["chest_xray"], "answer": ["yes"], "source": [""]})
    rows = unseen_table(summary, answers, synthetic.METHODS)["rows"]
    assert rows[1] == ["GrabCut", "first", "not seen", "0", *[""] * 8]


def test_table_in_the_terminal(results, capsys):
    folder, outputs = results
    table = main_table(read_csv(outputs["summary"], SUMMARY)).set_index(["method", "selection"])
    assert table.loc[("perfect", "first")].tolist() == ["17", *["1.000"] * 8]
    assert table.loc[("grabcut", "first"), ["1", "2", "corrected, 9 clicks"]].tolist() == ["n/a"] * 3
    assert list(table.columns[-3:]) == ["corrected, 1 click", "corrected, 5 clicks", "corrected, 9 clicks"]
    assert main([str(folder)]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^sam_vit_b +oracle +17( +0\.\d{3}){8}$", printed, re.MULTILINE)
    assert str(folder / "report" / "index.html") in printed
    assert len({line.rstrip()[-1] for line in printed.splitlines() if line.startswith("perfect")}) == 1


def test_missing_results_are_explained(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert "does not exist. Run the pipeline first" in capsys.readouterr().err


def test_show_starts_without_heavy_libraries():
    code = "import sys, promptseg.show; print({'torch', 'matplotlib', 'seaborn', 'monai'} & set(sys.modules))"
    scripts = ROOT / "workflow" / "scripts"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=scripts, check=True)
    assert done.stdout.strip() == "set()"
