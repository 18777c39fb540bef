"""What users know of cases beside their pixels (sex, age, scanner, site, ...): a CSV file for each dataset.

It is joined to the scores when tables are made, so that a changed file reruns nothing before.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.core.columns import DATASET
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table
from promptseg.score.tables import SCORES

KEYS = ("case_id", "case")
_SHOWN = 5  # names of cases in a message
_SLICE = re.compile(r"_z\d{3,}$")  # what an image has behind the name of its case
_NUMBER = re.compile(r"[-+]?(0|[1-9]\d*)?([.,]\d+)?([eE][-+]?\d+)?")  # 007 is a name
METADATA = Table(
    "metadata.csv",
    "The files of metadata, and the cases and rows of theirs that found no partner.",
    [
        DATASET,
        Column("columns", STRING, "columns of the file, separated by commas"),
        Column("n_rows", INTEGER, "cases that the file has a row for"),
        Column("n_cases", INTEGER, "cases of the dataset"),
        Column("n_without_row", INTEGER, "cases of the dataset that have no row; their values are empty"),
        Column("without_row", STRING, "the first of these"),
        Column("n_unused", INTEGER, "rows of the file whose case the dataset does not have"),
        Column("unused", STRING, "the first of these"),
    ],
)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def read_metadata(path: Path) -> pd.DataFrame:
    """The rows of a file by case, all values as text; an empty cell is an empty string.

    Separators are commas, semicolons or tabs; what spreadsheets add is taken: a byte order mark, a line `sep=;`, spaces
    around values, empty lines and columns without a heading.

    Raises:
        PromptsegError: the file cannot be read, names no cases or one twice in different ways, or has two columns of
            one name or one of scores.parquet.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise PromptsegError(f"{path} is not text in UTF-8: save it as `CSV UTF-8`.") from None
    except OSError as error:
        raise PromptsegError(f"The metadata {path} cannot be read ({error.strerror}).") from None
    stated = re.fullmatch(r"sep=(.)", lines[0].strip()) if lines else None
    lines = lines[1:] if stated else lines
    head = lines[0] if lines else ""
    delimiter = stated[1] if stated else max(",;\t", key=head.count)
    rows = [[_plain(cell) for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    names = rows[0] if rows else []
    known = [name for name in names if name]
    key = next((name for wanted in KEYS for name in known if name.lower() == wanted), None)
    if key is None:
        raise PromptsegError(
            f"{path} has no column `case_id` or `case`, which names the case of each row; its columns are "
            f"{', '.join(known) or 'none'}."
        )
    twice = sorted({name for name in known if known.count(name) > 1})
    clashes = sorted(name for name in known if name != key and name in {*SCORES.names, "case", "column", "group"})
    if twice:
        raise PromptsegError(f"{path} has two columns {twice[0]}: rename one.")
    if clashes:
        raise PromptsegError(
            f"{path} has a column {clashes[0]}, and so has {SCORES.name} (there: {_meaning(clashes[0])}): rename yours."
        )
    return _by_case(path, key, names, rows[1:])


def _meaning(name: str) -> str:
    return next((column.meaning for column in SCORES.columns if column.name == name), "a word of the tables of groups")


def _by_case(path: Path, key: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> pd.DataFrame:
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        values = {name: cell for name, cell in zip(names, [*row, *[""] * len(names)], strict=False) if name}
        case = values.pop(key)
        if case and found.setdefault(case, values) != values:
            column = next(name for name in values if values[name] != found[case][name])
            raise PromptsegError(
                f"{path} has two rows for the case {case}, with {column} {found[case][column] or 'empty'} and "
                f"{values[column] or 'empty'}: keep one."
            )
    columns = [name for name in names if name and name != key]
    return pd.DataFrame.from_dict(found, orient="index", columns=columns, dtype=object)


class Metadata:
    """The metadata of the datasets of a run."""

    def __init__(self, files: Mapping[str, str | Path]) -> None:
        """Of one file for each dataset that has some."""
        self._rows = {dataset: read_metadata(Path(path)) for dataset, path in sorted(files.items())}
        names = dict.fromkeys(name for rows in self._rows.values() for name in rows.columns)
        self._numbers = {name for name in names if self._is_number(name)}
        self.columns = [
            Column(name, FLOAT if name in self._numbers else STRING, "from the metadata of the case") for name in names
        ]

    def _is_number(self, name: str) -> bool:
        """Whether every value of a column, in all datasets, is a number."""
        cells = [cell for rows in self._rows.values() if name in rows for cell in rows[name] if cell]
        return bool(cells) and all(_NUMBER.fullmatch(cell) and re.search(r"\d", cell) for cell in cells)

    def of(self, dataset: str, cases: Sequence[str], images: Sequence[str]) -> pd.DataFrame:
        """The values of the case of each image: `columns`, None or NaN where nothing is known.

        A row of the file stands for an image, a case (image_id without its slice) or a patient (case_id).
        """
        rows = self._rows.get(dataset, pd.DataFrame())
        pairs = pd.DataFrame({"case": list(cases), "image": list(images)})
        place = {case: index for index, case in enumerate(rows.index)}
        known = {pair: _place(place, *pair) for pair in pairs.drop_duplicates().itertuples(index=False, name=None)}
        at = np.array([known[pair] for pair in pairs.itertuples(index=False, name=None)], int)
        found = {}
        for column in self.columns:
            cells = np.array([*rows[column.name], ""] if column.name in rows else [""], dtype=object)
            taken = cells[at if column.name in rows else np.zeros(len(at), int)]
            found[column.name] = (
                np.array([float(cell.replace(",", ".")) if cell else np.nan for cell in taken], float)
                if column.name in self._numbers
                else np.array([cell or None for cell in taken], object)
            )
        return pd.DataFrame(found, index=pairs.index)

    def partners(self, dataset: str, cases: Sequence[str], images: Sequence[str]) -> dict[str, Any]:
        """The row of METADATA for a dataset, given case_id and image_id of all its images."""
        rows = self._rows[dataset]
        place = {case: index for index, case in enumerate(rows.index)}
        pairs = sorted(set(zip(cases, images, strict=True)))
        at = {pair: _place(place, *pair) for pair in pairs}
        without = sorted({case for (case, _), index in at.items() if index < 0})
        unused = [case for case, index in place.items() if index not in set(at.values())]
        return {
            "dataset": dataset,
            "columns": ", ".join(rows.columns),
            "n_rows": len(rows),
            "n_cases": len(set(cases)),
            "n_without_row": len(without),
            "without_row": _first(without),
            "n_unused": len(unused),
            "unused": _first(unused),
        }


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _place(place: Mapping[str, int], case: str, image: str) -> int:
    """The row of an image, -1 (the empty one behind the last) if it has none."""
    image = _plain(image or "")
    return next((place[key] for key in (image, _SLICE.sub("", image), _plain(case or "")) if key in place), -1)


def partner_warnings(partners: Mapping[str, Any]) -> list[str]:
    """What a run says of cases and rows without a partner, from a row of METADATA."""
    found = []
    if partners["n_without_row"]:
        found.append(
            f"{partners['n_without_row']} of {partners['n_cases']} cases of {partners['dataset']} have no row in its "
            f"metadata: {partners['without_row']}"
        )
    if partners["n_unused"]:
        zeros = " (a spreadsheet may have cut leading zeros)" if re.fullmatch(r"[\d, .]+", partners["unused"]) else ""
        found.append(
            f"{partners['n_unused']} rows of the metadata of {partners['dataset']} name no case of it{zeros}: "
            f"{partners['unused']}"
        )
    return found
