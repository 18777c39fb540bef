"""Which files of the library a script uses, as Python itself reads its imports."""

import ast
import os

import pytest

from promptseg.config import imports
from promptseg.config.schema import SCRIPTS


def by_python(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {file for name in names if name.startswith("promptseg") and (file := imports._module_file(name))}


@pytest.mark.parametrize("room", sorted(path.name for path in (SCRIPTS / "promptseg").iterdir() if path.is_dir()))
def test_imports_of_our_files_are_found_line_by_line(room):
    for path in (SCRIPTS / "promptseg" / room).rglob("*.py"):
        assert imports._imported_files(path) == by_python(path), path


def test_scripts():
    for path in SCRIPTS.glob("*.py"):
        assert imports._imported_files(path) == by_python(path), path
    assert "workflow/scripts/promptseg/score/scoring.py" in imports.library("score")


@pytest.mark.parametrize(
    "source",
    [
        "if True: from promptseg.core import masks",
        "x = 1; import promptseg.core.masks",
        "def load():\n\tfrom promptseg.core \\\n\t\timport masks\n",
        "from promptseg.core import (  # a bracket )\n    errors,\n    masks,\n)",
    ],
)
def test_a_file_of_a_user_may_be_written_in_any_way(tmp_path, source):
    file = tmp_path / "own.py"
    file.write_text(source)
    assert SCRIPTS / "promptseg" / "core" / "masks.py" in imports._imported_files(file)


def test_paths_are_seen_from_the_working_directory(tmp_path, monkeypatch):
    before = imports.library("score")
    monkeypatch.chdir(tmp_path)
    assert imports.library("score") == sorted(os.path.relpath(SCRIPTS.parents[1] / path) for path in before)
