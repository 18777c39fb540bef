"""What reruns after a change: a finished run of a tiny project, and the jobs of a dry run after each edit."""

import copy
import re

import pytest

from support.projects import ROOT, RUN, Project, make_images

AGGREGATES = dict.fromkeys(("aggregate", "tabulate_claims", "plot_throughput", "plot_contamination", "build_page"), 1)
AGGREGATES |= dict.fromkeys(("plot_modes", "plot_clicks", "plot_ranks", "plot_distributions", "write_captions"), 1)
AGGREGATES |= {"tabulate_trust": 1, "plot_trust": 1, "build_explorer": 1}


def changed(**sections):
    """The configuration of the finished run with entries laid over it."""
    config = copy.deepcopy(RUN)
    for name, value in sections.items():
        config.setdefault(name, {}).update(value)
    return config


def test_nothing_changed(project):
    assert project.planned() == {}


def test_root_entry_point_plans_jobs(tmp_path):
    planned = Project.create(tmp_path / "fresh").planned(configfile=None)
    assert planned["predict"] == planned["score"] == 5 * 11
    assert planned["preprocess"] == planned["prompts"] == planned["plot_examples"] == 5
    assert planned["download_archive"] == 2
    assert planned["train"] == planned["execute_notebook"] == 0


def test_what_tables_wait_for_goes_before_figures(tmp_path):
    text = Project.create(tmp_path / "fresh").run("-n", configfile=None)
    jobs = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", text, flags=re.MULTILINE)
    first = {rule for rule, about in jobs if "    priority: 1\n" in about}
    assert first >= {"preprocess", "prompts", "predict", "score", "trust", "aggregate", "tabulate_trust"}
    assert first.isdisjoint({"plot_examples", "plot_modes", "plot_ambiguity", "build_explorer"} & dict(jobs).keys())


@pytest.mark.parametrize(
    "change",
    [
        {"tasks": {"first": [1], "second": [2], "either": [1, 2]}},
        {"intensity": {"kind": "window", "low": 10, "high": 200}},
        {"sampling": {"every": 1, "min_area": 60}},
    ],
)
def test_a_dataset_changed(project, change):
    config = changed()
    config["datasets"]["blobs"].update(change)
    project.configure(config)
    chain = {"preprocess": 1, "manifest": 1, "prompts": 1, "predict": 2, "score": 2, "plot_examples": 1}
    assert project.planned() == AGGREGATES | chain | {"trust": 1}  # of the one that is no control


@pytest.mark.parametrize(("file", "stage", "jobs"), [("dataset", "preprocess", 2), ("method", "predict", 4)])
def test_a_new_key_is_a_parameter_of_the_stage_that_the_schema_names(project, file, stage, jobs):
    path = project.path / "workflow" / "schemas" / f"{file}.schema.yaml"
    key = f"  blur: {{description: For the test., x-stages: [{stage}], type: integer, default: 0}}\n"
    path.write_text(path.read_text().replace("\nproperties:\n", f"\nproperties:\n{key}"))
    planned = project.planned()
    assert planned[stage] == jobs
    assert planned["collect_files"] == 0


def test_an_image_of_the_user_changed(project):
    make_images(project.path / "data" / "more", seed=7, count=1)
    (project.path / "data" / "more" / "images" / "p0.png").replace(
        project.path / "data" / "blobs" / "images" / "p0.png"
    )
    chain = {
        "collect_files": 1,
        "preprocess": 1,
        "manifest": 1,
        "prompts": 1,
        "predict": 2,
        "score": 2,
        "trust": 1,
        "plot_examples": 1,
    }
    assert project.planned() == AGGREGATES | chain


def test_users_besides_the_ideal_one_have_jobs_of_their_own(project):
    (project.path / "readers.json").write_text("{}")
    readers = {"prompts": "readers.json"}
    project.configure(changed(users={"readers": readers, "idle": {"noise": {"bias": 0.1}}}))
    assert project.planned() == {}  # the run does not name them
    both = changed(users={"readers": readers, "like": {"like": "readers"}})
    both["prompts"]["users"] = ["ideal", "readers", "like"]
    project.configure(both)
    planned = project.planned()
    of_users = {"record_prompts": 2, "tabulate_noise": 1, "prompts_of_user": 4, "predict_of_user": 8}
    of_users |= {"score_of_user": 8, "aggregate_of_user": 2, "tabulate_claims_of_user": 2, "tabulate_users": 1}
    # Nothing of the ideal one; page and explorer show the configuration.
    assert planned == of_users | dict.fromkeys(("plot_users", "write_captions", "build_page", "build_explorer"), 1)


def test_a_method_that_should_equal_another_is_set_beside_it(project):
    project.configure(changed(methods={"slow": {**RUN["methods"]["slow"], "same_as": "perfect"}}))
    page = dict.fromkeys(("write_captions", "build_page"), 1)
    assert project.planned() == {"tabulate_equivalence": 1, "plot_equivalence": 1} | page


def test_a_title_changed(project):
    config = changed()
    config["datasets"]["blobs"]["title"] = "Blobs"
    project.configure(config)
    assert project.planned() == AGGREGATES | {"plot_examples": 1}


def test_a_method_added(project):
    project.configure(changed(run={**RUN["run"], "methods": ["perfect", "slow", "box_ellipse"]}))
    assert project.planned() == AGGREGATES | {"predict": 2, "score": 2, "plot_examples": 2}


def test_a_method_changed(project):
    project.configure(changed(methods={"slow": {**RUN["methods"]["slow"], "variant": "other"}}))
    assert project.planned() == AGGREGATES | {"predict": 2, "score": 2, "trust": 2, "plot_examples": 2}


def test_an_environment_of_its_own_is_said_where_it_is_not_made(project):
    config = changed()
    config["methods"]["slow"]["environment"] = "envs/analysis.yaml"
    project.configure(config)
    assert "The method slow has an environment of its own, envs/analysis.yaml" in project.run("-n")


def test_a_protocol_added(project):
    project.configure(changed(protocols={"mine": {"distance": "chamfer5"}}))
    assert project.planned() == {}  # the run does not name it
    project.configure(changed(run={**RUN["run"], "protocols": ["corrected", "authors"]}))
    chain = {"predict": 2, "score": 2, "plot_examples": 2, "plot_clicks": 2}  # the other one takes boxes only
    assert project.planned() == AGGREGATES | chain


def test_a_score_parameter_changed(project):
    project.configure(changed(metrics={**RUN["metrics"], "nsd_tolerance_mm": 3}))
    assert project.planned() == AGGREGATES | {"score": 4, "trust": 2, "plot_examples": 2}


def test_how_figures_are_drawn_changed(project):
    project.configure(changed(figures={"width_mm": 170, "format": ["svg"], "language": "de"}))
    planned = project.planned()
    assert {"plot_modes", "plot_modes_published", "plot_examples", "plot_trust", "write_captions"} <= set(planned)
    assert {name for name in planned if not name.startswith("plot_")} <= {"write_captions", "build_page"}


@pytest.mark.parametrize(
    ("file", "jobs"),
    [
        ("score/scoring.py", AGGREGATES | {"score": 4, "trust": 2, "plot_examples": 2}),
        ("methods/controls.py", AGGREGATES | {"predict": 4, "score": 4, "trust": 2, "plot_examples": 2}),
        ("methods/sam.py", {}),
        ("prompts/clicks.py", AGGREGATES | {"predict": 4, "score": 4, "trust": 2, "plot_examples": 2}),
        ("figures/modes.py", {"plot_modes": 1, "plot_modes_published": 1, "build_page": 1}),
        ("report/page.py", {"build_page": 1}),
        ("download/unpack.py", {}),
        ("download/transfer.py", {}),  # what was fetched is not fetched again
    ],
)
def test_a_library_file_edited(project, file, jobs):
    path = project.path / "workflow" / "scripts" / "promptseg" / file
    path.write_text(path.read_text() + "\n# edited\n")
    planned = project.planned()
    if file == "download/unpack.py":  # and what depends on the files
        assert set(planned) >= {"collect_files"}
    else:
        assert planned == jobs


def test_own_configuration_runs_just_that(project):
    make_images(project.path / "data" / "mine", seed=3)
    own = {
        "run": {"datasets": ["mine"], "methods": ["grabcut"]},
        "methods": RUN["methods"],
        "datasets": {"mine": {"source": {"kind": "folder", "path": "data/mine"}, "tasks": {"thing": [1, 2]}}},
    }
    project.configure(own, "own.yaml")
    planned = project.planned(configfile="own.yaml")
    one_each = {"collect_files", "preprocess", "manifest", "prompts", "predict", "score", "trust", "plot_examples"}
    assert planned == AGGREGATES | dict.fromkeys(one_each, 1)


def test_what_only_some_runs_do(project):
    """Two datasets and two methods, of which one is said to give three masks per prompt."""
    config = changed(robustness={"enabled": True}, methods={"slow": {**RUN["methods"]["slow"], "ambiguity": True}})
    config["prompts"]["modes"] = ["mode1", "mode3", "everything"]
    config["compose"] = {"enabled": True}
    project.configure(config)
    planned = project.planned()
    assert [planned[name] for name in ("probabilities", "compose", "tabulate_composed")] == [0, 4, 1]
    assert (planned["robustness"], planned["ambiguity"]) == (4, 2)
    assert [planned[f"tabulate_{name}"] for name in ("everything", "ambiguity", "robustness")] == [1, 1, 1]
    assert planned["predict"] == 4  # of the modes that they can do


def test_the_grid_matters_only_where_everything_is_segmented(project):
    project.configure(changed(everything={"points_per_side": 8}, robustness={"seeds": [1]}))
    assert project.planned() == {}


def test_shards(project):
    config = changed()
    config["datasets"]["blobs"]["shards"] = 3
    project.configure(config)
    planned = project.planned()
    assert planned["predict_shard"] == planned["score_shard"] == 6
    assert planned["gather_predictions"] == planned["gather_scores"] == 2
    assert planned["preprocess"] == 0


def test_jobs_say_what_memory_and_time_they_need_unless_the_command_line_does(project):
    project.configure(changed(metrics={**RUN["metrics"], "nsd_tolerance_mm": 3}))
    said = project.run("-n", "--set-resources", "score:mem_mb=123")
    of_rule = {
        rule: [job for job in re.split(r"^rule ", said, flags=re.MULTILINE) if job.startswith(f"{rule}:")]
        for rule in ("score", "trust")
    }
    assert all("mem_mb=123," in job and "runtime=" in job for job in of_rule["score"])
    assert all("mem_mb=1000," in job and "runtime=" in job for job in of_rule["trust"])
    assert [len(jobs) for jobs in of_rule.values()] == [4, 2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"device": "gpu"}, "device: 'gpu' is not allowed. Did you mean 'cpu'?"),
        (
            {"figures": {"language": "xx"}},
            "language: xx} is neither a language that figures have (de, en, es, fr) nor a",
        ),
        ({"methds": {}}, "unknown key 'methds' in the top level. Did you mean 'methods'?"),
        ({"run": {"datasets": ["blob"], "methods": ["perfect"]}}, "Did you mean 'blobs'?"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(project, change, message):
    project.configure(changed() | change)
    done = project.snakemake("-n")
    assert done.returncode == 1
    assert message in done.stdout
    assert "Traceback" not in done.stdout


def test_every_rule_that_computes_has_log_and_environment():
    """What the linter would not say: it lets rules with a script and without an environment pass if they are local."""
    for file in sorted((ROOT / "workflow" / "rules").glob("*.smk")):
        for rule in re.split(r"^rule ", file.read_text(), flags=re.MULTILINE)[1:]:
            if "    output:" not in rule and "    script:" not in rule:  # a target alone
                continue
            for directive in ("log", "conda", "script"):
                assert re.search(rf"^    {directive}:", rule, flags=re.MULTILINE), (file.name, rule.split(":")[0])
