"""What `cases` would fit the files of a folder, by the names that people, nnU-Net and DICOM viewers give to them."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from promptseg.config.cases import match_cases
from promptseg.config.formats import FORMATS, suffix_of
from promptseg.core.errors import PromptsegError

# What is added to the name of an image to name its mask, or to name the image beside it.
_MASKS = ("mask", "seg", "label", "labels", "gt", "segmentation", "annotation", "roi", "manual")
_IMAGES = ("img", "image", "scan", "ct", "mri", "t1", "t1ce", "t2", "flair", "orig", "volume")
# Folders of images and of masks, as data sets have them.
_FOLDERS = (
    ("images", "img", "imgs", "image", "scans", "imagesTr"),
    ("masks", "labels", "labelsTr", "mask", "label", "seg", "gt", "segmentations", "annotations"),
)
_MOST_PATTERNS = 8  # that are tried with all names


def suggest_cases(names: Sequence[str]) -> str | None:
    """The line `cases: [...]` that pairs most of the images of a folder with a mask, or None if no layout is known.

    Args:
        names: relative posix names of all files.
    """
    candidates = [*_nnunet(names), *_beside(names), *_in_folders(names), *_dicom(names)]
    paired = {line: _paired(names, *line) for line in candidates[:_MOST_PATTERNS]}
    best = max(paired, key=lambda line: paired[line], default=None)
    if best is None or not paired[best]:
        return None
    image, labels = (pattern if pattern.startswith(("[", "'")) else f'"{pattern}"' for pattern in best)
    return f"cases: [{{image: {image}, labels: {labels}}}]"


def _paired(names: Sequence[str], image: str, labels: str) -> int:
    """How many cases have both."""
    try:
        return sum(not case.problem for case in match_cases(names, [{"image": image, "labels": labels}]))
    except PromptsegError:
        return 0


def _nnunet(names: Sequence[str]) -> list[tuple[str, str]]:
    """imagesTr/case_0000.nii.gz and labelsTr/case.nii.gz: the first channel."""
    found = (re.match(r"(.*/)?imagesTr/[^/]+_0000(\.[^/]+)$", name) for name in names)
    pairs = Counter((one[1] or "", one[2]) for one in found if one)
    return [
        (f"{above}imagesTr/{{case}}_0000{end}", f"{above}labelsTr/{{case}}{end}")
        for (above, end), _ in pairs.most_common(2)
    ]


def _beside(names: Sequence[str]) -> list[tuple[str, str]]:
    """p1_img.nii.gz and p1_seg.nii.gz, or p1.png and p1_mask.png, in one folder or in one for each patient."""
    found: Counter[tuple[str, str]] = Counter()
    there = set(names)
    for name in names:
        end = suffix_of(name)
        stem = name.removesuffix(end)
        for kind in _MASKS:
            for mark in (f"_{kind}", f"-{kind}", f".{kind}"):
                if end and stem.lower().endswith(mark):
                    found.update(_partners(there, stem[: -len(mark)], stem[-len(mark) :], end))
    return [pair for pair, _ in found.most_common(3)]


def _partners(there: set[str], stem: str, mark: str, end: str) -> list[tuple[str, str]]:
    """Patterns of the image beside the mask `stem` + `mark` + `end` and of that mask."""
    depth = "*" if "/" in stem else ""
    sep = mark[0]
    ends = (end, *(other for other in (".png", ".jpg", ".jpeg", ".tif", ".nii.gz") if other != end))
    marks = ("", *(f"{sep}{kind}" for kind in _IMAGES))
    return [
        (f"{depth}{{case}}{image}{other}", f"{depth}{{case}}{mark}{end}")
        for image in marks
        for other in ends
        if stem + image + other in there
    ][:1]


def _in_folders(names: Sequence[str]) -> list[tuple[str, str]]:
    """Folders that are called otherwise than images/ and masks/, anywhere, with files of equal names."""
    folders = {PurePosixPath(name).parent.as_posix() for name in names if suffix_of(name)}
    kinds = [[folder for folder in sorted(folders) if PurePosixPath(folder).name in known] for known in _FOLDERS]
    return [
        (f"{image}/{{case}}.*", f"{labels}/{{case}}.*")
        for image in kinds[0]
        for labels in kinds[1]
        if PurePosixPath(image).parent == PurePosixPath(labels).parent
    ]


def _dicom(names: Sequence[str]) -> list[tuple[str, str]]:
    """A folder of slices for each patient, with a segmentation in a folder or file of its name beside them."""
    slices = Counter(PurePosixPath(name).parts for name in names if suffix_of(name).lower() in FORMATS["DICOM"])
    paths = [PurePosixPath(*parts) for parts in slices]
    folders = Counter(path.parent for path in paths)
    found: Counter[tuple[str, str]] = Counter()
    for path in paths:
        words = set(re.split(r"[^a-z]+", path.stem.lower() if folders[path.parent] > 1 else path.parent.name.lower()))
        if not words & {*_MASKS, "rtstruct", "rtss"} or len(path.parts) < 2:
            continue
        if folders[path.parent] > 1:  # beside the slices: the mask's pattern goes first, the rest is the image
            found[f"{{case}}/*{path.suffix}", f"{{case}}/{path.name}"] += 1
        elif len(path.parts) > 2:
            other = next((one for one in folders if one.parent == path.parent.parent and one != path.parent), None)
            if other:
                found[f"{{case}}/{other.name}/*{path.suffix}", f"{{case}}/{path.parent.name}/*{path.suffix}"] += 1
    return [pair for pair, _ in found.most_common(2)]
