"""The declarations of the figures, their captions, and the rules that draw them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from promptseg.figures.catalogue import CAPTIONS, FIGURES, declared, names_of_run
from promptseg.report.gallery import caption_html

WORKFLOW = Path(__file__).resolve().parents[2] / "workflow"
RULES = {path.stem: path.read_text(encoding="utf-8") for path in (WORKFLOW / "rules").glob("*.smk")}
VALUES = {"dataset": ["heart", "chest"], "method": ["cut", "sam_x"], "protocol": ["corrected"], "volumes": ["heart"]}


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_every_figure_has_a_caption_that_both_reports_can_show(figure):
    text = figure.caption_file.read_text(encoding="utf-8")
    assert "{{" not in text  # the page has no Snakemake to fill it in
    assert caption_html(figure.caption_file).startswith("<p>")


def test_every_caption_is_used():
    used = {figure.caption_file for figure in FIGURES.values()}
    assert used == set(CAPTIONS.iterdir())
    named = {name for text in RULES.values() for name in re.findall(r'caption="../report/(.*?)"', text)}
    others = {path.name for path in CAPTIONS.parent.iterdir() if path.is_file()}
    assert others == named | {"workflow.rst"}


def test_every_figure_is_drawn_by_one_rule():
    text = "".join(
        RULES[name] for name in ("figures", "pictures", "protocols", "equivalence", "trust", "users", "volumes")
    )
    calls = re.findall(r"\*\*drawn\((.*?)\)", text, re.DOTALL)
    assert sorted(name for call in calls for name in re.findall(r'"(\w+)"', call)) == sorted(FIGURES)


def test_the_tables_behind_a_figure_are_those_that_its_rule_reads():
    rules = [
        part
        for stage in ("figures", "protocols", "equivalence", "trust", "users", "volumes")
        for part in RULES[stage].split("\nrule ")[1:]
    ]
    for rule in rules:
        named = re.findall(r"=rules\.\w+\.output\.(\w+)|<results>/tables/(\w+)\.csv", rule)
        read = {f"{table or other}.csv" for table, other in named}
        read |= {"published.csv"} if "=PUBLISHED" in rule else set()
        drawn = re.search(r"\*\*drawn\((.*?)\)", rule, re.DOTALL)
        for stem in re.findall(r'"(\w+)"', drawn[1] if drawn else ""):
            assert set(FIGURES[stem].tables.split()) <= {*read, "scores.parquet", "volume_scores.parquet"}, stem


def test_file_names_of_a_run():
    plain = names_of_run(VALUES, [])
    assert {"modes", "modes_published", "examples_heart", "distributions_sam_x", "clicks_mean_corrected"} <= set(plain)
    whole = names_of_run(VALUES, ["ambiguity", "everything", "robustness"])
    assert set(whole) - set(plain) == {
        *("robustness", "candidates", "calibration", "recall"),
        *(f"{stem}_{name}" for stem in ("ambiguity", "everything") for name in VALUES["dataset"]),
    }
    assert len(set(whole)) == len(whole)
    of_volumes = ["routes", "retention", "overrun", "volume_strips_heart"]
    assert [name for name in names_of_run(VALUES, ["volumes"]) if name not in plain] == of_volumes


def test_a_file_name_leads_back_to_its_figure():
    for name in names_of_run(VALUES, ["ambiguity", "everything", "robustness", "volumes"]):
        figure, value = declared(name)
        assert figure.name(value) == name
    assert declared("clicks_mean_published") == (FIGURES["clicks_mean_published"], "")
    with pytest.raises(KeyError, match="unknown"):
        declared("unknown")


def test_labels_name_the_dataset_or_keep_the_wildcard():
    assert FIGURES["extremes"].labels_of("heart")["dataset"] == "heart"
    assert FIGURES["clicks_mean"].labels_of("{protocol}")["source"] == "this run, {protocol}"
    assert FIGURES["modes"].labels_of("")["source"] == "this run"


def test_page_and_catalogue_start_without_matplotlib():
    code = "import sys, promptseg.report.page; print({'torch', 'matplotlib', 'monai'} & set(sys.modules))"
    scripts = WORKFLOW / "scripts"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=scripts, check=True)
    assert done.stdout.strip() == "set()"
