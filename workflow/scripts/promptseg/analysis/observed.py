"""What recorded prompts say of how far people miss, object by object."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from promptseg.analysis.noise import Observed, of_box, of_points
from promptseg.core.errors import PromptsegError
from promptseg.core.parquet import count_rows
from promptseg.core.tables import batches
from promptseg.preprocess.objects import ObjectStream


def require_prompts(user: str, recorded: Sequence[str | Path]) -> None:
    """Refuse a user whose files say nothing of the datasets of the run.

    Args:
        recorded: files of prompts.tables.RECORDED, one for each dataset.

    Raises:
        PromptsegError: they hold no prompt.
    """
    if not any(count_rows(path) for path in recorded):
        names = ", ".join(Path(path).stem for path in recorded)
        raise PromptsegError(
            f"The files of users.{user}.prompts hold no prompt for a dataset of this run ({names}): correct `dataset` "
            "in them, or take the user out of prompts.users."
        )


def observed(recorded: str | Path, stream: ObjectStream) -> Iterator[Observed]:
    """What each annotator's points and first box of each object say, see `noise.of_points` and `noise.of_box`.

    A box counts if it is the only one of its object, which then stands for the whole of it.

    Args:
        recorded: file of prompts.tables.RECORDED.
    """
    given: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for rows in batches(recorded, size=10_000):
        for row in rows:
            given[row["object_id"]][row["annotator"]].append(row)
    for _, objects in stream.only({name.rpartition(":")[0] for name in given}):
        for item in objects:
            for annotator, rows in given.get(item.row.object_id, {}).items():
                points = [(*row["points"][0], bool(row["label"])) for row in rows if row["kind"] == "point"]
                boxes = [row["points"] for row in rows if row["kind"] == "box"]
                seen = list(of_points(points, item.mask))
                if len(boxes) == 1:
                    (xa, ya), (xb, yb) = boxes[0]
                    seen += of_box([min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)], item.mask)
                yield from (Observed(item.row.case_id, annotator, kind, value) for kind, value in seen)
