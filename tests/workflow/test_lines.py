"""No file of code is longer than a reader can hold."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST = 300
CODE = {".py", ".smk", ".jinja", ".toml", ".yaml", ".yml"}
# What is no code: registries, which grow by an entry per dataset and method. Generated pages, lock files, published
# tables and notebooks have other endings.
DATA = {"config/datasets.yaml", "config/methods.yaml", "config/protocols.yaml"}


def code() -> list[Path]:
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if found.returncode:
        pytest.skip("this copy of the project is no git checkout")
    paths = [Path(line) for line in found.stdout.splitlines()]
    return [path for path in paths if (path.suffix in CODE or path.name == "Snakefile") and (ROOT / path).exists()]


def test_no_file_of_code_is_longer_than_300_lines():
    lines = {str(path): (ROOT / path).read_text().count("\n") for path in code() if str(path) not in DATA}
    assert len(lines) > 200
    assert not {path: count for path, count in lines.items() if count > MOST}
