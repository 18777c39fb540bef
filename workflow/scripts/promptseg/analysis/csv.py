"""How tables are written."""

from pathlib import Path

import pandas as pd

from promptseg.core.files import atomic


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table with six decimals, so that equal numbers give equal files."""
    with atomic(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.6f", lineterminator="\n")
