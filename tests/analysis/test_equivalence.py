"""Whether a method is still the one that it should equal."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptseg.analysis.columns import made
from promptseg.analysis.equivalence import (
    DIFFERENT,
    EQUIVALENCE,
    EQUIVALENT,
    UNDECIDED,
    compared,
    equivalence,
    judged,
    speed,
)
from promptseg.analysis.throughput import THROUGHPUT
from promptseg.core import masks
from promptseg.core.tables import write_csv, write_table
from promptseg.methods import Settings
from promptseg.methods.sam import Sam
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Inputs, Plan
from promptseg.predict.run import predict
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.objects import stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.modes import PromptSettings
from promptseg.score.scoring import score
from promptseg.score.surfaces import Tolerance
from promptseg.score.tables import SCORES
from support.exported_networks import WEIGHTS, export, saturated
from support.scores import pick, row

SPEEDS = [
    {"dataset": "d", "method": "sam", "images": 10, "encode_seconds": 8, "decode_seconds": 2, "peak_memory_mb": 900},
    {"dataset": "e", "method": "sam", "images": 30, "encode_seconds": 9, "decode_seconds": 1, "peak_memory_mb": 800},
    {"dataset": "d", "method": "int8", "images": 10, "encode_seconds": 4, "decode_seconds": 1, "peak_memory_mb": 450},
]


def speeds(path):
    words = {"device": "cpu", "precision": "fp32", "backend": "torch", "provenance": ""}
    write_csv(path, pd.DataFrame([words | one for one in SPEEDS]).reindex(columns=THROUGHPUT.names), THROUGHPUT)
    return path


def pair(folder, own, other, dataset="d"):
    """Score files of int8 and sam."""
    for method, rows in (("int8", own), ("sam", other)):
        write_table(folder / method / f"{dataset}.parquet", [{**one, "method": method} for one in rows], SCORES)
    return "int8", "sam", folder / "int8" / f"{dataset}.parquet", folder / "sam" / f"{dataset}.parquet"


def patients(*ious, task="a", **more):
    """A row for each of so many patients with an image each."""
    return [row(task, f"p{place}", f"i{place}", iou, **more) for place, iou in enumerate(ious)]


def test_prompts_that_both_were_given_are_compared(tmp_path):
    own = [
        row("a", "p", "i", 0.5),
        row("a", "p", "i", 0.6, selection="best_score"),  # the other makes no choice
        row("a", "p", "i", 0.7, mode="iterative"),
        row("a", "p", "i", 0.1, mode="iterative", step=2),  # it follows the mask
        row("a", "p", "i", 0.1, mode="iterative", switch="depth"),
        row("a", "p", "i", 0.1, mode="everything", selection="oracle"),
        row("a", "p", "i", 0.9, mode="mode3"),
        row("a", "p", "i", None, mode="mode4", status="not_applicable"),
    ]
    other = [
        row("a", "p", "i", 0.25),
        row("a", "p", "i", 0.75, mode="iterative"),
        row("a", "p", "i", 0.1, mode="iterative", step=2),
        row("a", "p", "i", None, mode="mode3", status="not_applicable"),
        row("a", "p", "i", 0.5, mode="mode4"),
    ]
    rows = compared(*pair(tmp_path, own, other)[2:])
    found = {one.mode: (one.protocol, one.difference) for one in rows.itertuples()}
    assert found == {"mode1": ("", 0.25), "iterative": ("corrected", pytest.approx(-0.05))}


def test_what_one_of_them_fails_to_answer_counts_as_nothing(tmp_path):
    failed = {"status": "method_failed: NaN", "iou": None}
    own = [row("a", "p", "i0", 0.8) | failed, row("a", "p", "i1", 0.8), row("a", "p", "i2", 0.8) | failed]
    own += [row("a", "p", "i1", 0.8, selection="best_score")]
    other = [*patients(0.8, 0.8), row("a", "p2", "i2", 0.8) | failed]
    other = [{**one, "case_id": "p"} for one in other]
    other += [row("a", "p", image, 0.9, selection="best_score") for image in ("i0", "i1")]
    scores = [pair(tmp_path, own, other)]
    table = equivalence(scores, speeds(tmp_path / "s.csv"), 50, 0)
    first = pick(table, level="all", mode="", selection="first")
    assert (first["n"], first["n_failed"], first["against_n_failed"]) == (2, 1, 0)
    assert first["difference"] == pytest.approx(-0.4)
    assert first["verdict"] == DIFFERENT
    best = pick(table, level="all", mode="", selection="best_score")
    assert best["difference"] == pytest.approx((-0.9 - 0.1) / 2)


def test_a_row_for_each_task_prompt_and_all_of_them(tmp_path):
    base = np.array([0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    own = patients(*base) + patients(*(base - 0.2), task="b") + patients(*base, mode="mode3")
    other = patients(*base) + patients(*base, task="b") + patients(*(base + 0.002), mode="mode3")
    table = equivalence([pair(tmp_path, own, other)], speeds(tmp_path / "s.csv"), 200, 0)
    assert list(table.columns) == made(EQUIVALENCE)
    a, b = (pick(table, task=task, mode="") for task in "ab")
    assert (a["n"], a["n_patients"], a["verdict"], a["note"]) == (12, 6, EQUIVALENT, "")
    assert (a["iou"], a["against_iou"], a["difference"]) == pytest.approx((0.55, 0.551, -0.001))
    assert a["largest_difference"] == pytest.approx(0.002)
    assert (b["verdict"], b["note"], b["n"]) == (DIFFERENT, "", 6)
    assert (b["difference_ci_low"], b["difference_ci_high"]) == pytest.approx((-0.2, -0.2))
    every = pick(table, level="all", mode="")
    assert (every["n_tasks"], every["n"], every["verdict"]) == (2, 18, DIFFERENT)
    assert every["difference"] == pytest.approx((-0.001 - 0.2) / 2)
    assert pick(table, level="all", mode="mode3")["difference"] == pytest.approx(-0.002)
    assert (every["seconds_per_image"], every["against_seconds_per_image"]) == pytest.approx((0.5, 1))
    assert (every["times_as_fast"], every["peak_memory_mb"], every["against_peak_memory_mb"]) == (2, 450, 900)
    assert pd.isna(pick(table, level="all", mode="mode3")["times_as_fast"])


def test_nothing_in_common_is_an_empty_table(tmp_path):
    scores = [pair(tmp_path, patients(0.5), patients(0.5, mode="mode3"))]
    assert equivalence(scores, speeds(tmp_path / "s.csv"), 50, 0).empty
    assert equivalence([], speeds(tmp_path / "s.csv"), 50, 0).empty


def verdict(difference, low, high, largest, patients):
    names = ["difference", "difference_ci_low", "difference_ci_high", "largest_difference", "n_patients"]
    verdicts, notes = judged(pd.DataFrame([[difference, low, high, largest, patients]], columns=names))
    return verdicts[0], notes[0]


@pytest.mark.parametrize(
    ("values", "expected", "note"),
    [
        ((-0.001, -0.004, 0.002, 0.3, 6), EQUIVALENT, ""),
        ((-0.001, -0.004, 0.002, 0.3, 5), UNDECIDED, "too few patients"),
        ((-0.3, -0.4, -0.011, 0.9, 6), DIFFERENT, ""),
        ((0.3, 0.011, 0.4, 0.9, 60), DIFFERENT, ""),  # better is another one, too
        ((-0.3, -0.4, -0.009, 0.9, 60), UNDECIDED, "more patients would tell"),
        ((-0.005, -0.02, 0.009, 0.9, 60), UNDECIDED, "more patients would tell"),
        ((-0.3, np.nan, np.nan, 0.9, 9), DIFFERENT, "on these images"),
        ((-0.3, -0.6, 0.1, 0.9, 2), DIFFERENT, "on these images"),
        ((0.0, np.nan, np.nan, 0.02, 1), UNDECIDED, "too few patients"),
        ((0.0, np.nan, np.nan, 0.01, 1), EQUIVALENT, "no single mask"),
    ],
)
def test_the_verdict(values, expected, note):
    found = verdict(*values)
    assert found[0] == expected
    assert note in found[1]
    assert bool(note) == bool(found[1])


@given(st.floats(-1, 1), st.floats(0, 0.5), st.floats(0, 0.5), st.integers(2, 50), st.floats(0, 1))
def test_a_verdict_does_not_depend_on_which_of_the_two_is_called_the_other(mean, below, above, patients, more):
    largest = min(1, abs(mean) + more)
    there = verdict(mean, mean - below, mean + above, largest, patients)
    back = verdict(-mean, -mean - above, -mean + below, largest, patients)
    assert there == back


def test_speeds_are_those_of_datasets_that_both_answered():
    measured = pd.DataFrame([{"device": "cpu", "precision": "fp32", "backend": "torch"} | one for one in SPEEDS])
    measured = measured.assign(peak_gpu_memory_mb=np.nan)
    asked = pd.DataFrame({"method": "int8", "against": ["sam", "sam", "masks"], "dataset": ["", "e", "d"]})
    every, e, masks = speed(asked, measured).to_dict("records")
    assert (every["seconds_per_image"], every["against_seconds_per_image"], every["times_as_fast"]) == (0.5, 1, 2)
    assert pd.isna(e["times_as_fast"])
    assert pd.isna(masks["peak_memory_mb"])
    assert masks["device"] == ""


TASKS = {"dark": [1], "bright": [2]}


@pytest.fixture(scope="module")
def patients_of_six(tmp_path_factory):
    """Tables of six images of two objects each, in noise."""
    folder, rng = tmp_path_factory.mktemp("six"), np.random.default_rng(3)
    images, objects = [], []
    for index in range(6):
        labels = np.zeros((40, 50), np.uint8)
        labels[3 + index : 18 + index, 2 + index : 16 + index] = 1
        labels[20:32, 30 : 38 + index] = 2
        pixels = np.clip(labels * 70 + rng.normal(60, 20, labels.shape), 0, 255).astype(np.uint8)
        name = f"p{index}"
        files = {key: {"bytes": encode_png(value)} for key, value in (("image", pixels), ("labels", labels))}
        images.append({"image_id": name, "case_id": name, "height": 40, "width": 50, "status": "ok", **files})
        for task, (value,) in TASKS.items():
            mask = labels == value
            box = dict(zip(("bbox_x0", "bbox_y0", "bbox_x1", "bbox_y1"), masks.tight_box(mask), strict=True))
            about = {"object_id": f"{name}:{task}", "image_id": name, "case_id": name, "task": task}
            objects.append({**about, "area": mask.sum(), "n_components": 1, **box})
    write_table(folder / "images.parquet", images, IMAGES)
    write_table(folder / "objects.parquet", objects, OBJECTS)
    return folder


def scored(folder, method, name):
    """The scores of a method on these images."""
    stream = stream_objects(folder / "images.parquet", folder / "objects.parquet", TASKS)
    inputs = Inputs(stream, ("mode1", "mode5"), PromptSettings(tie_break="first"))
    predict(inputs, Runner(method, Plan(clicks=0, tie_break="first")), folder / f"{name}.predictions.parquet")
    score(
        stream,
        folder / f"{name}.predictions.parquet",
        folder / f"{name}.parquet",
        Tolerance(),
        dataset="d",
        method=name,
    )
    return folder / f"{name}.parquet"


def test_an_export_is_the_same_model_and_one_with_a_layer_that_overflows_is_not(patients_of_six):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    folder = patients_of_six
    whole = export(folder / "whole.onnx")
    files = {"whole": whole, "broken": saturated(whole, folder / "broken.onnx")}
    settings = Settings(variant="small", weights=WEIGHTS)
    own = scored(folder, Sam(settings), "sam")
    pairs = []
    for name, file in files.items():
        method = Sam(replace(settings, backend="onnxruntime", precision="as exported", networks={"encoder": file}))
        pairs.append((name, "sam", scored(folder, method, name), own))
    table = equivalence(pairs, speeds(folder / "speeds.csv"), 500, 0)
    verdicts = {name: pick(table, level="all", mode="", selection="first", method=name) for name in files}
    assert (verdicts["whole"]["verdict"], verdicts["broken"]["verdict"]) == (EQUIVALENT, DIFFERENT)
    assert verdicts["whole"]["largest_difference"] < 0.001
    assert verdicts["broken"]["difference_ci_high"] < -0.01
    assert verdicts["broken"]["n_patients"] == 6
