"""Whether a run can start: data, weights, room, memory, GPU and packages, a line for each."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from promptseg.analysis.metadata_check import require_metadata
from promptseg.config.cases import case_patterns, match_cases
from promptseg.config.facts import all_methods, masked
from promptseg.config.folders import folders
from promptseg.config.mask_files import Folder
from promptseg.config.own_files import own_weights
from promptseg.config.patterns import fits
from promptseg.core.cards import VISIBLE, cards, nvidia_smi
from promptseg.core.checksums import Checksum
from promptseg.core.errors import PromptsegError
from promptseg.download.availability import READY, availability
from promptseg.download.dropfolder import walk
from promptseg.download.origins import sources_of
from promptseg.download.transfer import is_there
from promptseg.planning.sizes import free
from promptseg.preprocess.case import read_image, read_marked
from promptseg.preprocess.evidence import Encodings
from promptseg.preprocess.shown import shown_apart

OK, WARN, FAIL = "ok", "warn", "fail"
_ROOM, _MEMORY = 5e9, 8e9  # bytes below which runs like the quickstart get into trouble
_SMALL = 20e6  # bytes of weights of a network that is quick anywhere


@dataclass(frozen=True)
class Point:
    """One line of the check: ok, warn or fail, what was looked at, and what was found or has to be done."""

    verdict: str
    what: str
    found: str

    def __str__(self) -> str:
        return f"{self.verdict:5} {self.what:24} {' '.join(self.found.split())}"


def points(config: Mapping[str, Any], full: bool = False) -> Iterator[Point]:
    """All points of a configuration that is valid, the quick ones first.

    Args:
        config: checked; relative paths start at the working directory.
        full: compare checksums of weights, too.
    """
    yield Point(OK, "snakemake", version("snakemake"))
    yield from _refused(config)
    yield from _machine(config)
    yield from _packages(config)
    for name in all_methods(config):
        yield from _weights(name, config, full)
    for name in masked(config):
        yield from _masks(name, config)
    of_run = {name: config["datasets"][name] for name in config["run"]["datasets"]}
    for row in availability({**config, "datasets": of_run}, Path(config["shared"], "raw")):
        name, entry = row.dataset, of_run[row.dataset]
        if row.message or row.state == "incomplete":
            skipped = config["run"]["unavailable"] == "skip"
            yield Point(WARN if skipped else FAIL, f"dataset {name}", row.message or row.detail)
        elif all(source["kind"] == "folder" for source in sources_of(entry)):
            yield _folder(name, entry)
        else:
            yield Point(OK, f"dataset {name}", "there" if row.state == READY else "will be downloaded")


def _refused(config: Mapping[str, Any]) -> Iterator[Point]:
    """Why Snakemake would not start: folders of results, metadata."""
    for what, look in (("folders", folders), ("metadata", lambda one: require_metadata(one, one["run"]["datasets"]))):
        try:
            look(config)
        except PromptsegError as error:
            yield Point(FAIL, what, str(error))


def _machine(config: Mapping[str, Any]) -> Iterator[Point]:
    room = free(Path(config["results"]))
    yield Point(OK if room > _ROOM else WARN, "disk", f"{room / 1e9:.0f} GB free for {config['results']}")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield Point(OK if memory > _MEMORY else WARN, "memory", f"{memory / 1e9:.0f} GB, {os.cpu_count()} cores")
    yield from _gpus(config)


def _gpus(config: Mapping[str, Any]) -> Iterator[Point]:
    """Name, memory and driver of each card, as nvidia-smi says, and how many jobs use them at a time."""
    said = nvidia_smi("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader").strip().splitlines()
    found, usable = [line for line in said if line.count(", ") == 2], len(cards())
    networks = [name for name in all_methods(config) if _large(config["methods"][name])]
    if usable and config["device"] != "cpu":
        built = version("torch")
        at_once = f"; {usable} jobs at a time, one on each" if usable > 1 else ""
        yield Point(WARN if "cpu" in built else OK, "GPU", f"{'; '.join(found) or 'one'}; PyTorch {built}{at_once}")
    elif config["device"] == "cuda":
        yield Point(FAIL, "GPU", f"none was found, and the configuration says `device: cuda`{_why(said, found)}")
    else:
        slow = f"; on the processor these are slow: {', '.join(networks)}" if networks else ""
        known = "not used" if found else f"none{_why(said, found)}"
        yield Point(WARN if networks else OK, "GPU", known + slow)


def _why(said: list[str], found: list[str]) -> str:
    """Why cards cannot be used: hidden ones, or what is wrong with the driver."""
    if found:
        return f"; {VISIBLE} hides {len(found)}"
    return f"; nvidia-smi says: {' '.join(said)}" if said else ""


def _large(method: Mapping[str, Any]) -> bool:
    """Whether a method is a network that takes long on a processor: those of the quickstart do not."""
    path = own_weights(method.get("checkpoint", {}))
    small = path is not None and path.is_file() and path.stat().st_size < _SMALL
    return bool(method["gpu"]) and not small


def _packages(config: Mapping[str, Any]) -> Iterator[Point]:
    """Packages that only some methods need."""
    hub = [
        name
        for name in all_methods(config)
        if config["methods"][name].get("adapter", "").startswith("promptseg.methods.hf")
    ]
    if hub and find_spec("transformers") is None:
        yield Point(FAIL, "transformers", f"{', '.join(hub)} need it: pip install -e '.[hf]'")


def _weights(name: str, config: Mapping[str, Any], full: bool) -> Iterator[Point]:
    about, what = config["methods"][name].get("checkpoint"), f"weights {name}"
    if not about:
        return
    own = own_weights(about)
    path = own or Path(config["shared"], "weights", f"{name}.pth")
    checksum = Checksum.from_mapping(about)
    if path.is_dir():
        yield Point(OK, what, f"the folder {path}")
    elif path.is_file():
        size, stated = path.stat().st_size, about.get("bytes")
        if own is None and stated and size != stated:
            yield Point(FAIL, what, f"{path} has {size} bytes instead of {stated}: delete it, it is fetched again")
        elif full and own is None and (wrong := _wrong(path, checksum)):
            yield Point(FAIL, what, wrong)
        else:
            known = f"{checksum.algorithm} {'equal' if full else 'known'}" if checksum else "no checksum is known"
            yield Point(OK, what, f"{path}, {size / 1e6:.0f} MB, {known}")
    elif own is not None:
        yield Point(FAIL, what, f"{own} is not there: correct methods.{name}.checkpoint")
    elif "url" in about or "parts" in about:
        much = f", {about['bytes'] / 1e6:.0f} MB" if "bytes" in about else ""
        yield Point(OK, what, f"will be downloaded{much}")
    else:
        yield Point(FAIL, what, f"to be fetched by hand from {about.get('home', 'the authors')} to {path}")


def _masks(name: str, config: Mapping[str, Any]) -> Iterator[Point]:
    """How many files of masks there are for each dataset."""
    masks = config["methods"][name]["masks"]
    for dataset in masks.get("datasets", config["run"]["datasets"]):
        folder = Folder.of(masks, dataset)
        count, fits = len(folder.names()), f" fit {folder.pattern.text}" if folder.pattern else ""
        yield Point(OK if count else FAIL, f"masks {name}", f"{dataset}: {count} files in {folder.path}{fits}")


def _wrong(path: Path, checksum: Checksum | None) -> str:
    """What the checksum of a file says against it; empty for nothing."""
    try:
        is_there(path, checksum, None)
    except PromptsegError as error:
        return str(error)
    return ""


def _folder(name: str, entry: Mapping[str, Any]) -> Point:
    """A folder of the user: how many cases, and whether the first can be read."""
    what = f"dataset {name}"
    try:
        files = {
            key: path for source in sources_of(entry) for key, path in walk(Path(source["path"]).expanduser()).items()
        }
        names = [key for key in files if fits(key, case_patterns(entry))]
        cases = match_cases(names, entry["cases"], entry.get("patient"))
        whole = [case for case in cases if case.problem is None]
        if not whole:
            return Point(FAIL, what, f"none of {len(cases)} cases is whole: {cases[0].problem}")
        paths = shown_apart({key: files[key] for key in whole[0].names})
        image = read_image(whole[0], paths, entry)
        labels = read_marked(whole[0], paths, entry, Encodings.of(entry, {}), image)
    except PromptsegError as error:
        return Point(FAIL, what, str(error))
    patients = len({case.patient for case in whole})
    size, share = " x ".join(map(str, image.shape)), (labels.array > 0).mean()
    found = f"{len(whole)} cases of {patients} patients; the first, {whole[0].name}, is {size}, {share:.1%} marked"
    if len(whole) < len(cases):
        problem = next(case.problem for case in cases if case.problem)
        return Point(WARN, what, f"{found}; {len(cases) - len(whole)} others are not whole, the first: {problem}")
    return Point(OK, what, found)
