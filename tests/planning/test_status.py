"""The state of a folder of results in words."""

import fcntl
import json
import os
import platform
import subprocess
import sys

import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.locks import living_processes, living_runs
from promptseg.planning.status import status_text

CONFIG = {
    "results": "results",
    "shared": "results",
    "run": {"datasets": ["a", "b"], "methods": ["m"], "protocols": []},
    "prompts": {"seed": 2},
    **{kind: {} for kind in ("datasets", "protocols")},
    "methods": {"m": {}},
}
LAST = {
    "outcome": "running",
    "started": "2026-01-02T03:04:05+00:00",
    "host": platform.node(),
    "command": ["snakemake", "--cores", "2"],
    "config": CONFIG | {"prompts": {"seed": 1}},
    "jobs": 5,
    "jobs_done": 0,
}


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("raw/a/files.csv", "raw/b/files.csv", "datasets/a/images.parquet", "predictions/m/a.parquet"):
        (tmp_path / "results" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "results" / path).touch()
    (tmp_path / ".snakemake").mkdir()
    (tmp_path / "results" / "logs").mkdir()
    return tmp_path / "results"


def note(results, **facts):
    (results / "logs" / "last_run.json").write_text(json.dumps(LAST | facts))


def test_what_is_there_is_a_matrix(results):
    text = status_text(results, CONFIG)
    assert "nothing was noted" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["images", "images", "files"] in rows
    assert ["prompts", "-", "-"] in rows
    assert ["m", "predicted", "-"] in rows
    assert "tables not made, figures not made, explorer not made, page not made" in text


def test_answers_under_presets_have_a_row_of_their_own(results):
    answers = results / "protocols" / "answers" / "m" / "b.parquet"
    answers.parent.mkdir(parents=True)
    answers.touch()
    config = CONFIG | {"protocols": {"ritm": {"metrics": {"iou": {}}}}, "run": CONFIG["run"] | {"protocols": ["ritm"]}}
    assert "m, presets  -          answered" in status_text(results, config)


def test_a_run_has_what_is_shared_or_its_own_and_no_predictions_of_another(results):
    own = results.parent / "runs" / "x" / "datasets" / "b" / "images.parquet"
    own.parent.mkdir(parents=True)
    own.touch()
    rows = [line.split() for line in status_text(own.parents[2], CONFIG | {"results": "runs/x"}).splitlines()]
    assert ["images", "images", "images"] in rows
    assert ["m", "-", "-"] in rows


def test_a_run_that_was_killed_and_one_that_lives(results):
    note(results)
    lock = results.parent / ".snakemake" / f"promptseg.{platform.node()}.lock"
    lock.write_text("1\n")
    assert "did not end: it was killed" in status_text(results, CONFIG)
    with lock.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        assert living_runs() == {platform.node(): True}
        text = status_text(results, CONFIG)
    assert f"A run is alive in this project on {platform.node()}." in text
    assert "and is alive" in text
    assert lock.read_text() == "1\n"
    lock.write_text("")
    assert living_runs() == {}


def test_a_killed_run_beside_a_living_one_of_another_folder(results):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    note(results, process=ended.pid)
    lock = results.parent / ".snakemake" / f"promptseg.{platform.node()}.lock"
    lock.write_text(f"{ended.pid}\n{os.getpid()}\n")
    with lock.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        assert living_processes() == {os.getpid()}
        text = status_text(results, CONFIG)
        assert f"Another run is alive in this project on {platform.node()}." in text
        assert "did not end: it was killed" in text
        note(results, process=os.getpid())
        assert "and is alive" in status_text(results, CONFIG)


def test_a_run_of_another_machine_may_be_alive(results):
    note(results, host="elsewhere")
    (results.parent / ".snakemake" / "promptseg.elsewhere.lock").write_text("1\n")
    assert "and may be alive" in status_text(results, CONFIG)


def test_errors_and_settings_of_the_last_run(results):
    failed = [{"rule": "predict", "wildcards": {"method": "m", "dataset": "b"}, "reason": "no GPU", "log": "x.log"}]
    note(results, outcome="failed", ended="2026-01-02T03:14:05+00:00", jobs_done=4, failed=failed)
    text = status_text(results, CONFIG)
    assert "ended with jobs that failed" in text
    assert "4 of 5 jobs were done" in text
    assert "From its configuration to the current one:\n  prompts.seed: 1 -> 2\n" in text
    assert "Jobs that failed in the last run: 1\n  predict m b: no GPU" in text


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(PromptsegError, match="nowhere is not there: no run has written into it"):
        status_text(tmp_path / "nowhere", CONFIG)
