"""The page about adding a method does what it says: its blocks are run in a small project."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

import promptseg
from support.projects import ROOT, TINY, Project

LIBRARY = str(Path(promptseg.__file__).parents[1])


def blocks(language):
    """(file that the first line names or None, content) of each block of the page."""
    page = (ROOT / "docs" / "adding_a_method.md").read_text()
    found = re.findall(rf"```{language}\n(?:# (\S+\.\w+)\n)?(.*?)```", page, flags=re.S)
    return [(name or None, content) for name, content in found]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with the page's files."""
    project = Project.create(tmp_path_factory.mktemp("adding") / "project")
    for name, content in [*blocks("python"), *blocks("yaml")]:
        if name:
            (project.path / name).write_text(content)
        else:
            environment = os.environ | {"PYTHONPATH": f"{LIBRARY}{os.pathsep}{project.path}"}
            subprocess.run([sys.executable, "-c", content], cwd=project.path, env=environment, check=True)
    return project


def test_the_method_of_the_page_is_run_and_scored(project):
    entry = yaml.safe_load((project.path / "my_methods.yaml").read_text())
    project.configure({**TINY, **entry, "run": {**TINY["run"], **entry["run"]}, "device": "cpu", "strict": True})
    project.run("results/scores/my_network/blobs.parquet")
    scores = pd.read_parquet(project.path / "results" / "scores" / "my_network" / "blobs.parquet")
    answered = scores[scores["status"] == "ok"].groupby("mode").size().to_dict()
    assert answered == {"mode1": 6, "mode2": 6, "iterative": 12}  # six objects, two clicks
    assert set(scores.loc[scores["status"] != "ok", "mode"]) == {"mode3", "mode4", "mode5"}
    assert scores["iou"].max() > 0.1


def test_its_answers_do_not_depend_on_the_batch(project):
    code = """
import numpy as np
from pathlib import Path
from promptseg.methods import Prompt, Query, Settings, adapter_class
method = adapter_class("my_network.py:MyNetwork")(Settings(weights=Path("my_weights.safetensors")))
rng = np.random.default_rng(0)
images = [method.encode(rng.integers(0, 255, (20, 30 + 5 * (n % 2), 3), np.uint8)) for n in range(4)]
prompts = [Prompt(np.array([[3, 4], [9, n]], np.int32), np.array([1, n % 2], np.int8)) for n in range(4)]
queries = [Query(image, prompt) for image, prompt in zip(images, prompts)]
queries += [Query(q.image, q.prompt, -4 * answer.states[0]) for q, answer in zip(queries, method.predict(queries))]
together = method.predict(queries)
for query, answer in zip(queries, together):
    assert np.array_equal(method.predict([query])[0].masks, answer.masks)
assert any(not np.array_equal(one.masks, two.masks) for one, two in zip(together[:4], together[4:]))
assert any(answer.masks.any() for answer in together)
"""
    subprocess.run([sys.executable, "-c", code], cwd=project.path, env=os.environ | {"PYTHONPATH": LIBRARY}, check=True)
