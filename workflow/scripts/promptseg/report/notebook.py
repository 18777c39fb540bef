"""Notebooks: executed, and as pages of one file. Needs the packages of the extra `notebook`."""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from promptseg.core.errors import PromptsegError
from promptseg.core.titles import plain

SECONDS = 600  # that one cell may take
_STYLE = """
body { margin: 0 auto; padding: 1rem; max-width: 60rem; color: #1d1d1f; font: 16px/1.5 system-ui, sans-serif; }
pre { overflow-x: auto; font-size: .82rem; line-height: 1.4; margin: .4rem 0; }
.highlight { background: #f5f6f7; padding: .1rem .7rem; border-left: 3px solid #0072b2; }
.output pre, .jp-OutputArea pre { padding: 0 .7rem; }
table { border-collapse: collapse; font-size: .82rem; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #dcdcdc; padding: .15rem .5rem; text-align: right; }
img { max-width: 100%; }
.anchor-link, .prompt, .jp-InputPrompt, .jp-OutputPrompt { display: none; }
"""


def _package(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise PromptsegError(
            f"Notebooks need Jupyter's packages, of which {error.name} is not installed: "
            ".venv/bin/pip install -e '.[notebook]' installs them."
        ) from None


def read(path: str | Path) -> Any:
    """A notebook of nbformat 4.

    Raises:
        PromptsegError: Jupyter's packages are not installed.
    """
    return _package("nbformat").read(path, as_version=4)


def write(notebook: Any, path: str | Path) -> None:
    """Write a notebook with its outputs."""
    _package("nbformat").write(notebook, path)


def execute(notebook: Any, name: str | Path) -> None:
    """Run all cells in the current folder; the outputs are in the notebook afterwards.

    Raises:
        PromptsegError: a cell fails, or Jupyter's packages are not installed.
    """
    client = _package("nbclient")
    _package("ipykernel")
    try:
        client.NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": Path.cwd()}}).execute()
    except client.exceptions.CellExecutionError as error:
        raise PromptsegError(f"{name}: a cell failed with {error.ename}: {error.evalue}") from error


def page(notebook: Any, name: str) -> str:
    """A notebook with its outputs as one HTML file that loads nothing.

    Jupyter's own pages hold 300 kB of style and load scripts from the web; here they are its bare cells.
    """
    exporter = _package("nbconvert").HTMLExporter(template_name="basic")
    colours = _package("pygments.formatters").HtmlFormatter().get_style_defs(".highlight")
    body, _ = exporter.from_notebook_node(notebook)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{plain(name)}</title>\n'
        f"<style>{_STYLE}{colours}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
