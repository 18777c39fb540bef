"""What routes answered, read from their table object by object."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptseg.core.stacks import MaskStack
from promptseg.core.tables import read_table
from promptseg.volumes.routes.settings import Setting
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS

_KEYS = ["object_id", "route", "slices", "prompt", "extents", "step"]


@dataclass(frozen=True)
class Answered:
    """The masks of an object in one setting after some clicks.

    Attributes:
        step: corrective clicks so far.
        facts: the row that sums up, by column.
        scores: the method's own estimate by slice, where it has one.
    """

    object_id: str
    setting: Setting
    step: int
    facts: Mapping[str, Any]
    masks: MaskStack
    scores: Mapping[int, float]

    @property
    def prompted(self) -> list[int]:
        """The slices that were prompted at first, in order, then those that were clicked; none without an answer."""
        found = self.facts["prompted"]
        return [] if found is None else [int(z) for z in found]

    @property
    def prompted_first(self) -> list[int]:
        """The slices that were prompted at first."""
        return self.prompted[: int(self.facts["k"])] if self.prompted else []


def read_answers(path: str | Path, object_ids: Collection[str], shape: tuple[int, int, int]) -> Iterator[Answered]:
    """Everything that a file of predictions says of some objects of a volume, in the order of the file.

    Args:
        path: of a file of VOLUME_PREDICTIONS; row groups without these objects are not read.
        shape: (slices, rows, columns) of the volume.

    Raises:
        PromptsegError: the file lacks a column.
    """
    rows = read_table(path, VOLUME_PREDICTIONS, filters=[("object_id", "in", list(object_ids))])
    for (object_id, *setting, step), part in rows.groupby(_KEYS, sort=False):
        slices = part[part["z"].notna()]
        (facts,) = part[part["z"].isna()].to_dict("records")
        codes = {
            int(z): {"size": [int(side) for side in code["size"]], "counts": code["counts"]}
            for z, code in zip(slices["z"], slices["rle"], strict=True)
        }
        scores = {int(z): float(s) for z, s in zip(slices["z"], slices["score"], strict=True) if s == s}
        yield Answered(object_id, Setting(*setting), int(step), facts, MaskStack(shape, codes), scores)
