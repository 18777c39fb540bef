"""What subcommands share: the project that they work on, options, and the call of Snakemake underneath."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from promptseg.core.errors import PromptsegError

if TYPE_CHECKING:
    from promptseg.analysis.compare.runs import Run

_Paths = TypeVar("_Paths", Path, list[Path], None)


def absolute(value: _Paths) -> _Paths:
    """Callback of options and arguments that are paths: they start where the user stands, and `enter` moves on."""
    if isinstance(value, list):
        return [path.absolute() for path in value]
    return value.absolute() if value else value


Configfiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--configfile",
        "-c",
        metavar="FILE",
        callback=absolute,
        help="YAML file laid over config/config.yaml; may be given several times, later ones win.",
    ),
]
Results = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", callback=absolute, help="Folder of a run; by default that of the configuration."),
]


def _is_project(folder: Path) -> bool:
    return (folder / "workflow" / "Snakefile").is_file() and (folder / "workflow" / "scripts" / "promptseg").is_dir()


def find_project(here: Path) -> Path:
    """The nearest folder from `here` upwards that is a project; else the one that this package lies in.

    Raises:
        PromptsegError: the package was installed away from its project.
    """
    own = Path(__file__).resolve().parents[4]
    for folder in (here, *here.parents, own):
        if _is_project(folder):
            return folder
    raise PromptsegError(
        f"{here} lies in no copy of promptseg, and this command was installed without one: go into the folder that "
        "holds README.md and workflow/, and call `pip install -e .` there."
    )


def enter() -> Path:
    """Go into the project, where its relative paths start; returns its folder."""
    project = find_project(Path.cwd())
    os.chdir(project)
    return project


def configuration(files: Sequence[Path] | None) -> dict[str, Any]:
    """The configuration of a run, put together as Snakemake does it and checked; call `enter` before.

    Raises:
        PromptsegError: a file is not there or no YAML; the configuration is not valid.
    """
    from promptseg.config.load import load

    return load(_existing(files))


def results_of(results: Path | None, files: Sequence[Path] | None) -> Path:
    """The folder of a run: the one that was given, or that of the configuration; call `enter` before."""
    return results or Path(configuration(files).get("results", "results")).absolute()


def finished(results: Path | None, files: Sequence[Path] | None) -> tuple["Run", dict[str, Any]]:
    """A finished run, and the configuration; call `enter` before.

    Raises:
        PromptsegError: the folder holds no finished run.
    """
    from promptseg.analysis.compare.runs import Run

    config = configuration(files)
    return Run(results or Path(config["results"]).absolute(), Path(config["shared"]).absolute()), config


def tasks(run: "Run", config: Mapping[str, Any], dataset: str) -> Mapping[str, Sequence[int]]:
    """Task -> label values, as the run says, or where it does not, the configuration.

    Raises:
        PromptsegError: neither knows the dataset.
    """
    known: Mapping[str, Sequence[int]] = run.tasks(dataset) or config["datasets"].get(dataset, {}).get("tasks", {})
    if not known:
        raise PromptsegError(f"The configuration has no dataset {dataset}: give that of the run by --configfile.")
    return known


def snakemake(files: Sequence[Path] | None, *arguments: str) -> list[str]:
    """The call of Snakemake in the project: configuration, then what it is asked for.

    `arguments` start with an option, because what follows `--configfile` up to the next option is taken for files.

    Raises:
        PromptsegError: a configuration file is not there.
    """
    configured = ["--configfile", *map(str, _existing(files))] if files else []
    return [sys.executable, "-m", "snakemake", *configured, *arguments]


def require_free(output: Path, *, force: bool) -> None:
    """Refuse a folder that holds something, unless it is to be replaced.

    Raises:
        PromptsegError: it does.
    """
    if output.exists() and not (output.is_dir() and not any(output.iterdir())) and not force:
        raise PromptsegError(f"{output} is there and not empty: choose another --output, or replace it by --force.")


def as_typed(command: Sequence[str], here: Path, project: Path) -> str:
    """A call of `snakemake` as the user can type it where he stands."""
    program = str(Path(sys.executable).with_name("snakemake"))
    known = shutil.which("snakemake")
    words = shlex.join(["snakemake" if known and Path(known) == Path(program) else program, *command[3:]])
    return words if here == project else f"cd {shlex.quote(str(project))} && {words}"


def _existing(files: Sequence[Path] | None) -> list[Path]:
    for file in files or ():
        if not file.is_file():
            cores = " The number of cores is given by --cores." if file.name.isdigit() else ""
            raise PromptsegError(f"--configfile: {file} is not a file.{cores}")
    return list(files or ())
