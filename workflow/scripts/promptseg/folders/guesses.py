"""What the contents of a folder suggest for the keys of its entry, each with its reason."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptseg.folders.contents import Contents
from promptseg.folders.naming import task_name

_DICOM = {
    "CT": "ct",
    "MR": "mri",
    "PT": "pet",
    "US": "us",
    **dict.fromkeys(("CR", "DX", "MG", "XA", "RF"), "xray"),
}
_WORDS = {
    "ct": "ct cta cbct tomography",
    "mri": "mri mr t1 t1w t1ce t2 t2w t2s flair adc dwi swi bold",
    "pet": "pet suv fdg",
    "xray": "xray radiograph radiography cxr mammo mammography",
    "us": "us ultrasound sonography echo",
}
_SLICES = re.compile(r"^(.+?)[_-](?:z|slice|sl|frame|layer)[_-]?\d+$", re.IGNORECASE)
_MOST_TASKS = 30


@dataclass(frozen=True)
class Guess:
    """A value of a key, the reason for the reader, and whether it is to be checked."""

    value: Any
    why: str
    certain: bool = True


def modality(contents: Contents, dicom: Iterable[str], channels: Sequence[str], names: Sequence[str]) -> Guess:
    """The imaging modality: by DICOM, by named channels, by Hounsfield units, by words in names."""
    stated = {_DICOM[word] for word in dicom if word in _DICOM}
    if len(stated) == 1:
        return Guess(stated.pop(), "the DICOM files say so")
    for words, why in ((channels, "dataset.json names the channels so"), (names, "by names of files and folders")):
        found = {kind for kind in _WORDS for word in _split(words) if word in _WORDS[kind].split()}
        if len(found) == 1:
            return Guess(found.pop(), why, certain=why.startswith("dataset"))
        if why.startswith("dataset") and hounsfield(contents):
            return Guess(
                "ct", f"values from {contents.low:g} to {contents.high:g} look like Hounsfield units", certain=False
            )
    return Guess("other", "nothing says what it is: ct, mri, pet, xray, us or other", certain=False)


def _split(texts: Iterable[str]) -> list[str]:
    return [word for text in texts for word in re.split(r"[^a-z0-9]+", text.lower().replace("x-ray", "xray"))]


def hounsfield(contents: Contents) -> bool:
    """Whether the values are those of CT."""
    return -4096 <= contents.low <= -500 and contents.high > 100


def intensity(contents: Contents, kind: str) -> Guess | None:
    """How values become grey; None where they are grey values already."""
    if set(contents.types) <= {"uint8", "bool"}:
        return None
    if kind == "ct" and hounsfield(contents):
        why = "the usual window for soft tissue; lungs: -1350 to 150, bones: -500 to 1300"
        return Guess({"kind": "window", "low": -160, "high": 240}, why, certain=False)
    return Guess({"kind": "percentiles", "low": 0.5, "high": 99.5}, "of each image, which cuts off outliers")


def axis(contents: Contents) -> Guess | None:
    """The direction in which volumes are cut; None for pictures."""
    if contents.planar:
        return None
    if not contents.places:
        return Guess("axial", "the files do not say how they lie: their third axis is taken for it", certain=False)
    steps = next((steps for steps, _ in contents.spacings.most_common() if len(steps) == 3), (1.0, 1.0, 1.0))
    apart = max(range(3), key=lambda index: steps[index])
    if steps[apart] > 1.5 * sorted(steps)[1]:
        return Guess(("sagittal", "coronal", "axial")[apart], f"slices are {steps[apart]:g} mm apart that way")
    return Guess("axial", "voxels are about as long in all directions, so coronal and sagittal are as good")


def patient(names: Sequence[str]) -> Guess | None:
    """An expression whose first group is the patient, where the names of cases show that several are of one."""
    for pattern in (_SLICES.pattern.removesuffix("$") + "$", r"^(sub-[^_]+)"):
        found = [re.search(pattern, name, re.IGNORECASE) for name in names]
        people = {match[1] for match in found if match}
        if all(found) and len(people) < len(names):
            return Guess(
                "(?i)" + pattern if "slice" in pattern else pattern, f"{len(people)} patients in {len(names)} cases"
            )
    return None


def tasks(contents: Contents, named: Mapping[str, Sequence[int]]) -> tuple[dict[str, list[int]], list[int], bool]:
    """Tasks, further label values, and whether all tasks have names that somebody gave.

    Args:
        named: task -> label values, as the files or their neighbours say.
    """
    known = {value for values in named.values() for value in values}
    found: dict[str, list[int]] = {name: list(values) for name, values in named.items()}
    unnamed = sorted(set(contents.values) - known)
    if len(unnamed) > _MOST_TASKS:
        unnamed = sorted(sorted(unnamed, key=lambda value: (-contents.values[value][1], value))[:_MOST_TASKS])
    if not found and len(unnamed) == 1:
        return {"object": unnamed}, [], False
    for value in unnamed if not found else ():
        found[task_name(f"label {value}", found)] = [value]
    covered = {value for values in found.values() for value in values}
    return found, sorted(set(contents.values) - covered), bool(named)


def dataset_name(folder: Path) -> str:
    """A name for the entry, after the folder."""
    return re.sub(r"[^A-Za-z0-9]+", "_", folder.name).strip("_")[:100] or "mine"
