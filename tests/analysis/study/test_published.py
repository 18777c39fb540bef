"""The published table: against the source where it is at hand, and against literal means always."""

import csv
from pathlib import Path

import pytest

from promptseg.analysis.study.published import methods_of_study, read_published
from promptseg.core.errors import PromptsegError

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "resources" / "published" / "mazurowski2023.csv"
SOURCE = ROOT.parent / "shared" / "published"
SPELLING = {
    "MRI-Spine: SP": "MRI-Spine: SC",
    "CT-Hepaticvessel": "CT-HepaticVessel",
    "CT-Hepatovessel": "CT-HepaticVessel",
    "US-Variantumor": "US-Ovarian tumor",
    "PET-Wholebody": "PET-WholeBody",
}
needs_source = pytest.mark.skipif(not SOURCE.is_dir(), reason="the study's own tables are not at hand")

MODE_MEANS = {
    "first": [0.4610, 0.4826, 0.5891, 0.6542, 0.5829],
    "oracle": [0.5150, 0.5141, 0.6771, 0.7438, 0.6791],
}
CLICK_MEANS = {
    ("sam", "first"): [0.4595, 0.5396, 0.5669, 0.5846, 0.5969, 0.6049, 0.6095, 0.6115, 0.6112],
    ("sam", "oracle"): [0.5080, 0.5530, 0.5815, 0.6021, 0.6180, 0.6285, 0.6349, 0.6399, 0.6424],
    ("ritm", "first"): [0.1322, 0.3034, 0.4538, 0.5399, 0.5962, 0.6320, 0.6565, 0.6753, 0.6875],
    ("simpleclick", "first"): [0.1910, 0.3484, 0.4750, 0.5469, 0.5942, 0.6253, 0.6461, 0.6618, 0.6744],
    ("focalclick", "first"): [0.2240, 0.3830, 0.4691, 0.5221, 0.5536, 0.5775, 0.5936, 0.6052, 0.6142],
}


@pytest.fixture(scope="module")
def published():
    return read_published(TABLE)


def source_rows(name):
    with (SOURCE / name).open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.reader(stream))


def test_shape(published):
    assert len(published) == 28 * 5 * 2 + 28 * 9 * 5
    assert published["task"].nunique() == 28
    assert published["task"].iloc[0] == "CT-Organ: Lung"
    assert not set(SPELLING) & set(published["task"])
    assert published["iou"].between(0, 1).all()
    assert set(published.loc[published["selection"] == "oracle", "method"]) == {"sam"}
    assert sorted(published.loc[published["mode"] == "iterative", "step"].unique()) == list(range(1, 10))
    assert set(published.loc[published["mode"] != "iterative", "step"]) == {0}


@pytest.mark.parametrize("selection", ["first", "oracle"])
def test_means_of_modes(published, selection):
    rows = published[(published["mode"] != "iterative") & (published["selection"] == selection)]
    assert rows.groupby("mode")["iou"].mean().round(4).tolist() == MODE_MEANS[selection]


@pytest.mark.parametrize(("method", "selection"), CLICK_MEANS)
def test_means_of_clicks(published, method, selection):
    rows = published[published["mode"] == "iterative"]
    rows = rows[(rows["method"] == method) & (rows["selection"] == selection)]
    assert rows.groupby("step")["iou"].mean().round(4).tolist() == CLICK_MEANS[method, selection]


@needs_source
def test_every_value_is_the_source_s(published):
    ours = published.set_index(["task", "method", "mode", "step", "selection"])["iou"].to_dict()
    theirs = {}
    rows = source_rows("Fig2-Performance_of_SAM_for_5_modes_of_Use.csv")
    for row in rows[1:]:
        for head, text in zip(rows[0][2:], row[2:], strict=True):
            selection = "oracle" if "(oracle)" in head else "first"
            theirs[SPELLING.get(row[1], row[1]), "sam", f"mode{head[5]}", 0, selection] = float(text)
    for stem in ("sam", "sam_oracle", "ritm", "simpleclick", "focalclick"):
        method, _, oracle = stem.partition("_")
        rows = source_rows(f"fig34-Table_for_{stem}_point_number_changes.csv")
        for row in rows[1:]:
            for task, text in zip(rows[0][1:], row[1:], strict=True):
                key = SPELLING.get(task, task), method, "iterative", int(row[0]), oracle or "first"
                theirs[key] = float(text)
    assert ours == theirs


@needs_source
def test_click_means_equal_the_study_s_own_table(published):
    rows = source_rows("fig4-Table_average_overalldatasets_point_numer_changes.csv")
    names = ["SAM", "SAM (oracle)", "RITM", "SimpleClick", "FocalClick"]
    assert rows[0][1:] == names
    for name, (method, selection) in zip(names, CLICK_MEANS, strict=True):
        own = published[(published["mode"] == "iterative") & (published["method"] == method)]
        means = own[own["selection"] == selection].groupby("step")["iou"].mean()
        theirs = [float(row[1 + names.index(name)]) for row in rows[1:]]
        assert means.tolist() == pytest.approx(theirs, abs=1e-9)


def test_incomplete_table_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("task,method,mode,step,iou\na,sam,mode1,0,0.5\n")
    with pytest.raises(PromptsegError, match="lacks the columns selection"):
        read_published(path)


def test_doubled_value_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("task,method,mode,step,selection,iou\na,sam,mode1,0,first,0.5\na,sam,mode1,0,first,0.6\n")
    with pytest.raises(PromptsegError, match="two values"):
        read_published(path)


def test_methods_of_study():
    methods = {"sam_vit_h": {"published": "sam"}, "grabcut": {"published": None}, "perfect": {}}
    assert methods_of_study(methods) == {"sam_vit_h": "sam"}
