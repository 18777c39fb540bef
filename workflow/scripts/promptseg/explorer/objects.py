"""The objects of a run as the explorer orders and keeps them, and what is known of all of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from promptseg.core.parquet import ParquetFile
from promptseg.core.reason import reason_in
from promptseg.core.settings import COLUMNS, Setting
from promptseg.core.tables import Table, read_table
from promptseg.core.vocabulary import ITERATIVE
from promptseg.explorer.sampling import Sample, draws, sample
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.score.tables import SCORES

# Codes of statuses: scored, not asked, no row at all (a failed prompt has one of the first mask only); then reasons.
STATUSES = ("ok", "not_applicable", "")
OK, NO_ROW = 0, 2
_BATCH = 100_000  # rows of scores in memory

Parts = Mapping[tuple[str, str], Path]  # a file of each (method, dataset)


@dataclass(frozen=True)
class Files:
    """What a run has of a dataset."""

    images: Path
    objects: Path
    prompts: Path


def read_objects(datasets: Mapping[str, Files]) -> pd.DataFrame:
    """All objects, by dataset, image and task: columns of OBJECTS, dataset, relative_area."""
    parts = []
    for name, files in datasets.items():
        images = read_table(files.images, IMAGES, ["image_id", "height", "width"]).set_index("image_id")
        objects = read_table(files.objects, OBJECTS).assign(dataset=name)
        pixels = images["height"].astype(float) * images["width"]
        parts.append(objects.assign(relative_area=objects["area"] / objects["image_id"].map(pixels)))
    return pd.concat(parts).sort_values(["dataset", "image_id", "task"], ignore_index=True)


def numbered(objects: pd.DataFrame, dataset: str) -> pd.Series:
    """object_id -> number of the row, of the objects of a dataset."""
    own = objects[objects["dataset"] == dataset]
    return pd.Series(own.index, own["object_id"].to_numpy())


def rows_of(path: Path, table: Table, columns: Sequence[str], numbers: pd.Series) -> Iterator[pd.DataFrame]:
    """Rows of the score-like table of some objects, a part at a time.

    Args:
        columns: what to read beside object_id and COLUMNS.
        numbers: see `numbered`; rows of other objects are left out, as those of images that could not be read.

    Yields:
        COLUMNS without missing values, `columns`, and `number`. Rows that say that a method is not asked for clicks,
        which name no protocol, are left out.
    """
    file = ParquetFile(path)
    table.check(path, file.schema_arrow.names)
    keys = [name for name in COLUMNS if name in table.names]
    for batch in file.iter_batches(_BATCH, columns=["object_id", *keys, *columns]):
        found = pa.Table.from_batches([batch]).to_pandas()
        found = found.assign(switch=None) if "switch" not in keys else found
        found["number"] = found["object_id"].map(numbers)
        found = found[found["number"].notna() & ~((found["mode"] == ITERATIVE) & found["protocol"].isna())]
        texts = [name for name in COLUMNS if name != "step"]
        found[texts] = found[texts].astype(object).fillna("")
        yield found.astype({"number": np.int64})


def by_setting(rows: pd.DataFrame) -> Iterator[tuple[Setting, pd.DataFrame]]:
    """The rows of each setting."""
    for key, own in rows.groupby(COLUMNS, sort=False):
        yield _setting(key), own


def _setting(values: Sequence[Any]) -> Setting:
    mode, protocol, switch, step, selection = values
    return Setting(mode, protocol, switch, int(step), selection)


@dataclass(frozen=True)
class Survey:
    """What is known of all n objects before some are kept.

    Attributes:
        failed: (n,) bool: whether a method failed there.
        value: (n,) float64: mean IoU of the first masks, NaN where there is none.
        settings: method -> those that it has rows of.
        reasons: why something failed.
        units: dataset -> those of its distances.
    """

    failed: np.ndarray
    value: np.ndarray
    settings: Mapping[str, set[Setting]]
    reasons: frozenset[str]
    units: Mapping[str, frozenset[str]]

    @property
    def statuses(self) -> list[str]:
        """What codes of statuses stand for."""
        return [*STATUSES, *sorted(self.reasons)]


def survey(objects: pd.DataFrame, scores: Parts, rivals: Sequence[str], modes: Sequence[str]) -> Survey:
    """Look through all scores.

    Args:
        objects: see `read_objects`.
        scores: files of SCORES.
        rivals: methods whose IoU counts for `value`.
        modes: of the run; rows of others are not looked at.
    """
    failed, count, total = np.zeros(len(objects), bool), np.zeros(len(objects)), np.zeros(len(objects))
    settings: dict[str, set[Setting]] = {}
    reasons: set[str] = set()
    units: dict[str, frozenset[str]] = {}
    for (method, dataset), path in scores.items():
        for rows in rows_of(path, SCORES, ["iou", "distance_unit", "status"], numbered(objects, dataset)):
            rows = rows[rows["mode"].isin(modes)]
            settings.setdefault(method, set()).update(map(_setting, rows[COLUMNS].drop_duplicates().to_numpy()))
            bad = ~rows["status"].isin(STATUSES)
            failed[rows.loc[bad, "number"]] = True
            reasons.update(map(reason_in, rows.loc[bad, "status"].unique()))
            units[dataset] = units.get(dataset, frozenset()) | set(rows["distance_unit"].dropna().unique())
            if method in rivals:
                first = rows[(rows["selection"] == "first") & (rows["switch"] == "") & rows["iou"].notna()]
                np.add.at(count, first["number"], 1)
                np.add.at(total, first["number"], first["iou"])
    value = np.divide(total, count, out=np.full(len(objects), np.nan), where=count > 0)
    return Survey(failed, value.round(9), settings, frozenset(reasons), units)


@dataclass(frozen=True)
class Kept:
    """The objects of the explorer.

    Attributes:
        objects: those that are kept, as of `read_objects`, with `picture`, the number of the image or -1.
        sampled: of all objects, and of the images of `objects`.
    """

    objects: pd.DataFrame
    sampled: tuple[Sample, Sample]

    @property
    def sentence(self) -> str:
        """What was left out and why; empty if nothing."""
        of_objects, of_images = self.sampled
        said = [f"The tables hold {of_objects.words('objects')}."] if not of_objects.whole else []
        said += [f"Pixels and masks are of {of_images.words('images')}."] if not of_images.whole else []
        if not of_objects.whole:
            said += ["Counts and means here are of these objects; those of all are in the tables of the run."]
        return " ".join(said)


def keep(objects: pd.DataFrame, known: Survey, most: tuple[int, int], seed: int) -> Kept:
    """Choose the objects, and of which images pixels and masks are kept.

    Args:
        most: how many objects and images.
        seed: of the random samples.
    """
    draw = draws(seed, objects["dataset"] + "/" + objects["object_id"])
    of_objects = sample(np.arange(len(objects)), known.failed, known.value, draw, most[0])
    mine = of_objects.kept
    kept = objects[mine].reset_index(drop=True)
    images = kept["dataset"] + "/" + kept["image_id"]
    groups = pd.factorize(images)[0]
    of_images = sample(groups, known.failed[mine], known.value[mine], draws(seed, images), most[1])
    numbers = np.where(of_images.kept, np.cumsum(of_images.kept) - 1, -1)
    return Kept(kept.assign(picture=numbers[groups] if len(kept) else []), (of_objects, of_images))
