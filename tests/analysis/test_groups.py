"""Means of groups of patients and their differences, with intervals."""

import numpy as np
import pytest

from promptseg.analysis.groups import GROUP_DIFFERENCES, GROUPS, group_tables, order_of, read_groups
from promptseg.analysis.metadata import Metadata
from promptseg.analysis.sums import merge_scores
from promptseg.core.tables import write_csv, write_table
from promptseg.score.tables import SCORES
from support.scores import pick, row

# Task a: women 0.2, 0.4 (one patient) and 0.6; men 0.8 and 0.9, and one of unknown sex. Task b: one woman, one man.
ROWS = [
    row("a", "w1", "i1", 0.2),
    row("a", "w1", "i2", 0.4),
    row("a", "w2", "i3", 0.6),
    row("a", "m1", "i4", 0.8),
    row("a", "m2", "i5", 0.9),
    row("a", "x1", "i6", 0.1),
    row("b", "w2", "i3", 0.3),
    row("b", "m1", "i4", 0.5),
    row("a", "w1", "i1", None, mode="mode2", status="not_applicable"),
    row("a", "z1", "j1", 0.7, dataset="other"),
]
TABLE = "case,sex,age\nw1,w,30\nw2,w,40\nm1,m,50\nm2,m,60\nx1,,70\n"


def tables(folder, rows=ROWS, text=TABLE, edges=None, resamples=400):
    (folder / "metadata.csv").write_text(text)
    for dataset in {one["dataset"] for one in rows}:
        write_table(folder / f"{dataset}.parquet", [one for one in rows if one["dataset"] == dataset], SCORES)
    files = [folder / f"{dataset}.parquet" for dataset in {one["dataset"] for one in rows}]
    merge_scores(files, folder / "scores.parquet", Metadata({"d": folder / "metadata.csv"}))
    found, left = read_groups(folder / "scores.parquet", edges or {})
    return *group_tables(found, resamples, 1), left


def test_means(tmp_path):
    means, _, left = tables(tmp_path)
    assert left == []
    assert set(means["dataset"]) == {"d", ""}  # the other dataset has no metadata
    assert set(means["mode"]) == {"mode1"}
    women = pick(means, level="task", task="a", column="sex", group="w")
    assert women["iou"] == pytest.approx(0.4)
    assert (women["n_patients"], women["n_objects"]) == (2, 3)
    assert (women["ci_low"], women["ci_high"]) == pytest.approx((0.3, 0.6))  # w1 twice, w2 twice
    unknown = pick(means, level="task", task="a", column="sex", group="not stated")
    assert (unknown["iou"], unknown["n_patients"]) == (pytest.approx(0.1), 1)
    assert np.isnan(unknown["ci_low"])
    both = pick(means, level="all", column="sex", group="w")
    assert both["iou"] == pytest.approx((0.4 + 0.3) / 2)
    assert (both["n_tasks"], both["n_patients"], both["n_objects"]) == (2, 2, 4)


def test_differences(tmp_path):
    _, differences, _ = tables(tmp_path)
    sex = differences[differences["column"] == "sex"]
    assert set(zip(sex["a"], sex["b"], strict=True)) == {("m", "w")}  # not those of unknown sex
    task = pick(sex, level="task", task="a")
    assert task["difference"] == pytest.approx(0.85 - 0.4)
    assert (task["n_a"], task["n_b"]) == (2, 2)
    # Not paired: the lowest is both times m1 against both times w2, and so on.
    assert (task["ci_low"], task["ci_high"]) == pytest.approx((0.8 - 0.6, 0.9 - 0.3))
    alone = pick(sex, level="task", task="b")
    assert np.isnan(alone["ci_low"])
    assert alone["note"] == "no interval: a group has one patient"
    assert pick(sex, level="all")["difference"] == pytest.approx((0.45 + 0.2) / 2)


def test_groups_are_drawn_by_themselves(tmp_path):
    """The interval of the difference is that of independent means: its variance is the sum of theirs."""
    rng = np.random.default_rng(0)
    values = {f"{group}{index}": rng.uniform(0, 1) for group in "ab" for index in range(40)}
    rows = [row("t", case, case, value) for case, value in values.items()]
    text = "case,arm\n" + "".join(f"{case},{case[0]}\n" for case in values)
    means, differences, _ = tables(tmp_path, rows, text, resamples=4000)
    of_a, of_b = (np.array([value for case, value in values.items() if case[0] == arm]) for arm in "ab")
    error = np.sqrt(of_a.var() / 40 + of_b.var() / 40)
    found = pick(differences, level="task")
    assert found["difference"] == pytest.approx(of_a.mean() - of_b.mean())
    assert (found["ci_high"] - found["ci_low"]) / (2 * 1.96 * error) == pytest.approx(1, abs=0.06)
    width = pick(means, level="task", group="a")
    assert (width["ci_high"] - width["ci_low"]) / (2 * 1.96 * of_a.std() / np.sqrt(40)) == pytest.approx(1, abs=0.06)


def test_numbers_in_ranges(tmp_path):
    rows = [row("t", f"p{age}", f"p{age}", age / 100) for age in (20, 40, 41, 59, 60, 90, 95)]
    text = "case,age\n" + "".join(f"p{age},{age}\n" for age in (20, 40, 41, 59, 60, 90, 95))
    means, _, _ = tables(tmp_path, rows, text, {"age": [40, 60, 80]})
    of_task = means[means["level"] == "task"]
    assert of_task["group"].tolist() == ["below 40", "40 to 60", "60 to 80", "80 and above"]
    assert of_task["n_patients"].tolist() == [1, 3, 1, 2]
    means, _, _ = tables(tmp_path, rows, text)
    of_task = means[means["level"] == "task"]  # terciles 41 and 60
    assert of_task["group"].tolist() == ["below 41", "41 to 60", "60 and above"]
    assert of_task["n_patients"].tolist() == [2, 2, 3]


def test_few_numbers_and_many_words(tmp_path):
    rows = [row("t", f"p{index}", f"p{index}", 0.5) for index in range(13)]
    text = "case,stage,name\n" + "".join(f"p{index},{index % 3},n{index}\n" for index in range(13))
    means, _, left = tables(tmp_path, rows, text)
    assert means["group"].drop_duplicates().tolist() == ["0", "1", "2"]
    assert left == ["not grouped: the column name has 13 different words, more than 12"]


def test_order():
    assert order_of(["not stated", "80 and above", "below 5", "5 to 80"]) == [
        "below 5",
        "5 to 80",
        "80 and above",
        "not stated",
    ]
    assert order_of(["10", "9", "not stated", "1.5"]) == ["1.5", "9", "10", "not stated"]
    assert order_of(["GE", "Siemens", "Aera"]) == ["Aera", "GE", "Siemens"]


def test_no_metadata_gives_empty_tables_of_the_same_columns(tmp_path):
    means, differences, _ = tables(tmp_path, text="case\nw1\n")
    assert means.empty
    write_csv(tmp_path / "g.csv", means.assign(provenance=""), GROUPS)
    write_csv(tmp_path / "d.csv", differences.assign(provenance=""), GROUP_DIFFERENCES)


def test_equal_whatever_the_order_of_rows(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    first, second = tables(tmp_path / "1"), tables(tmp_path / "2", ROWS[::-1])
    assert first[0].equals(second[0])
    assert first[1].equals(second[1])
