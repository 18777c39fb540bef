"""A finished run as a comparison reads it: a folder with tables/scores.parquet, and what else of a run is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from promptseg.analysis.names import NAMES, label_values, titles
from promptseg.analysis.provenance import SOURCES
from promptseg.core.columns import KEYS, SETTING
from promptseg.core.errors import PromptsegError
from promptseg.core.files import digest
from promptseg.core.parquet import read_arrow, read_schema
from promptseg.core.tables import read_csv, read_provenance
from promptseg.preprocess.manifests import read_manifest
from promptseg.score.metrics import METRICS
from promptseg.score.tables import SCORES

NAMES_OF_METRICS = [metric.name for metric in METRICS]
_KEPT = [*(column.name for column in KEYS if column.name != "method"), *SETTING, *NAMES_OF_METRICS]
_KEPT += ["distance_unit", "area", "status"]
_TEXT = [name for name in _KEPT if name not in ("step", "area", *NAMES_OF_METRICS)]


def tables_of(folder: Path) -> list[Path]:
    """The tables of a finished run that a comparison reads: the scores, and what else there is.

    Raises:
        PromptsegError: there are no scores.
    """
    scores, *others = (folder / "tables" / table.name for table in (SCORES, SOURCES, NAMES))
    if not scores.is_file():
        raise PromptsegError(
            f"{folder} is no folder of results: it lacks tables/{SCORES.name}. Give the folder of a finished run, such "
            "as results, or what its configuration calls `results`."
        )
    return [scores, *(path for path in others if path.is_file())]


def to_compare(config: Mapping[str, Any]) -> list[Path]:
    """`tables_of` the two runs that a configuration names; PromptsegError where it names none."""
    if not {"run_a", "run_b"} <= config.keys():
        raise PromptsegError("Which runs are to be compared? Give their folders: --config run_a=FOLDER run_b=FOLDER.")
    return [path for name in ("run_a", "run_b") for path in tables_of(Path(config[name]))]


def name_in_a(name: str, renamed: Mapping[str, str]) -> str:
    """What a method or protocol of B is called in A.

    Args:
        renamed: name in B -> name in A; what B itself calls by such a name of A is another thing then.
    """
    return renamed.get(name, f"{name} (B)" if name in renamed.values() else name)


@dataclass(frozen=True)
class Run:
    """One of the runs.

    Attributes:
        folder: of its results.
        shared: of what runs have in common: images that are not in `folder` may be there.
    """

    folder: Path
    shared: Path

    def __post_init__(self) -> None:
        tables_of(self.folder)
        SCORES.check(self.scores, self.columns)

    @property
    def scores(self) -> Path:
        """All scores of the run."""
        return self.folder / "tables" / SCORES.name

    def predictions(self, method: str, dataset: str) -> Path:
        """What a method answered on a dataset; the file may be gone."""
        return self.folder / "predictions" / method / f"{dataset}.parquet"

    @cached_property
    def columns(self) -> list[str]:
        """Columns of the scores, those that the declaration does not know among them."""
        return list(read_schema(self.scores).names)

    @cached_property
    def datasets(self) -> list[str]:
        """Names of the datasets with a row, sorted."""
        return sorted(pc.unique(read_arrow(self.scores, columns=["dataset"])["dataset"]).to_pylist())

    @cached_property
    def facts(self) -> dict[str, dict[str, Any]]:
        """ "<method>/<dataset>" -> what made its numbers, with the SHA-256 of the manifest where it is known."""
        found: dict[str, dict[str, Any]] = read_provenance(self.scores)
        path = self.folder / "tables" / SOURCES.name
        if path.is_file():
            for row in read_csv(path, SOURCES).drop_duplicates(["method", "dataset"]).to_dict("records"):
                if (part := found.get(f"{row['method']}/{row['dataset']}")) is not None:
                    known = ("manifest_sha256", "analysis_commit", "analysis_versions")
                    part |= {name: row[name] for name in known if row[name]}
        return found

    def titles(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """Name -> {title, control} of methods, datasets or protocols."""
        return titles(self.folder / "tables" / NAMES.name, kind)

    def tasks(self, dataset: str) -> dict[str, list[int]]:
        """Task -> label values of its object, where the run says so."""
        return label_values(self.folder / "tables" / NAMES.name, dataset)

    def rows(self, dataset: str, extra: list[str]) -> pd.DataFrame:
        """The scores on a dataset, variants of protocols left out; missing words are empty strings.

        Args:
            extra: further columns of text.
        """
        keep = (pc.field("dataset") == dataset) & pc.field("switch").is_null()
        frame = read_arrow(self.scores, columns=[*_KEPT, *extra], filters=keep).to_pandas()
        words = [*_TEXT, *extra]
        frame[words] = frame[words].astype(object).where(frame[words].notna(), "").astype(str)
        return frame.assign(step=frame["step"].fillna(0).astype(int), area=frame["area"].fillna(0).astype(int))

    def manifest_digest(self, dataset: str) -> str:
        """SHA-256 of the manifest of the images that were scored; empty where the run does not say."""
        digests = {
            facts.get("manifest_sha256", "") for part, facts in self.facts.items() if part.endswith(f"/{dataset}")
        }
        return digests.pop() if len(digests) == 1 else ""

    def images(self, dataset: str) -> Path | None:
        """The folder with images and manifest of a dataset as the run scored them; None where it is not there any more.

        A folder that runs share counts if its manifest is that of the run.
        """
        own, known = self.folder / "datasets" / dataset, self.manifest_digest(dataset)
        for folder in (own, self.shared / "datasets" / dataset):
            manifest = folder / "manifest.csv"
            if manifest.is_file() and (digest(manifest) == known if known else folder == own):
                return folder
        return None

    def pixels(self, dataset: str) -> dict[str, str] | None:
        """Image -> SHA-256 of its pixels; None where it is not known."""
        folder = self.images(dataset)
        if folder is None:
            return None
        rows = read_manifest(folder / "manifest.csv")
        return dict(zip(rows["image_id"], rows["sha256"], strict=True))
