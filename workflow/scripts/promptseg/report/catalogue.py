"""docs/datasets.md: every registered dataset, where it comes from, how it is read, and what could not be verified.

PYTHONPATH=workflow/scripts python -m promptseg.report.catalogue > docs/datasets.md
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from promptseg.analysis.datasets import sampling_text
from promptseg.config.check import check
from promptseg.config.schema import SCRIPTS
from promptseg.download.origins import sources_of
from promptseg.download.urls import record_of

CONFIG = SCRIPTS.parents[1] / "config"
Entry = Mapping[str, Any]

_ACCESS = {
    "open": "an address, no account",
    "drive": "a shared folder, no account",
    "token": "a free account and its token",
    "registration": "an agreement, by hand",
}
_MODALITIES = {"ct": "CT", "mri": "MRI", "pet": "PET", "xray": "X-ray", "us": "ultrasound", "other": "other"}
_HOW = {
    "http": "fetched",
    "pypi": "fetched",
    "package_data": "in a package",
    "folder": "a folder of yours",
    "manual": "by hand",
    "kaggle": "Kaggle client",
    "synapse": "Synapse client",
    "tcia": "TCIA client",
    "gdrive": "Google Drive client",
}
_INTRODUCTION = """\
# Datasets

Made from `config/datasets.yaml` by `python -m promptseg.report.catalogue`; change that file and run
`PYTHONPATH=workflow/scripts python -m promptseg.report.catalogue > docs/datasets.md` again.

{counts} Access is one of {access}.

How to get it: **fetched**, nothing is to be done; **client**, the client of that archive is called, unless the files
are there already; **by hand**, a manual download. Such files go into `results/raw/<dataset>/`, loose or in their
archive, as the sections below say; `snakemake --cores 1 datasets_status` says what is ready and what is missing.

A checksum is given where a public source states one; where none does, the first complete download is recorded in
`config/datasets.lock.yaml`, and later ones have to be equal to it. "Images" is the study's number of images with a
mask; a question mark says that no public source states it. After a run, `results/tables/datasets.csv` sets its numbers
beside them.
"""


def registered() -> dict[str, Any]:
    """The shipped registry of datasets with its defaults filled in."""
    names = ("datasets", "methods", "config")
    parts = [yaml.safe_load((CONFIG / f"{name}.yaml").read_text(encoding="utf-8")) for name in names]
    return check({key: value for part in parts for key, value in part.items()})["datasets"]


def groups(datasets: Mapping[str, Entry], study: Sequence[str]) -> dict[str, list[str]]:
    """Names of datasets under the headings of the document.

    Args:
        datasets: the registry.
        study: the study's datasets in their order; other entries that name one of them are variants.
    """
    variants = [name for name, entry in datasets.items() if entry.get("study") and name not in study]
    return {
        "The study's datasets": list(study),
        "Variants": variants,
        "Datasets of the quickstart, and others": [
            name for name in datasets if name not in study and name not in variants
        ],
    }


def _distinct(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _checksum(source: Entry) -> str:
    if "sha256" in source:
        return "SHA-256"
    if "md5" in source:
        return "MD5"
    if source["kind"] == "http" and record_of(source["url"]):
        return "the record's"
    return "the package's" if source["kind"] == "package_data" else ""


def checksums(entry: Entry) -> str:
    """For how many of a dataset's sources a checksum is known: "SHA-256", "SHA-256 (1 of 3)", "none known"."""
    kinds = [_checksum(source) for source in sources_of(entry)]
    known = [kind for kind in kinds if kind]
    if not known:
        return "none known"
    return _distinct(known) + (f" ({len(known)} of {len(kinds)})" if len(known) < len(kinds) else "")


def anchor(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _images(entry: Entry) -> str:
    study = entry.get("study") or {}
    if "images" not in study:
        return ""
    return f"{study['images']}{'' if study['certain'] else ' ?'}"


def _tasks(entry: Entry) -> str:
    """The tasks as the study spells them, where it has a word for them beside that for the dataset."""
    spelt = {task: entry["published"].get(task, "").partition(": ")[2] for task in entry["tasks"]}
    return ", ".join(published or task.replace("_", " ") for task, published in spelt.items())


def _size(entry: Entry) -> str:
    """What the download costs in disk."""
    sources = sources_of(entry)
    if entry["size"] == "not stated" and all("bytes" in source for source in sources):
        return f"{sum(source['bytes'] for source in sources) / 1e6:.0f} MB"
    return entry["size"]


def _prose(text: str) -> str:
    """A sentence of the registry as Markdown: asterisks outside of code are no emphasis."""
    parts = text.strip().split("`")
    return "`".join(part if index % 2 else part.replace("*", r"\*") for index, part in enumerate(parts))


def overview(datasets: Mapping[str, Entry], names: Sequence[str]) -> Iterator[str]:
    """Lines of a Markdown table, one row per dataset."""
    heads = ["dataset", "modality", "tasks", "access", "how to get it", "download", "licence", "passing on"]
    heads += ["images", "checksum"]
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for name in names:
        entry = datasets[name]
        how = " + ".join(dict.fromkeys(_HOW[source["kind"]] for source in sources_of(entry)))
        cells = [f"[{entry['title']}](#{anchor(entry['title'])})", _MODALITIES[entry["modality"]], _tasks(entry)]
        cells += [entry["access"], how, _size(entry), entry["licence"], entry["redistribution"]]
        cells += [_images(entry), checksums(entry)]
        yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _origin(source: Entry) -> str:
    """Where one source's files are, with size and checksum."""
    kind = source["kind"]
    if kind == "http":
        text = f"<{source['url']}>" if source["url"].startswith("http") else f"`{source['url']}`"
    elif kind == "pypi":
        text = f"`{source['file']}`, the source archive of {source['package']} {source['version']}"
    elif kind == "package_data":
        text = f"files of the package {source['package']}"
    elif kind == "folder":
        text = f"the folder `{source['path']}`"
    elif kind == "kaggle":
        what = "dataset" if "dataset" in source else "competition"
        text = f"Kaggle {what} `{source[what]}`"
    elif kind == "tcia":
        fields = {
            field: [globs] if isinstance(globs, str) else globs for field, globs in source.get("series", {}).items()
        }
        series = ", ".join(f"{field} {' or '.join(f'`{glob}`' for glob in globs)}" for field, globs in fields.items())
        text = f"TCIA collection `{source['collection']}`" + (f", series of {series}" if series else "")
        text += ", of patients who have masks there" if "patients" in source else ""
    elif kind == "manual":
        text = "By hand"
    else:
        text = f"{'Synapse' if kind == 'synapse' else 'Google Drive'} `{source['id']}`"
    facts = [f"file `{source['file']}`"] if kind in ("http", "kaggle") and "file" in source else []
    facts += [f"{source['bytes'] / 1e6:.0f} MB"] if "bytes" in source else []
    facts += [f"{label} `{source[key]}`" for key, label in (("sha256", "SHA-256"), ("md5", "MD5")) if key in source]
    facts += ["the certificate of the host is broken and not checked"] if source.get("verify_tls") is False else []
    facts += [f"mirror <{url}>" for url in source.get("mirrors", ())]
    return f"{text} ({'; '.join(facts)})" if facts else text


def _source_line(source: Entry, home: str) -> str:
    parts = [f"{_origin(source)}."]
    if "instructions" in source:
        parts.append(_prose(source["instructions"]))
        parts += [f"Page: <{source['home']}>."] if source["home"] != home else []
        parts.append(f"Files expected: {', '.join(f'`{glob}`' for glob in source['files'])}.")
    return f"  * {' '.join(parts)}"


def _intensity(entry: Entry) -> str:
    settings = entry["intensity"]
    if settings["kind"] == "none":
        return "as stored"
    if settings["kind"] == "window":
        unit = {"ct": " HU", "pet": " SUV"}.get(entry["modality"], "")
        return f"clipped to {settings['low']} to {settings['high']}{unit}"
    return f"clipped to the percentiles {settings['low']} and {settings['high']} of the volume"


def _axis(axis: str | int) -> str:
    return f"{axis}, by the affine" if isinstance(axis, str) else f"array axis {axis} as stored, counted from 0"


def _task_list(entry: Entry) -> str:
    parts = []
    for task, values in entry["tasks"].items():
        shown = ", ".join(map(str, values))
        published = entry["published"].get(task)
        parts.append(f"{task} = {shown}" + (f" (published as {published})" if published else ""))
    return "; ".join(parts)


def _study(entry: Entry) -> str:
    study = entry["study"]
    images = f", {study['images']} images" if "images" in study else ""
    doubt = "" if study["certain"] or not images else " (no public source states this number)"
    return f"{study['name']}{images}{doubt}"


def section(name: str, entry: Entry) -> Iterator[str]:
    """Lines of the section on one dataset."""
    yield f"### {entry['title']}"
    yield ""
    yield f"* Name in the configuration: `{name}`"
    yield f"* Home: <{entry['home']}>" if entry["home"] else "* Home: not stated"
    yield f"* To cite: {entry['citation'] or 'not stated'}"
    yield f"* Licence: {entry['licence']}. Passing on: {entry['redistribution']}."
    yield f"* Access: {entry['access']}, {_ACCESS[entry['access']]}. Download: {_size(entry)}."
    if entry["format"] != "not stated":
        yield f"* Format: {entry['format']}"
    yield "* Sources:"
    yield from (_source_line(source, entry["home"]) for source in sources_of(entry))
    yield f"* Masks: {entry['truth']}"
    if entry["label_values"]:
        values = ", ".join(f"{value} {label.replace('_', ' ')}" for label, value in entry["label_values"].items())
        yield f"* Label values in the files: {values}"
    yield f"* Tasks, by label values: {_task_list(entry)}"
    if any("{rater}" in str(case["labels"]) for case in entry["cases"]):
        yield f"* Raters: {entry['raters']}"
    if "channels" in entry:
        yield f"* Channels: {', '.join(map(str, entry['channels']))}, counted from 0"
    if entry["units"] != "stored":
        yield "* Units: standardised uptake values, by body weight"
    if entry["modality"] not in ("xray", "us"):  # those are pictures
        yield f"* Slices along: {_axis(entry['axis'])}. Slices taken: {sampling_text(entry['sampling'])}."
    yield f"* Intensities: {_intensity(entry)}"
    if entry.get("study"):
        yield f"* In the study: {_study(entry)}"
    if entry["notes"]:
        yield f"* Notes: {_prose(entry['notes'])}"
    if entry["unverified"]:
        yield "* What we could not verify:"
        yield from (f"  * {_prose(text)}" for text in entry["unverified"])
    yield ""


def document(datasets: Mapping[str, Entry], study: Sequence[str]) -> str:
    """The whole document as Markdown; see `groups` for the arguments."""
    tasks = sum(len(datasets[name]["tasks"]) for name in study)
    access = {kind: sum(datasets[name]["access"] == kind for name in study) for kind in _ACCESS}
    counts = f"The study has {len(study)} datasets with {tasks} tasks: " + ", ".join(
        f"{number} {kind}" for kind, number in access.items()
    )
    words = "; ".join(f"**{kind}**, {text}" for kind, text in _ACCESS.items())
    lines = [_INTRODUCTION.format(counts=f"{counts}.", access=words)]
    parts = groups(datasets, study)
    for heading, names in parts.items():
        lines += [f"## {heading}", "", *overview(datasets, names), ""]
    lines += ["## Each dataset", ""]
    for name in (name for names in parts.values() for name in names):
        lines += section(name, datasets[name])
    return "\n".join(lines).rstrip() + "\n"


def shipped() -> str:
    """The document of the shipped registry; the study's datasets are those of config/paper.yaml."""
    paper = yaml.safe_load((CONFIG / "paper.yaml").read_text(encoding="utf-8"))
    return document(registered(), paper["run"]["datasets"])


if __name__ == "__main__":
    print(shipped(), end="")
