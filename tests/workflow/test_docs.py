"""Pages for people: their links lead somewhere, the files they name exist, and their Python runs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "workflow" / "scripts" / "promptseg"
FOLDERS = (".", "config", "docs", "envs", "resources/published", "tests")
PAGES = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.md"))]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pages
def test_links_lead_to_files_of_the_project(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pages
def test_python_files_that_a_page_names_exist(page):
    named = set(re.findall(r"`(?:workflow/scripts/|promptseg/)*((?:\w+/)+\w+\.py)`", page.read_text()))
    assert [name for name in sorted(named) if not any((folder / name).exists() for folder in (ROOT, LIBRARY))] == []


@pages
def test_targets_stand_before_configfile(page):
    """Snakemake takes what follows the option, up to the next one, for files."""
    commands = re.findall(r"^\S*snakemake .*--configfile .*", page.read_text(), re.MULTILINE)
    assert [text for text in commands if re.search(r"--configfile( [\w./]+\.yaml)+ [^-\s]", text)] == []


@pytest.mark.parametrize("page", ["footguns", "explorer"])
def test_python_of_a_page_runs(page):
    scope: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block, scope)
