"""What a change costs is what it changes: the jobs of a dry run after each change to a finished run.

Its methods are `perfect`, which takes points and boxes, and `slow`, a file of the user, which takes boxes.
"""

import copy

import pytest

from support.objects import MODES
from support.projects import RUN, SLOW


def planned(project, **sections):
    """Jobs of the stages before the tables, with sections laid over those of the finished run."""
    config = copy.deepcopy(RUN)
    for name, value in sections.items():
        config[name] = {**config.get(name, {}), **value} if isinstance(value, dict) else value
    project.configure(config)
    jobs = project.planned()
    return {rule: jobs[rule] for rule in ("preprocess", "prompts", "predict", "score") if jobs[rule]}


@pytest.mark.parametrize(
    ("changes", "jobs"),
    [
        ({"prompts": {"clicks": 3}}, {"predict": 2, "score": 2}),  # of the one that is clicked
        ({"prompts": {"clicks": 2, "seed": 5}}, {"prompts": 2, "predict": 2, "score": 2}),
        ({"prompts": {"clicks": 2, "tie_break": "first"}}, {"prompts": 2, "predict": 2, "score": 2}),
        ({"prompts": {"clicks": 2, "max_components": 2}}, {"prompts": 2, "predict": 4, "score": 4}),
        ({"prompts": {"clicks": 2, "multimask": "official"}}, {}),  # for methods that give several masks
        ({"prompts": {"clicks": 2, "modes": [*MODES, "everything"]}}, {}),  # neither can do it
        (
            {"prompts": {"clicks": 2, "modes": [*MODES, "lasso"]}},
            {"prompts": 2, "predict": 2, "score": 4},
        ),  # of the control
        ({"prompts": {"clicks": 2, "scribbles": {"width": 5}, "lasso": {"given_as": "box"}}}, {}),  # which nobody draws
        ({"prompts": {"clicks": 2, "modes": ["mode1", "iterative"]}}, {"predict": 4, "score": 4}),
        ({"precision": "bf16"}, {"predict": 2, "score": 2}),  # a file of a user may hold a network, a control does not
        ({"compile": True}, {"predict": 2, "score": 2}),
    ],
)
def test_a_setting_changed(project, changes, jobs):
    assert planned(project, **changes) == jobs


def test_the_first_points_do_not_depend_on_the_seed(project):
    first = {"prompts": {"clicks": 2, "tie_break": "first"}}
    assert planned(project, prompts={**first["prompts"], "seed": 7}) == {"prompts": 2, "predict": 2, "score": 2}
    project.run("results/scores/perfect/blobs.parquet")
    assert planned(project, prompts={**first["prompts"], "seed": 8}) == {"prompts": 2, "predict": 1, "score": 1}


def test_a_method_that_can_do_more(project):
    text = SLOW.replace("    def predict", '    prompt_types = frozenset({"box", "point"})\n\n    def predict')
    (project.path / "slow.py").write_text(text)
    assert planned(project) == {"predict": 2, "score": 2}


def test_a_missing_package_of_an_adapter_is_said_before_anything_is_planned(project):
    (project.path / "slow.py").write_text("import nonexistent_package\n" + SLOW)
    done = project.snakemake("-n")
    assert done.returncode == 1
    assert "module slow.py cannot be imported" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_file_that_an_adapter_imports_is_an_input(project):
    text = "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\nfrom helper_nc import LEVEL\n"
    (project.path / "slow.py").write_text(text + SLOW)
    (project.path / "helper_nc.py").write_text("LEVEL = 100")
    done = project.snakemake("-n", "results/predictions/slow/blobs.parquet")
    assert done.returncode == 0, done.stdout
    assert " helper_nc.py" in done.stdout
