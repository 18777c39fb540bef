"""The page about adding a method does what it says: its blocks are run in a small project."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest
import yaml

import promptseg
from promptseg.core.tables import read_provenance
from support.hugging_face import save_tiny
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


def test_the_methods_of_the_page_are_run_and_scored(project):
    """The network, and a tiny model of transformers with random weights."""
    save_tiny(project.path / "weights" / "my_finetuned_sam")
    entries = [yaml.safe_load((project.path / f"{name}.yaml").read_text()) for name in ("my_methods", "my_sam")]
    methods = {name: entry for entry in entries for name, entry in entry["methods"].items()}
    run = {**TINY["run"], "methods": list(methods)}
    project.configure({**TINY, "methods": methods, "run": run, "device": "cpu", "strict": True})
    project.run(*(f"results/scores/{name}/blobs.parquet" for name in methods))
    # Six objects, two clicks; of three masks the first, the best by the model's own scores, and the best.
    for name, selections in (("my_network", 1), ("my_sam", 3)):
        scores = pd.read_parquet(project.path / "results" / "scores" / name / "blobs.parquet")
        assert set(scores.loc[scores["status"] != "ok", "mode"]) == {"everything"}
        expected = {f"mode{number}": 6 * selections for number in range(1, 6)} | {"iterative": 12 * selections}
        assert scores[scores["status"] == "ok"].groupby("mode").size().to_dict() == expected
        assert scores["iou"].max() > 0.05
    facts = read_provenance(project.path / "results" / "predictions" / "my_sam" / "blobs.parquet")
    assert len(facts["weights_sha256"]) == 64
    assert facts["versions"]["transformers"] == version("transformers")


def test_its_answers_do_not_depend_on_the_batch(project):
    code = """
import numpy as np
from pathlib import Path
from promptseg.methods import Prompt, Query, Settings, adapter_class
method = adapter_class("my_network.py:MyNetwork")(Settings(weights=Path("my_weights.safetensors")))
rng = np.random.default_rng(0)
images = [method.encode(rng.integers(0, 255, (90, 130 + 5 * (n % 2), 3), np.uint8)) for n in range(4)]
points = np.array([[3, 4], [9, 60], [120, 80]], np.int32), np.array([1, 1, 0], np.int8)
prompts = [Prompt(points[0][:n], points[1][:n], None if n else np.array([4, 5, 60, 70])) for n in range(4)]
queries = [Query(image, prompt) for image, prompt in zip(images, prompts)]
queries += [Query(q.image, q.prompt, -4 * answer.states[0]) for q, answer in zip(queries, method.predict(queries))]
together = method.predict(queries)
for query, answer in zip(queries, together):
    assert np.array_equal(method.predict([query])[0].masks, answer.masks)
assert any(not np.array_equal(one.masks, two.masks) for one, two in zip(together[:4], together[4:]))
assert any(answer.masks.any() for answer in together)
"""
    subprocess.run([sys.executable, "-c", code], cwd=project.path, env=os.environ | {"PYTHONPATH": LIBRARY}, check=True)
