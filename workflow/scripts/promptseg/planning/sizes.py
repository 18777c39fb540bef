"""How much a run downloads and writes, and whether that fits."""

import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptseg.download.origins import archive_name, sources_of
from promptseg.planning import costs
from promptseg.planning.counts import Count, preset_prompts, prompts
from promptseg.planning.jobs import Job

_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(MB|GB|TB)(?: unpacked)?")


@dataclass(frozen=True)
class Size:
    """Bytes of several things.

    Attributes:
        known: sum of those that are known or estimated.
        unknown: names of the others.
    """

    known: float
    unknown: Sequence[str] = ()


def stated(text: str) -> float | None:
    """Bytes of the first size in a text such as "5.8 GB (not verified)"; None where it says none."""
    found = _SIZE.search(text)
    return float(found[1]) * _UNITS[found[2]] if found else None


def downloads(jobs: Iterable[Job], config: Mapping[str, Any]) -> Size:
    """Bytes that the jobs which are due fetch: what is on the disk has no such job."""
    found: dict[str, float | None] = {}
    for job in jobs:
        if job.rule == "download_archive":
            name = Path(job.output[0]).name
            found[name] = _archive(name, config["datasets"])
        elif job.rule == "download_files":
            found[job.dataset] = stated(config["datasets"][job.dataset].get("size", ""))
        elif job.rule == "download_weights":
            about = config["methods"][job.method]["checkpoint"]
            parts = [part.get("bytes") for part in about.get("parts", ())]
            size = sum(parts) if parts and all(parts) else None
            found[f"weights of {job.method}"] = about.get("bytes", size)
    return Size(sum(size for size in found.values() if size), sorted(name for name, size in found.items() if not size))


def _archive(name: str, datasets: Mapping[str, Any]) -> float | None:
    """From its source, or from the entry if that has no other."""
    for entry in datasets.values():
        sources = sources_of(entry)
        for source in sources:
            if archive_name(source) == name:
                alone = stated(entry.get("size", "")) if len(sources) == 1 else None
                return source.get("bytes") or alone
    return None


def written(jobs: Sequence[Job], config: Mapping[str, Any], count: Callable[[str], Count | None]) -> Size:
    """Bytes that the jobs which are due write, roughly, by the ratios of the table of costs.

    Args:
        count: what a dataset holds.
    """
    ratio = costs.bytes_of()
    fetched = downloads(jobs, config)
    total, unknown = fetched.known * (1 + ratio["unpacked"]), set()
    for job in jobs:
        found = count(job.dataset) if job.dataset in config["datasets"] else None
        if job.rule in ("preprocess", "predict", "score", "gather_predictions", "gather_scores") and found is None:
            unknown.add(job.dataset)
        elif found and job.rule == "preprocess":
            total += found.images * ratio["image"]
        elif found and job.rule == "predict_protocols":
            total += preset_prompts(config, found) * ratio["prompt"]
        elif found and job.method and job.stage in ("predict", "score") and not job.temporary:
            total += prompts(config, job.method, found) * ratio["prompt"]
        elif job.stage in ("figures", "pictures", "report"):
            total += len(job.output) * ratio["figure"]
        elif job.stage == "explorer":
            total += _explorer(config, ratio, [known for name in config["run"]["datasets"] if (known := count(name))])
    return Size(total, sorted({*fetched.unknown, *unknown}))


def _explorer(config: Mapping[str, Any], ratio: Mapping[str, float], counts: Sequence[Count]) -> float:
    """Its images and masks, of as many images as it keeps."""
    images = sum(known.images for known in counts)
    masks = sum(prompts(config, method, known) for known in counts for method in config["run"]["methods"])
    return min(1, config["explorer"]["images"] / max(1, images)) * (images * ratio["image"] + masks * ratio["prompt"])


def free(folder: Path) -> int:
    """Free bytes of the file system of a folder that may not be there yet."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free
