"""Which score of B stands beside which score of A, and why some stand alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from promptseg.analysis.compare.runs import NAMES_OF_METRICS, Run, name_in_a
from promptseg.core.columns import SETTING
from promptseg.core.errors import PromptsegError

ROW = ["dataset", "task", "image_id", "object_id", *SETTING]
# Of a row in either run. Only pairs are compared.
PAIR, ONLY_A, ONLY_B, LOST, GAINED, NEITHER = "pairs", "only_a", "only_b", "lost", "gained", "neither"
OTHER_PIXELS, OTHER_TRUTH, UNKNOWN = "other_pixels", "other_truth", "unknown_images"
STATES = [PAIR, ONLY_A, ONLY_B, LOST, GAINED, NEITHER, OTHER_PIXELS, OTHER_TRUTH, UNKNOWN]


@dataclass(frozen=True)
class Images:
    """What is known of the images of a dataset in both runs.

    Attributes:
        known: whether the runs say which images they scored, at least by the checksum of all.
        same: whether these are the same, all of them.
        differing: image -> whether its pixels differ, of the images that both have; None where only the checksums of
            all are known.
    """

    known: bool
    same: bool
    differing: Mapping[str, bool] | None


def images(a: Run, b: Run, dataset: str) -> Images:
    """Compare the images of a dataset by the checksums of their pixels."""
    ours, theirs = a.manifest_digest(dataset), b.manifest_digest(dataset)
    if ours and ours == theirs:
        return Images(known=True, same=True, differing={})
    left, right = a.pixels(dataset), b.pixels(dataset)
    if left is None or right is None:
        return Images(known=bool(ours and theirs), same=False, differing=None)
    differing = {name: left[name] != right[name] for name in left if name in right}
    return Images(known=True, same=left == right, differing=differing)


def _single(frame: pd.DataFrame, run: Run) -> pd.DataFrame:
    twice = frame[frame.duplicated(ROW)]
    if len(twice):
        raise PromptsegError(
            f"{run.scores} holds the row {twice.iloc[0][ROW].to_dict()} twice: make the run's tables anew."
        )
    return frame


def paired(a: pd.DataFrame, b: pd.DataFrame, found: Images) -> pd.DataFrame:
    """All rows of both runs on one dataset, those of the same object and setting side by side.

    Args:
        a, b: see `Run.rows`, methods and protocols under their names in A.
        found: see `images`.

    Returns:
        ROW, case_id (of A where it has the row), {metric}_a and {metric}_b, distance_unit_a and _b, status_a and
        status_b (empty where there is no row), `state` (one of STATES), `shared` (whether both runs have the setting
        on this dataset), and further columns of A.
    """
    both = a.merge(b, on=ROW, how="outer", suffixes=("_a", "_b"), indicator="side")
    both = both.sort_values(ROW, ignore_index=True)
    for name in ("case_id", *_extra(a)):
        left, right = both[f"{name}_a"], both[f"{name}_b"]
        both[name] = left.where(left.notna(), right)
    both[["status_a", "status_b"]] = both[["status_a", "status_b"]].fillna("")
    left, right = both["status_a"] == "ok", both["status_b"] == "ok"
    differing = found.differing or {}
    moved = both["image_id"].map(lambda name: differing.get(name, False)).astype(bool)
    unknown = found.known and not found.same and found.differing is None
    both["state"] = np.select(
        [
            both["side"] == "left_only", both["side"] == "right_only", left & ~right, right & ~left, ~left,
            moved, both["area_a"] != both["area_b"], pd.Series(unknown, index=both.index),
        ],
        [ONLY_A, ONLY_B, LOST, GAINED, NEITHER, OTHER_PIXELS, OTHER_TRUTH, UNKNOWN],
        default=PAIR,
    )  # fmt: skip
    sides = [frame[SETTING].drop_duplicates() for frame in (a, b)]
    shared = sides[0].merge(sides[1], on=SETTING).assign(shared=True)
    both = both.merge(shared, on=SETTING, how="left")
    unread = both["task"] == ""  # an image that could not be read is in no setting
    return both.assign(shared=both["shared"].notna() | unread).drop(columns="side")


def _extra(frame: pd.DataFrame) -> list[str]:
    """Columns of text that the declaration of scores does not know: what rows may be grouped by."""
    known = {*ROW, "case_id", "distance_unit", "area", "status", *NAMES_OF_METRICS}
    return [name for name in frame if name not in known]


def matched(a: Run, b: Run, dataset: str, names: Mapping[str, Mapping[str, str]], by: list[str]) -> pd.DataFrame:
    """`paired` of a dataset of both runs.

    Args:
        names: column (`method`, `protocol`) -> name in B -> name in A.
        by: columns to group by.

    Raises:
        PromptsegError: a run holds a row twice.
    """
    left, right = a.rows(dataset, by), b.rows(dataset, by)
    for column, renamed in names.items():
        right[column] = [name_in_a(name, renamed) for name in right[column]]
    return paired(_single(left, a), _single(right, b), images(a, b, dataset))
