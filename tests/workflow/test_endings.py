"""A mistake in the configuration ends the output of Snakemake: nothing follows the message, exit status 1."""

import shutil

import pytest
import yaml

from support.projects import ROOT, TINY, Project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project.create(tmp_path_factory.mktemp("endings") / "project")
    beside = project.path / "data" / "beside"
    beside.mkdir()
    shutil.copy(project.path / "data" / "blobs" / "images" / "p0.png", beside / "p0.png")
    shutil.copy(project.path / "data" / "blobs" / "masks" / "p0.png", beside / "p0_mask.png")
    return project


def last_lines(project: Project, text: str, *arguments: str) -> list[str]:
    """What follows the words of Snakemake that come before any rule is read."""
    (project.path / "bad.yaml").write_text(text)
    done = project.snakemake(*arguments, configfile="bad.yaml")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    return [line for line in lines if not line.startswith(("Using workflow specific", "Config file config/"))]


def test_a_file_that_is_no_yaml(project):
    said = last_lines(project, "run:\n\tdatasets: [blobs]\n", "-n")
    assert said == ["bad.yaml:2: the line is indented with a tab, which YAML does not allow: use spaces."]


def test_a_key_that_is_not_known(project):
    config = yaml.safe_dump(TINY) + "devise: cpu\n"
    line = config.splitlines().index("devise: cpu") + 1
    said = last_lines(project, config)
    assert said == [
        "The configuration is not valid:",
        f"  bad.yaml:{line}: unknown key 'devise' in the top level. Did you mean 'device'?",
    ]


def test_masks_beside_images_get_the_line_to_paste(project):
    text = "datasets: {mine: {source: {kind: folder, path: data/beside}, tasks: {first: 1, second: 2}}}\n"
    text += "run: {datasets: mine, methods: box_fill}\n"
    said = last_lines(project, text)
    assert said[-1].strip() == 'cases: [{image: "{case}.png", labels: "{case}_mask.png"}]'
    config = yaml.safe_load(text)
    config["datasets"]["mine"] |= yaml.safe_load(said[-1])
    project.configure(config)
    assert project.planned()["collect_files"] == 1


def test_profiles_read_the_files_first():
    """Both call the same lines; Snakemake keeps none of them as an option."""
    texts = [(ROOT / "profiles" / name / "profile.yaml").read_text() for name in ("default", "slurm")]
    blocks = [text.partition("__definitions__:")[2].partition("guard()")[0] for text in texts]
    assert blocks[0] == blocks[1] != ""
