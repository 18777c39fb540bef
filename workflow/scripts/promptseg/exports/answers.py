"""What methods answered, as exports need it: each mask with its scores."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow.compute as pc

from promptseg.analysis.lookup import chosen, predictions
from promptseg.core.masks import decode
from promptseg.core.parquet import read_arrow
from promptseg.core.settings import COLUMNS, Setting
from promptseg.core.tables import read_provenance
from promptseg.core.vocabulary import EVERYTHING

Code: TypeAlias = dict[str, Any]  # run-length code of a mask, see core.masks.encode


@dataclass(frozen=True)
class Answer:
    """The mask that counts for one object.

    Attributes:
        row: of scores.
        code: the mask.
        score: the method's own estimate of the IoU; None where it gives none.
        candidate: its number among the masks that the method gave.
    """

    row: Mapping[str, Any]
    code: Code
    score: float | None
    candidate: int | None = None


def answers_to(
    rows: Sequence[Mapping[str, Any]], path: Path, selection: str, truths: Mapping[str, Code] | None = None
) -> Iterator[Answer]:
    """The masks that some scores belong to.

    Args:
        rows: scores of one method on one dataset, in one mode; their order is kept.
        path: the predictions of the method.
        truths: object_id -> its mask; only the selection `oracle` needs them.

    Raises:
        PromptsegError: the predictions are no longer kept.
    """
    found = predictions(path, rows) if rows else {}
    for row in rows:
        truth = decode(truths[row["object_id"]]) if truths and selection == "oracle" else None
        taken = chosen(found.get(row["object_id"], []), selection, truth)
        if taken:
            yield Answer(row, taken["rle"], taken["score"], taken["candidate"])


def answers_in(
    scores: Path, predictions: Path, setting: Setting, truths: Mapping[str, Code] | None = None
) -> Iterator[Answer]:
    """The masks of a method on a dataset in one setting, see `answers_to`."""
    setting = own_setting(scores, setting)
    return answers_to(scores_in(scores, setting), predictions, setting.selection, truths)


def own_setting(scores: Path, setting: Setting) -> Setting:
    """What a setting is for a method: of one that gives a single mask that one counts, whichever is asked for."""
    single = read_provenance(scores).get("candidates") == 1 and setting.mode != EVERYTHING
    return setting._replace(selection="first") if single else setting


def scores_in(path: Path, setting: Setting) -> list[dict[str, Any]]:
    """Scores of a method on a dataset in one setting, of the objects where it gave a mask, in the order of the file."""
    keep = pc.field("status") == "ok"
    for name, value in zip(COLUMNS, setting, strict=True):
        keep &= pc.field(name).is_null() if value == "" else pc.field(name) == value
    columns = ["image_id", "object_id", "task", *COLUMNS, "iou"]
    rows: list[dict[str, Any]] = read_arrow(path, columns=columns, filters=keep).to_pylist()
    return rows
