"""Names that YAML takes for numbers and the like, and names that cannot be those of files, are refused at once."""

import copy

import pytest
import yaml

from promptseg.config.check import check
from promptseg.core.errors import PromptsegError
from support.projects import ROOT


def load(text: str) -> dict:
    """The shipped configuration with a file of the user laid over it, as Snakemake does."""
    config: dict = {}
    for name in ("datasets", "methods", "config"):
        config |= yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
    for key, value in yaml.load(text, yaml.FullLoader).items():
        config[key] = {**config[key], **value} if key in ("datasets", "methods", "run") else value
    return config


ENTRY = "{source: {kind: folder, path: x}, tasks: {thing: [1]}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "datasets: {mine: {source: {kind: folder, path: x}, tasks: {1: [1]}}}",
            "datasets.mine.tasks: .* a number .*(1)",
        ),
        ("datasets: {001: ENTRY}", r"datasets: YAML reads a number where a name is needed \(1\)"),
        ("datasets: {yes: ENTRY}", r"datasets: YAML reads true or false .*\(True\): write it in quotes"),
        ("datasets: {null: ENTRY}", "datasets: YAML reads nothing where"),
        ("datasets: {2020-01-01: ENTRY}", r"datasets: YAML reads a date .*\(2020-01-01\)"),
        ("datasets: {1.5: ENTRY}", r"datasets: YAML reads a number .*\(1.5\)"),
        ("run: {datasets: [1]}", r"run.datasets.0: YAML reads a number .*\(1\): write it in quotes"),
        ("methods: {1: {adapter: 'a:B'}}", "methods: YAML reads a number"),
        (
            "datasets: {mine: {cases: [{image: i, labels: l, case: no, only: [001]}], source: {}, tasks: {}}}",
            r"datasets.mine.cases.0.case: YAML reads true or false(.|\n)*cases.0.only.0: YAML reads a number",
        ),
        ("datasets: {a/b: ENTRY}", "datasets: 'a/b' cannot be a name here. Files are called by it"),
        ("datasets: {archives: ENTRY}", "datasets: 'archives' cannot be a name here"),
        ("methods: {'a b': {adapter: 'a:B'}}", "methods: 'a b' cannot be a name here"),
        ("methods: {..: {adapter: 'a:B'}}", "methods: '..' cannot be a name here"),
        ("methods: {'': {adapter: 'a:B'}}", "methods: '' cannot be a name here"),
        (f"methods: {{{'x' * 101}: {{adapter: 'a:B'}}}}", "cannot be a name here"),
        ("datasets: {mine: {source: {kind: folder, path: x}, tasks: {' ': [1]}}}", "mine.tasks: ' ' cannot be a name"),
        (
            "datasets: {mine: ENTRY, MINE: ENTRY}\nrun: {datasets: [mine, MINE]}",
            "run.datasets names 'mine' and 'MINE', whose files are the same",
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(PromptsegError, match=message):
        check(load(text.replace("ENTRY", ENTRY)))


def test_names_in_quotes_and_label_values_as_names() -> None:
    tasks = "{'1': [1], '001': [2], 'no': [3], 'left/right: a {b}': [4], Müller: [5]}"
    text = f"datasets: {{'1': {{source: {{kind: folder, path: x}}, tasks: {tasks}, colours: {{1: '#ff0000'}}}}}}"
    config = load(text)
    before = copy.deepcopy(config["datasets"]["1"]["tasks"])
    assert check(config)["datasets"]["1"]["tasks"] == before
