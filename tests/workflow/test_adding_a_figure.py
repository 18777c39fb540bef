"""The page about adding a figure does what it says: its blocks are put into a small project and run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from promptseg.analysis.datasets import DATASETS
from support.figures import table
from support.projects import ROOT, Project

PAGE = (ROOT / "docs" / "adding_a_figure.md").read_text(encoding="utf-8")
# The first line of each block is a comment, the path of its file.
BLOCKS = dict(re.findall(r"```\w+\n(?:#|\.\.) (\S+)\n(.*?)```", PAGE, flags=re.DOTALL))
RULES, CATALOGUE = "workflow/rules/figures.smk", "workflow/scripts/promptseg/figures/catalogue.py"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A small project with the figure of the page."""
    project = Project.create(tmp_path_factory.mktemp("adding") / "project")
    for name, content in BLOCKS.items():
        path = project.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == RULES:
            content = f"{path.read_text()}\n\n{content}"
        elif name == CATALOGUE:
            next_one = '    Figure("size_point"'
            content = path.read_text().replace(next_one, f"    {content.strip()},\n{next_one}")
        path.write_text(content)
    return project


def python(project: Project, *arguments: str) -> str:
    folders = [project.path / "workflow" / "scripts", ROOT / "tests"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=project.path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_block_has_its_file():
    assert len(BLOCKS) == PAGE.count("```") / 2 == 6


def test_a_run_has_the_figure_and_its_caption(project):
    assert project.planned()["plot_sizes"] == 1
    records = [{"title": "Blobs", "n_images": 3, "n_cases": 3}]
    table(project.path / "results" / "tables" / "datasets.csv", records, DATASETS)
    project.run("results/figures/sizes.png", "--allowed-rules", "plot_sizes")
    picture = project.path / "results" / "figures" / "sizes.png"
    assert Image.open(picture).width == 1440
    code = "from pathlib import Path; from promptseg.report.gallery import gallery; "
    code += f"print(gallery([Path({str(picture)!r})], {{}}, ['png'])[0]['figures'][0]['caption'])"
    assert "<p>Limit: images of one patient are alike" in python(project, "-c", code)


def test_its_test_passes(project):
    said = python(project, "-m", "pytest", "-q", "--import-mode=importlib", "tests/figures/test_sizes.py")
    assert "2 passed" in said


def test_files_are_formatted_as_the_project_s(project):
    for name in (Path(name) for name in BLOCKS if name.endswith(".py")):
        settings = ["--config", str(ROOT / "pyproject.toml")]
        python(project, "-m", "ruff", "check", "--ignore", "I001", *settings, str(name))  # `support` is elsewhere
        python(project, "-m", "ruff", "format", "--check", *settings, str(name))
