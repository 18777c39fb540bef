"""The schema in its files: complete, resolvable by others, and what it says of the stages that keys affect."""

import re

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

from promptseg.config.schema import SCHEMAS, SCRIPTS, alternatives, keys_of, read_schema

ROOT = SCRIPTS.parents[1]
RULES = ROOT / "workflow" / "rules"
STAGES = {path.stem for path in RULES.glob("*.smk")}
PARAMETER = re.compile(r"""^ +\w+=config((?:\["\w+"\])+),$""", re.MULTILINE)


def properties_of(registry):
    return read_schema()["properties"][registry]["additionalProperties"]["properties"]


def walk(schema, where=""):
    """Every property at every depth, with its path."""
    for key, about in schema.get("properties", {}).items():
        yield f"{where}{key}", about
        for inner in (about, *about.get("oneOf", ()), about.get("items", {}), about.get("additionalProperties", {})):
            for one in alternatives(inner) if isinstance(inner, dict) else ():
                yield from walk(one, f"{where}{key}.")


def test_every_key_is_described():
    undescribed = [where for where, about in walk(read_schema()) if not about.get("description")]
    assert undescribed == []


def test_no_reference_is_left():
    assert "$ref" not in str(read_schema())


@pytest.mark.parametrize("registry", ["datasets", "methods"])
def test_every_key_of_an_entry_names_the_stages_that_it_affects(registry):
    for key, about in properties_of(registry).items():
        assert "x-stages" in about, f"say in `x-stages` which stages {key} affects; [] for none"
        assert set(about["x-stages"]) <= STAGES, key


def test_every_setting_names_its_stages():
    stages = dict(walk(read_schema()))
    for key, about in read_schema()["properties"].items():
        if key in ("datasets", "methods"):
            continue
        leaves = [about] if "x-stages" in about else list(about["properties"].values())
        assert all(set(leaf["x-stages"]) <= STAGES for leaf in leaves), key
    assert len(stages) > 100


@pytest.mark.parametrize("file", sorted(RULES.glob("*.smk")), ids=lambda path: path.stem)
def test_settings_among_parameters_name_their_stage(file):
    """A setting that a rule has among its parameters names the stage of that rule."""
    about = dict(walk(read_schema()))
    for keys in PARAMETER.findall(file.read_text()):
        path = ".".join(re.findall(r"\w+", keys))
        if path.startswith("methods."):  # the options of the one method that ambiguity is compared with
            continue
        stages = about[path].get("x-stages", [file.stem])  # a section has those of its keys
        assert file.stem in stages, f"{path} is a parameter in {file.name}"


def test_the_keys_of_a_stage():
    assert {"cases", "tasks", "axis", "intensity", "sampling"} < set(keys_of("datasets", "preprocess"))
    assert not {"title", "truth", "source", "shards"} & set(keys_of("datasets", "preprocess"))
    assert keys_of("methods", "figures") == ("title", "family", "reference", "control", "published")


def test_editors_find_the_files_that_the_schema_refers_to():
    """The same configurations are valid where a validator follows the references by itself, and others are not."""
    files = {path.name: yaml.safe_load(path.read_text()) for path in SCHEMAS.glob("*.schema.yaml")}
    resources = {name: Resource.from_contents(contents) for name, contents in files.items()}
    validator = jsonschema.Draft202012Validator(files["config.schema.yaml"], registry=Registry(resources))
    for name in ("config", "datasets", "methods", "protocols", "paper"):
        part = yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
        assert not list(validator.iter_errors(part)), name
    assert list(validator.iter_errors({"protocols": {"mine": {"refine": True}}}))
    assert list(validator.iter_errors({"protocols": {"mine": {"metrics": ["dice"], "refinement": True}}}))
    assert list(validator.iter_errors({"datasets": {"mine": {"source": {"kind": "ftp"}, "tasks": {"a": [1]}}}}))


@pytest.mark.parametrize("file", ["config", "datasets", "methods", "protocols", "paper", "training"])
def test_every_file_tells_editors_its_schema(file):
    path = ROOT / "config" / f"{file}.yaml"
    first, _ = path.read_text().split("\n", 1)
    schema = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / schema).resolve() == SCHEMAS / (
        "training.schema.yaml" if file == "training" else "config.schema.yaml"
    )
    assert (path.parent / schema).is_file()
