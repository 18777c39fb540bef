"""What `promptseg check-method` does: load a method as a job would, try it, and put the outcome into words."""

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from promptseg.core.errors import PromptsegError
from promptseg.methods import Settings, is_for_volumes, named_class
from promptseg.methods.checks import file_problems, problems_of
from promptseg.methods.volume import VolumeMethod
from promptseg.methods.volume_checks import volume_class, volume_problems
from promptseg.predict.method_run import Computing, construct, load_method, prepare
from promptseg.predict.scene import SIZES
from promptseg.predict.trial import Report, Trial, told
from promptseg.predict.volume_trial import SIZES as VOLUME_SIZES
from promptseg.predict.volume_trial import VolumeLine, VolumeTrial


def check_method(name: str, entry: Mapping[str, Any], weights: Path | None = None, device: str = "auto") -> Report:
    """Try a method, for images or for volumes, with every kind of prompt.

    Args:
        name, entry: of the method as in the configuration; `adapter` is needed.

    Raises:
        PromptsegError: it cannot be loaded: its file, its class, its entry, its weights or its constructor is wrong.
    """
    if not file_problems(entry["adapter"]) and is_for_volumes(named_class(entry["adapter"])):
        with tempfile.TemporaryDirectory() as folder:
            method = _prepared(name, entry, weights, device, volume_problems, load_volume_method)
            return VolumeTrial(method, Path(folder)).run()
    return Trial(_prepared(name, entry, weights, device, problems_of, load_method)).run()


def _prepared(
    name: str,
    entry: Mapping[str, Any],
    weights: Path | None,
    device: str,
    problems_of: Callable[[str, Mapping[str, Any]], Sequence[str]],
    load: Callable[[str, Mapping[str, Any], Settings], Any],
) -> Any:
    if problems := problems_of(name, entry):
        raise PromptsegError("\n".join(problems))
    whole = {"gpu": True, "options": {}, "checkpoint": {"path": str(weights)}, **entry}
    computing = Computing(device, threads=os.cpu_count() or 1)
    try:
        return prepare(name, "drawn images", whole, weights, computing, load=load).method
    except PromptsegError:
        raise
    except Exception as error:
        sentence = told(error, named_class(entry["adapter"]))
        raise PromptsegError(f"methods.{name}: its constructor {sentence}") from None


def in_words(report: Report) -> str:
    """The table of what came back, what was compared, and the outcome in one line."""
    problems: dict[str, list[str]] = defaultdict(list)
    rows = []
    for line in report.lines:
        size = _size(line.scene.truth.shape)
        numbers = ["" if value is None else f"{value:.3f}" for value in (line.area, line.iou, line.score)]
        rows.append([line.kind, size, "WRONG, see below" if line.problem else line.came, *numbers])
        if line.problem:
            problems[line.problem].append(f"{line.kind}, {size}")
    for name, problem in report.checks.items():
        problems[problem] += [name] if problem else []
    for_volumes = any(isinstance(line, VolumeLine) for line in report.lines)
    what, sizes = ("volume", VOLUME_SIZES) if for_volumes else ("image", SIZES)
    about = "share of the volume and IoU" if for_volumes else "area and IoU of the first mask"
    head = ["prompt", what, "answer", "area", "IoU", "score"]
    units = "voxels" if for_volumes else "pixels"
    parts = [f"Two drawn {what}s of {_size(sizes[0])} and {_size(sizes[1])} {units}; {about}.\n"]
    parts.append(tabulate(rows, head, tablefmt="plain", disable_numparse=True, colalign=["left"] * 3 + ["right"] * 3))
    parts.append("")
    parts += [f"{'WRONG' if problem else 'ok':<5}  {name}" for name, problem in report.checks.items()]
    parts += [f"{seconds:.4f} s {what}" for what, seconds in report.seconds.items()]
    parts += [f"\nWRONG: {problem}\n  ({'; '.join(where)})" for problem, where in problems.items() if problem]
    wrong = sum(map(len, problems.values()))
    parts += ["\nWARNING: every mask is empty."] if report.empty else []
    fine = "Nothing else is wrong." if report.empty else "Nothing is wrong."
    parts.append(f"\n{fine}" if report.good else f"\n{wrong} of {len(rows) + len(report.checks)} are wrong.")
    return "\n".join(parts)


def load_volume_method(name: str, entry: Mapping[str, Any], settings: Settings) -> VolumeMethod:
    """The method for volumes that a checked entry names, with its weights."""
    return construct(name, volume_class(entry["adapter"]), settings)


def _size(size: tuple[int, ...]) -> str:
    return " x ".join(map(str, size))
