"""Tables made from scores: literal means, the bootstrap against known cases, comparison, findings, equal files."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from promptseg.analysis.aggregate import About, Inputs, aggregate
from promptseg.analysis.bootstrap import draw_patients, resampled_means
from promptseg.analysis.columns import made
from promptseg.analysis.provenance import SOURCES
from promptseg.analysis.readme import TABLES
from promptseg.analysis.statistics import STATISTICS, statistics
from promptseg.analysis.study.claims import claims, findings
from promptseg.analysis.study.comparison import compare
from promptseg.analysis.study.published import read_published
from promptseg.analysis.summary import summary
from promptseg.analysis.sums import merge_scores, patient_sums
from promptseg.analysis.throughput import THROUGHPUT, throughput
from promptseg.core.errors import PromptsegError
from promptseg.core.files import digest
from promptseg.core.randomness import generator
from promptseg.core.tables import read_csv, read_provenance, write_csv, write_table
from promptseg.score.tables import SCORES
from support import synthetic

PUBLISHED = Path(__file__).resolve().parents[2] / "resources" / "published" / "mazurowski2023.csv"


def row(task, case, image, iou, dataset="d", method="m", mode="mode1", status="ok", unit="mm", **more):
    return {
        "dataset": dataset,
        "task": task,
        "case_id": case,
        "image_id": image,
        "object_id": f"{image}:{task}" if task else None,
        "method": method,
        "mode": mode,
        "step": 0 if mode != "iterative" else 1,
        "protocol": "corrected" if mode == "iterative" else None,
        "selection": "first",
        "iou": iou,
        "dice": iou,
        "nsd": iou,
        "hd95": None if iou is None else 10 * iou,
        "distance_unit": unit,
        "status": status,
        **more,
    }


# Task a: patient p1 with images 0.2, 0.4, 0.6 and p2 with 1.0; task b: p1 with 0.5, p3 with 0.1.
SMALL = [
    row("a", "p1", "i1", 0.2),
    row("a", "p1", "i2", 0.4),
    row("a", "p1", "i3", 0.6),
    row("a", "p2", "i4", 1.0),
    row("b", "p1", "i1", 0.5),
    row("b", "p3", "i5", 0.1),
]


def pick(frame, **keys):
    for name, value in keys.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_three_kinds_of_mean():
    table = summary(patient_sums(SMALL))
    a = pick(table, level="task", task="a")
    assert a["iou_mean_images"] == pytest.approx(0.55)  # (0.2 + 0.4 + 0.6 + 1.0) / 4
    assert a["iou_mean_patients"] == pytest.approx(0.7)  # (0.4 + 1.0) / 2
    assert np.isnan(a["iou_mean_tasks"])
    assert (a["n_images"], a["n_patients"]) == (4, 2)
    assert a["hd95_mean_images"] == pytest.approx(5.5)
    everything = pick(table, level="all")
    assert everything["iou_mean_images"] == pytest.approx(2.8 / 6)
    assert everything["iou_mean_patients"] == pytest.approx((1.7 / 4 + 1.0 + 0.1) / 3)
    assert everything["iou_mean_tasks"] == pytest.approx((0.55 + 0.3) / 2)
    assert (everything["n_tasks"], everything["n_images"], everything["n_patients"]) == (2, 6, 3)
    assert (everything["dataset"], everything["task"]) == ("", "")


YES, NO = ({"answer": answer, "source": "a paper"} for answer in ("yes", "no"))
# SMALL has the means 0.55 and 0.3 in dataset d; dataset e: one image of each of two patients.
TWO = [*SMALL, row("a", "p1", "i1", 0.9, "e"), row("a", "p2", "i2", 0.7, "e")]


def test_means_with_and_without_what_was_seen():
    sums = patient_sums([*TWO, *({**item, "method": "n"} for item in TWO)])
    seen = {"m": {"e": YES, "other": NO}}
    for table, mean in ((summary(sums, seen), "iou_mean_tasks"), (statistics(sums, 100, 1, seen), "iou")):
        everything = pick(table, level="all", method="m")
        unseen = pick(table, level="all_unseen", method="m")
        assert (everything["n_tasks"], unseen["n_tasks"]) == (3, 2)
        assert (everything["n_images"], unseen["n_images"]) == (8, 6)
        assert everything[mean] == pytest.approx((0.55 + 0.3 + 0.8) / 3)
        assert unseen[mean] == pytest.approx((0.55 + 0.3) / 2)
        assert (unseen["dataset"], unseen["task"], unseen["seen"]) == ("", "", "")
        assert pick(table, level="task", method="m", dataset="e")["seen"] == "yes"
        assert set(table[(table["method"] == "m") & (table["dataset"] == "d")]["seen"]) == {"no"}
        # Nothing is known of the other method: its means leave nothing out.
        assert set(table[(table["method"] == "n") & (table["level"] == "task")]["seen"]) == {"unknown"}
        assert pick(table, level="all_unseen", method="n")[mean] == pytest.approx((0.55 + 0.3 + 0.8) / 3)
    # d alone, with the same draws as ever.
    alone = pick(statistics(patient_sums(SMALL), 100, 1), level="all")
    unseen = pick(statistics(sums, 100, 1, seen), level="all_unseen", method="m")
    assert (unseen["ci_low"], unseen["ci_high"]) == (alone["ci_low"], alone["ci_high"])


def test_method_that_has_seen_everything_has_no_mean_without_it():
    sums = patient_sums(TWO)
    for table in (summary(sums, {"m": {"other": YES}}), statistics(sums, 100, 1, {"m": {"other": YES}})):
        assert set(table["level"]) == {"task", "all"}


def test_a_seen_dataset_of_one_patient_takes_the_interval_of_all_alone():
    rows = [*SMALL, row("a", "p1", "i1", 0.9, "e")]
    table = statistics(patient_sums(rows), 100, 1, {"m": {"e": YES}})
    assert pick(table, level="all")["no_interval"] == "one patient only in e"
    assert pick(table, level="all_unseen")["no_interval"] == ""


def test_equal_patient_names_of_two_datasets_are_two_patients():
    rows = [row("a", "p1", "i1", 0.2), row("a", "p1", "i1", 0.4, dataset="e")]
    assert pick(summary(patient_sums(rows)), level="all")["n_patients"] == 2


def test_not_applicable_gives_no_mean():
    rows = [row("a", "p1", "i1", None, status="not_applicable"), row("a", "p1", "i1", 0.5, method="other")]
    line = pick(summary(patient_sums(rows)), level="task", method="m")
    assert (line["n_images"], line["n_patients"], line["n_not_applicable"], line["n_failed"]) == (0, 0, 1, 0)
    assert line.filter(like="_mean_").isna().all()
    assert pick(statistics(patient_sums(rows), 10), level="task", method="m")["no_interval"] == "not applicable"


def test_failures_are_counted_and_left_out():
    failed = row("a", "p9", "i9", None, status="out of memory")
    unreadable = row(None, "p8", "i8", None, status="unreadable: truncated", mode=None, selection=None, step=None)
    table = summary(patient_sums([*SMALL, failed, unreadable]))
    a = pick(table, level="task", task="a")
    assert (a["n_images"], a["n_patients"], a["n_failed"]) == (4, 2, 1)
    assert a["iou_mean_images"] == pytest.approx(0.55)
    assert pick(table, level="task", task="")["n_failed"] == 1
    assert pick(table, level="all", mode="")["n_failed"] == 1


def test_millimetres_and_pixels_are_not_averaged():
    rows = [row("a", "p1", "i1", 0.2), row("b", "p1", "i1", 0.4, unit="px")]
    table = summary(patient_sums(rows))
    assert pick(table, task="a")["distance_unit"] == "mm"
    assert pick(table, task="b")["hd95_mean_images"] == pytest.approx(4.0)
    everything = pick(table, level="all")
    assert everything["distance_unit"] == "mixed"
    assert everything.filter(like="hd95_mean").isna().all()
    assert everything["iou_mean_tasks"] == pytest.approx(0.3)


def test_infinite_distance_does_not_count():
    rows = [row("a", "p1", "i1", 0.2, hd95=float("inf")), row("a", "p2", "i2", 0.4)]
    line = pick(summary(patient_sums(rows)), level="task")
    assert (line["hd95_mean_images"], line["n_hd95"]) == (pytest.approx(4.0), 1)


def test_doubled_row_is_refused():
    with pytest.raises(PromptsegError, match="twice"):
        patient_sums([SMALL[0], SMALL[0]])


def test_no_scores_at_all():
    assert summary(patient_sums([])).empty
    assert statistics(patient_sums([])).empty


def test_resampled_means():
    # Two patients with one and three images; each drawn twice, or once each.
    means = resampled_means(np.array([[1.0], [0.6]]), np.array([[1.0], [3.0]]), np.array([[2.0, 0], [1, 1], [0, 2]]))
    assert means.ravel() == pytest.approx([1.0, 0.4, 0.2])


def test_draws_keep_the_number_of_patients():
    weights = draw_patients(7, 100, generator(0))
    assert weights.shape == (100, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert weights.mean() == 1


def test_bootstrap_of_many_patients_is_the_normal_interval():
    values = np.random.default_rng(3).normal(0.6, 0.1, 400)
    rows = [row("a", f"p{i}", f"i{i}", value) for i, value in enumerate(values)]
    line = pick(statistics(patient_sums(rows), 4000, seed=1), level="task")
    half = 1.96 * values.std() / np.sqrt(400)
    assert line["iou"] == pytest.approx(values.mean())
    assert line["ci_low"] == pytest.approx(values.mean() - half, abs=0.001)
    assert line["ci_high"] == pytest.approx(values.mean() + half, abs=0.001)


def test_bootstrap_of_two_patients():
    # Resamples are 0, 0.5 or 1 with probabilities 1/4, 1/2, 1/4, so the interval is all of [0, 1].
    line = pick(statistics(patient_sums([row("a", "p1", "i1", 0.0), row("a", "p2", "i2", 1.0)])), level="task")
    assert (line["ci_low"], line["ci_high"]) == (0.0, 1.0)


def test_images_of_a_patient_stay_together():
    spread = [row("a", f"p{i}", f"i{i}_{k}", 0.2 + 0.1 * (i % 5)) for i in range(10) for k in range(30)]
    together = pick(statistics(patient_sums(spread)), level="task")
    apart = [{**item, "case_id": item["image_id"]} for item in spread]
    alone = pick(statistics(patient_sums(apart)), level="task")
    ratio = (together["ci_high"] - together["ci_low"]) / (alone["ci_high"] - alone["ci_low"])
    assert ratio == pytest.approx(np.sqrt(30), rel=0.1)


def test_single_patient_has_no_interval():
    rows = [
        row("a", "p1", "i1", 0.2),
        row("a", "p1", "i2", 0.4),
        *(row("b", f"q{i}", f"i{i}", 0.3, "e") for i in range(4)),
    ]
    table = statistics(patient_sums(rows))
    a = pick(table, task="a")
    assert np.isnan(a["ci_low"])
    assert a["no_interval"] == "one patient: an interval needs two"
    assert pick(table, task="b")["no_interval"] == ""
    everything = pick(table, level="all")
    assert everything["iou"] == pytest.approx(0.3)
    assert np.isnan(everything["ci_low"])
    assert everything["no_interval"] == "one patient only in d"


def test_interval_of_the_task_mean_keeps_tasks_of_a_patient_together():
    # The same value in both tasks: the mean over tasks varies like one task, not like two independent ones.
    rows = [row(task, f"p{i}", f"i{i}", 0.1 * (i % 7)) for task in "ab" for i in range(40)]
    table = statistics(patient_sums(rows), 4000)
    width = {level: pick(table, level=level, task=task) for level, task in (("task", "a"), ("all", ""))}
    widths = {level: line["ci_high"] - line["ci_low"] for level, line in width.items()}
    assert widths["all"] == pytest.approx(widths["task"], rel=0.05)


def test_intervals_depend_on_the_seed_alone():
    sums = patient_sums(SMALL)
    assert statistics(sums, 50, 1).equals(statistics(sums, 50, 1))
    many = patient_sums([row("a", f"p{i}", f"i{i}", 0.01 * i) for i in range(30)])
    assert not statistics(many, 50, 1).equals(statistics(many, 50, 2))


def test_comparison_with_the_study():
    published = pd.DataFrame(
        [
            ["T", "sam", "mode1", 0, "first", 0.5],
            ["T", "sam", "mode2", 0, "first", 0.9],
            ["U", "ritm", "mode1", 0, "first", 0.1],
        ],
        columns=["task", "method", "mode", "step", "selection", "iou"],
    )
    rows = [row("a", f"p{i}", f"i{i}", 0.45 + 0.01 * i, mode=mode) for i in range(10) for mode in ("mode1", "mode2")]
    table = compare(
        published,
        statistics(patient_sums(rows)),
        {"d": {"published": {"a": "T"}}, "e": {}},
        {"m": {"published": "sam"}, "n": {"published": None}},
    )
    assert table["task"].tolist() == ["T", "T", "U"]
    first, second, third = (line for _, line in table.iterrows())
    assert (first["our_method"], first["dataset"], first["our_task"], first["n"]) == ("m", "d", "a", 10)
    assert (first["ours"], first["difference"]) == (pytest.approx(0.495), pytest.approx(-0.005))
    assert (first["inside"], second["inside"], third["inside"]) == ("yes", "no", "")
    assert pd.isna(third["our_method"])
    assert pd.isna(third["ours"])


def test_findings_of_the_study():
    table = findings(read_published(PUBLISHED).assign(protocol=""), "published", ["sam"])

    def value(claim, method="sam", selection="first", **more):
        return pick(table, claim=claim, method=method, selection=selection, **more)

    assert value("single_point_min")["value"] == pytest.approx(0.1136, abs=5e-5)
    assert value("single_point_min")["detail"] == "MRI-Spine: GM"
    assert value("single_point_max")["value"] == pytest.approx(0.8692, abs=5e-5)
    assert value("single_point_max")["detail"] == "CT-Spleen"
    assert value("best_mode")["value"] == pytest.approx(0.6542, abs=5e-5)
    assert value("best_mode")["detail"] == "mode4"
    assert value("best_mode_tasks")["value"] == 23
    # (0.5891 + 0.6542 + 0.5829) / 3 - (0.4610 + 0.4826) / 2
    assert value("boxes_minus_points")["value"] == pytest.approx(0.1369, abs=1e-4)
    assert value("first_at_1_click")["value"] == 24
    assert value("first_at_1_click", "focalclick")["value"] == 4
    assert "US-Nerve (focalclick)" in value("first_at_1_click")["detail"]
    counts = [value("first_at_9_clicks", method)["value"] for method in ("ritm", "sam", "simpleclick", "focalclick")]
    assert counts == [13, 7, 6, 2]
    assert value("gain")["value"] == pytest.approx(0.6112 - 0.4595, abs=1e-4)
    assert value("gain", "ritm")["value"] == pytest.approx(0.6875 - 0.1322, abs=1e-4)
    assert value("loses_with_clicks")["value"] == 9
    assert value("loses_with_clicks")["detail"].startswith("Xray-Hip: Ilium -0.122, CT-Organ: Lung -0.090")
    assert "US-Muscle" in value("oracle_below_first", selection="oracle")["detail"]
    passed = table[table["claim"] == "overtaken"].set_index("detail")["value"].to_dict()
    assert passed == {"ritm passes sam": 6, "simpleclick passes sam": 6, "focalclick passes sam": 9}


def test_findings_of_our_rows_leave_controls_out():
    rows = [row("a", "p1", "i1", value, method=method) for method, value in (("perfect", 1.0), ("m", 0.4))]
    methods = {"perfect": {"control": True}, "m": {"published": "sam"}}
    table = claims(read_published(PUBLISHED), statistics(patient_sums(rows), 10), methods)
    ours = table[table["source"] == "ours"]
    assert set(ours["method"]) == {"m"}
    assert pick(ours, claim="single_point_max")["detail"] == "d: a"


def test_throughput(tmp_path):
    path = tmp_path / "sam" / "heart.throughput.json"
    path.parent.mkdir()
    facts = {
        "images": 10,
        "objects": 30,
        "predictions": 90,
        "encode_seconds": 1,
        "decode_seconds": 2,
        "wall_seconds": 4,
    }
    path.write_text(json.dumps(facts | {"peak_memory_mb": 100, "device": "cpu"}))
    line = throughput([path]).iloc[0]
    assert (line["dataset"], line["method"]) == ("heart", "sam")
    assert (line["images_per_second"], line["objects_per_second"]) == (2.5, 7.5)


def test_throughput_of_files_with_different_keys(tmp_path):
    old = {"images": 3, "objects": 6, "predictions": 9, "wall_seconds": 0.0, "device": "cpu"}
    new = {"images": 4, "objects": 4, "predictions": 8, "prompts": 5, "wall_seconds": 2.0, "precision": "bf16"}
    new |= {"device": "cuda", "peak_gpu_memory_mb": 900.0, "checked_images": 2, "iou_difference": -0.125}
    paths = []
    for name, facts in (("old", old), ("new", new), ("silent", {})):
        paths.append(tmp_path / name / "heart.throughput.json")
        paths[-1].parent.mkdir()
        paths[-1].write_text(json.dumps(facts))
    table = throughput(paths)
    assert list(table.columns) == made(THROUGHPUT)
    write_csv(tmp_path / "throughput.csv", table.assign(provenance="p"), THROUGHPUT)
    assert (tmp_path / "throughput.csv").read_text().splitlines()[1:] == [
        "heart,new,4,4,8,5,,,2.000000,2.000000,2.000000,,900.000000,cuda,bf16,2,-0.125000,,p",
        "heart,old,3,6,9,,,,0.000000,,,,,cpu,,,,,p",
        "heart,silent,,,,,,,,,,,,,,,,,p",
    ]
    read = read_csv(tmp_path / "throughput.csv", THROUGHPUT)
    assert read["images"].tolist() == [4, 3, pd.NA]
    assert read["prompts"].isna().tolist() == [False, True, True]
    assert read["precision"].tolist() == ["bf16", "", ""]
    assert read["iou_difference"].iloc[0] == -0.125


def test_throughput_of_nothing(tmp_path):
    write_csv(tmp_path / "throughput.csv", throughput([]).assign(provenance=""), THROUGHPUT)
    assert read_csv(tmp_path / "throughput.csv", THROUGHPUT).empty


def test_variants_of_protocols_are_in_scores_and_ablation_only(tmp_path):
    rows = [
        row("a", "p1", "i1", iou, mode="iterative", protocol="as_released", switch=switch)
        for switch, iou in ((None, 0.5), ("error_region", 0.765432))
    ]
    write_table(tmp_path / "d.parquet", rows, SCORES)
    outputs = aggregate_to(tmp_path / "out", [tmp_path / "d.parquet"], [])
    (line,) = outputs["ablation.csv"].read_text().splitlines()[1:]
    assert line.startswith("m,first,as_released,error_region,1,1,0.500000,0.765432,0.265432,p")
    assert pq.read_metadata(outputs["scores.parquet"]).num_rows == 2
    for name, path in outputs.items():
        if path.suffix == ".csv" and name != "ablation.csv":
            assert "0.765432" not in path.read_text(), name


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return synthetic.write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def manifests(tmp_path_factory):
    """The manifest of one dataset."""
    path = tmp_path_factory.mktemp("datasets") / "chest_xray" / "manifest.csv"
    path.parent.mkdir()
    path.write_text("dataset,image_id\n")
    return [path]


@pytest.fixture(scope="module")
def outputs(run, manifests, tmp_path_factory):
    """The files of the stage."""
    return aggregate_to(tmp_path_factory.mktemp("tables"), *run, manifests)


def aggregate_to(folder, scores, speeds, manifests=()):
    about = About(synthetic.DATASETS, synthetic.METHODS, synthetic.SEEN)
    aggregate(Inputs(scores, speeds, manifests, PUBLISHED), folder, about, 200, 0)
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


def test_files_do_not_depend_on_the_order_of_inputs(run, manifests, tmp_path):
    # Two datasets and four methods, since the stage runs twice.
    chosen = {"grabcut", "perfect", "random_walker", "sam_vit_b"}, {"brain_tumour", "breast_us"}
    scores, speeds = ([path for path in paths if path.parent.name in chosen[0]] for paths in run)
    scores, speeds = ([path for path in paths if path.name.split(".")[0] in chosen[1]] for paths in (scores, speeds))
    assert (len(scores), len(speeds)) == (8, 8)
    one = aggregate_to(tmp_path / "one", scores, speeds, manifests)
    two = aggregate_to(tmp_path / "two", scores[::-1], speeds[::-1], manifests)
    assert set(one) == set(two)
    for name in one:
        assert one[name].read_bytes() == two[name].read_bytes(), name


def test_every_column_of_every_file_is_explained(outputs):
    columns = {table.name: table.names for table in TABLES}
    for name, path in outputs.items():
        if path.suffix == ".csv":
            assert list(pd.read_csv(path, nrows=0).columns) == columns[name], name
    assert "## claims.csv" in outputs["README.md"].read_text()


def test_every_number_leads_to_its_sources(outputs):
    sources = pd.read_csv(outputs["provenance.csv"], dtype=str, keep_default_na=False)
    assert list(sources.columns) == SOURCES.names
    for name, path in outputs.items():
        if path.suffix == ".csv" and "provenance" in (table := pd.read_csv(path, dtype=str, keep_default_na=False)):
            assert set(table["provenance"]) <= set(sources["provenance"]), name
    measured = pd.read_csv(outputs["statistics.csv"])
    line = pick(measured, level="task", dataset="chest_xray", method="grabcut", mode="mode4")
    own = pick(sources, provenance=line["provenance"])
    assert (own["method"], own["dataset"], own["device"]) == ("grabcut", "chest_xray", "cpu")
    assert own["manifest_sha256"] == hashlib.sha256(b"dataset,image_id\n").hexdigest()
    everything = pick(measured, level="all", method="grabcut", mode="mode4")
    assert set(sources.loc[sources["provenance"] == everything["provenance"], "dataset"]) == set(synthetic.DATASETS)
    claimed = pd.read_csv(outputs["claims.csv"])
    theirs = set(claimed.loc[claimed["source"] == "published", "provenance"])
    assert len(theirs) == 1
    assert pick(sources, provenance=theirs.pop())["published_sha256"] == digest(PUBLISHED)


def test_all_rows_are_kept_and_sorted(run, tmp_path):
    scores, _ = run
    merge_scores(scores, tmp_path / "scores.parquet")
    table = pq.read_table(tmp_path / "scores.parquet")
    assert table.schema.names == SCORES.names
    assert table.num_rows == sum(pq.read_metadata(path).num_rows for path in scores)
    keys = table.select(["dataset", "task", "image_id", "object_id", "method"]).to_pandas()
    assert keys.equals(keys.sort_values(list(keys.columns), kind="stable").reset_index(drop=True))
    assert read_provenance(tmp_path / "scores.parquet")["sam_vit_b/chest_xray"] == {
        "method": "sam_vit_b",
        "device": "cpu",
    }


def test_statistics_are_read_as_written(outputs):
    read = read_csv(outputs["statistics.csv"], STATISTICS)
    assert set(read["level"]) == {"task", "all", "all_unseen"}
    assert read["protocol"].isin(["", "corrected"]).all()
    line = pick(read, level="task", dataset="chest_xray", method="box_fill", mode="mode1")
    assert (line["no_interval"], line["n_images"]) == ("not applicable", 0)
    assert np.isnan(line["iou"])
    perfect = pick(read, level="all", method="perfect", mode="mode4")
    assert (perfect["iou"], perfect["n_tasks"]) == (1.0, 17)


def test_foreign_file_is_refused(tmp_path):
    path = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(PromptsegError, match="lacks the columns"):
        merge_scores([path], tmp_path / "scores.parquet")


def test_same_scores_given_twice_are_refused(tmp_path):
    for name in ("one", "two"):
        write_table(tmp_path / name / "d.parquet", SMALL, SCORES)
    with pytest.raises(PromptsegError, match=r"twice.*one.*two"):
        merge_scores([tmp_path / "one" / "d.parquet", tmp_path / "two" / "d.parquet"], tmp_path / "scores.parquet")


def test_rows_without_a_task_are_kept_behind_the_others(tmp_path):
    unreadable = row(None, "p8", "i8", None, status="unreadable: truncated", mode=None, selection=None, step=None)
    write_table(tmp_path / "d.parquet", [unreadable, *SMALL], SCORES)
    sums = merge_scores([tmp_path / "d.parquet"], tmp_path / "scores.parquet")
    tasks = pq.read_table(tmp_path / "scores.parquet", columns=["task"])["task"].to_pylist()
    assert tasks == ["a", "a", "a", "a", "b", "b", None]
    assert sums["n_failed"].sum() == 1
    assert sums["n"].sum() == 6
