"""What the page says of methods that should equal another one."""

from promptseg.analysis.equivalence import EQUIVALENCE
from promptseg.report.equivalence import equivalence_parts
from support.figures import DATASETS, METHODS, table

PROTOCOLS = {"corrected": {"title": "corrected clicks"}}
ENDS = {"difference_ci_low": -0.002, "difference_ci_high": 0.001}


def record(verdict, mode="", selection="first", task="", **more):
    where = {"level": "task", "dataset": "heart", "task": task} if task else {"level": "all"}
    about = {"method": "cut", "against": "sam_x", "mode": mode, "selection": selection, "verdict": verdict}
    about |= {"protocol": "corrected" if mode == "iterative" else "", "iou": 0.8, "against_iou": 0.8, "n_failed": 0}
    return where | about | {"difference": -0.0004, "largest_difference": 0.0312, "n": 120, "n_patients": 7} | more


def parts(tmp_path, *records):
    files = {"equivalence": table(tmp_path / "e.csv", list(records), EQUIVALENCE)}
    return equivalence_parts(files, METHODS, DATASETS, PROTOCOLS)


def test_the_verdict_is_a_sentence_with_what_it_does_not_hold_for(tmp_path):
    found = parts(
        tmp_path,
        record("equivalent", **ENDS),
        record("equivalent", task="left"),
        record("different", task="right"),
        record("different", "mode3"),
        record("different", selection="best_score"),
        record("undecided", "iterative"),
    )
    assert found["sentences"] == [
        "Cut is still the same model within 0.01 of IoU as SAM X: mean difference -0.0004, 95 % interval -0.0020 to "
        "+0.0010, the largest of 120 masks 0.0312. But not in: Heart: right; mode 3, first mask; all prompts, highest "
        "predicted IoU."
    ]
    assert [row[2:4] for row in found["prompts"]["rows"]] == [
        ["all prompts", "first mask"],
        ["mode 3", "first mask"],
        ["1 click, corrected clicks", "first mask"],
        ["all prompts", "highest predicted IoU"],
    ]
    assert [row[2] for row in found["tasks"]["rows"]] == ["Heart: left", "Heart: right"]


def test_a_model_that_differs_and_fails_says_so_first(tmp_path):
    failing = {"difference": -0.5, "note": "few patients: it is so on these images", "n_failed": 3}
    found = parts(tmp_path, record("different", **failing), record("different", task="right"))
    assert found["sentences"] == [
        "Cut is not the same model as SAM X: mean difference -0.5000, the largest of 120 masks 0.0312 (few patients: "
        "it is so on these images). It failed to answer 3 prompts that the other answers."
    ]


def test_time_and_memory_stand_side_by_side(tmp_path):
    speed = {"precision": "int8", "against_precision": "fp32", "device": "cpu", "against_device": "cpu"}
    speed |= {"seconds_per_image": 0.5, "against_seconds_per_image": 1, "times_as_fast": 2}
    found = parts(tmp_path, record("equivalent", peak_memory_mb=450, against_peak_memory_mb=900, **speed))
    assert found["speeds"]["rows"] == [
        ["Cut", "SAM X", "int8, other fp32", "cpu", "0.500", "1.000", "2.00", "450", "900"]
    ]


def test_runs_without_such_methods_say_nothing():
    assert equivalence_parts({}, METHODS, DATASETS, PROTOCOLS) is None
