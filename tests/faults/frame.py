"""What a fault of a run is: declared once, brought about for real, and told in docs/robustness.md."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from support.projects import Project

# Jobs that take their time, so that there is something to meet: prompts, predictions and scores of two datasets by the
# methods `perfect` and `slow`, and all tables.
TABLES = ("results/tables/summary.csv", "results/tables/claims.csv")
# What tells of the run itself.
_OF_THE_RUN = {"throughput.csv"}


def nothing(project: Project) -> None:
    """Nothing has to be done before the run is started again."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong in a run, and all that is promised about it.

    Attributes:
        name: what goes wrong, in words.
        meet: brings it about in a project whose `remade` folders are gone: a call of Snakemake that ended.
        said: what is read then, in one line of the output; `...` stands for anything. Empty: nothing has to be read.
        happens: what becomes of the run and of its files.
        go_on: what a person does.
        mend: takes the cause away, as `go_on` says; the same command is called again after it.
        remade: folders of the results that are removed first, so that the run has something to do.
        fails: whether the call that meets it ends with an exit status other than 0.
        heading: of its table in docs/robustness.md.
    """

    name: str
    meet: Callable[[Project], subprocess.CompletedProcess[str]]
    said: str
    happens: str
    go_on: str = "Start it again."
    mend: Callable[[Project], object] = nothing
    remade: tuple[str, ...] = ("predictions", "scores", "tables")
    fails: bool = True
    heading: str = ""


def check(fault: Fault, finished: Project, folder: Path) -> str:
    """Meet a fault in a copy of a finished run, take the cause away, complete the run: as declared, and as undisturbed.

    Returns:
        The line that was said.
    """
    project = finished.clone(folder)
    for part in fault.remade:
        shutil.rmtree(project.path / "results" / part)
    done = fault.meet(project)
    assert (done.returncode != 0) == fault.fails, done.stdout
    said = re.search(_pattern(fault.said), done.stdout)
    assert said, f"not said: {fault.said}\n{done.stdout}"
    assert "Traceback" not in done.stdout, done.stdout
    fault.mend(project)
    completed = project.snakemake(*TABLES)
    assert completed.returncode == 0, completed.stdout
    assert_undisturbed(project, finished)
    return said[0]


def assert_undisturbed(project: Project, finished: Project) -> None:
    """Assert that the tables are those of a run that nothing happened to, and that nothing else is left of what did."""
    mine, theirs = tables(project), tables(finished)
    assert mine.keys() <= theirs.keys()  # TABLES are not all that a whole run makes
    assert [name for name in mine if mine[name] != theirs[name]] == []
    assert litter(project) == []
    assert project.planned(*TABLES) == {}


def tables(project: Project) -> dict[str, bytes]:
    """The tables of a run and what is in them."""
    folder = project.path / "results" / "tables"
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in _OF_THE_RUN)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def litter(project: Project) -> list[str]:
    """What a run must not leave behind: unfinished files, locks, marks of living or incomplete things."""
    partial = [*project.path.glob("results/**/.partial-*"), *project.path.glob(".snakemake/**/.partial-*")]
    state = project.path / ".snakemake"
    marks = [path for kind in ("locks", "incomplete") for path in (state / kind).rglob("*") if path.is_file()]
    alive = [path for path in state.glob("promptseg.*.lock") if path.stat().st_size]
    return sorted(str(path.relative_to(project.path)) for path in (*partial, *marks, *alive))


def wait_for(running: BaseProcess, there: Callable[[], object], seconds: float = 300) -> None:
    """Wait until something is there, while a run is alive."""
    deadline = time.monotonic() + seconds
    while not there():
        assert running.is_alive(), "the run ended before it could be disturbed"
        assert time.monotonic() < deadline, "nothing to disturb"
        time.sleep(0.02)


def ended(running: BaseProcess, output: Path, seconds: float = 600) -> subprocess.CompletedProcess[str]:
    """A run that comes to an end, and what it said."""
    running.join(seconds)
    assert running.exitcode is not None, f"it does not end: {output.read_text()}"
    return subprocess.CompletedProcess([], running.exitcode, output.read_text())


def _pattern(said: str) -> str:
    return "[^\n]*".join(map(re.escape, said.split("...")))
