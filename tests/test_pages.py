"""The report page and the table in the terminal."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic

from promptseg.aggregate import aggregate
from promptseg.pages import build_page, failures_table
from promptseg.plotting import style
from promptseg.show import main, main_table, read_summary
from promptseg.tables import SCORES, write_table

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "resources" / "published" / "mazurowski2023.csv"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with tables and one figure; one image could not be read."""
    folder = tmp_path_factory.mktemp("results")
    scores, speeds = synthetic.write_run(folder)
    broken = {"dataset": "zz_broken", "method": "grabcut", "image_id": "case<1>", "case_id": "case<1>"}
    scores.append(folder / "scores" / "grabcut" / "zz_broken.parquet")
    write_table(scores[-1], [broken | {"status": "unreadable: truncated"}], SCORES)
    names = ("summary", "statistics", "published", "claims", "throughput")
    outputs = {name: folder / "tables" / f"{name}.csv" for name in names}
    outputs["scores"] = folder / "tables" / "scores.parquet"
    aggregate(scores, speeds, PUBLISHED, outputs, synthetic.DATASETS, synthetic.METHODS, 50, 0)
    figures = folder / "figures"
    for name in ("examples_chest_xray", "modes"):
        style.save(style.message(name, "A sentence."), figures / f"{name}.pdf", figures / f"{name}.png")
    return folder, outputs


def build(results, output, title="Results of a run"):
    folder, tables = results
    figures = [folder / "figures" / "examples_chest_xray.png", folder / "figures" / "modes.png"]
    configuration = {"device": "cpu", "run": {"datasets": ["chest_xray"]}}
    build_page(tables, figures, output, title, configuration, synthetic.DATASETS, synthetic.METHODS)
    return output.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(results, tmp_path_factory):
    return build(results, tmp_path_factory.mktemp("page") / "index.html")


def test_page_stands_alone(page):
    assert page.startswith("<!DOCTYPE html>")
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert page.count('src="data:image/png;base64,iVBOR') == 2


def test_page_holds_every_part(page):
    for part in (
        "results",
        "figures",
        "clicks",
        "tasks",
        "means",
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
    head = page[page.index('id="results"') : page.index('id="figures"')]
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


def test_table_in_the_terminal(results, capsys):
    folder, outputs = results
    table = main_table(read_summary(outputs["summary"])).set_index(["method", "selection"])
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
