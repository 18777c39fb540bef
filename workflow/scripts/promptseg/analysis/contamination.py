"""Which datasets were in the training set of a method: what a score on them does not show."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pandas as pd

from promptseg.analysis.columns import SOURCE
from promptseg.core.columns import DATASET, METHOD
from promptseg.core.tables import STRING, Column, Table

# Method -> `seen` of its entry in the configuration: dataset or `other` -> {answer, source}.
Seen: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]

CONTAMINATION = Table(
    "contamination.csv",
    "Which datasets were in the training set of which method.",
    [
        METHOD,
        DATASET,
        Column("answer", STRING, "`yes`, `no` or `unknown`"),
        SOURCE.but(meaning="where the answer comes from"),
    ],
)
_PLAIN: dict[Any, str] = {True: "yes", False: "no"}  # what YAML makes of yes and no without quotes


def seen_of(seen: Seen, method: str, dataset: str) -> tuple[str, str]:
    """Whether images of a dataset were in the training set of a method: `yes`, `no` or `unknown`, and the source.

    The method's answer for the dataset, else its answer for `other`, else `unknown` without a source.
    """
    answers = seen.get(method, {})
    found = answers.get(dataset) or answers.get("other") or {"answer": "unknown", "source": ""}
    answer = found["answer"]
    return _PLAIN.get(answer, str(answer)), str(found["source"])


def answers_of(seen: Seen, methods: Iterable[str], datasets: Iterable[str]) -> list[str]:
    """The answer for each pair of a method and a dataset."""
    return [seen_of(seen, method, dataset)[0] for method, dataset in zip(methods, datasets, strict=True)]


def unseen(rows: pd.DataFrame, seen: Seen) -> pd.DataFrame:
    """The rows (columns method and dataset among others) without those whose method has seen their dataset."""
    pairs = rows[["method", "dataset"]].drop_duplicates()
    known = pairs[[answer == "yes" for answer in answers_of(seen, pairs["method"], pairs["dataset"])]]
    if known.empty:
        return rows
    keys = pd.MultiIndex.from_frame(rows[["method", "dataset"]])
    return rows[~keys.isin(pd.MultiIndex.from_frame(known))]


def contamination(seen: Seen, methods: Sequence[str], datasets: Sequence[str]) -> pd.DataFrame:
    """CONTAMINATION, one row for each method and dataset, in the order given."""
    rows = [(method, dataset, *seen_of(seen, method, dataset)) for method in methods for dataset in datasets]
    return pd.DataFrame(rows, columns=CONTAMINATION.names)


def seen_answers(frame: pd.DataFrame, seen: Seen) -> pd.Series:
    """Whether the method of each row of level `task` has seen its dataset; empty at other levels."""
    answers = answers_of(seen, frame["method"], frame["dataset"])
    return pd.Series(answers, index=frame.index, dtype=object).where(frame["level"] == "task", "")
