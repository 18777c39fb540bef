"""Which prompts figures, page and claims of trust speak of: one point, one kind of box, and some clicks."""

from dataclasses import dataclass

import pandas as pd

from promptseg.core.titles import setting
from promptseg.core.vocabulary import BOX_MODES, COMPARED_CLICKS, ITERATIVE

_BOXES = ("mode4", *BOX_MODES)  # a box around each component, or another one where the run does without


@dataclass(frozen=True)
class Prompt:
    """A mode, or clicks under a protocol."""

    mode: str
    protocol: str = ""
    step: int = 0

    @property
    def title(self) -> str:
        """As "mode 1" or "5 clicks"."""
        return setting(self.mode, self.step)

    def among(self, rows: pd.DataFrame) -> pd.Series:
        """Which rows of a table are of this prompt."""
        own = (rows["mode"] == self.mode) & (rows["step"] == self.step)
        return own & (rows["protocol"].fillna("") == self.protocol)


def prompts(rows: pd.DataFrame, protocol: str) -> list[Prompt]:
    """Those of mode 1, a mode of boxes, and 5 clicks (or the most below) that occur in a table of trust."""
    modes = set(rows["mode"])
    found = [Prompt(mode) for mode in ("mode1", *[mode for mode in _BOXES if mode in modes][:1]) if mode in modes]
    clicks = rows[(rows["mode"] == ITERATIVE) & (rows["protocol"] == protocol)]["step"]
    steps = [step for step in COMPARED_CLICKS if step <= 5 and step in set(clicks)]
    return [*found, *(Prompt(ITERATIVE, protocol, step) for step in steps[-1:])]


def complete(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a method and prompt whose confidence the most masks have, so that all of them order the same masks."""
    return rows[rows["n_objects"] == rows["n_objects"].max()]
