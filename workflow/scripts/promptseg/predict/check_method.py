"""What `promptseg check-method` does: load a method as a job would, try it, and put the outcome into words."""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tabulate import tabulate

from promptseg.core.errors import PromptsegError
from promptseg.methods import adapter_class
from promptseg.methods.checks import problems_of
from promptseg.predict.method_run import Computing, prepare
from promptseg.predict.trial import SIZES, Report, Trial, told


def check_method(name: str, entry: Mapping[str, Any], weights: Path | None = None, device: str = "auto") -> Report:
    """Try a method with every kind of prompt.

    Args:
        name, entry: of the method as in the configuration; `adapter` is needed.

    Raises:
        PromptsegError: it cannot be loaded: its file, its class, its entry, its weights or its constructor is wrong.
    """
    if problems := problems_of(name, entry):
        raise PromptsegError("\n".join(problems))
    whole = {"gpu": True, "options": {}, "checkpoint": {"path": str(weights)}, **entry}
    try:
        run = prepare(name, "drawn images", whole, weights, Computing(device, threads=os.cpu_count() or 1))
    except PromptsegError:
        raise
    except Exception as error:
        sentence = told(error, adapter_class(entry["adapter"]))
        raise PromptsegError(f"methods.{name}: its constructor {sentence}") from None
    return Trial(run.method).run()


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
    head = ["prompt", "image", "answer", "area", "IoU", "score"]
    parts = [f"Two drawn images of {_size(SIZES[0])} and {_size(SIZES[1])} pixels; area and IoU of the first mask.\n"]
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


def _size(size: tuple[int, ...]) -> str:
    return " x ".join(map(str, size))
