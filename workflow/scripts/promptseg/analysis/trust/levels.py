"""Values and intervals of all levels, from what each mask contributes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from promptseg.analysis.bootstrap import interval
from promptseg.analysis.trust.objects import Masks, Patients, Unit

Measured = Callable[[np.ndarray], dict[str, np.ndarray]]  # (..., base) -> name -> (...)


@dataclass(frozen=True)
class _Part:
    """The masks of a unit that count: their rows, what each contributes, and whether there may be an interval."""

    unit: Unit
    at: np.ndarray
    contributed: np.ndarray
    about: dict[str, Any]
    wide: bool


@dataclass
class Levels:
    """Gathers the units of one setting; `rows` gives one row for each, and one for the mean over the tasks.

    Attributes:
        masks, patients: of the setting.
        measured: the columns that are made of the means of what masks contribute.
        above: those that rows of single tasks do without.
    """

    masks: Masks
    patients: Patients
    measured: Measured
    above: Measured = lambda _: {}
    _parts: list[_Part] = field(default_factory=list)

    def add(self, unit: Unit, at: np.ndarray, contributed: np.ndarray, **others: Any) -> None:
        """Add a unit; those of all tasks come before that of everything.

        Args:
            at: rows of those of its masks that count, at least one.
            contributed: (n, base) what each contributes.
            others: numbers without an interval: counts, if the name begins with n_, or what is averaged over tasks.
        """
        count, wide = self.patients.count(self.masks.patients[at])
        about = {"n_objects": len(at), "n_patients": count, **others}
        self._parts.append(_Part(unit, at, contributed, about, wide))

    def rows(self) -> list[dict[str, Any]]:
        """Level, dataset, task, n_tasks, n_objects, n_patients, `others`, and what is measured with its interval."""
        if not self._parts:
            return []
        tasks = [part for part in self._parts if part.unit.level == "task"]
        lines = [part.about | _place(part.unit.level, part.unit.dataset, part.unit.task) for part in self._parts]
        means = {name: float(np.mean([part.about[name] for part in tasks])) for name in tasks[0].about}
        counts = {name: number for name, number in self._parts[-1].about.items() if name.startswith("n_")}
        lines.append(means | counts | _place("all") | {"n_tasks": len(tasks)})
        values = {id(part): part.contributed.mean(axis=0) for part in self._parts}
        base = np.array([*values.values(), _over([values[id(part)] for part in tasks])])
        for columns, begin in ((self.measured, 0), (self.above, len(tasks))):
            for name, numbers in columns(base[begin:]).items():
                for line, number in zip(lines[begin:], numbers.tolist(), strict=True):
                    line[name] = number
                    line[f"{name}_ci_low"] = line[f"{name}_ci_high"] = np.nan
        self._add_intervals(lines, tasks)
        return [dict(self.masks.setting) | line for line in lines]

    def _add_intervals(self, lines: list[dict[str, Any]], tasks: Sequence[_Part]) -> None:
        whole = self._parts[-1].wide
        drawn = {
            id(part): self.patients.means(self.masks.patients[part.at], part.contributed)
            for part in self._parts
            if part.wide or (whole and part.unit.level == "task")
        }
        wide = [line for line, part in zip(lines, self._parts, strict=False) if part.wide]
        found = [drawn[id(part)] for part in self._parts if part.wide]
        if whole:
            wide.append(lines[-1])
            found.append(_over([drawn[id(part)] for part in tasks]))
        if not found:
            return
        base = np.stack([part.T for part in found]).transpose(2, 0, 1)
        of_tasks = sum(part.wide for part in tasks)
        for columns, begin in ((self.measured, 0), (self.above, of_tasks)):
            for name, numbers in columns(base[:, begin:]).items():
                for line, low, high in zip(wide[begin:], *map(np.ndarray.tolist, interval(numbers)), strict=True):
                    line[f"{name}_ci_low"], line[f"{name}_ci_high"] = low, high


def _place(level: str, dataset: str = "", task: str = "") -> dict[str, Any]:
    return {"level": level, "dataset": dataset, "task": task}


def _over(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Mean over the tasks that have a value."""
    total, count = np.zeros_like(parts[0]), np.zeros_like(parts[0])
    for part in parts:
        total += np.nan_to_num(part)
        count += ~np.isnan(part)
    with np.errstate(invalid="ignore"):
        return total / count
