"""Pins: one truth, requirements.txt, and no index named in it."""

import re
import tomllib

import pytest
import yaml
from pins import ENVIRONMENTS, ROOT, environment, read_pins


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environment_pins_equal_requirements(name):
    path = ROOT / "envs" / f"{name}.yaml"
    assert path.read_text() == environment(name), "run `make lock`"
    pip = yaml.safe_load(path.read_text())["dependencies"][-1]["pip"]
    required = read_pins(ROOT / "requirements-dev.txt")
    assert {line.split("==")[0]: line.split("==")[1] for line in pip}.items() <= required.items()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pins_and_name_no_index(name):
    lines = (ROOT / name).read_text().split()
    assert all(re.fullmatch(r"[a-z0-9_.-]+==[^=\s]+", line) for line in lines)


def test_requirements_hold_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = read_pins(ROOT / "requirements.txt")
    for dependency in project["dependencies"]:
        assert re.split(r"[=<>]", dependency)[0] in pins
    assert read_pins(ROOT / "requirements-dev.txt").items() >= pins.items()
