"""Notebooks are executed, become pages, and without Jupyter there is one sentence."""

import re
import sys

import nbformat
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.report.notebook import execute, page, read, write


@pytest.fixture
def notebook(tmp_path):
    cells = [nbformat.v4.new_markdown_cell("# A title"), nbformat.v4.new_code_cell("print('six', 2 * 3)")]
    write(nbformat.v4.new_notebook(cells=cells), tmp_path / "n.ipynb")
    return read(tmp_path / "n.ipynb")


def test_a_notebook_becomes_a_page_that_loads_nothing(notebook):
    execute(notebook, "n.ipynb")
    text = page(notebook, "add_a_method")
    assert "six 6" in text
    assert "<title>add a method</title>" in text
    assert not re.search(r'(src|href)="(?!#|data:)', text)
    assert len(text) < 20_000


def test_a_failing_cell_is_named(notebook):
    notebook.cells[1].source = "1 / 0"
    with pytest.raises(PromptsegError, match=r"n\.ipynb: a cell failed with ZeroDivisionError"):
        execute(notebook, "n.ipynb")


def test_without_jupyter_there_is_one_sentence(notebook, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbclient", None)
    with pytest.raises(PromptsegError, match=r"nbclient is not installed: .*pip install -e '\.\[notebook\]' installs"):
        execute(notebook, "n.ipynb")
