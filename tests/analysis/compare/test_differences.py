"""Differences of two runs: known shifts, objects that are in one run only, changes of status, images that differ."""

import numpy as np
import pytest

from promptseg.analysis.compare.differences import coverage, differences
from promptseg.analysis.compare.objects import changed, unpaired
from promptseg.analysis.compare.pairing import images, matched
from promptseg.analysis.compare.runs import Run
from promptseg.core.errors import PromptsegError
from support.compared import rows_of, write_run
from support.scores import pick, row


@pytest.fixture
def both(tmp_path):
    """Compare rows of A with rows of B: what `matched` makes of them."""

    def make(left, right, names=None, **pixels):
        folders = [
            write_run(tmp_path / name, rows, pixels={"d": pixels[name]} if name in pixels else None)
            for name, rows in (("a", left), ("b", right))
        ]
        runs = [Run(folder, tmp_path / "none") for folder in folders]
        return matched(*runs, "d", names or {}, [])

    return make


SHIFTED = {"i1": 0.3, "i2": 0.5, "i3": 0.7, "i4": 0.5}  # by 0.1, 0.1, 0.1, -0.5


def test_a_known_shift(both):
    frame = differences(both(rows_of(), rows_of(SHIFTED)), [], 500, 0)
    line = pick(frame, level="task", metric="iou")
    assert (line["dataset"], line["task"], line["method"], line["mode"]) == ("d", "a", "m", "mode1")
    assert (line["n_objects"], line["n_patients"]) == (4, 2)
    assert (line["mean_a"], line["mean_b"]) == pytest.approx((0.55, 0.5))
    assert line["difference"] == pytest.approx(-0.05)
    assert (line["n_higher"], line["n_lower"], line["n_equal"]) == (3, 1, 0)
    # Patients are drawn, not objects: p1 alone gives 0.1, p2 alone -0.5.
    assert (line["ci_low"], line["ci_high"]) == pytest.approx((-0.5, 0.1))
    whole = pick(frame, level="all", metric="iou")
    assert (whole["dataset"], whole["n_objects"], whole["n_patients"]) == ("", 4, 2)
    assert (whole["difference"], whole["ci_low"], whole["ci_high"]) == pytest.approx((-0.05, -0.5, 0.1))
    assert pick(frame, level="task", metric="hd95")["difference"] == pytest.approx(-0.5)  # ten times the IoU, in mm


def test_equal_shifts_have_an_interval_of_no_width(both):
    b = rows_of({image: iou + 0.125 for image, iou in (("i1", 0.2), ("i2", 0.4), ("i3", 0.6), ("i4", 1.0))})
    line = pick(differences(both(rows_of(), b), [], 500, 0), level="task", metric="iou")
    assert (line["difference"], line["ci_low"], line["ci_high"]) == pytest.approx((0.125,) * 3)


def test_equal_runs_differ_by_nothing(both):
    frame = differences(both(rows_of(), rows_of()), [], 500, 0)
    assert set(frame["difference"]) == {0.0}
    assert set(frame["ci_low"]) | set(frame["ci_high"]) == {0.0}
    assert (frame["n_equal"] == 4).all()


def test_the_mean_over_tasks_weighs_tasks_alike(both):
    more = [row("b", "p1", "i1", 0.5, area=9)]
    frame = differences(both(rows_of() + more, [*rows_of(SHIFTED), row("b", "p1", "i1", 0.9, area=9)]), [], 500, 0)
    assert pick(frame, level="all", metric="iou")["difference"] == pytest.approx((-0.05 + 0.4) / 2)
    one = pick(frame, level="task", task="b", metric="iou")
    assert np.isnan(one["ci_low"])
    assert one["note"] == "no interval: a single patient in d"


def test_objects_of_one_run_only_are_counted_and_listed(both):
    rows = both(rows_of({"i1": None}), rows_of({"i4": None}))
    line = pick(coverage(rows), task="a")
    assert (line["scored_a"], line["scored_b"], line["pairs"]) == (3, 3, 2)
    assert (line["only_a"], line["only_b"]) == (1, 1)
    assert pick(differences(rows, [], 500, 0), level="task", metric="iou")["n_objects"] == 2
    listed = unpaired(rows)
    assert listed[["image_id", "what", "status_a", "status_b", "n_rows"]].to_numpy().tolist() == [
        ["i1", "only_b", "", "ok", 1],
        ["i4", "only_a", "ok", "", 1],
    ]


def test_changes_of_status(both):
    failed = [row("a", "p2", "i4", None, area=9, status="it broke")]
    rows = both(rows_of({"i4": None}) + failed, [*rows_of({"i1": None}), row("a", "p1", "i1", None, status="lost it")])
    line = pick(coverage(rows), task="a")
    assert (line["pairs"], line["lost"], line["gained"], line["neither"]) == (2, 1, 1, 0)
    assert unpaired(rows)[["image_id", "what", "status_a", "status_b"]].to_numpy().tolist() == [
        ["i1", "lost", "ok", "lost it"],
        ["i4", "gained", "it broke", "ok"],
    ]


def test_a_case_that_one_run_could_not_read(both):
    broken = row("", "p1", "p1", None, status="unreadable") | {"task": None, "object_id": None, "mode": None}
    rows = both([*rows_of({"i1": None, "i2": None, "i3": None}), broken], rows_of())
    listed = unpaired(rows)
    assert pick(listed, image_id="p1")[["what", "status_a"]].tolist() == ["only_a", "unreadable"]
    assert sorted(listed.loc[listed["what"] == "only_b", "image_id"]) == ["i1", "i2", "i3"]


def test_objects_of_other_pixels_are_no_pairs(both, tmp_path):
    same = dict.fromkeys(["i1", "i2", "i3", "i4"], "0")
    rows = both(rows_of(), rows_of(SHIFTED), a=same, b=same | {"i4": "1"})
    line = pick(coverage(rows), task="a")
    assert (line["pairs"], line["other_pixels"]) == (3, 1)
    assert pick(differences(rows, [], 500, 0), level="task", metric="iou")["difference"] == pytest.approx(0.1)
    found = images(Run(tmp_path / "a", tmp_path), Run(tmp_path / "b", tmp_path), "d")
    assert (found.known, found.same, found.differing["i4"], found.differing["i1"]) == (True, False, True, False)


def test_without_the_manifest_of_a_run_nothing_is_compared(both, tmp_path):
    pixels = {"a": {"i1": "0"}, "b": {"i1": "0", "i2": "0"}}
    both(rows_of(), rows_of(), **pixels)
    (tmp_path / "a" / "datasets" / "d" / "manifest.csv").unlink()
    runs = [Run(tmp_path / name, tmp_path / "none") for name in "ab"]
    line = pick(coverage(matched(*runs, "d", {}, [])), task="a")
    assert (line["pairs"], line["unknown_images"]) == (0, 4)
    moved = tmp_path / "shared" / "datasets" / "d" / "manifest.csv"  # where the runs have their images in common
    moved.parent.mkdir(parents=True)
    moved.write_text("dataset,image_id,case_id,source,slice,height,width,sha256,status\n")
    assert Run(tmp_path / "a", tmp_path / "shared").images("d") is None  # it is not the one that was scored


def test_an_object_with_another_truth_is_no_pair(both):
    rows = both(rows_of(), [one | {"area": 9 + (one["image_id"] == "i2")} for one in rows_of()])
    line = pick(coverage(rows), task="a")
    assert (line["pairs"], line["other_truth"]) == (3, 1)


def test_distances_of_two_units_are_not_averaged(both):
    pixel = row("b", "p1", "i1", 0.5, area=9, distance_unit="px")
    frame = differences(both([*rows_of(), pixel], [*rows_of(), pixel]), [], 500, 0)
    line = pick(frame, level="all", metric="hd95")
    assert np.isnan(line["difference"])
    assert (line["distance_unit"], line["note"]) == ("mixed", "mm and pixels are not averaged")
    assert pick(frame, level="task", task="b", metric="hd95")["difference"] == 0


def test_settings_of_one_run_are_counted_though_not_compared(both):
    clicks = rows_of(mode="iterative")
    rows = both(rows_of() + clicks, rows_of())
    assert pick(coverage(rows), mode="iterative")[["scored_a", "pairs", "only_a"]].tolist() == [4, 0, 4]
    assert unpaired(rows).empty


def test_groups_are_compared_apart(both):
    rows = both(rows_of(), rows_of(SHIFTED)).assign(sex=lambda frame: np.where(frame["case_id"] == "p1", "F", "M"))
    frame = differences(rows, ["sex"], 500, 0)
    found = {
        group: pick(frame, level="task", metric="iou", group=group)["difference"] for group in ("", "sex=F", "sex=M")
    }
    assert found == pytest.approx({"": -0.05, "sex=F": 0.1, "sex=M": -0.5})


def test_the_objects_that_changed_most_in_either_direction(both):
    frame = changed(both(rows_of(), rows_of({"i1": 0.3, "i2": 0.7, "i4": 0.5})), shown=1)
    assert frame[["direction", "rank", "object_id", "iou_a", "iou_b"]].to_numpy().tolist() == [
        ["higher", 1, "i2:a", 0.4, 0.7],
        ["lower", 1, "i4:a", 1.0, 0.5],
    ]
    assert frame["difference"].tolist() == pytest.approx([0.3, -0.5])


def test_variants_of_protocols_are_left_out(both):
    variant = rows_of(mode="iterative", protocol="as_released", switch="error_region")
    assert coverage(both(rows_of() + variant, rows_of() + variant))["mode"].tolist() == ["mode1"]


def test_a_row_twice_is_an_error(both):
    with pytest.raises(PromptsegError, match=r"holds the row .* twice"):
        both(rows_of(), rows_of() + rows_of())


def test_methods_paired_under_two_names_leave_nothing_out(both):
    rows = both(rows_of(), rows_of() + rows_of(SHIFTED, method="n"), {"method": {"n": "m"}})
    found = coverage(rows).set_index("method")
    assert found.loc["m", ["pairs", "only_b"]].tolist() == [4, 0]
    assert found.loc["m (B)", ["pairs", "only_b"]].tolist() == [0, 4]
    assert pick(differences(rows, [], 500, 0), level="task", metric="iou")["difference"] == pytest.approx(-0.05)


def test_a_folder_without_scores_is_no_run(tmp_path):
    with pytest.raises(PromptsegError, match=r"is no folder of results: it lacks tables/scores\.parquet"):
        Run(tmp_path, tmp_path)
