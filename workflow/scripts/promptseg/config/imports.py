"""Which Python files a script or an adapter uses: inputs of its rule, so that an edit reruns what it must."""

import ast
import importlib.util
import os
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from promptseg.config.schema import SCRIPTS

# Statements that import from the library, those in several lines with their brackets.
_IMPORTS = re.compile(r"^ *((?:from|import) promptseg\b[^\n(]*(?:\([^)]*\))?)", re.MULTILINE)


@cache
def _module_file(name: str) -> Path | None:
    base = SCRIPTS.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All statements of a file at any depth: imports are some, and to look into expressions takes most of the time."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, name, ())
            waiting += inner if isinstance(inner, list) else ()  # that of a lambda or of `a if b else c` is none


@cache  # most of the hundreds of jobs of a run use the same files
def _imported_files(path: Path) -> frozenset[Path]:
    """The files of the library that a Python file imports, at its top or inside functions."""
    source = path.read_text(encoding="utf-8")
    if path.is_relative_to(
        SCRIPTS
    ):  # formatted, so that its imports begin lines; Python takes most of a second for all
        source = "\n".join(_IMPORTS.findall(source))
    names: list[str] = []
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    files = (_module_file(name) for name in names if name.split(".")[0] == "promptseg")
    return frozenset(file for file in files if file)


def library_of(*starts: Path) -> list[Path]:
    """The files of the library that some Python files use, directly or through one another, sorted.

    They are inputs of the rules whose numbers depend on them, because Snakemake does not look into imports.
    """
    found: set[Path] = set()
    waiting = list(starts)
    while waiting:
        new = _imported_files(waiting.pop()) - found
        found |= new
        waiting += new
    return sorted(found)


def library(script: str, adapter: str | None = None, helpers: Iterable[str | Path] = ()) -> list[str]:
    """A script and the files of the library behind it and an adapter: inputs, so that an edit reruns what it must.

    Args:
        script: of `workflow/scripts`, without its ending.
        helpers: files of the user that the adapter imports.

    Returns:
        Paths as seen from the working directory, sorted.
    """
    return list(_library(script, adapter, tuple(helpers), Path.cwd()))


@cache  # asked for by each job
def _library(script: str, adapter: str | None, helpers: tuple[str | Path, ...], _folder: Path) -> tuple[str, ...]:
    starts = [SCRIPTS / f"{script}.py"]
    own = adapter_file(adapter) if adapter else None
    theirs = [*([own] if own else []), *map(Path, helpers)]
    files = library_of(*starts, *(file for file in sources(theirs) if file.is_file()))
    return tuple(sorted({os.path.relpath(file) for file in [*starts, *files, *theirs]}))


def helper_files(own: Path | None) -> list[Path]:
    """Files of loaded modules that are a user's: neither installed, nor Python's, nor the library's; sorted.

    They are known once an adapter is imported, in a process that imports no other; wherever it found them.

    Args:
        own: the adapter's file, which is not among them.
    """
    inside = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")} | {SCRIPTS.resolve()}

    @cache  # with PyTorch there are thousands of modules in hundreds of folders, and a Path of each takes 0.1 s
    def a_users(folder: str) -> Path | None:
        found = Path(folder).resolve()
        installed = {"site-packages", "dist-packages"} & set(found.parts) or inside & {found, *found.parents}
        return None if installed else found

    named = [getattr(module, "__file__", None) for name, module in [*sys.modules.items()] if name != "__main__"]
    loaded = [file for file in named if isinstance(file, str)]
    whole = [os.path.realpath(file) if os.path.islink(file) else file for file in loaded]  # noqa: PTH114
    parts = [(a_users(folder), name) for folder, name in map(os.path.split, whole)]
    files = {folder / name for folder, name in parts if folder} - {own and own.resolve()}
    return sorted(file for file in files if file.is_file())


def sources(files: Iterable[Path]) -> list[Path]:
    """Those of some files that are Python's sources."""
    return [file for file in files if file.suffix == ".py"]


def adapter_file(adapter: str) -> Path | None:
    """The Python file of `module:Class` or `file.py:Class`; None for one that is installed elsewhere or missing."""
    module = adapter.rpartition(":")[0]
    if module.endswith(".py"):
        return Path(module)
    if module.split(".")[0] == "promptseg":
        return _module_file(module)
    spec = importlib.util.find_spec(module.split(".")[0])
    inside = spec is not None and spec.origin is not None and "site-packages" not in spec.origin
    return Path(spec.origin) if inside and spec and spec.origin else None
