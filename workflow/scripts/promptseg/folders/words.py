"""What the words in the names of files say: this is a mask, this is an image, this tells cases apart."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import PurePosixPath

from promptseg.config.formats import suffix_of

# fmt: off
MASK = frozenset(
    {
        "mask", "masks", "msk", "label", "labels", "labelstr", "labelsts", "labelsval", "labelmap", "lbl",
        "seg", "segs", "segm", "segmentation", "segmentations", "gt", "groundtruth", "truth", "annotation",
        "annotations", "manual", "contour", "contours", "roi", "rois", "dseg", "target", "targets", "outline",
        "outlines",
    }
)
IMAGE = frozenset(
    {
        "image", "images", "img", "imgs", "imagestr", "imagests", "imagesval", "scan", "scans", "raw", "photo",
        "photos", "picture", "pictures", "input", "inputs", "dicom", "dcm", "ct", "cta", "mr", "mri", "t1",
        "t1w", "t1c", "t1ce", "t1gd", "t2", "t2w", "flair", "pet", "orig", "original", "xray", "dwi", "adc",
    }
)
# fmt: on
_FOLDERS_OF_BIDS = frozenset({"anat", "func", "dwi", "derivatives"})
# Parts of names of BIDS that an image need not share with its masks.
_ENTITIES = re.compile(r"_(space|desc|res|label)-")
FOLDER = "/*"  # in place of a suffix: the name is that of a folder of DICOM files
_PARTS = re.compile(r"[^_\-. ]+")


@dataclass(frozen=True)
class Name:
    """A relative name of a file, taken apart.

    Attributes:
        mask: whether its words say that it marks objects.
        folders: of each folder its name, and whether it tells cases or groups of them apart.
        before, core, after: the stem; `core` names the case and is empty where the stem has words of roles only.
        suffix: such as .nii.gz; or FOLDER.
        key: what tells this case from others, the same for an image and its masks.
    """

    text: str
    mask: bool
    folders: tuple[tuple[str, bool], ...]
    before: str
    core: str
    after: str
    suffix: str
    key: tuple[str, ...]

    @property
    def skeleton(self) -> tuple[object, ...]:
        """The same for files that differ only in what tells cases apart."""
        return (
            tuple(None if varies else name for name, varies in self.folders),
            self.before,
            self.after,
            bool(self.core),
        )


def taken_apart(text: str, folder: bool = False, marks: Set[str] = frozenset()) -> Name:
    """A relative name of a file, or of a folder that holds one DICOM series (`folder`).

    Args:
        marks: further words, in lower case, that say mask in this folder.
    """
    path = PurePosixPath(text)
    parents, stem, suffix = path.parts[:-1], path.name, FOLDER
    if folder:
        parents, stem = path.parts, ""
    else:
        suffix = suffix_of(stem)
        stem = stem[: len(stem) - len(suffix)]
    folders, left, mask = [], [], False
    known = MASK | IMAGE | marks
    for index, part in enumerate(parents):
        words = _words(part)
        roles = [word for word in words if word in known]
        mask = mask or any(word in MASK | marks for word in roles)
        fixed = bool(roles) or part.lower() in _FOLDERS_OF_BIDS or "derivatives" in parents[max(index - 1, 0) : index]
        folders.append((part, not fixed))
        rest = "-".join(word for word in words if word not in known) if roles else part
        if rest and (roles or not fixed):
            left.append(rest)
    before, core, after, marked = _stem(stem, any(part.lower().startswith("imagest") for part in parents), marks)
    left = [part for part in left if part not in core]
    key = (*left, core) if core else tuple(left)
    return Name(text, mask or marked, tuple(folders), before, core, after, suffix, key)


def _stem(stem: str, numbered: bool, marks: Set[str]) -> tuple[str, str, str, bool]:
    """What stands before, in, and after the name of a case, and whether it says mask."""
    parts = list(_PARTS.finditer(stem))
    words = [part.group().lower() for part in parts]
    marked = [index for index, word in enumerate(words) if _is_mask(word, marks)]
    start = 0
    while start < len(words) and (words[start] in IMAGE or _is_mask(words[start], marks)):
        start += 1
    end = next((index for index in marked if index > start), len(words))
    entity = _ENTITIES.search(stem)
    while entity and end - start > 1 and parts[end - 1].start() > entity.start():
        end -= 1
    if numbered and end - start > 1 and re.fullmatch(r"000\d", words[end - 1]):  # a channel, as nnU-Net counts them
        end -= 1
    while end - start > 1 and words[end - 1] in IMAGE:
        end -= 1
    if start >= len(words):
        return stem, "", "", bool(marked)
    first, last = parts[start].start(), parts[end - 1].end()
    return stem[:first], stem[first:last], stem[last:], bool(marked)


def _is_mask(word: str, marks: Set[str]) -> bool:
    return word in MASK or word in marks or (len(word) > 3 and word.endswith(("seg", "mask")))


def _words(text: str) -> list[str]:
    return [part.group().lower() for part in _PARTS.finditer(text)]


def shortened(key: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """A key without one of its parts, and that part, which may name a structure."""
    for index in reversed(range(len(key))):
        yield (*key[:index], *key[index + 1 :]), key[index]
