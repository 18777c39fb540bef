"""Pins: one truth, requirements.txt, and no index named in it."""

import re
import tomllib

import pytest
import yaml
from pins import ENVIRONMENTS, ROOT, environment, pixi, read_pins


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


def test_pixi_has_the_same_pins():
    path = ROOT / "pixi.toml"
    assert path.read_text() == pixi(), "run `make lock`"
    manifest = tomllib.loads(path.read_text())
    packages = {name: pin for name, pin in manifest["pypi-dependencies"].items() if name != "promptseg"}
    assert packages == {name: f"=={pin}" for name, pin in read_pins(ROOT / "requirements.txt").items()}
    more = manifest["feature"]["notebook"]["pypi-dependencies"]
    every = read_pins(ROOT / "requirements-dev.txt")
    assert more == {name: f"=={every[name]}" for name in ("ipykernel", "nbclient", "nbconvert", "seaborn")}
    python = yaml.safe_load((ROOT / "envs" / "analysis.yaml").read_text())["dependencies"][0]
    assert python == f"python={manifest['dependencies']['python'].removesuffix('.*')}"


@pytest.mark.parametrize("name", ["Dockerfile", "promptseg.def"])
def test_images_install_the_requirements_and_name_no_other_version(name):
    """The images have no pins of their own: requirements.txt, and the Python of the environments."""
    text = (ROOT / name).read_text()
    assert re.findall(r"==(?!')[^ ]*", text.replace("^torch(vision)?==", "")) == []
    assert re.search(r"pip install (--no-cache-dir )?-r (/opt/)?requirements\.txt", text)
    assert re.search(r"^from:? python:3\.11-slim", text, re.MULTILINE | re.IGNORECASE)
    index = re.search(r"TORCH_CPU_INDEX \?= (\S+)", (ROOT / "Makefile").read_text())[1]
    assert f"TORCH_CPU_INDEX={index}" in text
