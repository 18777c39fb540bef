"""Masks of volumes in the geometry of the files that they were read from."""

import logging
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.core.parquet import read_arrow
from promptseg.core.shared import where
from promptseg.preprocess.grids import Volume
from promptseg.volumes.data.source import Sources, save_nifti, save_segmentation
from promptseg.volumes.data.stack import StoredVolume, VolumeStream, stream_volumes
from promptseg.volumes.data.tables import VOLUME_INDEX, VOLUME_OBJECTS, VOLUMES
from promptseg.volumes.routes.answers import Answered, read_answers

logger = logging.getLogger(__name__)

FORMATS = ("nifti", "seg")
_ABOUT = {
    "nifti": "METHOD/DATASET/OBJECT.nii.gz: the mask of an object, 0 and 1, in the grid of the file of its image.",
    "seg": "METHOD/DATASET/VOLUME.seg.dcm: the objects of a volume as segments of a DICOM SEG, on its series.",
}
_SETTING = ("route", "slices", "prompt", "extents", "step")


@dataclass(frozen=True)
class Wish:
    """Which masks are wanted, by the columns of VOLUME_PREDICTIONS; None for any."""

    route: str | None = None
    slices: str | None = None
    prompt: str | None = None
    extents: str | None = None
    step: int | None = None

    def fits(self, values: Mapping[str, Any]) -> bool:
        """Whether a setting is among those that are wanted."""
        wanted = {field.name: getattr(self, field.name) for field in fields(self)}
        return all(value is None or values[name] == value for name, value in wanted.items())


@dataclass(frozen=True)
class VolumeRun:
    """A run with predictions for volumes.

    Attributes:
        folder, shared: of the run, and of what runs have in common.
        datasets: entries of the configuration.
    """

    folder: Path
    shared: Path
    datasets: Mapping[str, Mapping[str, Any]]

    @property
    def methods(self) -> list[str]:
        """Names of the methods that answered about volumes, `contours` among them."""
        return sorted({path.parent.name for path in self._files("*")})

    def predictions(self, method: str) -> dict[str, Path]:
        """Dataset -> file of predictions of a method."""
        return {path.stem: path for path in self._files(method)}

    def stream(self, dataset: str) -> VolumeStream:
        """The volumes of a dataset."""
        volumes, index, objects = (
            where(f"datasets/{dataset}/{table.name}", self.folder, self.shared)
            for table in (VOLUMES, VOLUME_INDEX, VOLUME_OBJECTS)
        )
        return stream_volumes(volumes, index, objects, self._entry(dataset)["tasks"])

    def sources(self, dataset: str) -> Sources:
        """The files that the volumes of a dataset were read from."""
        return Sources(where(f"raw/{dataset}/files.csv", self.folder, self.shared), self._entry(dataset))

    def _entry(self, dataset: str) -> Mapping[str, Any]:
        if dataset not in self.datasets:
            raise PromptsegError(f"The configuration has no dataset {dataset}: give that of the run by --configfile.")
        return self.datasets[dataset]

    def _files(self, method: str) -> list[Path]:
        found = sorted(Path(self.folder, "volumes", "predictions").glob(f"{method}/*.parquet"))
        return [path for path in found if "." not in path.stem]


def export(run: VolumeRun, methods: Sequence[str], wish: Wish, formats: Sequence[str], output: Path) -> list[str]:
    """Write the masks of some methods, each in one setting, into a folder that appears when it is complete.

    Args:
        formats: of FORMATS.

    Returns:
        A line for each file that could not be written, with the reason.

    Raises:
        PromptsegError: nothing fits the wish, or several settings of a method do.
    """
    chosen = {method: setting_of(run, method, wish) for method in methods}
    problems: list[str] = []
    with atomic(output) as folder:
        folder.mkdir()
        files = {method: run.predictions(method) for method in chosen}
        for dataset in sorted({dataset for paths in files.values() for dataset in paths}):
            sources = run.sources(dataset)
            for volume in run.stream(dataset):
                try:
                    source = sources.read(volume.volume_id)  # once for all methods
                except PromptsegError as error:
                    problems.append(f"{volume.volume_id}: {error}")
                    continue
                for method in [name for name in chosen if dataset in files[name]]:
                    answers = _answers(files[method][dataset], volume, chosen[method])
                    laid = {one.object_id: sources.laid(one.masks, source[0]) for one in answers}
                    algorithm = f"{method}, {_told(chosen[method])}"
                    problems += _write(volume.volume_id, laid, source, formats, folder / method / dataset, algorithm)
        (folder / "README.md").write_text(_readme(run, chosen, formats), encoding="utf-8")
    return problems


def setting_of(run: VolumeRun, method: str, wish: Wish) -> Wish:
    """The one setting of a method that fits a wish, after the most clicks if the wish does not say.

    Raises:
        PromptsegError: there is none, or there are several; they are listed.
    """
    found: set[tuple[Any, ...]] = set()
    for path in run.predictions(method).values():
        rows = read_arrow(path, columns=list(_SETTING))
        found |= {tuple(row[name] for name in _SETTING) for row in rows.group_by(_SETTING).aggregate([]).to_pylist()}
    fitting = sorted(setting for setting in found if wish.fits(dict(zip(_SETTING, setting, strict=True))))
    if wish.step is None:
        last = {setting[:-1]: setting[-1] for setting in fitting}
        fitting = [(*setting, step) for setting, step in last.items()]
    if len(fitting) == 1:
        return Wish(*fitting[0])
    listed = "\n".join(f"  {_told(Wish(*setting))}" for setting in fitting or sorted(found))
    what = f"{len(fitting)} settings of {method} fit: choose one" if fitting else f"No setting of {method} fits; it has"
    raise PromptsegError(f"{what} (--route, --slices, --prompt, --extents, --clicks):\n{listed}")


def _told(setting: Wish) -> str:
    """The options that choose a setting."""
    named = {"clicks" if name == "step" else name: value for name, value in vars(setting).items()}
    return " ".join(f"--{name} {value}" for name, value in named.items() if name != "clicks" or value)


def _answers(path: Path, volume: StoredVolume, setting: Wish) -> Iterator[Answered]:
    for one in read_answers(path, volume.object_ids, volume.shape):
        if setting.fits({**vars(one.setting), "step": one.step}) and one.facts["status"] == "ok":
            yield one


def _write(
    volume_id: str,
    laid: Mapping[str, np.ndarray],
    source: tuple[Volume, list[Path]],
    formats: Sequence[str],
    folder: Path,
    algorithm: str,
) -> list[str]:
    """Write the masks of a volume, see `Sources.laid`, by the names of their objects; returns what could not be."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if "nifti" in formats:
            for name, mask in laid.items():
                save_nifti(folder / f"{_stem(name)}.nii.gz", mask, *source)
        segments = {name.partition(":")[2]: mask for name, mask in laid.items() if mask.any()}
        if "seg" in formats and segments:
            save_segmentation(folder / f"{_stem(volume_id)}.seg.dcm", segments, *source, algorithm)
    except PromptsegError as error:
        return [f"{volume_id}: {error}"]
    return []


def _stem(name: str) -> str:
    """A file name; what stands between volume, task and part is longer, so that a_b of c is not a of b_c."""
    return name.replace("/", "_").replace(":", "__")


def _readme(run: VolumeRun, chosen: Mapping[str, Wish], formats: Sequence[str]) -> str:
    lines = ["# Masks of volumes", "", f"Exported by `promptseg export-volumes` from {run.folder}.", ""]
    lines += [f"* {method}: `{_told(setting)}`" for method, setting in chosen.items()]
    lines += ["", *(f"* {_ABOUT[kind]}" for kind in formats)]
    lines += ["", "An object without a file has no answer in that setting; an empty mask is no segment of a DICOM SEG."]
    wrapped = [textwrap.fill(line, 118, subsequent_indent="  ") if line.startswith("*") else line for line in lines]
    return "\n".join(wrapped) + "\n"
