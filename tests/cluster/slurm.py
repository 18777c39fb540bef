"""Runs on a real Slurm, and what goes wrong there: `make cluster-test`, as root. Its name keeps it out of `make test`.

With ACCOUNTING=1 Slurm has an accounting database, in a MariaDB of its own. It takes about half an hour, most of it
waiting: Slurm counts time limits in minutes, and takes a node for lost after half a minute.
"""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster.daemons import Slurm, install, wait_for
from support.projects import TINY, Project

HERE = Path(__file__).parent
TABLES = [f"results/tables/{name}" for name in ("scores.parquet", "summary.csv", "provenance.csv", "pairs.csv")]


@pytest.fixture(scope="session")
def slurm():
    """Daemons in a folder that stays, so that the environment of the next time is there."""
    folder = Path(os.environ.get("CLUSTER_TESTS", Path(tempfile.gettempdir()) / "promptseg-cluster"))
    folder.mkdir(parents=True, exist_ok=True)
    accounting = os.environ.get("ACCOUNTING") == "1"
    daemons = Slurm(folder, install(folder, accounting), accounting)
    daemons.configure()
    try:
        daemons.start()
        yield daemons
    finally:
        daemons.stop()


class Run:
    """A project whose method sleeps, and its runs on Slurm."""

    def __init__(self, slurm: Slurm, path: Path) -> None:
        self.slurm, self.project = slurm, Project.create(path)
        shutil.copy2(HERE / "sleeper.py", path)
        self.configure()
        self.started: list[subprocess.Popen[bytes]] = []

    def configure(self, cluster: dict | None = None, gpu: bool = False, **options: float) -> None:
        entry = {"adapter": "sleeper.py:Sleeper", "note": "It sleeps.", "options": options, "gpu": gpu}
        run = {**TINY["run"], "methods": ["box_fill", "sleeper"]}
        self.project.configure(
            {**TINY, "run": run, "methods": {"sleeper": entry}, "cluster": {"group_minutes": 0, **(cluster or {})}}
        )

    def prepare(self) -> None:
        """Make what the predictions need on this machine, so that the cluster is used for what is tested alone."""
        self.project.run(*(f"results/datasets/{name}/images.parquet" for name in TINY["datasets"]))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a run; its text goes to `said`, from the beginning."""
        command = [str(self.slurm.python), "-m", "snakemake", "--workflow-profile", "profiles/slurm"]
        command += ["--slurm-init-seconds-before-status-checks", "5", "--latency-wait", "10"]
        command += [*arguments, "--configfile", "my.yaml"]
        with (self.project.path / "said").open("wb") as said:
            process = subprocess.Popen(
                command,
                cwd=self.project.path,
                env=self.slurm.environment,
                stdout=said,
                stderr=said,
                # Ctrl-C reaches it even where the tests themselves run in the background.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        self.started.append(process)
        return process

    def predict(self, *arguments: str, datasets=("blobs", "stripes")) -> subprocess.Popen[bytes]:
        return self.start(*(f"results/predictions/sleeper/{name}.parquet" for name in datasets), *arguments)

    def ends(self, process: subprocess.Popen[bytes], code: int = 0, seconds: float = 240) -> str:
        """Wait for a run, which ends with this code, and return what it said."""
        try:
            assert process.wait(seconds) == code, self.said
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it hangs:\n{self.said}") from None
        return self.said

    def waits(self, condition: Callable[[], object], seconds: float = 120) -> None:
        """Wait until something holds of a run; fail with what the run says if it takes longer."""
        try:
            wait_for(condition, seconds)
        except AssertionError:
            raise AssertionError(f"after {seconds} s it still does not hold:\n{self.said}") from None

    @property
    def said(self) -> str:
        return (self.project.path / "said").read_text()

    @property
    def notes(self) -> list[dict]:
        path = self.project.path / "notes.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def jobs(self, state: str = "RUNNING") -> list[str]:
        """Numbers of the jobs of the last run of the project that Slurm has in a state."""
        name = re.findall(r"SLURM run ID: (\S+)", self.said)[-1:]
        return self.slurm.tell("squeue", "-h", "-t", state, "-o", "%A", "-n", *name).split() if name else []


@pytest.fixture
def run(slurm, tmp_path):
    """A project in a folder of its own; what is left of its runs is ended."""
    made = Run(slurm, tmp_path / "project")
    yield made
    for process in made.started:
        process.kill()
    slurm.tell("scancel", "--user=root")


@pytest.mark.parametrize("minutes", [0, 6000])
def test_tables_are_those_of_a_run_on_this_machine(run, tmp_path, minutes):
    run.configure({"group_minutes": minutes, "group_cpus": 2})
    run.ends(run.start(*TABLES), seconds=1200)
    here = Run(run.slurm, tmp_path / "here")
    here.project.run(*TABLES)
    for table in TABLES:
        assert (run.project.path / table).read_bytes() == (here.project.path / table).read_bytes(), table


def test_a_job_that_is_cancelled_by_hand_ends(run):
    run.configure(seconds=60)
    run.prepare()
    process = run.predict("--retries", "0")
    run.waits(lambda: len(run.jobs()) == 2)
    run.slurm.tell("scancel", run.jobs()[0])
    said = run.ends(process, code=1)
    assert "It was cancelled, by a person or by the cluster." in said
    assert len(run.notes) == 1  # the other one went on


def test_a_job_that_runs_out_of_time_is_tried_again_with_more(run):
    run.configure(seconds=80)
    run.prepare()
    process = run.predict("--set-resources", "predict:runtime=1+19*(attempt-1)", datasets=["blobs"])
    said = run.ends(process, seconds=600)
    assert "It ran out of time (1 minutes); tried again it asks for more." in said
    assert len(run.notes) == 1


def test_a_job_that_runs_out_of_memory_is_tried_again_with_more(run):
    run.configure(seconds=10, mb=2500)
    run.prepare()
    process = run.predict("--set-resources", "predict:mem_mb=2000*attempt", datasets=["blobs"])
    said = run.ends(process, seconds=300)
    assert "It ran out of memory (2000 MB); tried again it asks for more." in said
    assert len(run.notes) == 1


def test_a_lost_node(run):
    run.configure(seconds=25)
    run.prepare()
    process = run.predict()
    run.waits(lambda: len(run.jobs()) == 2)
    node = run.slurm.tell("squeue", "-h", "-j", run.jobs()[0], "-o", "%N").strip()
    run.slurm.kill(node)
    try:
        run.ends(process, seconds=600)
    finally:
        run.slurm.node(node)
    assert len(run.notes) == 2


def test_the_controller_is_away_for_40_seconds(run):
    run.configure(seconds=30)
    run.prepare()
    process = run.predict()
    run.waits(lambda: len(run.jobs()) == 2)
    time.sleep(15)  # it saves its state now and then; without that it would have lost the jobs
    run.slurm.kill("slurmctld")
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(40)
    finally:
        run.slurm.controller()
    said = run.ends(process)
    assert "Slurm does not answer." in said
    assert "Slurm answers again." in said
    assert len(run.notes) == 2


def test_a_run_that_is_killed_and_started_again_runs_nothing_twice(run):
    run.configure(seconds=40)
    run.prepare()
    # Each job takes a node, so that the one of a third dataset waits.
    busy = run.slurm.tell(
        "sbatch", "--parsable", "--nodelist=node2", "-c2", "-o/dev/null", "--wrap", "sleep 300"
    ).strip()
    process = run.predict("--set-threads", "predict=2")
    run.waits(lambda: run.jobs() and run.jobs("PENDING"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    first = run.jobs()
    again = run.predict("--set-threads", "predict=2")
    run.waits(lambda: "A run was killed whose jobs Slurm still runs" in run.said)
    run.slurm.tell("scancel", busy)
    said = run.ends(again)
    assert f"still runs: {first[0]}." in said
    assert len(run.notes) == 2
    assert [note["SLURM_JOB_ID"] for note in run.notes].count(first[0]) == 1


def test_ctrl_c_leaves_no_job(run):
    run.configure(seconds=60)
    run.prepare()
    process = run.predict()
    run.waits(lambda: len(run.jobs()) == 2)
    process.send_signal(signal.SIGINT)
    process.wait(120)
    run.waits(lambda: not run.jobs("RUNNING,PENDING"))
    assert run.notes == []


@pytest.mark.parametrize("how", ["auto", "gres"])
def test_jobs_have_a_card_each_and_other_jobs_none(run, how):
    run.configure({"partition": "cpu", "gpu_jobs": {"partition": "gpu"}, "gpus": how}, gpu=True, seconds=15)
    run.prepare()
    run.ends(run.predict("results/predictions/box_fill/blobs.parquet"))
    assert {note["SLURM_JOB_PARTITION"] for note in run.notes} == {"gpu"}
    assert all(note["CUDA_VISIBLE_DEVICES"] in ("0", "1") for note in run.notes)
    for one, other in itertools.combinations(run.notes, 2):
        if one["began"] < other["ended"] and other["began"] < one["ended"]:
            cards = [(note["SLURMD_NODENAME"], note["CUDA_VISIBLE_DEVICES"]) for note in (one, other)]
            assert cards[0] != cards[1]


def test_without_cards_methods_run_on_cpus(run):
    run.configure({"gpus": "none", "max_hours": 2}, gpu=True)
    run.prepare()
    run.ends(run.predict(datasets=["blobs"]))
    assert not run.notes[0]["CUDA_VISIBLE_DEVICES"]


def test_arrays_hold_only_jobs_that_ask_for_the_same(run):
    run.configure(seconds=5)
    run.prepare()
    memory = "predict:mem_mb=3000 if wildcards.dataset == 'blobs' and wildcards.method == 'sleeper' else 2000"
    targets = [
        f"results/predictions/{method}/{name}.parquet"
        for method in ("sleeper", "box_fill")
        for name in TINY["datasets"]
    ]
    asks = [memory, "predict:runtime=9"]
    run.ends(run.start(*targets, "--slurm-array-jobs", "predict", "--set-resources", *asks))
    name = re.findall(r"SLURM run ID: (\S+)", run.said)[-1]
    jobs = run.slurm.tell("squeue", "-h", "-t", "all", "--array", "-n", name, "-o", "%i %m").split("\n")[:-1]
    asked = sorted((memory, "_" in job) for job, memory in map(str.split, jobs))
    assert asked == [*[("2001M", True)] * 3, ("3000M", False)]  # 1 MB for the list of the array


def test_what_shares_a_job_goes_on_when_one_fails_and_only_the_rest_is_tried_again(run):
    run.configure({"group_minutes": 6000, "group_cpus": 2})  # the registry does not say how few the images are
    run.prepare()
    (run.project.path / "fail").touch()
    scores = [
        f"results/scores/{method}/{name}.parquet" for method in ("sleeper", "box_fill") for name in ("blobs", "stripes")
    ]
    said = run.ends(run.start(*scores, "--retries", "1"), seconds=600)
    assert "Of the 8 jobs of step1-1-1 not all ended well." in said
    assert len(run.notes) == 2  # the one that did not fail is not made twice
    assert "2 jobs of the cluster made 8 of the run." in said


def test_jobs_with_a_card_that_share_a_job_use_it_one_after_the_other(run):
    run.configure({"group_minutes": 6000}, gpu=True, seconds=10)
    run.prepare()
    run.ends(run.predict())
    first, second = sorted(run.notes, key=lambda note: note["began"])
    assert first["SLURM_JOB_ID"] == second["SLURM_JOB_ID"]
    assert first["CUDA_VISIBLE_DEVICES"] == second["CUDA_VISIBLE_DEVICES"]
    assert first["ended"] <= second["began"]
