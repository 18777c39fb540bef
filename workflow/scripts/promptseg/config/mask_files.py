"""Methods whose masks come from files: which files these are, what their bytes are, and what is wrong with an entry."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptseg.config.explain import Mistake, about_path, dotted, nearest
from promptseg.config.facts import masked
from promptseg.config.mask_patterns import Pattern
from promptseg.config.own_files import RECORD, files_inside
from promptseg.core.digests import Digests, joined
from promptseg.core.manifest import MANIFEST

_DATA = (".raw", ".raw.gz", ".zraw", ".img", ".img.gz")  # values of headers that a pattern names
# Keys of an entry that say how something is asked or computed, and mean nothing where masks are there.
_OF_ADAPTERS = (
    "adapter",
    "variant",
    "checkpoint",
    "environment",
    "options",
    "protocols",
    "off_label",
    "gpu",
)


@dataclass(frozen=True)
class Folder:
    """Where the masks of a method on one dataset are.

    Attributes:
        path: of the folder.
        pattern: of the files in it; None where a manifest names them.
    """

    path: Path
    pattern: Pattern | None

    @classmethod
    def of(cls, masks: Mapping[str, Any], dataset: str) -> "Folder":
        """What an entry says of one dataset. A `path` that is a file is its folder and its name."""
        path = Path(masks["path"].replace("{dataset}", dataset))
        if "pattern" in masks:
            return cls(path, Pattern(masks["pattern"].replace("{dataset}", dataset)))
        if path.name == MANIFEST:
            return cls(path.parent, None)
        if path.is_file():
            return cls(path.parent, Pattern(path.name.replace("{", "?").replace("}", "?")))
        return cls(path, None)

    def names(self) -> list[str]:
        """Relative names of the files that count: that fit the pattern, or all beside a manifest."""
        match = self.pattern.expression({}).fullmatch if self.pattern else None
        found = (name.replace(os.sep, "/") for name, _ in files_inside(self.path))
        return sorted(name for name in found if match is None or match(name) or name.endswith(_DATA))


def mask_digests(
    config: Mapping[str, Any], datasets: Iterable[str], say: Callable[[str], None]
) -> dict[str, dict[str, str]]:
    """Method to dataset to the digest of the names and bytes of the files that its masks come from.

    Files are read again only if they changed, see `Digests`, which also says what `say` gets.
    """
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for method in masked(config):
        for dataset in datasets:
            folder = Folder.of(config["methods"][method]["masks"], dataset)
            found[method, dataset] = [(name, str(folder.path / name)) for name in folder.names()]
    every = sorted({path for files in found.values() for _, path in files})
    known = dict(zip(every, Digests(RECORD).of(every, say=say) if every else (), strict=True))
    digests: dict[str, dict[str, str]] = {}
    for (method, dataset), files in found.items():
        digests.setdefault(method, {})[dataset] = joined((name, known[path]) for name, path in files)
    return digests


def mistaken_masks(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Of entries with `masks`: keys that mean nothing there, patterns that are none, names of no dataset."""
    references = [name for name in config["run"]["methods"] if config["methods"][name]["reference"]]
    if len(references) > 1:
        where = ("methods", references[1], "reference")
        yield Mistake(where, f"{dotted(where)}: {references[0]} is the reference already: a run has one line to beat.")
    for name in config["volumes"].get("methods", ()):
        if "masks" in config["methods"][name]:
            what = f"volumes.methods names {name!r}, whose masks come from files and are scored anyway: take it away."
            yield Mistake(("volumes", "methods"), what)
    tasks = {task for dataset in config["run"]["datasets"] for task in config["datasets"][dataset]["tasks"]}
    for name, entry in config["methods"].items():
        if "masks" in entry:
            yield from _mistaken_entry(config, name, entry)
            if name in config["run"]["methods"] and not tasks & set(entry["masks"].get("labels", tasks)):
                yield _mistake(name, "labels", f"names none of the tasks of the run: {', '.join(sorted(tasks))}.")


def _mistake(method: str, key: str, what: str) -> Mistake:
    where = ("methods", method, "masks", key)
    return Mistake(where, f"{dotted(where)} {what}")


def _mistaken_entry(config: Mapping[str, Any], name: str, entry: Mapping[str, Any]) -> Iterator[Mistake]:
    masks = entry["masks"]
    for key in _OF_ADAPTERS:
        if entry.get(key):
            where = ("methods", name, key)
            what = f"its masks come from files (`masks`), so that nothing is asked: take `{key}` away, or `masks`."
            yield Mistake(where, f"{dotted(where)}: {what}")
    for problem in Pattern(masks["pattern"]).problems() if "pattern" in masks else ():
        yield _mistake(name, "pattern", f"{masks['pattern']!r}: {problem}.")
    for dataset in masks.get("datasets", ()):
        if dataset not in config["datasets"]:
            words = nearest(dataset, config["datasets"])
            yield _mistake(name, "datasets", f"names {dataset!r}, which is not an entry of datasets:.{words}")


def missing_masks(config: Mapping[str, Any]) -> Iterator[Mistake]:
    """Of methods of the run: folders that are not there, and folders that need a pattern."""
    for name in masked(config):
        masks = config["methods"][name]["masks"]
        for dataset in masks.get("datasets", config["run"]["datasets"]):
            folder = Folder.of(masks, dataset)
            if not folder.path.is_dir():
                yield _mistake(
                    name,
                    "path",
                    f"is {folder.path}, and there is no such folder or file.{about_path(str(folder.path))}",
                )
            elif folder.pattern is None and not (folder.path / MANIFEST).is_file():
                yield _mistake(
                    name,
                    "path",
                    f"is {folder.path}, which holds no {MANIFEST}: say by `pattern` which file belongs to which "
                    'case, such as `pattern: "{case}.nii.gz"`.',
                )
            elif "pattern" not in masks and folder.pattern and not folder.pattern.text.lower().endswith(".json"):
                yield _mistake(
                    name,
                    "path",
                    f"is one file, {masks['path']}, and only COCO JSON holds many images: name its folder, and by "
                    "`pattern` the file of each case.",
                )
