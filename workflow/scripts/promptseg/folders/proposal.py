"""The entry for a folder that was looked at, as keys with comments, and in words for the terminal."""

from pathlib import Path
from typing import Any

from promptseg.folders import guesses
from promptseg.folders.contents import Contents
from promptseg.folders.document import Line
from promptseg.folders.look import Look, dicom_modalities
from promptseg.folders.naming import names_beside, task_name


def lines_of(found: Look, folder: Path) -> tuple[list[Line], list[str]]:
    """The keys of the entry, and what could not be told."""
    contents, unsure = found.contents, list(found.layout.notes)
    named, channels = names_beside(folder)
    named = named or {task_name(text): [value] for value, text in found.layout.structures.items()}
    kind = guesses.modality(contents, dicom_modalities(found.headers), channels, [folder.name, *found.files])
    lines = [Line("modality", kind.value, kind.why)]
    if not kind.certain:
        unsure.append(f"the modality: {kind.value}, because {kind.why}")
    lines += [Line("licence", "not stated", "who may use the data, and where the masks come from: figures say it")]
    lines += [Line("truth", "origin of the masks not stated")]
    lines += [Line("cases", found.layout.cases, "{case} names the case")]
    lines += [_patient(found, unsure)]
    lines += [Line(key, value) for key, value in found.extra.items()]
    for key, guess in (("axis", guesses.axis(contents)), ("intensity", guesses.intensity(contents, kind.value))):
        if guess:
            lines.append(Line(key, guess.value, guess.why))
            if not guess.certain:
                unsure.append(f"{key}: {guess.why}")
    if not contents.planar:
        why = "every slice, any size; {every: 5, min_area: 50} takes every fifth and leaves out specks"
        lines.append(Line("sampling", {"every": 1, "min_area": 1}, why))
    tasks, others, certain = guesses.tasks(contents, named)
    if not certain:
        unsure.append(f"what the label values mean ({', '.join(map(str, sorted(contents.values)))}): name the tasks")
    missing = [task for task, values in tasks.items() if not set(values) & set(contents.values)]
    if missing:
        unsure.append(f"whether these occur, which no mask looked at has: {', '.join(missing)}")
    lines.append(Line("tasks", tasks, "name: the label values that form its object"))
    lines.append(Line("other_labels", others, "values that may occur and are no task; any further one is an error"))
    if contents.failures:
        first = next(iter(contents.failures.items()))
        unsure.append(
            f"{len(contents.failures)} cases that could not be read, the first of them {first[0]}: {first[1]}"
        )
    return [line for line in lines if line.key], unsure


def _patient(found: Look, unsure: list[str]) -> Line:
    guess = guesses.patient([case.name for case in found.cases])
    if guess:
        return Line("patient", guess.value, f"group 1 of this expression on the name of a case: {guess.why}")
    example = found.cases[0].name
    unsure.append(f"patients: each case, such as {example}, counts as one; if some are of the same, set `patient`")
    return Line("", None)


def summary(found: Look) -> list[str]:
    """What was found, for a terminal."""
    contents = found.contents
    looked = len(contents.looked)
    kinds = "pictures" if contents.planar else "volumes"
    sizes = _most(contents.shapes, lambda shape: " x ".join(map(str, shape[:2] if contents.planar else shape)))
    text = [f"cases     {contents.cases} ({kinds}), {looked} of them looked at", *_patterns(found)]
    text.append(f"format    {_most(contents.formats, str)}, {_most(contents.types, str)}, {sizes}")
    text.append(f"values    {contents.low:g} to {contents.high:g}" + (", in colour" if contents.coloured else ""))
    if contents.spacings:
        text.append(f"spacing   {_most(contents.spacings, lambda steps: ' x '.join(f'{step:g}' for step in steps))} mm")
    text += _labels(contents)
    return text


def _patterns(found: Look) -> list[str]:
    text = []
    for entry in found.layout.cases[:3]:
        labels = entry["labels"]
        masks = [labels] if isinstance(labels, str) else [item["file"] for item in labels]
        shown = masks[0] + (f" and {len(masks) - 1} more" if len(masks) > 1 else "")
        text.append(f"          {entry['image']}  with  {shown}")
    left = len(found.layout.cases) - 3
    return text + ([f"          and {left} more"] if left > 0 else [])


def _labels(contents: Contents) -> list[str]:
    looked = len(contents.looked)
    rows = sorted(contents.values.items())
    text = [
        f"{value}: in {times} of {looked} masks, {share:.2%} of their pixels" for value, (times, share) in rows[:12]
    ]
    text += [f"and {len(rows) - 12} more values"] if len(rows) > 12 else []
    return [f"{'' if index else 'labels':10}{line}" for index, line in enumerate(text)]


def _most(counts: Any, words: Any) -> str:
    """The most frequent ones in words, and how many others there are."""
    shown = [words(key) for key, _ in counts.most_common(2)]
    return " and ".join(shown) + (f" and {len(counts) - 2} others" if len(counts) > 2 else "")
