"""The configuration files that a call of Snakemake names, read before Snakemake reads them.

Snakemake loads them before any line of the workflow is run, says neither file nor line of what is no YAML, and keeps
the last of two equal keys. A profile is what it reads first, and may hold code: those of `profiles/` call `guard`.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from promptseg.config.yamlfiles import root_of
from promptseg.core.errors import PromptsegError

# What workflow/Snakefile lays the files of users over.
SHIPPED = tuple(Path("config", f"{name}.yaml") for name in ("datasets", "methods", "protocols", "config"))
_OPTIONS = ("--configfile", "--configfiles")


def named_files(arguments: Sequence[str]) -> list[Path]:
    """The files behind `--configfile`, which takes everything up to the next option."""
    found: list[Path] = []
    taking = False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if argument.startswith("-"):
            taking = option in _OPTIONS
            found += [Path(value)] if taking and equals else []
        elif taking:
            found.append(Path(argument))
    return found


def check_files(arguments: Sequence[str]) -> None:
    """Raise a `PromptsegError` for the first file that cannot be read as a configuration, with its line.

    Args:
        arguments: those of a call of Snakemake. The processes that it starts for single jobs (`--mode`) read what was
            read already.
    """
    if "--mode" in arguments:
        return
    files = named_files(arguments)
    for path in files:
        if not path.exists():
            raise PromptsegError(_not_there(path, files))
    for path in [*filter(Path.is_file, SHIPPED), *files]:
        root_of(path)


def _not_there(path: Path, files: Sequence[Path]) -> str:
    if path != files[0] and path.suffix not in (".yaml", ".yml", ".json"):
        return (
            f"There is no configuration file {path}: --configfile takes all that follows it. Write targets before it: "
            f"snakemake --cores 1 {path} --configfile {files[0]}"
        )
    return f"There is no configuration file {path}; a relative path starts at {Path.cwd()}."


def guard() -> None:
    """`check_files` of this process, which ends it at an error."""
    try:
        check_files(sys.argv[1:])
    except PromptsegError as error:
        stop(error)


def stop(error: PromptsegError) -> None:
    """End the process with the message as the last line of its output, and exit status 1.

    Raises:
        SystemExit: which Snakemake hands on; to an error it would add the lines of its own files.
    """
    sys.stdout.flush()
    print(error, file=sys.stderr, flush=True)
    sys.exit(1)
