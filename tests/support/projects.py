"""A copy of the project with two tiny datasets, in which Snakemake runs for real."""

import atexit
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

import nibabel as nib
import numpy as np
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
# Python and the imports of Snakemake take longer to start than most of what is asked of it, so each call is a fork of a
# process that has them; what runs is `snakemake.cli.main`, as in a process of its own.
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["snakemake.cli", "snakemake.report.html_reporter", "support.projects"])
PARTS = ("Snakefile", "workflow", "config", "envs", "notebooks", "profiles", "resources")

TINY = {
    "run": {"datasets": ["blobs", "stripes"], "methods": ["perfect", "box_fill"], "protocols": ["corrected"]},
    "prompts": {"clicks": 2},
    "metrics": {"bootstrap_resamples": 100},
    "datasets": {
        name: {
            "source": {"kind": "folder", "path": f"data/{name}"},
            "licence": "CC0-1.0",
            "truth": "drawn by the test",
            "tasks": {"first": [1], "second": [2]},
        }
        for name in ("blobs", "stripes")
    },
}
# What the finished run of tests/workflow/conftest.py is made of.
SLOW_ENTRY = {"adapter": "slow.py:Slow", "title": "Slow", "note": "It sleeps before it answers."}
RUN = {**TINY, "run": {**TINY["run"], "methods": ["perfect", "slow"]}, "methods": {"slow": SLOW_ENTRY}}
SLOW = """
import time
from promptseg.methods import Candidates
from promptseg.methods.controls import BoxEllipse

class Slow(BoxEllipse):
    def predict(self, queries):
        time.sleep(0.4)
        return super().predict(queries)

class Likely(BoxEllipse):
    def predict(self, queries):
        return [Candidates(0.9 * answer.masks) for answer in super().predict(queries)]
"""


def make_images(folder: Path, seed: int, count: int = 3) -> None:
    """PNG images with two objects each, under images/ and masks/."""
    rng = np.random.default_rng(seed)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for index in range(count):
        labels = np.zeros((40, 50), np.uint8)
        x, y = rng.integers(2, 12, 2)
        labels[y : y + 15, x : x + 12] = 1
        labels[20:32, 30 : 30 + rng.integers(5, 15)] = 2
        pixels = np.clip(labels * 80 + rng.normal(40, 8, labels.shape), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"p{index}.png")
        Image.fromarray(labels).save(folder / "masks" / f"p{index}.png")


# A dataset of volumes: upright cylinders that end inside, slices 3 mm apart.
VOLUMES = {
    "source": {"kind": "folder", "path": "data/bodies"},
    "licence": "CC0-1.0",
    "truth": "drawn by the test",
    "tasks": {"thing": [1]},
    "volumes": True,
}


def make_volumes(folder: Path) -> None:
    """NIfTI of 12 slices of 40 x 44 pixels, with an object on slices 3 to 7 and 2 to 9, under images/ and masks/."""
    from support.bodies import cylinder  # imports the library, which a forked Snakemake has to find in its own folder

    for name, ends in {"a": (3, 7), "b": (2, 9)}.items():
        labels = cylinder((12, 40, 44), radius=8, first=ends[0], last=ends[1], centre=(18, 20)).astype(np.uint8)
        for kind, array in (("images", 40 + 90 * labels), ("masks", labels)):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            nib.save(
                nib.Nifti1Image(array.transpose(2, 1, 0), np.diag([-1, -1, 3, 1])), folder / kind / f"{name}.nii.gz"
            )


def _main(arguments: list[str], folder: Path, environment: dict[str, str], output: Path) -> None:
    """What `python -m snakemake` does in a folder, in a process group of its own; stdout and stderr go to a file."""
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as in a terminal; `nohup make fault-test` would hand its own on
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.path[:] = [path for path in sys.path if not Path(path).is_relative_to(ROOT / "workflow")]  # it has its own
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main

    try:
        main()
    finally:
        atexit._run_exitfuncs()  # left out by multiprocessing; the lock counts on them


def begin(folder: Path, *arguments: str, output: Path) -> BaseProcess:
    """Start Snakemake in a folder; stdout and stderr go to a file."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    process = _FORKED.Process(target=_main, args=(list(arguments), folder, environment, output))
    process.start()
    return process


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call Snakemake in a folder; stdout and stderr come back together in `stdout`."""
    with tempfile.NamedTemporaryFile(suffix=".txt") as output:
        process = begin(folder, *arguments, output=Path(output.name))
        process.join()
        text = Path(output.name).read_text()
    return subprocess.CompletedProcess(["snakemake", *arguments], process.exitcode or 0, text)


class Project:
    """A folder in which Snakemake is called."""

    def __init__(self, path: Path):
        self.path = path

    @classmethod
    def create(cls, path: Path) -> "Project":
        """Copy the project and add the tiny datasets."""
        path.mkdir(parents=True)
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, path / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, path / part)
        for seed, name in enumerate(TINY["datasets"]):
            make_images(path / "data" / name, seed)
        project = cls(path)
        project.configure(TINY)
        return project

    def clone(self, path: Path) -> "Project":
        """A copy with all results and with the times of all files."""
        subprocess.run(["cp", "-a", str(self.path), str(path)], check=True)
        return Project(path)

    def configure(self, config: dict, name: str = "my.yaml") -> None:
        """Write a configuration file."""
        (self.path / name).write_text(yaml.safe_dump(config, sort_keys=False))

    @staticmethod
    def _arguments(*arguments: str, configfile: str | None) -> list[str]:
        return ["--cores", "2", *arguments, *(["--configfile", configfile] if configfile else [])]

    def command(self, *arguments: str, configfile: str | None = "my.yaml") -> list[str]:
        """Arguments of a call of Snakemake."""
        return [sys.executable, "-m", "snakemake", *self._arguments(*arguments, configfile=configfile)]

    def snakemake(self, *arguments: str, configfile: str | None = "my.yaml") -> subprocess.CompletedProcess[str]:
        """Call Snakemake; stdout and stderr come back together in `stdout`."""
        return snakemake(self.path, *self._arguments(*arguments, configfile=configfile))

    def begin(self, *arguments: str, output: Path, configfile: str | None = "my.yaml") -> BaseProcess:
        """Start a run; stdout and stderr go to a file."""
        return begin(self.path, *self._arguments(*arguments, configfile=configfile), output=output)

    def run(self, *arguments: str, **settings: str | None) -> str:
        """Call Snakemake, which has to succeed."""
        done = self.snakemake(*arguments, **settings)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def planned(self, *arguments: str, configfile: str | None = "my.yaml") -> Counter[str]:
        """Rule to number of jobs of a dry run, without `all` and the total."""
        text = self.run(*arguments, "-n", "--quiet", "rules", configfile=configfile)
        table = re.findall(r"^(\w+)\s+(\d+)$", text, flags=re.MULTILINE)
        return Counter({rule: int(count) for rule, count in table if rule not in ("total", "all", "count")})
