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


def test_the_verdict_is_a_finding_with_what_it_does_not_hold_for(tmp_path):
    found = parts(
        tmp_path,
        record("equivalent", **ENDS),
        record("equivalent", task="left"),
        record("equivalent", "mode3", task="left"),
        record("different", task="right"),
        record("different", "mode3", task="right"),
        record("different", "mode3", largest_difference=0.2),
        record("different", selection="best_score"),
        record("different", "mode3", "best_score"),
        record("undecided", "iterative"),
    )
    (finding,) = found["findings"]
    assert finding.sentence == (
        "Cut is still the same model as SAM X, within 0.01 of IoU, but not in: Heart: right; mode 3, first mask; all "
        "prompts, highest predicted IoU; mode 3, highest predicted IoU."
    )
    assert finding.proof == (
        "mean difference -0.0004, 95 % interval -0.0020 to +0.0010, the largest of 120 masks 0.0312"
    )
    assert finding.certain
    link = "../explorer/index.html#m=cut&s=mode3.first&vs=sam_x@mode3.first"
    assert finding.href == f"{link}&sort=diff&dir=asc"
    assert [row[1:4] for row in found["prompts"]["rows"]] == [
        ["all prompts", "first mask", "equivalent"],
        ["mode 3", "first mask", "different"],
        ["1 click, corrected clicks", "first mask", "undecided"],
        ["all prompts", "highest predicted IoU", "different"],
        ["mode 3", "highest predicted IoU", "different"],
    ]
    left, right = found["tasks"]["rows"]
    assert (left[1:3], right[1:3]) == (["Heart: left", "equivalent"], ["Heart: right", "different"])
    assert right[0].href == f"{link}&t=heart:right&sort=diff&dir=asc"


def test_a_model_that_differs_and_fails_says_so(tmp_path):
    failing = {"difference": -0.5, "note": "few patients: it is so on these images", "n_failed": 3}
    found = parts(
        tmp_path,
        record("different", **failing),
        record("different", "mode1"),
        record("different", task="right"),
        record("different", "mode1", task="right"),
    )
    (finding,) = found["findings"]
    assert finding.sentence == "Cut is not the same model as SAM X."
    assert finding.proof == (
        "mean difference -0.5000, the largest of 120 masks 0.0312, 3 prompts failed that the other answers, few "
        "patients: it is so on these images"
    )


def test_time_and_memory_stand_side_by_side(tmp_path):
    speed = {"precision": "int8", "against_precision": "fp32", "device": "cpu", "against_device": "cpu"}
    speed |= {"backend": "openvino", "against_backend": "torch"}
    speed |= {"seconds_per_image": 0.5, "against_seconds_per_image": 1, "times_as_fast": 2}
    pooled = record("equivalent", peak_memory_mb=450, against_peak_memory_mb=900, **speed)
    found = parts(tmp_path, pooled, record("equivalent", "mode1"))
    assert found["speeds"]["rows"] == [
        ["Cut", "SAM X", "int8, other fp32", "openvino, other torch", "cpu", "0.500", "1.000", "2.00", "450", "900"]
    ]


def test_runs_without_such_methods_say_nothing():
    assert equivalence_parts({}, METHODS, DATASETS, PROTOCOLS) is None
