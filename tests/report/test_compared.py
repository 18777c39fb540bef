"""The comparison of two runs as a whole: folder, page, sentences."""

import re

import pytest

from promptseg.analysis.compare.tables import TABLES
from promptseg.core.errors import PromptsegError
from promptseg.figures.catalogue import COMPARED_FIGURES, COMPARED_TABLES, comparison
from promptseg.report.compared import Options, compare_runs
from support.compared import FACTS, rows_of, write_run

SAME = {"d": dict.fromkeys(["i1", "i2", "i3", "i4"], "0")}
FEW = Options(resamples=100)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs: `m` differs, `n` is `renamed` in B, one object is lost, and one image has other pixels."""
    folder = tmp_path_factory.mktemp("runs")
    a = write_run(folder / "a", rows_of() + rows_of(method="n"), {"m/d": FACTS, "n/d": FACTS | {"seed": 7}}, SAME)
    rows = rows_of({"i1": 0.3, "i2": None}) + rows_of(method="renamed")
    theirs = {"m/d": FACTS, "renamed/d": FACTS | {"seed": 8}}
    return a, write_run(folder / "b", rows, theirs, {"d": SAME["d"] | {"i4": "1"}})


@pytest.fixture(scope="module")
def outcome(runs, tmp_path_factory):
    return compare_runs(*runs, tmp_path_factory.mktemp("out"), FEW)


def test_it_writes_what_the_rule_declares(outcome):
    folder = outcome.page.parent
    assert [*(table.name for table in TABLES), "README.md"] == COMPARED_TABLES
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    figures = {f"figures/{name}.{ending}" for name in COMPARED_FIGURES for ending in ("pdf", "png")}
    assert written == {"index.html", *figures, *(f"tables/{name}" for name in COMPARED_TABLES)}
    assert "## differences.csv" in (folder / "tables" / "README.md").read_text()


def test_it_says_what_was_not_compared_and_why(outcome):
    assert outcome.sentences == [
        "Data: the pixels of 1 image differ between the runs. Their objects are not compared: scores of different "
        "images are no pairs.",
        "1 object (1 rows) is in A only.",
        "The method 'renamed' of B is compared with 'n' of A, since adapter, options and weights are the same.",
    ]
    assert outcome.frame().to_numpy().tolist() == [["Method M", "+0.050"], ["Method N", "0"]]


def test_the_page_stands_alone_and_shows_no_machine_names(outcome):
    page = outcome.page.read_text()
    assert not re.search(r'(src|href)="(?!#|data:)', page)
    assert page.count('src="data:image/png;base64,iVBOR') == 2  # without images there are no examples
    assert '<p class="warn">Data: the pixels of 1 image differ' in page
    text = re.sub(
        r"<style>.*?</style>|<code>.*?</code>|<div class=\"facts\">.*?</div>|<[^>]*>", " ", page, flags=re.DOTALL
    )
    assert not re.findall(r"\b\w+_\w+\b|\bmode\d\b", text)
    assert "+0.100" in page.split('id="changed"')[1]
    assert ">seed<" in page.split('id="settings"')[1]


def test_equal_comparisons_give_equal_bytes(runs, outcome, tmp_path):
    again = compare_runs(*runs, tmp_path, FEW)
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        assert path.read_bytes() == (outcome.page.parent / path.relative_to(tmp_path)).read_bytes(), path
    assert again.sentences == outcome.sentences


def test_equal_runs(runs, tmp_path):
    found = compare_runs(runs[0], runs[0], tmp_path, FEW)
    assert found.sentences == [
        "The runs are equal: all 8 scores that both have are the same, in every metric. Nothing was scored in one of "
        "them only, in the settings that both have."
    ]
    assert found.frame().to_numpy().tolist() == [["Method M", "0"], ["Method N", "0"]]
    assert "None: no object" in found.page.read_text()


def test_methods_can_be_paired_by_hand(runs, tmp_path):
    found = compare_runs(*runs, tmp_path, Options(pair={"m": "renamed"}, resamples=100))
    assert "The method 'renamed' of B is compared with 'm' of A, as you said (--pair m=renamed)." in found.sentences


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(by=("sex",)), "have no column sex. They have dataset, task"),
        (Options(pair={"x": "m"}), r"has no method x. It has m, n\."),
    ],
)
def test_what_is_not_there_is_an_error(runs, tmp_path, options, message):
    with pytest.raises(PromptsegError, match=message):
        compare_runs(*runs, tmp_path / "out", options)
    assert not (tmp_path / "out").exists()


def test_runs_without_a_common_object_are_an_error(runs, tmp_path):
    other = write_run(tmp_path / "other", rows_of(method="x", mode="mode5"), {"x/d": {}})
    with pytest.raises(PromptsegError, match="have no object in a common setting: nothing to compare"):
        compare_runs(runs[0], other, tmp_path / "out")
    elsewhere = write_run(tmp_path / "elsewhere", rows_of(dataset="e"))
    with pytest.raises(PromptsegError, match=r"have no dataset in common: .*a has d; .*elsewhere has e\."):
        compare_runs(runs[0], elsewhere, tmp_path / "out")


def test_the_folder_is_named_after_both_runs():
    assert str(comparison("results", "runs/x")) == "compare/results-x"
    assert str(comparison("/one/results", "/two/results")) == "compare/one-two"
