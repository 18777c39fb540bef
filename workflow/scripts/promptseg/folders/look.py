"""Look at a folder of a user: which files form cases, what they hold, and the configuration that reads them."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from promptseg.config.cases import Case, match_cases
from promptseg.config.formats import READABLE, suffix_of
from promptseg.core.errors import PromptsegError
from promptseg.core.reason import reason_in
from promptseg.core.reasons import TOO_MANY_DIMENSIONS
from promptseg.core.value_reasons import NOISY_MASK
from promptseg.download.dropfolder import walk
from promptseg.folders.contents import Contents, look_at
from promptseg.folders.layouts import Layout, layout_of
from promptseg.folders.series import MARKING, Header, headers_of, marked_series, series_names
from promptseg.folders.words import Name, taken_apart

_HELP = "say which files form cases by hand, see `cases` in config/README.md"


@dataclass(frozen=True)
class Look:
    """What was found in a folder.

    Attributes:
        files: relative name -> path.
        headers: of the DICOM files.
        layout: with the notes of what was not certain.
        cases: with image and mask, see `config.cases.match_cases`.
        contents: of a sample of them.
        extra: keys of the entry without which they cannot be read.
    """

    files: Mapping[str, Path]
    headers: Mapping[str, Header]
    layout: Layout
    cases: Sequence[Case]
    contents: Contents
    extra: Mapping[str, Any]


def look(folder: Path, name: str) -> Look:
    """Look at a folder.

    Args:
        name: of the dataset.

    Raises:
        PromptsegError: no images, no masks, none that can be read, or nothing that is marked.
    """
    if not folder.is_dir():
        raise PromptsegError(f"{folder} is no folder: give the folder that holds images and masks.")
    files = walk(folder)
    headers = headers_of(files)
    layout = marked_series(headers, name) or _by_names(folder, files, headers, name)
    cases = match_cases(list(files), layout.cases)
    if all(case.problem for case in cases):
        raise PromptsegError(f"No case of {folder} is whole: {cases[0].problem}")
    _note_what_is_left(files, layout, cases)
    contents, extra = _contents(files, layout)
    _check(contents, folder)
    return Look(files, headers, layout, _whole(files, layout), contents, extra)


def _whole(files: Mapping[str, Path], layout: Layout) -> list[Case]:
    return [case for case in match_cases(list(files), layout.cases) if case.problem is None]


def _note_what_is_left(files: Mapping[str, Path], layout: Layout, cases: Sequence[Case]) -> None:
    """Cases that are not whole are passed over, and so are files that no case is made of; both are said."""
    broken = [case for case in cases if case.problem is not None]
    if broken:
        for entry in layout.cases:
            entry["unpaired"] = "skip"
        first = broken[0].names[0]
        layout.notes.append(f"what belongs to {first} ({len(broken)} such): it is passed over (`unpaired: skip`)")
    used = {name for case in cases for name in case.names}
    left = [name for name in files if suffix_of(name) and name not in used]
    if left:
        layout.notes.append(f"what {left[0]} is ({len(left)} such files): it is not used")


def _by_names(folder: Path, files: Mapping[str, Path], headers: Mapping[str, Header], name: str) -> Layout:
    readable = [text for text in files if suffix_of(text) and text not in headers]
    series = series_names(headers.values())
    names = [*series, *map(taken_apart, readable)]
    if not names:
        shown = f"{len(files)} files, the first of them {min(files)}" if files else "it is empty"
        raise PromptsegError(f"No image was found in {folder}: {shown}. What can be read: {', '.join(READABLE)}.")
    for marks in (frozenset[str](), _unknown_word(readable)):
        names = [*series, *(taken_apart(text, marks=marks) for text in readable)]
        layout = layout_of([one for one in names if not one.mask], [one for one in names if one.mask], name)
        if layout:
            return layout
    raise _unpaired(folder, names)


def _unknown_word(names: Sequence[str]) -> frozenset[str]:
    """The word that most often makes one name of another, as `_lesion` in a.png and a_lesion.png."""
    stems = {str(PurePosixPath(name).parent / PurePosixPath(name).name.removesuffix(suffix_of(name))) for name in names}
    ends = (re.fullmatch(r"(.+)[_\-. ]([A-Za-z]{2,})", stem) for stem in stems)
    found = Counter(end[2].lower() for end in ends if end and end[1] in stems)
    return frozenset(sorted(found, key=lambda word: (-found[word], word))[:1])


def _unpaired(folder: Path, names: Sequence[Name]) -> PromptsegError:
    images = sorted(one.text for one in names if not one.mask)
    masks = sorted(one.text for one in names if one.mask)
    if not masks:
        return PromptsegError(
            f"{folder} holds {len(images)} images, the first of them {images[0]}, and nothing whose name says that it "
            f"is a mask (a folder masks/ or labels/, an ending as _mask or _seg): {_HELP}."
        )
    if not images:
        return PromptsegError(
            f"{folder} holds {len(masks)} masks, the first of them {masks[0]}, and no images: {_HELP}."
        )
    return PromptsegError(
        f"{folder} holds {len(images)} images, as {images[0]}, and {len(masks)} masks, as {masks[0]}, and no two have "
        f"a name in common: {_HELP}."
    )


def _contents(files: Mapping[str, Path], layout: Layout) -> tuple[Contents, dict[str, Any]]:
    """What a sample holds; read in another way if all of it fails for a reason that has a remedy."""
    contents, extra = look_at(_whole(files, layout), files, layout, {}), dict[str, Any]()
    reasons = {reason_in(failure) for failure in contents.failures.values()}
    if not contents.looked and reasons == {TOO_MANY_DIMENSIONS.name}:
        extra = {"channels": [0]}
        layout.notes.append("which of the volumes along the fourth axis is meant: the first is taken (`channels`)")
    elif not contents.looked and reasons == {NOISY_MASK.name}:
        for entry in layout.cases:
            entry["labels"] = [{"file": entry["labels"], "value": 1, "threshold": 128}]
        layout.notes.append("what grey levels of the masks mean: 128 and more is taken for the object (`threshold`)")
    else:
        return contents, extra
    return look_at(_whole(files, layout), files, layout, extra), extra


def _check(contents: Contents, folder: Path) -> None:
    if not contents.looked:
        case, failure = next(iter(contents.failures.items()))
        raise PromptsegError(
            f"None of the {len(contents.failures)} cases of {folder} that were looked at can be read, the first of "
            f"them {case}: {failure}"
        )
    if not contents.values:
        raise PromptsegError(f"All {len(contents.looked)} masks of {folder} that were looked at are empty.")
    if len(contents.full) == len(contents.looked):
        raise PromptsegError(
            f"All {len(contents.looked)} masks of {folder} that were looked at hold one value throughout, that of "
            f"{contents.full[0]} for one: 0 has to be the background."
        )


def dicom_modalities(headers: Mapping[str, Header]) -> set[str]:
    """The modalities of the images among DICOM files."""
    return {one.modality for one in headers.values()} - set(MARKING)
