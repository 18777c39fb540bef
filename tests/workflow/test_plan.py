"""What `promptseg plan` says of a finished run after changes, and what a run says at its end."""

import json
import re

import numpy as np
import pytest
import yaml
from PIL import Image

from promptseg.core.errors import PromptsegError
from promptseg.planning.dryrun import dry_run, plan_of
from promptseg.planning.history import History
from promptseg.planning.jobs import read_jobs
from promptseg.planning.text import plan_text
from promptseg.planning.watch import PLAN


def planned(project, tmp_path, monkeypatch, *arguments):
    """The text of a plan, as promptseg.planning.dryrun makes it, without the start of another process."""
    monkeypatch.setenv(PLAN, str(tmp_path / "jobs.json"))
    project.run("-n", *arguments, "--quiet", "rules", "progress")
    monkeypatch.chdir(project.path)
    return plan_text(plan_of(*read_jobs(tmp_path / "jobs.json")), History())


def test_each_change_is_a_line_with_the_jobs_that_follow(project, tmp_path, monkeypatch):
    config = yaml.safe_load((project.path / "my.yaml").read_text())
    config["prompts"]["clicks"] = 3
    config["run"]["methods"] = ["perfect", "slow", "grabcut"]
    config["datasets"]["stripes"]["intensity"] = {"kind": "window", "low": 0, "high": 200}
    config["run"]["unavailable"] = "skip"
    project.configure(config)
    mask = project.path / "data" / "blobs" / "masks" / "p0.png"
    labels = np.array(Image.open(mask))
    labels[0, 0] = 1
    Image.fromarray(labels).save(mask)
    (project.path / "results" / "figures" / "modes_published.png").unlink()
    text = planned(project, tmp_path, monkeypatch)
    reasons = dict(re.findall(r"^  (\S.*)\n    -> (.*)$", text, flags=re.MULTILINE))
    assert reasons["prompts.clicks: 2 -> 3"].startswith(
        "predictions 2, scores 2, tables 2, confidences 2"
    )  # slow takes boxes only
    assert reasons["run.methods: +grabcut"].startswith("predictions 2, scores 2, tables 2, confidences 4")
    changed = 'datasets.stripes.intensity: {"kind": "none"} -> {"high": 200, "kind": "window", "low": 0}'
    assert reasons[changed].startswith("images 2, ")
    assert "predictions " in reasons[changed]
    mine = reasons["files of the dataset blobs changed, or came or went"]
    assert mine.startswith("downloads 1, images 2, prompts 1, predictions 3, scores 3, tables 2, confidences 4")
    assert reasons["deleted: results/figures/modes_published.png"] == "figures 1, page 1"
    assert len(reasons) == 5
    assert "without a job that follows from it:\n  run.unavailable: stop -> skip" in text
    assert re.search(r"predictions +6 to do +grabcut 2, perfect 2, slow 2\n", text)
    assert re.search(r"together +6 images +12 objects\n", text)
    assert re.search(r"predictions slow +2 jobs +about \d+ s +measured, the same job before", text)
    assert "To download: nothing\n" in text


PROFILE = """
jobs: 7
groups: [predict=cell, score=cell]
group-components: [cell=2]
set-resources:
  predict: {mem_mb: 3000, runtime: 60}
  score: {mem_mb: 1000, runtime: 30}
"""


def test_a_profile_of_a_cluster_says_what_is_asked_for(project, tmp_path, monkeypatch):
    config = yaml.safe_load((project.path / "my.yaml").read_text())
    project.configure({**config, "cluster": {"group_minutes": 0}})  # groups are those of the profile
    (project.path / "cluster").mkdir()
    (project.path / "cluster" / "profile.yaml").write_text(PROFILE)
    wanted = [
        f"results/scores/{method}/{dataset}.parquet"
        for method in ("perfect", "slow")
        for dataset in ("blobs", "stripes")
    ]
    asked = ("--workflow-profile", "cluster", "--cores", "1", "--forcerun", "predict", "score")
    text = planned(project, tmp_path, monkeypatch, *wanted, *asked)
    assert re.search(r"^  in all about .* on the cluster, 7 jobs at a time", text, flags=re.MULTILINE)
    sent = text[text.index("On the cluster:") :].splitlines()
    # Of two datasets each the predictions at once and then the scores, with memory and cores of both.
    assert sent[1:4] == [
        "  2 jobs for 8 of these; 0 run on this machine",
        "  for one at most 2 cores and 6.0 GB, for 1 h 30 min",
        "  together at most 6.0 core-hours, if each took all the time that it asks for",
    ]


def test_an_error_of_snakemake_is_handed_on(project, monkeypatch):
    monkeypatch.chdir(project.path)
    command = project.command("nothing_like_it", configfile=None)
    with pytest.raises(PromptsegError, match=r"MissingRuleException:\nNo rule to produce nothing_like_it"):
        dry_run(command)


def test_a_finished_run_says_its_table_again_and_what_it_was(project):
    text = project.run()
    assert "Nothing to be done" in text
    table = text[text.index("IoU, mean over tasks") :]
    assert re.search(r"^Perfect \(control\) +first mask +4 +1\.000 ", table, flags=re.MULTILINE)
    assert table.rstrip().endswith("results/report/index.html")
    last = json.loads((project.path / "results" / "logs" / "last_run.json").read_text())
    assert (last["outcome"], last["configfiles"], last["jobs"]) == ("done", ["my.yaml"], last["jobs_done"])
    assert last["config"]["run"]["methods"] == ["perfect", "slow"]
    assert "IoU, mean over tasks" not in project.run("-n")


def test_the_last_words_of_a_run_with_errors_are_their_reasons(project):
    adapter = (project.path / "slow.py").read_text()
    failing = adapter.replace("return super().predict(queries)", "raise ValueError('no such thing')")
    (project.path / "slow.py").write_text(failing)
    done = project.snakemake("--quiet", "rules", "progress")
    assert done.returncode != 0
    first, second = done.stdout.splitlines()[-2:]
    assert first == "2 jobs failed; what does not need them is done:"
    assert re.match(r"  predict \S+ \S+ and 1 more: .*no such thing", second)
    assert re.search(r" \(results/logs/predict/slow/\w+\.log\)$", second)
    last = json.loads((project.path / "results" / "logs" / "last_run.json").read_text())
    assert last["outcome"] == "failed"
    assert sorted(one["wildcards"]["dataset"] for one in last["failed"]) == ["blobs", "stripes"]


def test_a_quiet_run_that_is_whole_is_no_stopped_one(project):
    """Snakemake says nothing of jobs that end well then."""
    (project.path / "results" / "report" / "index.html").unlink()
    text = project.run("--quiet")
    assert "Stopped" not in text
    assert "IoU, mean over tasks" in text
    last = json.loads((project.path / "results" / "logs" / "last_run.json").read_text())
    assert (last["outcome"], last["jobs"], last["jobs_done"]) == ("done", 1, 1)
