"""How many images, objects and prompts a run has: counted where the images are made, else by the registry."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptseg.config.asked import asked_of_presets
from promptseg.config.protocols import protocols_of
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE, LINE_MODES, SELECTIONS
from promptseg.planning import costs

SQUARE = 512 * 512 / 1e6  # megapixels of the images that the table of costs is for
# Of a megapixel or less, which most of a network's time does not depend on: an hour or two on a GPU.
IMAGES_OF_SHARD = 2000


@dataclass(frozen=True)
class Count:
    """What a dataset holds.

    Attributes:
        images: 2-D images.
        components: number of objects by how many components each has, as far as modes 2 and 4 prompt them.
        counted: whether these are facts; else the number that the registry says, with each task once in each image.
    """

    images: int
    components: Mapping[int, int]
    counted: bool = True

    @property
    def objects(self) -> int:
        """Number of objects."""
        return sum(self.components.values())


def count(folder: Path, entry: Mapping[str, Any], max_components: int) -> Count | None:
    """What a dataset holds; None where it is not known yet.

    Args:
        folder: of its `images.parquet` and `objects.parquet`.
        entry: of the dataset in the configuration.
    """
    if (folder / "images.parquet").is_file() and (folder / "objects.parquet").is_file():
        from promptseg.core.parquet import count_rows, read_arrow

        parts = read_arrow(folder / "objects.parquet", columns=["n_components"])["n_components"].to_pylist()
        found = Counter(min(number, max_components) for number in parts)
        return Count(count_rows(folder / "images.parquet"), found)
    images = declared_images(entry)
    return Count(images, {1: images * len(entry["tasks"])}, counted=False) if images else None


def declared_images(entry: Mapping[str, Any]) -> int | None:
    """How many images the registry says that a dataset has; None where it does not."""
    found: int | None = entry["expected"].get("images") or entry.get("study", {}).get("images")
    return found


def megapixels(entry: Mapping[str, Any]) -> float:
    """Millions of pixels of the largest image of a dataset: as declared, else what is usual for its modality."""
    usual: Mapping[str, float] = costs.unknown()["megapixels"]
    return float(entry["expected"].get("megapixels") or usual.get(entry["modality"], SQUARE))


def shards(entry: Mapping[str, Any]) -> int:
    """Into how many jobs prediction and scoring of a dataset are cut.

    By what the registry says, not by the images that are made, so that the jobs of a run are the same at every start.
    """
    if entry["shards"] != "auto":
        return int(entry["shards"])
    return max(1, math.ceil((declared_images(entry) or 0) * max(1.0, megapixels(entry)) / IMAGES_OF_SHARD))


def prompts(config: Mapping[str, Any], method: str, found: Count, takes: str = "both") -> int:
    """About how many different prompts a method is asked for the objects of a dataset.

    Equal prompts are asked once: of an object of one component, modes 1 and 2 have the same point, and modes 3 to 5 the
    same box. Clicking may end early, so that this is rather too much.

    Args:
        takes: "points", "boxes" or "both".
    """
    modes = set(config["prompts"]["modes"])
    total = 0
    for parts, objects in found.components.items():
        if takes != "boxes":
            total += objects * (parts if "mode2" in modes else int("mode1" in modes))
        if takes != "points":
            boxes = parts if "mode4" in modes else int("mode3" in modes)
            total += objects * (boxes + int("mode5" in modes and (parts > 1 or not boxes)))
    total += found.objects * len(modes & set(LINE_MODES))
    if ITERATIVE in modes and takes != "boxes":
        followed = len(SELECTIONS) if config["methods"][method]["ambiguity"] else 1
        clicks = 1 + followed * (config["prompts"]["clicks"] - 1)
        total += found.objects * clicks * len(protocols_of(config, method))
    if EVERYTHING in modes and config["methods"][method]["ambiguity"]:
        total += found.images * config["everything"]["points_per_side"] ** 2
    return total


def preset_prompts(config: Mapping[str, Any], found: Count) -> int:
    """About how many prompts a method is asked under the presets of a run for the objects of a dataset.

    It may take some of them only, and stop early, so that this is rather too much.
    """
    presets = asked_of_presets(config, "images")["presets"].values()
    steps = [one["prompts"] + int(one["start"]["prompt"] != "none") for asked in presets for one in asked.values()]
    return found.objects * sum(steps)
