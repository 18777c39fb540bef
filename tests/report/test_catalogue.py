"""docs/datasets.md: current, complete, and readable as Markdown."""

import re
from pathlib import Path

import pytest
import yaml

from promptseg.analysis.study.published import read_published
from promptseg.download.origins import sources_of
from promptseg.report.catalogue import anchor, checksums, document, groups, registered, section

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "datasets.md"
STUDY = yaml.safe_load((ROOT / "config" / "paper.yaml").read_text())["run"]["datasets"]


@pytest.fixture(scope="module")
def datasets():
    return registered()


def test_document_is_current(datasets):
    command = "PYTHONPATH=workflow/scripts .venv/bin/python -m promptseg.report.catalogue > docs/datasets.md"
    assert DOCUMENT.read_text(encoding="utf-8") == document(datasets, STUDY), f"run: {command}"


def test_study_is_whole(datasets):
    published = set(read_published(ROOT / "resources" / "published" / "mazurowski2023.csv")["task"])
    assert len(STUDY) == 19
    spelt = [task for name in STUDY for task in datasets[name]["published"].values()]
    assert sorted(spelt) == sorted(published)
    assert [datasets[name]["study"]["name"] for name in STUDY] == [datasets[name]["title"] for name in STUDY]


def test_every_dataset_has_one_row_and_one_section(datasets):
    text = DOCUMENT.read_text(encoding="utf-8")
    targets = [anchor(title) for title in re.findall(r"^### (.*)$", text, re.MULTILINE)]
    assert len(set(targets)) == len(targets) == len(datasets)
    assert sorted(re.findall(r"^\| \[.*?\]\(#(.*?)\)", text, re.MULTILINE)) == sorted(targets)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.split(r"(?<!\\)\|", line)) for line in rows} == {12}


def test_groups_are_the_study_its_variants_and_the_others(datasets):
    study, variants, others = groups(datasets, STUDY).values()
    assert study == STUDY
    assert {datasets[name]["study"]["name"] for name in variants} <= {datasets[name]["title"] for name in STUDY}
    assert {"abdomen_ct", "lesions_mri"} <= set(others)
    assert sorted([*study, *variants, *others]) == sorted(datasets)


def test_document_says_where_files_come_from_and_what_is_not_known(datasets):
    for name, entry in datasets.items():
        text = "\n".join(section(name, entry))
        for source in sources_of(entry):
            for key in ("url", "id", "dataset", "competition", "collection", "sha256", "file"):
                assert str(source.get(key, "")) in text, (name, key)
            for glob in source.get("files", ()):
                assert f"`{glob}`" in text
        assert text.count("\n  * ") == len(entry["unverified"]) + len(sources_of(entry))


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ({"kind": "http", "url": "https://a.org/x.zip", "sha256": "0" * 64}, "SHA-256"),
        ({"kind": "http", "url": "https://a.org/x.zip", "md5": "0" * 32}, "MD5"),
        ({"kind": "http", "url": "https://data.mendeley.com/datasets/x/1"}, "the record's"),
        ({"kind": "http", "url": "https://a.org/zenodo.org/x.zip"}, "none known"),
        ([{"kind": "manual"}, {"kind": "http", "url": "u", "md5": "0"}, {"kind": "kaggle"}], "MD5 (1 of 3)"),
    ],
)
def test_checksums_in_words(sources, words):
    assert checksums({"source": sources}) == words


def test_facts_of_an_entry_are_written_out(datasets):
    text = document({"us_nerve": datasets["us_nerve"], "ct_liver": datasets["ct_liver"]}, ["ct_liver", "us_nerve"])
    assert "The study has 2 datasets with 2 tasks: 1 open, 0 drive, 1 token, 0 registration." in text
    assert "| 2323 | none known |" in text  # certain
    assert "| 5501 ? | SHA-256 |" in text  # not certain
    assert "* Label values in the files: 1 liver, 2 tumour" in text
    assert "* Slices along: axial, by the affine. Slices taken: one slice in 3." in text
    assert "* Intensities: clipped to -160 to 240 HU" in text
    assert "  * Kaggle competition `ultrasound-nerve-segmentation` (file `train.zip`)." in text
    assert "brachial_plexus = 1 (published as US-Nerve)" in text
