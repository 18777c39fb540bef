"""Which datasets a method has seen: answers, and the rows that remain without them."""

import pandas as pd

from promptseg.analysis.contamination import CONTAMINATION, contamination, seen_of, unseen
from promptseg.core.tables import read_csv, write_csv

SEEN = {
    "m": {
        "heart": {"answer": "yes", "source": "its paper, table 2"},
        "liver": {"answer": "unknown", "source": "its authors, asked"},
        "other": {"answer": "no", "source": "its paper, sec. 3"},
    },
    "plain": {"heart": {"answer": True, "source": "a"}, "liver": {"answer": False, "source": "b"}},
    "silent": {},
}


def test_answer_for_the_dataset_then_for_others_then_unknown():
    assert seen_of(SEEN, "m", "heart") == ("yes", "its paper, table 2")
    assert seen_of(SEEN, "m", "liver") == ("unknown", "its authors, asked")
    assert seen_of(SEEN, "m", "spleen") == ("no", "its paper, sec. 3")
    assert seen_of(SEEN, "silent", "heart") == ("unknown", "")
    assert seen_of(SEEN, "not registered", "heart") == ("unknown", "")


def test_yes_and_no_without_quotes_are_booleans_in_yaml():
    assert seen_of(SEEN, "plain", "heart") == ("yes", "a")
    assert seen_of(SEEN, "plain", "liver") == ("no", "b")


def test_rows_of_seen_pairs_are_left_out():
    pairs = [("m", "heart"), ("m", "liver"), ("plain", "heart"), ("silent", "heart"), ("m", "heart")]
    rows = pd.DataFrame(pairs, columns=["method", "dataset"]).assign(value=range(5))
    assert unseen(rows, SEEN)["value"].tolist() == [1, 3]
    assert unseen(rows, {}) is rows


def test_table_is_in_the_order_given_and_read_as_written(tmp_path):
    table = contamination(SEEN, ["silent", "m"], ["liver", "heart"])
    assert table.columns.tolist() == CONTAMINATION.names
    assert table[["method", "dataset", "answer"]].to_numpy().tolist() == [
        ["silent", "liver", "unknown"],
        ["silent", "heart", "unknown"],
        ["m", "liver", "unknown"],
        ["m", "heart", "yes"],
    ]
    write_csv(tmp_path / "contamination.csv", table, CONTAMINATION)
    assert read_csv(tmp_path / "contamination.csv", CONTAMINATION).equals(table)
