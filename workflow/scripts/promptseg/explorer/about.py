"""What the explorer says of its run: names, titles and looks, and which columns there are."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import promptseg
from promptseg.core.provenance import commit
from promptseg.core.settings import Setting, ordered
from promptseg.core.titles import CONFIDENCES, MODALITIES, MODES, SELECTIONS, STATUSES, Titles, plain, titled
from promptseg.explorer.objects import Kept, Survey
from promptseg.figures.looks import method_looks
from promptseg.score.metrics import METRICS

_SHARE = [0, 1]  # the range of all metrics but distances


@dataclass(frozen=True)
class Run:
    """What the configuration says of a run.

    Attributes:
        title: heading of the page.
        configuration: what to show of it: name -> anything that JSON can hold.
        datasets: those of the run: name -> {title, modality, licence, tasks}, tasks as in the registry.
        methods: all registered, in the order of the registry, see `looks.method_looks`.
        protocols: name -> {title}.
        modes: of prompts.
        most: how many objects and images are kept.
        seed: of the random samples.
        volumes: dataset -> address of the page of its volumes, relative to the explorer.
    """

    title: str
    configuration: Mapping[str, Any]
    datasets: Mapping[str, Mapping[str, Any]]
    methods: Titles
    protocols: Titles
    modes: Sequence[str]
    most: tuple[int, int]
    seed: int
    volumes: Mapping[str, str] = field(default_factory=dict)

    @property
    def as_text(self) -> dict[str, str]:
        """The configuration as text."""
        return {
            name: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            for name, value in self.configuration.items()
        }


def newest(files: Iterable[Path]) -> str:
    """When the last of some files was made: "2026-11-29 16:40 UTC"; equal inputs are equal files with equal times."""
    seconds = max(path.stat().st_mtime for path in files)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def describe(
    run: Run, methods: Sequence[str], columns: Mapping[str, Mapping[Setting, list[str]]], known: Survey, kept: Kept
) -> dict[str, Any]:
    """The content of data/run.js without its date, see docs/explorer.md.

    Args:
        methods: those of the run, in the order of the registry.
        columns: method -> setting -> names of its columns.
    """
    looks = method_looks(run.methods)
    settings = ordered({setting for own in columns.values() for setting in own}, list(run.protocols))
    there = {name for own in columns.values() for names in own.values() for name in names}
    of_objects, of_images = kept.sampled
    return {
        "title": run.title,
        "configuration": run.as_text,
        "commit": commit() or "unknown",
        "version": promptseg.__version__,
        "counts": {
            "objects": len(of_objects.kept),
            "kept": len(kept.objects),
            "images": len(of_images.kept),
            "pictures": int(of_images.kept.sum()),
        },
        "sampling": kept.sentence,
        "datasets": [_dataset(name, run.datasets, known.units) for name in run.datasets],
        "methods": [
            {
                "name": name,
                "title": looks[name].title,
                "family": looks[name].family,
                "colour": looks[name].colour,
                "marker": looks[name].marker,
                "control": bool(run.methods[name].get("control")),
            }
            for name in methods
        ],
        "protocols": {
            one.protocol + f"~{one.switch}" * bool(one.switch): one.protocol_title(run.protocols)
            for one in settings
            if one.protocol
        },
        "titles": {
            "modes": {one.mode: MODES[one.mode] for one in settings},
            "selections": {one.selection: SELECTIONS[one.selection] for one in settings},
            "statuses": STATUSES,
        },
        "settings": [
            {
                "id": one.id,
                "title": one.title(run.protocols),
                "mode": one.mode,
                "protocol": one.protocol or None,
                "switch": one.switch or None,
                "step": one.step,
                "selection": one.selection,
            }
            for one in settings
        ],
        "metrics": [one for one in _metrics(known.units) if one["name"] in there],
        "statuses": known.statuses,
        "columns": {method: {one.id: own[one] for one in settings if one in own} for method, own in columns.items()},
        "pages": {"report": "../report/index.html", "volumes": dict(run.volumes)},
    }


def _dataset(
    name: str, datasets: Mapping[str, Mapping[str, Any]], units: Mapping[str, frozenset[str]]
) -> dict[str, Any]:
    entry = datasets[name]
    return {
        "name": name,
        "title": titled(datasets, name),
        "modality": entry["modality"],
        "modality_title": MODALITIES[entry["modality"]],
        "licence": entry["licence"],
        "units": sorted(units.get(name, ())),
        "tasks": [{"name": task, "title": plain(task)} for task in entry["tasks"]],
    }


def _metrics(units: Mapping[str, frozenset[str]]) -> list[dict[str, Any]]:
    distance = " or ".join(sorted(frozenset().union(*units.values())))
    metrics = [
        {
            "name": metric.name,
            "title": metric.label,
            "unit": distance if metric.is_distance else "",
            "higher": metric.higher_is_better,
            "decimals": metric.decimals,
            "range": None if metric.is_distance else _SHARE,
        }
        for metric in METRICS
    ]
    confidences = [
        {"name": name, "title": title, "unit": "", "higher": True, "decimals": 3, "range": _SHARE}
        for name, title in CONFIDENCES.items()
    ]
    return [*metrics, *confidences]
