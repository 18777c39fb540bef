"""Which files of a dataset form a case: an image and what marks the objects in it."""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from promptseg.config.patterns import as_glob, composed, expression
from promptseg.core.errors import PromptsegError
from promptseg.core.reasons import MISSING_IMAGE, MISSING_MASK, SEVERAL_FILES

logger = logging.getLogger(__name__)

# Group (empty if the pattern has none) and name of a case.
_Key: TypeAlias = tuple[str, str]
# Names of files by case and rater (empty if the pattern has none).
_Matches: TypeAlias = dict[_Key, dict[str, list[str]]]


@dataclass(frozen=True)
class Labels:
    """The files of one entry of a case's `labels`, or those of one rater among them.

    Attributes:
        names: as in files.csv, sorted.
        value, threshold, segment: see `preprocess.labels.MaskFiles`; value None: the file is a label map.
        rater: who drew them; empty where the pattern does not tell raters apart.
    """

    names: tuple[str, ...]
    value: int | None = None
    threshold: float | None = None
    segment: str | None = None
    rater: str = ""


@dataclass(frozen=True)
class Case:
    """The files of one image or volume.

    Attributes:
        name: unique in the dataset.
        patient: becomes `case_id`.
        image: names as in files.csv, sorted; several for a DICOM series; red, green and blue if `colours`.
        problem: why the case cannot be used, or None.
        colours: whether the three image files are the channels of one picture.
        series: glob, or globs, on the SeriesDescription of DICOM files, or None for all.
        absent: raters that other cases have, and this one has not.
    """

    name: str
    patient: str
    image: tuple[str, ...]
    labels: tuple[Labels, ...]
    problem: str | None = None
    colours: bool = False
    series: str | Sequence[str] | None = None
    absent: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All files of the case."""
        return [*self.image, *(name for labels in self.labels for name in labels.names)]


def natural(text: str) -> tuple[list[str | int], str]:
    """Sorting key that takes the numbers in a string as numbers: 2 comes before 10."""
    return [int(part) if index % 2 else part for index, part in enumerate(re.split("([0-9]+)", text))], text


def patterns_of(entry: Mapping[str, Any]) -> list[str]:
    """All globs of one entry of `cases`, those of the image first."""
    images = [entry["image"]] if isinstance(entry["image"], str) else list(entry["image"])
    labels = entry["labels"]
    return images + ([labels] if isinstance(labels, str) else [item["file"] for item in labels])


def match_cases(names: Sequence[str], cases: Sequence[Mapping[str, Any]], patient: str | None = None) -> list[Case]:
    """Find the image and mask files of every case.

    In a pattern `*` stands for any text (also across folders), `?` for one character, `[abc]` and `[!abc]` for one
    that is or is not listed, `{case}` for the part of a path that names the case (it may stand twice), `{group}` for
    one or more parts that are needed to tell cases apart, `{rater}` for who drew the label map. A placeholder right
    after `*` starts at the beginning of a path part. A final `.*` is the extension of an image that can be read
    (`formats.READABLE`, or a number, as DICOM files have it), `.nii.gz` in one piece. A file that a `labels` pattern
    matches is not an image; hidden files are ignored. Letters with accents match whether they are stored as one
    character or as several, as systems differ in that. The name of a case with a group is
    `<group>_<case>`, with `_` for the slashes in it.

    `pair: order` lays the cases of the image and of each `labels` pattern side by side in natural order, whatever
    their names. `unpaired: skip` passes over an image without any mask and a mask without an image; a case that has
    some of its masks is never passed over.

    Args:
        names: relative names with forward slashes.
        cases: the dataset's `cases`.
        patient: regular expression on the case's name; group 1 is the patient. None: each case is one.

    Returns:
        Cases sorted by name. One whose image or mask is missing has a `problem`.

    Raises:
        PromptsegError: patterns that match nothing or do not fit each other, a name in `only` that no file has, the
            same case twice, numbers of files that `pair: order` cannot lay side by side, a name that `patient` does
            not match.
    """
    visible = sorted(name for name in names if not name.rsplit("/", 1)[-1].startswith("."))
    _check_composition(visible)
    cases = json.loads(composed(json.dumps(cases, ensure_ascii=False)))
    found: dict[str, Case] = {}
    for entry in cases:
        for case in _match_entry(visible, entry, patient and composed(patient)):
            if case.name in found:
                raise PromptsegError(
                    f"The case {case.name} is found by two entries of `cases`: make the patterns narrower or give "
                    "one of them another `case`."
                )
            found[case.name] = case
    return [found[name] for name in sorted(found)]


def _check_composition(names: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(composed(name), name)
        if other != name:
            raise PromptsegError(
                f"The names {other!a} and {name!a} look the same, but one stores letters with accents as one "
                "character and the other as several: remove or rename one of the files."
            )


def _match(names: Sequence[str], glob: str, fixed: str | None) -> _Matches:
    """Names that match, by case and rater; without a placeholder they all belong to the case `fixed`."""
    if ("{case}" in glob) == (fixed is not None):
        raise PromptsegError(
            f"The pattern {glob} in `cases` needs either the placeholder {{case}} or the key `case`, and not both."
        )
    pattern = expression(glob)
    matched: _Matches = {}
    for name in names:
        match = pattern.fullmatch(composed(name))
        if match:
            parts = {"group": "", "case": fixed or "", "rater": "", **match.groupdict()}
            key = parts["group"], parts["case"]
            matched.setdefault(key, {}).setdefault(parts["rater"], []).append(name)
    return matched


def _match_entry(names: Sequence[str], entry: Mapping[str, Any], patient: str | None) -> Iterator[Case]:
    fixed = entry.get("case")
    labels = entry["labels"]
    items: Sequence[Mapping[str, Any]] = [{"file": labels, "value": None}] if isinstance(labels, str) else labels
    colours = not isinstance(entry["image"], str)
    globs = list(entry["image"]) if colours else [entry["image"]]
    _check_placeholders(globs, [item["file"] for item in items])
    marked = [_match(names, item["file"], fixed) for item in items]
    taken = {name for matches in marked for raters in matches.values() for part in raters.values() for name in part}
    images = [_match([name for name in names if name not in taken], glob, fixed) for glob in globs]
    if not any(images) and not any(marked):
        raise PromptsegError(
            f"No file matches {', '.join(globs)} or {', '.join(item['file'] for item in items)}. "
            f"The first of {len(names)} files: {', '.join(names[:5]) or 'none'}. Correct `cases` of the dataset."
        )
    if entry.get("pair") == "order":
        marked = [_in_order(images[0], globs[0], one, item["file"]) for item, one in zip(items, marked, strict=True)]
    keys = _chosen(sorted({key for matches in (*images, *marked) for key in matches}), globs, entry)
    everyone = {rater for matches in marked for raters in matches.values() for rater in raters}
    skipped = 0
    for key, name in keys.items():
        files: list[list[str]] = [matches[key][""] if key in matches else [] for matches in images]
        found = tuple(
            Labels(tuple(part), item["value"], item.get("threshold"), item.get("segment"), rater)
            for item, matches in zip(items, marked, strict=True)
            for rater, part in sorted(matches.get(key, {}).items(), key=lambda one: natural(one[0]))
        )
        if entry.get("unpaired") == "skip" and not (any(files) and found):
            skipped += 1
            continue
        problem = None
        if not all(files):
            one = (found[0].names if found else next(filter(None, files)))[0]
            glob = next(glob for glob, part in zip(globs, files, strict=True) if not part)
            kind = "mask" if found else "image"
            problem = str(MISSING_IMAGE.error(f"no file matches {glob} for the {kind} {one}"))
        elif colours and any(len(part) > 1 for part in files):
            many = ", ".join(next(part for part in files if len(part) > 1))
            problem = str(SEVERAL_FILES.error(f"{many} are files of one colour"))
        elif not all(key in matches for matches in marked):
            glob = next(item["file"] for item, matches in zip(items, marked, strict=True) if key not in matches)
            problem = str(MISSING_MASK.error(f"no file matches {glob} for the image {files[0][0]}"))
        absent = tuple(sorted(everyone - {part.rater for part in found}, key=natural)) if found else ()
        yield Case(
            name,
            _patient(name, patient),
            tuple(one for part in files for one in part),
            found,
            problem,
            colours,
            entry.get("series"),
            absent,
        )
    if skipped:
        logger.info("%d cases of %s have no image or no mask: passed over", skipped, ", ".join(globs))


def _check_placeholders(images: Sequence[str], labels: Sequence[str]) -> None:
    grouped = {"{group}" in glob for glob in (*images, *labels)}
    if len(grouped) > 1:
        raise PromptsegError(
            f"{{group}} must stand in all patterns of one entry of `cases`, or in none: {', '.join((*images, *labels))}"
        )
    if any("{rater}" in glob for glob in images):
        raise PromptsegError(f"{{rater}} belongs into `labels`, not into `image`: {', '.join(images)}")
    rated = {"{rater}" in glob for glob in labels}
    if len(rated) > 1:
        raise PromptsegError(f"{{rater}} must stand in all `labels` of a case, or in none: {', '.join(labels)}")


def _in_order(images: _Matches, image_glob: str, labels: _Matches, label_glob: str) -> _Matches:
    """The label files under the keys of the images that stand at the same places."""
    if len(images) != len(labels):
        raise PromptsegError(
            f"{len(images)} images match {image_glob} and {len(labels)} masks match {label_glob}: `pair: order` needs "
            "as many of both. Add the missing files, or pair them by name."
        )
    first, second = (sorted(matches, key=lambda key: natural("/".join(key))) for matches in (images, labels))
    return {key: labels[other] for key, other in zip(first, second, strict=True)}


def _chosen(keys: Sequence[_Key], globs: Sequence[str], entry: Mapping[str, Any]) -> dict[_Key, str]:
    """Names of the wanted cases by their keys."""
    named = {key: "_".join([*filter(None, key[0].split("/")), key[1]]) for key in keys}
    twice = [name for name, count in Counter(named.values()).items() if count > 1]
    if twice:
        raise PromptsegError(
            f"Two groups of files of {', '.join(globs)} would both be the case {twice[0]}: rename one."
        )
    if "only" not in entry:
        return named
    absent = sorted(set(entry["only"]) - set(named.values()))
    if absent:
        raise PromptsegError(f"`only` names the cases {', '.join(absent)}, but no file of {', '.join(globs)} has them.")
    return {key: name for key, name in named.items() if name in entry["only"]}


def _patient(case: str, pattern: str | None) -> str:
    if pattern is None:
        return case
    match = re.search(pattern, case)
    if not match or not match.groups() or not match[1]:
        raise PromptsegError(f"The case {case} does not match `patient: {pattern}`; its group 1 must name the patient.")
    return match[1]


def case_patterns(dataset: Mapping[str, Any]) -> list[str]:
    """The globs of all files that the cases of a dataset entry are made of, with `*` for the placeholders."""
    return list(dict.fromkeys(as_glob(pattern) for case in dataset["cases"] for pattern in patterns_of(case)))
