"""`python -m promptseg.training.bars results`: what the small networks have to reach on the quickstart's real images.

All numbers are mean IoU over tasks. The networks are not chosen by them: this only reports.
"""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from promptseg.analysis.summary import SUMMARY
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_csv

CLICK_NETWORKS = ("ritm_small", "simpleclick_small", "focalclick_small")
_CLICKS = 9
_LEAST = 0.70


@dataclass(frozen=True)
class Bar:
    """One requirement.

    Attributes:
        text: what has to be above what.
        value, limit: `value` has to be larger than `limit`, or equal to it where `reached` suffices; NaN: not run.
    """

    text: str
    value: float
    limit: float
    reached: bool = False

    @property
    def margin(self) -> float:
        """By how much it is met, negative where it is not."""
        return self.value - self.limit

    @property
    def met(self) -> bool:
        """Whether it is met; not if either number is missing."""
        return self.margin >= 0 if self.reached else self.margin > 0


def bars(summary: pd.DataFrame) -> list[Bar]:
    """The requirements with the numbers of a finished run.

    Args:
        summary: see `analysis.summary.SUMMARY`.
    """
    rows = summary[summary["level"] == "all"]

    def single(method: str, mode: str, selection: str = "first") -> float:
        return _only(rows[(rows["method"] == method) & (rows["mode"] == mode) & (rows["selection"] == selection)])

    def clicked(method: str, step: int) -> float:
        mine = (rows["method"] == method) & (rows["mode"] == "iterative") & (rows["protocol"] == "corrected")
        return _only(rows[mine & (rows["selection"] == "first") & (rows["step"] == step)])

    found = [
        *_above("sam_small, mode 4, first", single, "mode4", ("box_fill", "box_ellipse")),
        Bar(
            "sam_small, mode 4: oracle above first",
            single("sam_small", "mode4", "oracle"),
            single("sam_small", "mode4"),
        ),
        *_above("sam_small, mode 1, first", single, "mode1", ("click_disk", "region_growing")),
    ]
    for name in CLICK_NETWORKS:
        at = {step: clicked(name, step) for step in (1, 3, 5, _CLICKS)}
        found += [
            Bar(f"{name}, {_CLICKS} clicks: at least {_LEAST:.2f}", at[_CLICKS], _LEAST, reached=True),
            Bar(f"{name}, {_CLICKS} clicks: above random_walker", at[_CLICKS], clicked("random_walker", _CLICKS)),
            *(
                Bar(f"{name}: {more} clicks above {fewer}", at[more], at[fewer])
                for more, fewer in ((_CLICKS, 5), (5, 3), (3, 1))
            ),
        ]
    return found


def _above(text: str, single: Callable[[str, str], float], mode: str, others: Sequence[str]) -> list[Bar]:
    value = single("sam_small", mode)
    return [Bar(f"{text}: above {other}", value, single(other, mode)) for other in others]


def _only(rows: pd.DataFrame) -> float:
    return float(rows["iou_mean_tasks"].iloc[0]) if len(rows) else math.nan


def main(arguments: Sequence[str] | None = None) -> int:
    """Print every requirement; 0 if all are met, 1 if not, 2 if there are no results."""
    parser = argparse.ArgumentParser(prog="python -m promptseg.training.bars", description=__doc__)
    parser.add_argument("results", nargs="?", default="results", type=Path, help="folder of a finished run")
    results = parser.parse_args(arguments).results
    try:
        found = bars(read_csv(results / "tables" / SUMMARY.name, SUMMARY))
    except PromptsegError as error:
        print(error, file=sys.stderr)
        return 2
    width = max(len(bar.text) for bar in found)
    for bar in found:
        verdict = "not run" if math.isnan(bar.margin) else "met" if bar.met else "NOT MET"
        print(f"{bar.text:{width}}  {bar.value:6.3f} against {bar.limit:6.3f}  {bar.margin:+.3f}  {verdict}")
    return 0 if all(bar.met for bar in found) else 1


if __name__ == "__main__":
    sys.exit(main())
